/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.SessionState;
import dev.consort.testkit.CallCounts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;

/** What many grants and many cancellations cost: streams, threads, memory. Alone, since it counts threads. */
@Isolated
class ResourceIT {
    private static final int GRANTS = 10_000;
    private static final int AT_A_TIME = 200;
    private static final int STORM = 1_000;

    /** A timer, and four for callbacks, of one connection. */
    private static final int THREADS = 5;

    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("consort-") && !name.startsWith("consort-testkit"))
                .sorted()
                .toList();
    }

    @Test
    void tenThousandGrants_needOneStreamAndAFixedNumberOfThreads() throws InterruptedException {
        soon(() -> assertThat(threads()).isEmpty());
        Party party = parties.join(settings -> settings.ttl(12)); // so one that is not answered for 1 s is sent again
        String prefix = Parties.name();
        long before = Heap.used();
        AtomicBoolean done = new AtomicBoolean();
        CompletableFuture<Long> mostKeepAlives = CompletableFuture.supplyAsync(() -> {
            long most = 0;
            while (!done.get()) {
                most = Math.max(most, party.log.counts().streamsOpen("Lease/LeaseKeepAlive"));
                Waits.pass(Duration.ofMillis(5));
            }
            return most;
        });

        ConcurrentLinkedQueue<EtcdGrant> grants = new ConcurrentLinkedQueue<>();
        Semaphore room = new Semaphore(AT_A_TIME);
        for (int i = 0; i < GRANTS; i++) {
            room.acquire();
            Completion.of(party.acquireAsync(prefix + "/" + i), (grant, failure) -> {
                grants.add(grant);
                room.release();
            });
        }
        soon(() -> assertThat(grants).hasSize(GRANTS));
        assertThat(threads()).hasSizeLessThanOrEqualTo(THREADS);
        soon(() -> assertThat(party.log.counts().watchesOpen()).isEqualTo(GRANTS + 1));
        assertThat(party.log.counts().streamsOpened("Watch/Watch")).isEqualTo(1);
        long perGrant = (Heap.used() - before) / GRANTS;
        System.out.println(
                "heap per held grant: " + perGrant + " bytes"); // with those of the test kit, and of the names
        assertThat(perGrant).isLessThan(1_536);
        assertThat(grants).allMatch(EtcdGrant::isHeld);

        for (EtcdGrant grant : grants) {
            room.acquire();
            Completion.of(grant.releaseAsync(), (released, failure) -> room.release());
        }
        soon(() -> assertThat(operator.below(prefix)).isEmpty());
        soon(() -> assertThat(party.log.counts().watchesOpen()).isEqualTo(1));
        soon(() -> assertThat(party.log.counts().streamsOpened("Lease/LeaseKeepAlive"))
                .isPositive());
        done.set(true);
        assertThat(get(mostKeepAlives)).isLessThanOrEqualTo(1);
        CallCounts counts = party.log.counts();
        assertThat(counts.streamsOpened("Watch/Watch")).isEqualTo(1);
        assertThat(counts.unaryCalls("Lease/LeaseGrant")).isEqualTo(1);
        assertThat(party.session.state()).isEqualTo(SessionState.ACTIVE);
        party.connection.close();
        soon(() -> assertThat(threads()).isEmpty());
    }

    /** I9, in numbers: each ends at a moment of its own, some before their claim, some after their grant. */
    @Test
    void cancelStorm_leavesNoClaimNoWatchAndNoThread() {
        soon(() -> assertThat(threads()).isEmpty());
        List<Party> sessions = List.of(parties.join(), parties.join());
        Random random = new Random(9);
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            names.add(Parties.name());
        }
        List<CompletableFuture<EtcdGrant>> all = new ArrayList<>();
        List<CompletableFuture<?>> ends = new ArrayList<>();
        for (int i = 0; i < STORM; i++) {
            Party party = sessions.get(random.nextInt(sessions.size()));
            CompletableFuture<EtcdGrant> acquire = party.acquireAsync(names.get(random.nextInt(names.size())));
            all.add(acquire);
            ends.add(CompletableFuture.runAsync(
                    () -> {
                        if (!acquire.cancel(true)) {
                            Completion.of(acquire.join().releaseAsync(), (released, failure) -> {});
                        }
                    },
                    CompletableFuture.delayedExecutor(random.nextInt(50_000), TimeUnit.MICROSECONDS)));
        }
        ends.forEach(Waits::get);
        assertThat(all).allMatch(CompletableFuture::isDone);
        long granted = all.stream().filter(acquire -> !acquire.isCancelled()).count();
        assertThat(granted).isPositive().isLessThan(STORM);
        soon(() -> assertThat(names)
                .allSatisfy(name -> assertThat(operator.claims(name)).isEmpty()));
        soon(() -> assertThat(sessions)
                .allSatisfy(
                        party -> assertThat(party.log.counts().watchesOpen()).isEqualTo(1)));
        assertThat(threads()).hasSizeLessThanOrEqualTo(2 * THREADS);
        for (String name : names) {
            get(sessions.get(0).acquireAsync(name)).close();
        }
        sessions.forEach(Party::close);
        soon(() -> assertThat(threads()).isEmpty());
        System.out.println("schedules = " + STORM);
    }
}
