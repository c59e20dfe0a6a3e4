/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** F25: a missed wake-up parks a waiter for ever. */
@Execution(ExecutionMode.CONCURRENT)
class F25_MissedWakeUpIT {
    private static final int HAND_OVERS = 15;

    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    /** The holder has died: nobody tells the next one. */
    @Test
    void holderThatDied_isNoticedByTheNext() throws InterruptedException {
        Party holder = parties.join();
        Party waiter = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        CompletableFuture<EtcdGrant> waiting = waiter.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        operator.revoke(holder.session.leaseId());
        assertThat(get(waiting).token()).isGreaterThan(grant.token());
    }

    /** A claim that an operator or a Go program holds. */
    @Test
    void foreignHolder_isWaitedForAndFollowed() {
        Party waiter = parties.join();
        String name = Parties.name();
        long lease = operator.grant(60);
        String foreign = name + "/" + Long.toHexString(lease);
        operator.put(foreign, "", lease);
        CompletableFuture<EtcdGrant> waiting = waiter.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        Waits.stays(Duration.ofMillis(200), () -> !waiting.isDone());
        operator.delete(Operator.bytes(foreign));
        assertThat(get(waiting).isHeld()).isTrue();
    }

    /** A foreign claim in the middle of the queue stops the baton, which comes back into our hands after it. */
    @Test
    void foreignWaiter_isAStopNotAnEnd() throws InterruptedException {
        Party holder = parties.join();
        Party last = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        long lease = operator.grant(60);
        String foreign = name + "/" + Long.toHexString(lease);
        operator.put(foreign, "", lease);
        CompletableFuture<EtcdGrant> waiting = last.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(3));
        grant.close();
        Waits.stays(Duration.ofMillis(200), () -> !waiting.isDone());
        operator.revoke(lease);
        assertThat(get(waiting).isHeld()).isTrue();
    }

    /** The message itself is lost, and with it all events of a while. */
    @Test
    void lostMessage_isMadeUpForByTheWatchOfTheClaimBefore() throws InterruptedException {
        Party holder = parties.join();
        Party waiter = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        CompletableFuture<EtcdGrant> waiting = waiter.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        CallFault lost = waiter.faults.every(Requests.eventsOf("/mail")).dropMessages(Direction.TO_CLIENT);
        grant.close();
        assertThat(get(waiting).isHeld()).isTrue();
        get(lost.hit());
    }

    /** S12: the claim before goes while no watch stands. */
    @Test
    void releaseWhileTheWatchIsDown_isSeenByItsSuccessor() throws InterruptedException {
        Party holder = parties.join();
        Party waiter = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        CompletableFuture<EtcdGrant> waiting = waiter.acquireAsync(name);
        soon(() -> assertThat(waiter.log.counts().watchesOpen()).isEqualTo(3)); // mailbox, own claim, the one before
        CallFault down = waiter.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        assertThat(waiter.faults.breakStreams("Watch/Watch")).isEqualTo(1);
        get(down.hit());
        grant.close();
        Waits.stays(Duration.ofMillis(200), () -> !waiting.isDone());
        down.stop();
        assertThat(get(waiting).isHeld()).isTrue();
    }

    /** S13, F17: the same, and what the watch would go on from has been compacted meanwhile. */
    @Test
    void releaseWhileTheWatchIsDownAndCompacted_isFoundByReading() throws InterruptedException {
        Party holder = parties.join();
        Party waiter = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        CompletableFuture<EtcdGrant> waiting = waiter.acquireAsync(name);
        soon(() -> assertThat(waiter.log.counts().watchesOpen()).isEqualTo(3));
        CallFault down = waiter.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        waiter.faults.breakStreams("Watch/Watch");
        get(down.hit());
        grant.close();
        operator.put(name + "-other", "x");
        operator.compact();
        down.stop();
        EtcdGrant next = get(waiting);
        assertThat(next.isHeld()).isTrue();
        // The watches stand again, of the mailbox too.
        operator.delete(Operator.bytes(waiter.claimKey(name)));
        Waits.outcome(next.lost());
        EtcdGrant other = holder.acquire(name);
        CompletableFuture<EtcdGrant> again = waiter.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        other.close();
        get(again).close();
    }

    /** S14: many hand-overs while the streams of everybody break again and again. */
    @Test
    void handOvers_whileStreamsBreak_allHappen() {
        List<Party> all = List.of(parties.join(), parties.join(), parties.join());
        String name = Parties.name();
        AtomicBoolean done = new AtomicBoolean();
        List<CompletableFuture<Integer>> running = new ArrayList<>();
        for (Party party : all) {
            running.add(CompletableFuture.supplyAsync(() -> {
                int granted = 0;
                for (int i = 0; i < HAND_OVERS; i++) {
                    try (EtcdGrant grant = get(party.acquireAsync(name))) {
                        granted += grant.isHeld() ? 1 : 0;
                    }
                }
                return granted;
            }));
        }
        CompletableFuture<Integer> breaking = CompletableFuture.supplyAsync(() -> {
            int broken = 0;
            while (!done.get()) {
                for (Party party : all) {
                    broken += party.faults.breakStreams("Watch/Watch");
                }
                Waits.pass(Duration.ofMillis(60));
            }
            return broken;
        });
        try {
            running.forEach(granted -> assertThat(get(granted)).isEqualTo(HAND_OVERS));
        } finally {
            done.set(true);
        }
        assertThat(get(breaking)).isPositive();
        soon(() -> assertThat(operator.claims(name)).isEmpty());
    }

    /** Messages of a mailbox that is not ours to trust: the session looks for itself. */
    @Test
    void nonsenseInTheMailbox_wakesNobodyWrongly() throws InterruptedException {
        Party holder = parties.join();
        Party waiter = parties.join();
        String name = Parties.name();
        EtcdGrant grant = holder.acquire(name);
        CompletableFuture<EtcdGrant> waiting = waiter.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));
        String mailbox = "consort/session/" + Long.toHexString(waiter.session.leaseId()) + "/mail";
        operator.put(mailbox, "no message at all", waiter.session.leaseId());
        operator.put(mailbox, message(name, 1), waiter.session.leaseId());
        operator.put(mailbox, message(name + "/nobody's", 5), waiter.session.leaseId());
        Waits.stays(Duration.ofMillis(200), () -> !waiting.isDone());
        grant.close();
        assertThat(get(waiting).isHeld()).isTrue();
    }

    private static String message(String queue, long revision) {
        return Message.encode(List.of(new Message(queue, revision, List.of()))).toStringUtf8();
    }
}
