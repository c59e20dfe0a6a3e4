/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.SessionState;
import dev.consort.core.internal.ClaimSpec.Mode;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EmbeddedFaults;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A writer that becomes a reader, and a reader that becomes a writer, when others meddle or requests go astray. */
@Execution(ExecutionMode.CONCURRENT)
class ReadWriteMarkIT {
    /** Longer than it takes a waiter to open its watches, and to look what is before it. */
    private static final Duration UNTIL_IT_LOOKS = Duration.ofMillis(400);

    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();
    private final String name = Parties.name();

    private ClaimSpec spec(Mode mode) {
        return new ClaimSpec("Test", name, () -> ByteString.copyFromUtf8("a test"), false, mode);
    }

    private EtcdGrant take(Party party, Mode mode) {
        return party.acquirer.tryAcquire(spec(mode)).orElseThrow();
    }

    private CompletableFuture<EtcdGrant> want(Party party, Mode mode) {
        return party.acquirer.acquireAsync(spec(mode));
    }

    private EtcdGrant readerThatWrote(Party party) {
        return get(take(party, Mode.WRITE).exchangeAsync(spec(Mode.READ))).orElseThrow();
    }

    private String key(String kind, Party party) {
        return name + "/" + kind + ":" + Long.toHexString(party.session.leaseId());
    }

    private void delete(String key) {
        operator.delete(Operator.bytes(key));
    }

    /** The mark is no claim: who looks which one is before it must not take it for one that has gone. */
    @Test
    void writerBehindAReaderThatWrote_waitsForIt() {
        Party one = parties.join();
        EtcdGrant reader = readerThatWrote(one);
        CompletableFuture<EtcdGrant> writer = want(parties.join(), Mode.WRITE);
        Waits.stays(UNTIL_IT_LOOKS, () -> !writer.isDone());
        assertThat(reader.isHeld()).isTrue();
        assertThat(reader.release()).isTrue();
        assertThat(get(writer).release()).isTrue();
        soon(() -> assertThat(operator.claims(name)).isEmpty());
    }

    /** Else the next write of that session would pass for a reader. */
    @Test
    void markWhoseClaimIsDeleted_isRemoved() {
        Party one = parties.join();
        EtcdGrant reader = readerThatWrote(one);
        delete(key("write", one));
        assertThat(Waits.outcome(reader.lost())).isEqualTo(LossReason.CLAIM_REMOVED);
        soon(() -> assertThat(operator.claims(name)).isEmpty());
    }

    /** The mark was put, and its writer does not know that yet when its claim is deleted. */
    @Test
    void markThatIsNotAnsweredYet_whenItsClaimIsDeleted_isRemoved() {
        Party one = parties.join();
        EtcdGrant writer = take(one, Mode.WRITE);
        CallFault silent = one.faults.next(Requests.acquireOf(name)).hangReply();
        CompletableFuture<Optional<EtcdGrant>> kept = writer.exchangeAsync(spec(Mode.READ));
        get(silent.hit());
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        delete(key("write", one));
        soon(() -> assertThat(operator.claims(name)).isEmpty());
        assertThat(Waits.failure(kept)).isInstanceOf(OutcomeUnknownException.class);
        assertThat(one.session.state()).isEqualTo(SessionState.ACTIVE);
    }

    /** Its reader gives back what is gone by then, and so hears of no loss. */
    @Test
    void markWhoseClaimIsDeletedAsItIsReleased_isRemoved() {
        Party one = parties.join();
        EtcdGrant reader = readerThatWrote(one);
        CallFault slow = one.faults.next(Requests.releaseOf(name)).hold();
        CompletableFuture<Boolean> released = reader.releaseAsync();
        get(slow.hit());
        delete(key("write", one));
        slow.release();
        assertThat(get(released)).isFalse();
        soon(() -> assertThat(operator.claims(name)).isEmpty());
        assertThat(one.session.state()).isEqualTo(SessionState.ACTIVE);
    }

    /** Whoever put it there: as it would be left by a session that died at once. */
    @Test
    void markWithoutAClaim_isNotBelieved() {
        Party one = parties.join();
        Party two = parties.join();
        operator.put(key("kept", one), "", one.session.leaseId());
        operator.put(key("kept", parties.join()), "", one.session.leaseId());
        EtcdGrant writer = take(one, Mode.WRITE);
        assertThat(two.acquirer.tryAcquire(spec(Mode.READ))).isEmpty();
        assertThat(get(writer.exchangeAsync(spec(Mode.READ)))).isPresent();
        assertThat(take(two, Mode.READ).release()).isTrue();
    }

