/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import dev.consort.core.Session;
import dev.consort.core.internal.ClaimSpec.Mode;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
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
        String claim = "write:" + Long.toHexString(writer.session.leaseId());
        behind.faults.every(Requests.eventsOf(claim)).dropMessages(Direction.TO_CLIENT); // it is told, too
        soon(() -> assertThat(behind.log.counts().watchesOpen()).isEqualTo(3));
        assertThat(r2).isNotDone();
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
        soon(() -> assertThat(r1.isHeld()).isFalse()); // its process hears of it by a watch of its own
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
        CallFault lost = first.faults.next(Requests.releaseOf(name)).duplicateOnRelease();
        assertThat(second.release()).isTrue();
        lost.release();
        get(lost.landed());
        assertThat(get(reads.get(0)).release()).isTrue();
        assertWaits(stopper);
        assertThat(get(reads.get(2)).release()).isTrue();
        assertThat(get(stopper).release()).isTrue();
        inQueue(0);
    }

    /**
     * Who ends the list of readers that a writer lets in must be there still: else those behind it are let in, too. Its
     * watch would tell the reader as well, and is kept out of it.
     */
    @Test
    void stopperIsGone_readersBehindItAreTold() {
        EtcdGrant holding = get(write(parties.join()));
        Party one = parties.join();
        CompletableFuture<EtcdGrant> next = write(one); // learns who follows by the message
        inQueue(2);
        CompletableFuture<EtcdGrant> listed = read(parties.join());
        inQueue(3);
        Party stopping = parties.join();
        CompletableFuture<EtcdGrant> stopper = write(stopping);
        inQueue(4);
        Party last = parties.join();
        CompletableFuture<EtcdGrant> behind = read(last);
        inQueue(5);
        for (Party party : List.of(one, stopping)) {
            String claim = "write:" + Long.toHexString(party.session.leaseId());
            last.faults.every(Requests.eventsOf(claim)).dropMessages(Direction.TO_CLIENT);
        }
        soon(() -> assertThat(last.log.counts().watchesOpen()).isEqualTo(3));

        assertThat(holding.release()).isTrue();
        EtcdGrant second = get(next);
        assertThat(stopper.cancel(false)).isTrue();
        inQueue(3);
        assertThat(second.release()).isTrue();
        assertThat(get(listed).release()).isTrue();
        assertThat(get(behind).release()).isTrue();
        inQueue(0);
    }

    /**
     * Each was told who follows it, for the first of them has no mailbox; of two readers each may be the last. Their watches
     * would grant them without a list, and are kept out of it.
     */
    @Test
    void readerThatKnowsWhoFollows_tellsNobodyWhileOthersRead() {
        Party zero = parties.join();
        EtcdGrant holding = get(write(zero));
        long lease = operator.grant(60);
        operator.put(name + "/read:" + Long.toHexString(lease), "", lease);
        Party one = parties.join();
        CompletableFuture<EtcdGrant> r1 = read(one);
        inQueue(3);
        Party two = parties.join();
        CompletableFuture<EtcdGrant> r2 = read(two);
        inQueue(4);
        CompletableFuture<EtcdGrant> w = write(parties.join());
        inQueue(5);
        for (Party party : List.of(one, two)) {
            String claim = "write:" + Long.toHexString(zero.session.leaseId());
            party.faults.every(Requests.eventsOf(claim)).dropMessages(Direction.TO_CLIENT);
            soon(() -> assertThat(party.log.counts().watchesOpen()).isEqualTo(3));
        }
        assertThat(holding.release()).isTrue();
        EtcdGrant first = get(r1);
        EtcdGrant second = get(r2);
        assertThat(second.release()).isTrue();
        operator.revoke(lease);
        assertWaits(w);
        assertThat(first.release()).isTrue();
        assertThat(get(w).release()).isTrue();
        inQueue(0);
    }

    /** Of many readers that leave one after another only the last one tells anybody. */
    @Test
    void writerBehindManyReaders_hearsOfFewOfThem() {
        int sessions = 100;
        int each = 10;
        List<Party> connections =
                IntStream.range(0, 5).mapToObj(i -> parties.join()).toList();
        List<List<EtcdGrant>> reading = new ArrayList<>();
        for (int i = 0; i < sessions; i++) {
            EtcdSession session = EtcdSession.of(Session.builder(connections.get(i % connections.size()).connection)
                    .ttl(Duration.ofMinutes(5))
                    .open());
            Acquirer<EtcdGrant> acquirer = new Acquirer<>(session, grant -> grant);
            reading.add(IntStream.range(0, each)
                    .mapToObj(k -> get(acquirer.acquireAsync(spec(Mode.READ))))
                    .toList());
        }
        Party writer = parties.join(settings -> settings.ttl(60));
        CompletableFuture<EtcdGrant> w = write(writer);
        inQueue(sessions + 1);
        soon(() -> assertThat(writer.log.counts().watchesOpen()).isEqualTo(3));
        CallCounts before = writer.log.counts();
        List<CallCounts> readers =
                connections.stream().map(party -> party.log.counts()).toList();
        Collections.shuffle(reading, new Random(5));
        reading.forEach(grants -> grants.forEach(grant -> {
            assertThat(w).isNotDone();
            assertThat(grant.release()).isTrue();
        }));
        assertThat(get(w).release()).isTrue();
        // The message, its own deletion, and the claims before it that it watched: in whatever order they go, the last
        // of
        // those that are left is seldom the next one to go.
        CallCounts counts = writer.log.counts().since(before);
        System.out.println("writer behind " + sessions * each + " readers: " + counts);
        assertThat(counts.watchEvents()).as("%s", counts).isLessThanOrEqualTo(22);
        assertThat(counts.unaryCalls()).as("%s", counts).isLessThanOrEqualTo(22);
        long reads = 0;
        for (int i = 0; i < connections.size(); i++) {
            CallCounts spent = connections.get(i).log.counts().since(readers.get(i));
            assertThat(spent.unaryCalls("KV/Txn"))
                    .as("%s", spent)
                    .isLessThanOrEqualTo(sessions / connections.size() + 1L);
            reads += spent.unaryCalls("KV/Range");
        }
        // Who leaves more than a release reads at once looks who is first, and at nobody else.
        assertThat(reads).isLessThanOrEqualTo(sessions - ClaimTxns.FOLLOWING_LIMIT + 1L);
    }

    /** A writer of another process waits: readers of this one that keep coming are not let in for ever. */
    @Test
    void readersThatKeepComing_areBoundedWhileAWriterWaits() {
        Party one = parties.join();
        Deque<EtcdGrant> reading = new ArrayDeque<>();
        reading.add(get(read(one)));
        CompletableFuture<EtcdGrant> w = write(parties.join());
        inQueue(2);
        CompletableFuture<EtcdGrant> next = read(one);
        int joined = 0;
        while (joined < 100_000 && isLetIn(next)) {
            reading.add(get(next));
            assertThat(reading.remove().release()).isTrue(); // so that there is always one
            next = read(one);
            joined++;
        }
        System.out.println(joined + " readers joined while a writer waited");
        assertThat(joined).isBetween(1, 99_999); // 64, or for 100 ms, and until it has asked
        reading.forEach(grant -> assertThat(grant.release()).isTrue());
        EtcdGrant written = get(w);
        assertThat(next).isNotDone();
        assertThat(written.release()).isTrue();
        assertThat(get(next).token()).isGreaterThan(written.token());
        assertThat(get(next).release()).isTrue();
        inQueue(0);
    }

    /** One that is not let in for so long waits for the writer. Nothing is measured: what counts is how many are let in. */
    private static boolean isLetIn(CompletableFuture<EtcdGrant> read) {
        try {
            return read.get(1500, TimeUnit.MILLISECONDS).isHeld();
        } catch (TimeoutException waits) {
            return false;
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
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
