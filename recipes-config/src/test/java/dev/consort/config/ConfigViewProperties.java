/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Commit;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;

/**
 * Whatever breaks, is lost or compacted away: each configuration that is seen or told is what stood in etcd at its revision, as
 * a whole and good; the newest one comes at last.
 */
@Tag("property")
class ConfigViewProperties {
    private static final int SHIFTS = 8;
    private static final int ROOTS = 25;
    private static final int STEPS = 30;
    private static final List<String> LEVELS = List.of("defaults", "env/prod", "host/a");
    private static final AtomicInteger told = new AtomicInteger();
    private static final AtomicInteger refused = new AtomicInteger();
    private static final AtomicInteger skipped = new AtomicInteger();
    private static final AtomicInteger compacted = new AtomicInteger();
    private static final Seats seats = new Seats();

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        seats.close();
        System.out.println("ConfigViewProperties: schedules = " + SHIFTS * ROOTS + ", told: " + told + ", refused: "
                + refused + ", skipped: " + skipped + ", compactions: " + compacted);
        assertThat(List.of(told, refused, skipped)).allMatch(count -> count.get() > 100);
        assertThat(compacted).hasValueGreaterThan(20);
    }

    /** Each try is a schedule for each of several roots, whose views share two connections. */
    @Property(
            tries = SHIFTS,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void view_anySchedule_isWhatStoodInEtcd(@ForAll long seed) {
        Random random = new Random(seed);
        int known = Server.embeddedEtcd().log().size();
        List<Trial> trials =
                Stream.generate(() -> new Trial(random.nextLong())).limit(ROOTS).toList();
        seats.atOnce(trials.stream().<Runnable>map(trial -> trial::run).toList());
        seats.heal();
        trials.forEach(Trial::settle);
        List<Commit> log = Server.embeddedEtcd().logAfter(known);
        trials.forEach(trial -> trial.judge(log));
    }

    /** A root, somebody who writes below it, and a view of it by another process. */
    private static final class Trial {
        private final String root = Server.freshName();
        private final Random random;
        private final Party party;
        private final Party writer;
        private final Queue<ConfigSnapshot<SortedMap<String, String>>> seen = new ConcurrentLinkedQueue<>();
        private final Queue<ConfigChange<? extends SortedMap<String, String>>> changes = new ConcurrentLinkedQueue<>();
        private final ConfigView<SortedMap<String, String>> view;

        Trial(long seed) {
            random = new Random(seed);
            party = seats.at((int) (seed & 1));
            writer = seats.at(1 - (int) (seed & 1));
            view = ConfigView.of(party.connection, root)
                    .levels(LEVELS.toArray(new String[0]))
                    .validate(Trial::check)
                    .open();
            seen.add(view.snapshot());
            view.listen(changes::add);
        }

        /** Two keys that one transaction writes, and one that makes the whole bad. */
        private static void check(Map<String, String> all) {
            if (!isGood(all)) {
                refused.incrementAndGet();
                throw new IllegalArgumentException("bad");
            }
        }

        private static boolean isGood(Map<String, String> all) {
            return !all.getOrDefault("bad", "no").equals("yes");
        }

        void run() {
            for (int i = 0; i < STEPS; i++) {
                if (random.nextInt(6) == 0) {
                    trouble();
                }
                write(i);
                seen.add(view.snapshot());
            }
        }

        private void trouble() {
            switch (random.nextInt(4)) {
                case 0 -> party.faults.breakStreams("Watch/Watch");
                case 1 -> party.faults.loseNextReply(CallMatcher.method("KV/Range"));
                case 2 -> party.faults.delayNext(CallMatcher.method("KV/Range"), Duration.ofMillis(random.nextInt(10)));
                default -> {
                    party.faults.breakStreams("Watch/Watch");
                    compact();
                }
            }
        }

        /** Unless another one has compacted more meanwhile. */
        private void compact() {
            writer.client
                    .getKVClient()
                    .compact(Server.embedded().revision())
                    .handle((done, late) -> compacted.addAndGet(late == null ? 1 : 0))
                    .join();
        }

        private void write(int step) {
            String level = root + "/" + LEVELS.get(random.nextInt(3)) + "/";
            List<Op> ops = new ArrayList<>();
            if (random.nextInt(4) == 0) {
                ops.add(Op.delete(Server.bytes(level + "left"), DeleteOption.DEFAULT));
                ops.add(Op.delete(Server.bytes(level + "right"), DeleteOption.DEFAULT));
            } else {
                ops.add(put(level + "left", "v" + step));
                ops.add(put(level + "right", "v" + step));
            }
            if (random.nextInt(4) == 0) {
                ops.add(put(level + "bad", random.nextBoolean() ? "yes" : "no"));
            }
            Server.answer(writer.client
                    .getKVClient()
                    .txn()
                    .Then(ops.toArray(new Op[0]))
                    .commit());
        }

        private static Op put(String key, String value) {
            return Op.put(Server.bytes(key), Server.bytes(value), PutOption.DEFAULT);
        }

        void settle() {
            long last = Server.embedded().put(root + "/" + LEVELS.get(2) + "/bad", "no");
            try {
                seen.add(view.awaitRevision(last, Duration.ofSeconds(20)));
            } catch (InterruptedException | TimeoutException e) {
                throw new AssertionError(e);
            }
            assertThat(view.snapshot().revision()).isEqualTo(last);
            assertThat(view.snapshot().problem()).isEmpty();
            view.close();
        }

        void judge(List<Commit> log) {
            NavigableMap<Long, Map<String, String>> states = states(log);
            long before = 0;
            for (ConfigSnapshot<SortedMap<String, String>> each : seen) {
                assertThat(each.value())
                        .as("at %s", each)
                        .isEqualTo(states.floorEntry(each.revision()).getValue());
                assertThat(each.revision()).isGreaterThanOrEqualTo(before).isLessThanOrEqualTo(each.seen());
                before = each.revision();
            }
            before = 0;
            for (ConfigChange<? extends SortedMap<String, String>> each : changes) {
                assertThat(each.after())
                        .as("at %s", each)
                        .isEqualTo(states.floorEntry(each.revision()).getValue());
                assertThat(isGood(each.after())).isTrue();
                assertThat(each.keys()).containsAll(differences(each.before(), each.after()));
                assertThat(each.revision()).isGreaterThan(before);
                before = each.revision();
            }
            told.addAndGet(changes.size());
            skipped.addAndGet(states.size() - changes.size());
        }

        private static Set<String> differences(Map<String, String> before, Map<String, String> after) {
            Set<String> keys = new TreeSet<>(before.keySet());
            keys.addAll(after.keySet());
            keys.removeIf(key -> before.getOrDefault(key, "").equals(after.getOrDefault(key, "")));
            return keys;
        }

        /** What was in effect from each revision on, made anew from everything that was written. */
        private NavigableMap<Long, Map<String, String>> states(List<Commit> log) {
            NavigableMap<Long, Map<String, String>> states = new TreeMap<>(Map.of(0L, Map.of()));
            Map<String, String> written = new TreeMap<>();
            for (Commit commit : log) {
                if (commit.changes().stream()
                        .noneMatch(change -> change.key().toString(UTF_8).startsWith(root + "/"))) {
                    continue;
                }
                commit.changes().stream()
                        .filter(change -> change.key().toString(UTF_8).startsWith(root + "/"))
                        .forEach(change -> {
                            String path = change.key().toString(UTF_8).substring(root.length() + 1);
                            if (change.deleted()) {
                                written.remove(path);
                            } else {
                                written.put(path, change.value().toString(UTF_8));
                            }
                        });
                Map<String, String> merged = new TreeMap<>();
                for (String level : LEVELS) {
                    written.forEach((path, value) -> {
                        if (path.startsWith(level + "/")) {
                            merged.put(path.substring(level.length() + 1), value);
                        }
                    });
                }
                states.put(commit.revision(), merged);
            }
            return states;
        }
    }
}
