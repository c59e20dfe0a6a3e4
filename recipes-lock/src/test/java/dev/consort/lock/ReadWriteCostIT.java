/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.FencingToken;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.lock.ReadWriteCostPage.Step;
import dev.consort.lock.ReadWriteCostPage.While;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What each step costs in requests, commits, watches and memory: as docs/read-write-lock.md says. */
@Isolated
class ReadWriteCostIT {
    /** Long enough that no renewal, which does other work too, falls into a test. */
    private static final Duration TTL = Duration.ofMinutes(10);

    private static final int WAITERS = 500;

    private final List<Party> parties = new ArrayList<>();
    private final String name = Etcd.freshName();

    private Party join() {
        Party party = CountedEtcd.join(TTL);
        parties.add(party);
        return party;
    }

    private ReadWriteLock lock(Party party) {
        return ReadWriteLock.create(party.session, name);
    }

    @AfterEach
    void leave() {
        parties.forEach(Party::close);
        CountedEtcd.endLeases();
    }

    private static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(20, TimeUnit.SECONDS).join();
    }

    /**
     * What a step by one process costs, when all that it leads to has been done. Whether others wait it may ask besides,
     * when it has been holding for long.
     */
    private static <T> T assertCosts(Party party, Step step, Supplier<T> doing, Runnable done) {
        long revision = CountedEtcd.look.revision();
        CallCounts before = party.log.counts();
        party.sent.clear();
        T result = doing.get();
        done.run();
        await().untilAsserted(() -> {
            CallCounts counts = party.log.counts().since(before);
            assertThat(party.log.counts().unaryCallsOpen()).isZero();
            assertThat(counts.unaryCalls() - party.sent.questions())
                    .as("%s: %s", step, counts)
                    .isEqualTo(step.requests);
        });
        assertThat(CountedEtcd.look.revision()).as("%s", step).isEqualTo(revision + step.commits);
        return result;
    }

    private static <T> T assertCosts(Party party, Step step, Supplier<T> doing) {
        return assertCosts(party, step, doing, () -> {});
    }

    /** The mailbox's; and after a moment that of its own claim, and that of the claim before it. */
    private static void awaitWatches(Party party, int count) {
        await().untilAsserted(() -> assertThat(party.log.counts().watchesOpen()).isEqualTo(count));
    }

    /** Each row of the page is one that a test here asserts. */
    @Test
    void page_hasNoOtherRows() {
        assertThat(ReadWriteCostPage.rows()).isEqualTo(Step.values().length + While.values().length);
    }

    @ParameterizedTest
    @EnumSource
    void acquireAndRelease_uncontended_areOneRequestAndOneCommitEach(ReadOrWrite side) {
        Party party = join();
        var acquirable = side.of(party, name);
        for (int i = 0; i < 10; i++) {
            Grant grant = assertCosts(party, Step.ACQUIRE, () -> get(acquirable.acquireAsync()));
            assertThat(assertCosts(party, Step.RELEASE, grant::release)).isTrue();
        }
    }

    @Test
    void readersOfAProcess_shareAClaim() {
        Party party = join();
        ReadWriteLock lock = lock(party);
        Grant first = get(lock.readLock().acquireAsync());
        List<Grant> more = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            more.add(assertCosts(party, Step.JOIN, () -> get(lock.readLock().acquireAsync())));
        }
        more.forEach(grant ->
                assertThat(assertCosts(party, Step.JOIN, grant::release)).isTrue());
        assertThat(first.release()).isTrue();
    }

    @Test
    void writersOfAProcess_handTheClaimOn() {
        Party party = join();
        ReadWriteLock lock = lock(party);
        Grant grant = get(lock.writeLock().acquireAsync());
        for (int i = 0; i < 20; i++) {
            CompletableFuture<Grant> next =
                    assertCosts(party, Step.QUEUE, () -> lock.writeLock().acquireAsync());
            assertThat(assertCosts(party, Step.LOCAL_HAND_OVER, grant::release)).isTrue();
            grant = get(next);
        }
        assertThat(grant.release()).isTrue();
    }

    /** Writer, writer, reader, writer, of a process each. What a deletion would tell first is kept out of the figures. */
    @Test
    void handOvers_betweenProcesses() {
        List<ReadOrWrite> sides = List.of(ReadOrWrite.WRITE, ReadOrWrite.WRITE, ReadOrWrite.READ, ReadOrWrite.WRITE);
        List<CompletableFuture<Grant>> queue = new ArrayList<>();
        for (ReadOrWrite side : sides) {
            Party party = join();
            queue.add(side.of(party, name).acquireAsync());
            CountedEtcd.look.awaitClaims(name, queue.size());
            party.faults.every(Calls.toldOfADeletionBelow(name)).dropMessages(Direction.TO_CLIENT);
        }
        for (int i = 0; i < sides.size(); i++) {
            awaitWatches(parties.get(i), i == 0 ? 2 : 3);
        }
        List<Step> steps = List.of(Step.FIRST_HAND_OVER, Step.HAND_OVER, Step.FIRST_HAND_OVER, Step.RELEASE);
        for (int i = 0; i < sides.size(); i++) {
            CompletableFuture<Grant> next = queue.get(Math.min(i + 1, sides.size() - 1));
            assertThat(assertCosts(parties.get(i), steps.get(i), get(queue.get(i))::release, () -> get(next)))
                    .isTrue();
        }
    }

    @Test
    void exchanges() {
        Party one = join();
        Party two = join();
        ReadWriteLock lock = lock(one);
        Grant write = get(lock.writeLock().acquireAsync());
        Grant read =
                assertCosts(one, Step.DOWNGRADE, () -> lock.downgrade(write).orElseThrow());
        assertThat(assertCosts(one, Step.RELEASE, read::release)).isTrue();

        Grant again = get(lock.writeLock().acquireAsync());
        CompletableFuture<Grant> other = lock(two).readLock().acquireAsync();
        CountedEtcd.look.awaitClaims(name, 2);
        Grant shared = assertCosts(
                one, Step.DOWNGRADE_TELLING, () -> lock.downgrade(again).orElseThrow(), () -> get(other));
        assertThat(assertCosts(one, Step.LEAVE, shared::release)).isTrue();
        assertThat(get(other).release()).isTrue();

        Grant sole = get(lock.readLock().acquireAsync());
        Grant upgraded =
                assertCosts(one, Step.UPGRADE, () -> lock.tryUpgrade(sole).orElseThrow());
        assertThat(upgraded.release()).isTrue();

        Grant beside = get(lock(two).readLock().acquireAsync());
        Grant reader = get(lock.readLock().acquireAsync());
        assertThat(assertCosts(one, Step.UPGRADE_REFUSED, () -> lock.tryUpgrade(reader)))
                .isEmpty();
        assertThat(beside.release() && reader.release()).isTrue();
    }

    /** One claim and its watches for all of them. */
    @ParameterizedTest
    @EnumSource
    void fiveHundredWaitersOfAProcess_areOneClaim(ReadOrWrite side) {
        Party holder = join();
        Party waiter = join();
        Grant holding = get(side.opposite().of(holder, name).acquireAsync());
        var acquirable = side.of(waiter, name);
        List<CompletableFuture<Grant>> waiting = firstWaits(holder, waiter, acquirable.acquireAsync());
        assertCosts(waiter, Step.QUEUE, () -> {
            for (int i = 1; i < WAITERS; i++) {
                waiting.add(acquirable.acquireAsync());
            }
            return acquirable.tryAcquire(); // after those before it
        });
        assertThat(CountedEtcd.look.claims(name)).hasSize(2);
        assertThat(waiter.log.counts().watchesOpen()).isEqualTo(While.OPEN.watches + While.WAITED_FOR.watches);
        assertThat(waiter.log.counts().streamsOpened("Watch/Watch")).isEqualTo(While.OPEN.streams);

        assertThat(holding.release()).isTrue();
        List<FencingToken> tokens = new ArrayList<>();
        waiting.forEach(next -> {
            tokens.add(get(next).token());
            assertThat(get(get(next).releaseAsync())).isTrue();
        });
        assertThat(tokens).isSorted().doesNotHaveDuplicates().allMatch(token -> token.compareTo(holding.token()) > 0);
        assertThat(tokens.stream().map(FencingToken::revision).distinct()).hasSize(1);
    }

    private static List<CompletableFuture<Grant>> firstWaits(
            Party holder, Party waiter, CompletableFuture<Grant> first) {
        awaitWatches(holder, While.OPEN.watches + While.HELD.watches);
        awaitWatches(waiter, While.OPEN.watches + While.WAITED_FOR.watches);
        List<CompletableFuture<Grant>> waiting = new ArrayList<>(WAITERS);
        waiting.add(first);
        return waiting;
    }

    @ParameterizedTest
    @EnumSource
    void waitersOfAProcess_takeLittleMemory(ReadOrWrite side) {
        Party holder = join();
        Party waiter = join();
        assertThat(Heap.leastOf(2048, () -> weightOfEach(side, holder, waiter))).isLessThan(2048);
    }

    private long weightOfEach(ReadOrWrite side, Party holder, Party waiter) {
        Grant holding = get(side.opposite().of(holder, name).acquireAsync());
        var acquirable = side.of(waiter, name);
        List<CompletableFuture<Grant>> waiting = firstWaits(holder, waiter, acquirable.acquireAsync());
        long heap = Heap.used();
        for (int i = 1; i < WAITERS; i++) {
            waiting.add(acquirable.acquireAsync());
        }
        long each = Math.max(0, Heap.used() - heap) / WAITERS; // or less, when older things are gone
        System.out.println("heap per waiter to " + side + ": " + each + " bytes");
        assertThat(holding.release()).isTrue();
        waiting.forEach(next -> get(next).close());
        CountedEtcd.look.awaitClaims(name, 0);
        awaitWatches(holder, While.OPEN.watches);
        awaitWatches(waiter, While.OPEN.watches);
        return each;
    }

    /** Fifty sessions that want to write, behind one that reads: each release wakes the next one, and nobody else. */
    @Test
    void fiftySessionsThatWaitToWrite_areWokenOneByOne() {
        int perConnection = 10;
        Grant first = get(lock(join()).readLock().acquireAsync());
        List<Party> waiters = IntStream.range(0, 5).mapToObj(i -> join()).toList();
        List<FencingToken> tokens = new ArrayList<>();
        List<CompletableFuture<Boolean>> waiting = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            Session session =
                    Session.builder(waiters.get(i % 5).connection).ttl(TTL).open();
            waiting.add(ReadWriteLock.create(session, name)
                    .writeLock()
                    .acquireAsync()
                    .thenCompose(grant -> {
                        tokens.add(grant.token()); // of one who is alone
                        return grant.releaseAsync();
                    }));
        }
        CountedEtcd.look.awaitClaims(name, 51);
        waiters.forEach(party -> awaitWatches(party, 1 + 3 * perConnection));
        List<CallCounts> before =
                waiters.stream().map(party -> party.log.counts()).toList();
        assertThat(first.release()).isTrue();
        waiting.forEach(each -> assertThat(get(each)).isTrue());
        assertThat(tokens).hasSize(50).isSorted().doesNotHaveDuplicates();
        for (int i = 0; i < waiters.size(); i++) {
            CallCounts counts = waiters.get(i).log.counts().since(before.get(i));
            // The message, the deletion of the claim before, and perhaps its own deletion.
            assertThat(counts.watchEvents()).as("%s", counts).isLessThanOrEqualTo(3L * perConnection);
            assertThat(counts.unaryCalls()).as("%s", counts).isBetween((long) perConnection, 2L * perConnection);
        }
    }
}