    /** A put that is applied again after its release, while others of the process read on. */
    @Test
    void ghostOfAWriter_whileItsProcessReads_isRemoved() {
        Party one = parties.join(settings -> settings.ttl(6));
        EtcdGrant reader = haunt(one);
        boolean haunted = operator.claims(name).size() == 2;
        for (int more = 0; more < 10 && !haunted; more++) {
            assertThat(reader.release()).isTrue(); // a renewal came between, and fenced the copy off
            reader = haunt(one);
            haunted = operator.claims(name).size() == 2;
        }
        assertThat(haunted).isTrue();
        soon(() -> assertThat(operator.claims(name)).hasSize(1));
        assertThat(reader.isHeld()).isTrue();
        assertThat(take(parties.join(), Mode.READ).release()).isTrue();
        assertThat(reader.release()).isTrue();
        soon(() -> assertThat(operator.claims(name)).isEmpty());
    }

    private EtcdGrant haunt(Party party) {
        CallFault twice = party.faults.next(Requests.acquireOf(name)).duplicateOnRelease();
        assertThat(take(party, Mode.WRITE).release()).isTrue();
        EtcdGrant reader = take(party, Mode.READ);
        twice.release();
        assertThat(get(twice.landed()).isOk()).isTrue();
        return reader;
    }

    /** Nobody that came after it is there when the writer's claim is put, and yet somebody wrote meanwhile. */
    @Test
    void readerThatLostItsPlace_doesNotBecomeAWriter() {
        Party one = parties.join();
        EtcdGrant reader = take(one, Mode.READ);
        CallFault slow = one.faults.next(Requests.acquireOf(name)).hold();
        CompletableFuture<Optional<EtcdGrant>> upgraded = reader.exchangeAsync(spec(Mode.WRITE));
        get(slow.hit());
        delete(key("read", one));
        assertThat(take(parties.join(), Mode.WRITE).release()).isTrue();
        slow.release();
        assertThat(get(upgraded)).isEmpty();
        soon(() -> assertThat(reader.isHeld()).isFalse());
        soon(() -> assertThat(operator.claims(name)).isEmpty());
    }

    /** Somebody comes after it was seen to be alone: it does not wait for that one, and reads on. */
    @Test
    void readerThatIsNoLongerAlone_goesOnReading() {
        Party one = parties.join();
        EtcdGrant reader = take(one, Mode.READ);
        CallFault slow = one.faults.next(Requests.acquireOf(name)).hold();
        CompletableFuture<Optional<EtcdGrant>> upgraded = reader.exchangeAsync(spec(Mode.WRITE));
        get(slow.hit());
        EtcdGrant other = take(parties.join(), Mode.READ);
        slow.release();
        assertThat(get(upgraded)).isEmpty();
        assertThat(reader.isHeld() && other.isHeld()).isTrue();
        assertThat(other.release() && reader.release()).isTrue();
        soon(() -> assertThat(operator.claims(name)).isEmpty());
    }

    /** A late message, about a writer that its session once was, while it looks whether it reads alone. */
    @Test
    void readerThatHearsOfAnOldClaim_losesNothing() {
        Party one = parties.join();
        EtcdGrant old = take(one, Mode.WRITE);
        long revision = old.token().revision();
        assertThat(old.release()).isTrue();
        EtcdGrant reader = take(one, Mode.READ);
        CallFault looks = one.faults.next(Requests.readingOf(name)).hold();
        CompletableFuture<Optional<EtcdGrant>> upgraded = reader.exchangeAsync(spec(Mode.WRITE));
        get(looks.hit());
        CallFault removes = one.faults.every(Requests.releaseOf(name)).hold();
        tell(one, revision);
        get(removes.hit());
        looks.release();
        assertThat(get(upgraded)).isEmpty();
        removes.stop();
        removes.release();
        assertThat(reader.isHeld()).isTrue();
        assertThat(reader.release()).isTrue();
        soon(() -> assertThat(operator.claims(name)).isEmpty());
    }

    /** A session that just tried to read, in vain, has left a claim that is being removed: it is not in its own way. */
    @Test
    void writerThatDoesNotWait_doesNotFindWhatItsReaderLeft() {
        Party one = parties.join();
        Party two = parties.join();
        EtcdGrant writer = take(two, Mode.WRITE);
        CallFault removes = one.faults.every(Requests.releaseOf(name)).hold();
        assertThat(one.acquirer.tryAcquire(spec(Mode.READ))).isEmpty();
        get(removes.hit());
        assertThat(writer.release()).isTrue();
        CompletableFuture<Optional<EtcdGrant>> tried =
                CompletableFuture.supplyAsync(() -> one.acquirer.tryAcquire(spec(Mode.WRITE)));
        Waits.stays(Duration.ofMillis(100), () -> !tried.isDone());
        removes.stop();
        removes.release();
        assertThat(get(tried).orElseThrow().release()).isTrue();
    }

