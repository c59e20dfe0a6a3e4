/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import dev.consort.core.internal.ClaimSpec.Mode;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Readers together, a writer alone, in the order in which they came. */
@Execution(ExecutionMode.CONCURRENT)
class ReadWriteQueueIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();
    private final String name = Parties.name();

    private ClaimSpec spec(Mode mode) {
        return new ClaimSpec("Test", name, () -> ByteString.copyFromUtf8("a test"), false, mode);
    }

    private CompletableFuture<EtcdGrant> read(Party party) {
        return party.acquirer.acquireAsync(spec(Mode.READ));
    }

    private CompletableFuture<EtcdGrant> write(Party party) {
        return party.acquirer.acquireAsync(spec(Mode.WRITE));
    }

    private void inQueue(int claims) {
        soon(() -> assertThat(operator.claims(name)).hasSize(claims));
    }

    private static void assertWaits(CompletableFuture<?>... all) {
        Waits.stays(Duration.ofMillis(150), () -> List.of(all).stream().noneMatch(CompletableFuture::isDone));
    }

    @Test
    void readers_together_writerAfterThem_readersBehindItAfterIt() {
        Party one = parties.join();
        Party two = parties.join();
        Party three = parties.join();
        Party four = parties.join();
        EtcdGrant r1 = get(read(one));
        EtcdGrant r2 = get(read(two));
        CompletableFuture<EtcdGrant> w = write(three);
        inQueue(3);
        CompletableFuture<EtcdGrant> r4 = read(four);
        inQueue(4);
        assertWaits(w, r4);

        assertThat(r1.release()).isTrue();
        assertWaits(w, r4);
        assertThat(r2.release()).isTrue();
        EtcdGrant written = get(w);
        assertThat(written.token()).isGreaterThan(r1.token()).isGreaterThan(r2.token());
        assertWaits(r4);

        assertThat(written.release()).isTrue();
        EtcdGrant last = get(r4);
        assertThat(last.token()).isGreaterThan(written.token());
        assertThat(last.release()).isTrue();
        inQueue(0);
    }

    /** One process: its readers share a claim, and come in order with its writers. */
    @Test
    void oneProcess_readersShareAClaim_writersExclude() {
        Party party = parties.join();
        EtcdGrant r1 = get(read(party));
        EtcdGrant r2 = get(read(party));
        assertThat(operator.claims(name)).hasSize(1);
        assertThat(r2.token()).isNotEqualTo(r1.token());
        CompletableFuture<EtcdGrant> w1 = write(party);
        CompletableFuture<EtcdGrant> w2 = write(party);
        CompletableFuture<EtcdGrant> r3 = read(party);
        assertWaits(w1, w2, r3);
        assertThat(r1.release()).isTrue();
        assertThat(r2.release()).isTrue();
        EtcdGrant first = get(w1);
        assertWaits(w2, r3);
        assertThat(first.release()).isTrue();
        EtcdGrant second = get(w2);
        assertThat(second.token()).isGreaterThan(first.token());
        assertThat(second.token().revision()).isEqualTo(first.token().revision());
        assertThat(second.release()).isTrue();
        EtcdGrant third = get(r3);
        assertThat(third.token()).isGreaterThan(second.token());
        assertThat(third.release()).isTrue();
        inQueue(0);
    }

    /** 90 readers behind a writer: more than a message, or a transaction, carries. */
    @Test
    void writer_releases_allReadersBehindItAreGranted() {
        Party writer = parties.join();
        EtcdGrant written = get(write(writer));
        List<CompletableFuture<EtcdGrant>> reads = new ArrayList<>();
        for (int i = 0; i < 90; i++) {
            Party reader = parties.join();
            reads.add(read(reader));
            inQueue(i + 2);
        }
        Party last = parties.join();
        CompletableFuture<EtcdGrant> next = write(last);
        inQueue(92);
        CallCounts before = writer.log.counts();
        assertThat(written.release()).isTrue();
        reads.forEach(Waits::get);
        System.out.println(writer.log.counts().since(before));
        assertWaits(next);
        reads.forEach(read -> assertThat(get(read).release()).isTrue());
        assertThat(get(next).release()).isTrue();
    }

    @Test
    void tryAcquire_isFreeForReadersAmongReadersOnly() {
        Party one = parties.join();
        Party two = parties.join();
        EtcdGrant r1 = one.acquirer.tryAcquire(spec(Mode.READ)).orElseThrow();
        EtcdGrant r2 = two.acquirer.tryAcquire(spec(Mode.READ)).orElseThrow();
        assertThat(two.acquirer.tryAcquire(spec(Mode.WRITE))).isEmpty();
        assertThat(one.acquirer.tryAcquire(spec(Mode.WRITE))).isEmpty();
        EtcdGrant again = one.acquirer.tryAcquire(spec(Mode.READ)).orElseThrow();
        List.of(r1, r2, again).forEach(grant -> assertThat(grant.release()).isTrue());
        EtcdGrant w = two.acquirer.tryAcquire(spec(Mode.WRITE)).orElseThrow();
        assertThat(one.acquirer.tryAcquire(spec(Mode.READ))).isEqualTo(Optional.empty());
        assertThat(two.acquirer.tryAcquire(spec(Mode.READ))).isEqualTo(Optional.empty());
        assertThat(w.release()).isTrue();
        inQueue(0);
    }

    /** A writer that gives up between readers lets those behind it in. */
    @Test
    void writer_withdraws_readersBehindItAreGranted() {
        Party reader = parties.join();
        Party writer = parties.join();
        Party behind = parties.join();
        EtcdGrant r1 = get(read(reader));
        CompletableFuture<EtcdGrant> w = write(writer);
        inQueue(2);
        CompletableFuture<EtcdGrant> r2 = read(behind);
        inQueue(3);
        assertWaits(r2);
        assertThat(w.cancel(false)).isTrue();
        assertThat(get(r2).release()).isTrue();
        assertThat(r1.release()).isTrue();
        inQueue(0);
    }

    @Test
    void holders_die_writerAndReadersGoOn() {
        Party dying = parties.join();
        Party writer = parties.join();
        Party reader = parties.join();
        EtcdGrant r1 = get(read(dying));
        CompletableFuture<EtcdGrant> w = write(writer);
        inQueue(2);
        CompletableFuture<EtcdGrant> r2 = read(reader);
        inQueue(3);
        operator.revoke(dying.session.leaseId());
        EtcdGrant written = get(w);
        assertThat(r1.isHeld()).isFalse();
        operator.revoke(writer.session.leaseId());
        assertThat(get(r2).token()).isGreaterThan(written.token());
        assertThat(Waits.outcome(written.lost())).isEqualTo(LossReason.REVOKED);
    }

    /** The reader that follows has gone when the writer passes the baton: those behind it are not forgotten. */
    @Test
    void listedReaderIsGone_theOthersAreTold() {
        Party w = parties.join();
        Party first = parties.join();
        EtcdGrant holding = get(write(w));
        CompletableFuture<EtcdGrant> next = write(first); // learns who follows by the message
        inQueue(2);
        List<CompletableFuture<EtcdGrant>> reads = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            reads.add(read(parties.join()));
            inQueue(3 + i);
        }
        CompletableFuture<EtcdGrant> stopper = write(parties.join());
        inQueue(6);
        assertThat(holding.release()).isTrue();
        EtcdGrant second = get(next);
        assertThat(reads.get(1).cancel(false)).isTrue();
        inQueue(4);
        CallFault lost = first.faults.next(Requests.releaseOf(name)).duplicate();
        assertThat(second.release()).isTrue();
        get(lost.landed());
        assertThat(get(reads.get(0)).release()).isTrue();
        assertWaits(stopper);
        assertThat(get(reads.get(2)).release()).isTrue();
        assertThat(get(stopper).release()).isTrue();
        inQueue(0);
    }

    /** A writer becomes a reader in its place: readers before the next writer come in, the writer and those behind wait. */
    @Test
    void writerToReader_readersComeInUpToTheNextWriter() {
        Party one = parties.join();
        EtcdGrant w = get(write(one));
        assertThat(w.guard().txn().put(name + "-data", "1").commit()).isTrue();
        CompletableFuture<EtcdGrant> r2 = read(parties.join());
        inQueue(2);
        CompletableFuture<EtcdGrant> w3 = write(parties.join());
        inQueue(3);
        CompletableFuture<EtcdGrant> r4 = read(parties.join());
        inQueue(4);

        EtcdGrant r = get(w.exchangeAsync(spec(Mode.READ))).orElseThrow();
        assertThat(w.isHeld()).isFalse();
        assertThat(w.release()).isFalse();
        assertThat(r.isHeld()).isTrue();
        assertThat(r.token()).isGreaterThan(w.token());
        assertThat(r.guard().txn().put(name + "-data", "2").commit()).isTrue();
        EtcdGrant second = get(r2);
        CompletableFuture<EtcdGrant> local = read(one);
        assertWaits(w3, r4, local); // in the order in which they came
        assertThat(r.release()).isTrue();
        assertWaits(w3);
        assertThat(second.release()).isTrue();
        EtcdGrant third = get(w3);
        assertThat(third.token()).isGreaterThan(r.token());
        assertThat(third.release()).isTrue();
        assertThat(get(r4).release()).isTrue();
        assertThat(get(local).release()).isTrue();
        inQueue(0);
    }

    @Test
    void writerToReader_nobodyWaits_othersReadWithItAndWritersWait() {
        Party one = parties.join();
        Party two = parties.join();
        EtcdGrant r = get(get(write(one)).exchangeAsync(spec(Mode.READ))).orElseThrow();
        assertThat(two.acquirer.tryAcquire(spec(Mode.WRITE))).isEmpty();
        EtcdGrant r2 = two.acquirer.tryAcquire(spec(Mode.READ)).orElseThrow();
        EtcdGrant r1 = one.acquirer.tryAcquire(spec(Mode.READ)).orElseThrow();
        assertThat(get(r.exchangeAsync(spec(Mode.READ)))).isEmpty();
        assertThat(r.isHeld()).isTrue();
        CompletableFuture<EtcdGrant> w = write(two);
        assertWaits(w);
        List.of(r, r1, r2).forEach(grant -> assertThat(grant.release()).isTrue());
        assertThat(get(w).release()).isTrue();
        inQueue(0);
    }

    @Test
    void readerToWriter_soleReader_succeedsWithAHigherToken() {
        Party one = parties.join();
        EtcdGrant r = get(read(one));
        EtcdGrant w = get(r.exchangeAsync(spec(Mode.WRITE))).orElseThrow();
        assertThat(r.isHeld()).isFalse();
        assertThat(w.token()).isGreaterThan(r.token());
        assertThat(parties.join().acquirer.tryAcquire(spec(Mode.READ))).isEmpty();
        assertThat(w.release()).isTrue();
        inQueue(0);
    }

    @Test
    void readerToWriter_notAlone_failsAndStaysReader() {
        Party one = parties.join();
        Party two = parties.join();
        EtcdGrant r = get(read(one));
        EtcdGrant r2 = get(read(two));
        assertThat(get(r.exchangeAsync(spec(Mode.WRITE)))).isEmpty();
        assertThat(r.isHeld()).isTrue();
        assertThat(r2.release()).isTrue();
        EtcdGrant local = get(read(one));
        assertThat(get(r.exchangeAsync(spec(Mode.WRITE)))).isEmpty();
        assertThat(local.release()).isTrue();
        CompletableFuture<EtcdGrant> w = write(two);
        inQueue(2);
        assertThat(get(r.exchangeAsync(spec(Mode.WRITE)))).isEmpty();
        assertThat(r.release()).isTrue();
        assertThat(get(w).release()).isTrue();
        inQueue(0);
    }
}
