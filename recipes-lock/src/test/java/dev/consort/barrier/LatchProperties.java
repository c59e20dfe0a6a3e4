/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.barrier.Seats.Trouble;
import dev.consort.testkit.CallMatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever is lost, late or sent twice: each name counts once, nobody passes early, and all pass in the end. */
@Tag("property")
class LatchProperties {
    private static final List<Trouble> TROUBLES = List.copyOf(EnumSet.complementOf(EnumSet.of(Trouble.PAUSE)));
    private static final Seats seats = new Seats();
    private static final List<String> names = new ArrayList<>();
    private static final Duration LATE = Duration.ofMillis(150); // longer than all that comes before the deletion
    private static int passed;
    private static int faults;

    @BeforeContainer
    static void open() {
        seats.open();
    }

    /** What was deleted has not come back. A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        assertThat(names)
                .allSatisfy(name -> assertThat(Server.EMBEDDED.keys(name)).isEmpty());
        seats.close();
        assertThat(passed).isGreaterThan(100);
        assertThat(faults).isGreaterThan(100);
    }

    @Property(
            tries = 200,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void latch_anySchedule_countsEachNameOnce(@ForAll long seed) {
        Random random = new Random(seed);
        String name = Server.freshName();
        names.add(name);
        int count = 1 + random.nextInt(5);
        Set<String> sent = new HashSet<>();
        Map<String, Integer> counted = new HashMap<>();
        List<CompletableFuture<Boolean>> answers = new ArrayList<>();
        List<CompletableFuture<Void>> waiting = new ArrayList<>();
        if (random.nextInt(8) == 0) {
            seats.any(random).faults.delayNext(CallMatcher.method("KV/Txn"), LATE);
        }
        for (int i = 0; i < 30 && sent.size() < count; i++) {
            Party seat = seats.any(random);
            switch (random.nextInt(4)) {
                case 0 -> fault(seat, random);
                case 1 -> waiting.add(seat.latch(name, count).awaitAsync());
                default -> {
                    String id = "id-" + random.nextInt(count);
                    sent.add(id);
                    answers.add(seat.latch(name, count).countDownAsync(id).thenApply(first -> {
                        if (first) {
                            synchronized (counted) {
                                counted.merge(id, 1, Integer::sum);
                            }
                        }
                        return first;
                    }));
                }
            }
            if (sent.size() < count) {
                assertThat(waiting).as("before the last was sent").noneMatch(CompletableFuture::isDone);
            }
        }
        answers.forEach(answer -> answer.orTimeout(10, TimeUnit.SECONDS).join());
        assertThat(seats.at(0).latch(name, count).count()).isEqualTo(count - sent.size());
        for (int i = 0; i < count; i++) {
            boolean unused = seats.at(i).latch(name, count).countDown("id-" + i);
        }
        for (CompletableFuture<Void> each : waiting) {
            each.orTimeout(10, TimeUnit.SECONDS).join();
            passed++;
        }
        synchronized (counted) {
            assertThat(counted).as("said to be the first of its name").containsOnlyKeys(sent);
            assertThat(counted.values()).as("said to be the first of its name").allMatch(times -> times == 1);
        }
        assertThat(seats.at(0).latch(name, count).count()).isZero();
        seats.awaitCopies();
        seats.any(random).latch(name, count).delete();
        seats.heal();
        assertThat(Server.EMBEDDED.keys(name)).isEmpty();
    }

    private static void fault(Party seat, Random random) {
        faults++;
        seats.trouble(seat, TROUBLES.get(random.nextInt(TROUBLES.size())), random);
    }
}