    private void tell(Party party, long revision) {
        String lease = Long.toHexString(party.session.leaseId());
        Message message = new Message(name, revision, List.of());
        operator.put(
                "consort/session/" + lease + "/mail",
                Message.encode(List.of(message)).toStringUtf8(),
                party.session.leaseId());
    }

    /** A copy of what it wrote as a writer lands when others may read: the claim was put again, so it is refused. */
    @Test
    void copyOfAGuardedWrite_afterItReads_isRefused() {
        Party one = parties.join();
        EtcdGrant writer = take(one, Mode.WRITE);
        CallFault twice = one.faults.next(Requests.putOf(name + "-data")).duplicateOnRelease();
        assertThat(writer.guard().txn().put(name + "-data", "writer").commit()).isTrue();
        EtcdGrant reader = get(writer.exchangeAsync(spec(Mode.READ))).orElseThrow();
        assertThat(reader.guard().txn().put(name + "-data", "reader").commit()).isTrue();
        twice.release();
        assertThat(get(twice.landed()).isOk()).isTrue();
        assertThat(operator.value(name + "-data")).isEqualTo("reader");
        assertThat(reader.release()).isTrue();
    }

    /** Nor does it land under the next writer of the process, who therefore has another claim. */
    @Test
    void copyOfAGuardedWrite_underTheNextLocalWriter_isRefused() {
        Party one = parties.join();
        EtcdGrant writer = take(one, Mode.WRITE);
        CompletableFuture<EtcdGrant> waiting = want(one, Mode.WRITE);
        CallFault twice = one.faults.next(Requests.putOf(name + "-data")).duplicateOnRelease();
        assertThat(writer.guard().txn().put(name + "-data", "first").commit()).isTrue();
        assertThat(writer.release()).isTrue();
        EtcdGrant next = get(waiting);
        assertThat(next.guard().txn().put(name + "-data", "next").commit()).isTrue();
        twice.release();
        assertThat(get(twice.landed()).isOk()).isTrue();
        assertThat(operator.value(name + "-data")).isEqualTo("next");
        assertThat(next.release()).isTrue();
    }

    /** The mark was put, and nobody can say so: who may be read beside must not believe that it writes alone. */
    @Test
    void markOfUnknownOutcome_endsTheWrite() {
        EmbeddedEtcd etcd = parties.closing(EmbeddedEtcd.start());
        Party one = parties.join(etcd.endpoints(), settings -> settings);
        Party two = parties.join(etcd.endpoints(), settings -> settings);
        EtcdGrant writer = take(one, Mode.WRITE);
        CallFault lost = one.faults.next(Requests.acquireOf(name)).hangReply();
        CompletableFuture<Optional<EtcdGrant>> kept = writer.exchangeAsync(spec(Mode.READ));
        get(lost.hit());
        EmbeddedFaults.Disruption full = etcd.faults().noSpace(); // before it is asked again
        assertThat(Waits.failure(kept)).isInstanceOf(OutcomeUnknownException.class);
        assertThat(writer.isHeld()).isFalse();
        full.close();
        EtcdGrant next = get(want(two, Mode.WRITE));
        assertThat(next.release()).isTrue();
    }

    /** The answer to the mark is lost: it is asked again, and told by the claim's own revision. */
    @Test
    void markWhoseAnswerIsLost_isFoundAgain() {
        Party one = parties.join();
        EtcdGrant writer = take(one, Mode.WRITE);
        CompletableFuture<EtcdGrant> behind = want(parties.join(), Mode.READ);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        CallFault lost = one.faults.next(Requests.acquireOf(name)).loseReply();
        EtcdGrant reader = get(writer.exchangeAsync(spec(Mode.READ))).orElseThrow();
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(reader.guard().txn().put(name + "-data", "1").commit()).isTrue();
        assertThat(get(behind).release()).isTrue();
        assertThat(reader.release()).isTrue();
        soon(() -> assertThat(operator.claims(name)).isEmpty());
    }

    /** A copy of the mark that lands after the release, or under the next writer, does nothing. */
    @Test
    void copyOfTheMark_underTheNextWriter_isRefused() {
        Party one = parties.join();
        Party two = parties.join();
        EtcdGrant writer = take(one, Mode.WRITE);
        CallFault twice = one.faults.next(Requests.acquireOf(name)).duplicateOnRelease();
        assertThat(get(writer.exchangeAsync(spec(Mode.READ))).orElseThrow().release())
                .isTrue();
        EtcdGrant next = take(one, Mode.WRITE);
        twice.release();
        assertThat(get(twice.landed()).isOk()).isTrue();
        assertThat(operator.claims(name)).hasSize(1);
        assertThat(two.acquirer.tryAcquire(spec(Mode.READ))).isEmpty();
        assertThat(next.release()).isTrue();
    }
}
