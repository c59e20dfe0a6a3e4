/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.config.ConfigWriter.Change;
import dev.consort.config.SettingsHistory.Cell;
import dev.consort.testkit.Commit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;
import org.jspecify.annotations.Nullable;

/**
 * Whatever is lost, late or sent twice: a change is one revision or none, on the conditions that it was given, with its audit entry
 * or without; and a roll-back restores what was, to the key.
 */
@Tag("property")
class ConfigWriterProperties {
    private static final int SHIFTS = 8;
    private static final int ROOTS = 25;
    private static final int STEPS = 4;
    private static final List<String> NAMES = List.of("a", "b", "c/d", "e");
    private static final AtomicInteger committed = new AtomicInteger();
    private static final AtomicInteger refused = new AtomicInteger();
    private static final AtomicInteger rolledBack = new AtomicInteger();
    private static final AtomicInteger audited = new AtomicInteger();
    private static final Seats seats = new Seats();

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        seats.close();
        System.out.println("ConfigWriterProperties: schedules = " + SHIFTS * ROOTS + ", committed: " + committed
                + ", refused: " + refused + ", rolled back: " + rolledBack + ", audited: " + audited);
        assertThat(List.of(committed, refused, rolledBack, audited)).allMatch(count -> count.get() > 50);
        assertThat(Trouble.caused().values()).allMatch(count -> count.get() > 10);
    }

    /** Each try is a schedule for each of several roots, which the same processes write at once. */
    @Property(
            tries = SHIFTS,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void writer_anySchedule_changesOnceOnItsConditions(@ForAll long seed) {
        Random random = new Random(seed);
        int known = Server.embeddedEtcd().log().size();
        List<Trial> trials =
                Stream.generate(() -> new Trial(random.nextLong())).limit(ROOTS).toList();
        seats.atOnce(trials.stream().flatMap(Trial::clients).toList());
        seats.heal();
        List<Commit> log = Server.embeddedEtcd().logAfter(known);
        trials.forEach(trial -> trial.judge(log));
    }

    /**
     * A change that was asked for, and what was said of it.
     *
     * @param base 0: none
     * @param to the revision of a roll-back; 0: it is none
     */
    private record Asked(
            String who,
            Map<String, Optional<String>> writes,
            Map<String, Long> expected,
            long base,
            boolean audited,
            long to,
            WriteOutcome outcome) {}

    /** One root, those who write it, and somebody who writes it past them. */
    private static final class Trial {
        private final String root = Server.freshName();
        private final long seed;
        private final Queue<Asked> asked = new ConcurrentLinkedQueue<>();
        private final Set<Long> foreign = new ConcurrentSkipListSet<>();
        private final Set<Long> deletions =
                new ConcurrentSkipListSet<>(); // foreign; or of another one's, if they found nothing
        private final ConcurrentSkipListSet<Long> revisions =
                new ConcurrentSkipListSet<>(Set.of(Server.embedded().revision()));

        Trial(long seed) {
            this.seed = seed;
        }

        Stream<Runnable> clients() {
            return IntStream.range(0, 3).mapToObj(client -> () -> {
                Random random = new Random(seed + client);
                for (int i = 0; i < STEPS; i++) {
                    if (random.nextInt(3) == 0) {
                        Trouble.any(seats.at(random.nextInt(2)), random);
                    }
                    step(ConfigWriter.create(seats.at(client / 2).connection, root), client + "-" + i, random);
                }
            });
        }

        private void step(ConfigWriter writer, String who, Random random) {
            switch (random.nextInt(8)) {
                case 0 -> {
                    String key = root + "/" + any(random);
                    boolean put = random.nextBoolean();
                    long revision = put
                            ? Server.embedded().put(key, who)
                            : Server.embedded().delete(key);
                    (put ? foreign : deletions).add(revision);
                    revisions.add(revision);
                }
                case 1, 2 -> {
                    List<Long> all = List.copyOf(revisions);
                    long to = all.get(random.nextInt(all.size()));
                    said(new Asked(who, Map.of(), Map.of(), 0, true, to, writer.rollBack(to, who, "why")));
                }
                default -> change(writer, who, random);
            }
        }

        private void said(Asked change) {
            asked.add(change);
            (change.outcome.committed() ? committed : refused).incrementAndGet();
            if (change.outcome.committed()) {
                revisions.add(change.outcome.revision());
            }
        }

        private static String any(Random random) {
            return NAMES.get(random.nextInt(NAMES.size()));
        }

        private void change(ConfigWriter writer, String who, Random random) {
            Change change = writer.change();
            Map<String, Optional<String>> writes = new TreeMap<>();
            for (int i = 0; i <= random.nextInt(3); i++) {
                writes.put(any(random), random.nextInt(4) == 0 ? Optional.empty() : Optional.of(who));
            }
            writes.forEach(
                    (name, value) -> value.ifPresentOrElse(put -> change.put(name, put), () -> change.delete(name)));
            long base = random.nextInt(3) == 0 ? revisions.last() : 0;
            if (base != 0) {
                change.basedOn(base);
            }
            Map<String, Long> expected = new TreeMap<>();
            if (random.nextInt(3) == 0) {
                String name = any(random);
                expected.put(
                        name,
                        Server.embedded()
                                .get(root + "/" + name)
                                .map(io.etcd.jetcd.KeyValue::getModRevision)
                                .orElse(0L));
                expected.forEach(change::expectRevision);
            }
            boolean because = random.nextBoolean();
            if (because) {
                change.because(who, "why");
            }
            said(new Asked(who, writes, expected, base, because, 0, change.commit()));
        }

        void judge(List<Commit> log) {
            SettingsHistory history = new SettingsHistory(root, log);
            Map<String, AuditEntry> entries = ConfigWriter.create(seats.at(0).connection, root).audit(1_000).stream()
                    .collect(Collectors.toMap(AuditEntry::who, Function.identity())); // fails if one is there twice
            List<Long> explained = new ArrayList<>(foreign);
            for (Asked each : asked) {
                AuditEntry entry = entries.remove(each.who);
                if (!each.outcome.committed()) {
                    assertThat(entry).as("%s", each).isNull();
                    judgeConflicts(history, each);
                } else if (each.to != 0) {
                    judgeRollBack(history, each, entry);
                } else {
                    judgeChange(history, each, entry);
                }
                if (each.outcome.committed() && (each.to == 0 || entry != null)) {
                    explained.add(each.outcome.revision());
                }
            }
            assertThat(entries).isEmpty();
            assertThat(explained).as("once each").doesNotHaveDuplicates();
            assertThat(history.heads())
                    .hasSize(explained.size() - foreign.size())
                    .isSubsetOf(explained);
            explained.addAll(deletions);
            assertThat(history.revisions()).as("of %s", root).isSubsetOf(explained);
        }

        private static void judgeChange(SettingsHistory history, Asked each, @Nullable AuditEntry entry) {
            long revision = each.outcome.revision();
            Map<String, Cell> wanted = new TreeMap<>(history.at(revision - 1));
            each.writes.forEach((name, value) ->
                    value.ifPresentOrElse(put -> wanted.put(name, new Cell(put, revision)), () -> wanted.remove(name)));
            assertThat(history.at(revision)).as("%s", each).isEqualTo(wanted);
            each.expected.forEach((name, expected) -> assertThat(history.written(name, revision - 1))
                    .as("%s", each)
                    .isEqualTo(expected));
            if (each.base != 0) {
                assertThat(history.undeniablyBetween(each.base, revision))
                        .as("%s", each)
                        .isEmpty();
            }
            assertThat(entry != null).as("%s", each).isEqualTo(each.audited);
            if (entry != null) {
                audited.incrementAndGet();
                assertThat(entry.revision()).isEqualTo(revision);
                assertThat(entry.put().size() + entry.deleted().size()).isEqualTo(each.writes.size());
                assertThat(each.writes.keySet()).containsAll(entry.put()).containsAll(entry.deleted());
            }
        }

        private static void judgeRollBack(SettingsHistory history, Asked each, @Nullable AuditEntry entry) {
            long revision = each.outcome.revision();
            Map<String, String> wanted = SettingsHistory.values(history.at(each.to));
            assertThat(SettingsHistory.values(history.at(revision)))
                    .as("%s", each)
                    .isEqualTo(wanted);
            if (entry == null) {
                return; // it was so already
            }
            rolledBack.incrementAndGet();
            assertThat(entry.revision()).isEqualTo(revision);
            assertThat(entry.rolledBackTo()).hasValue(each.to);
            Map<String, String> before = SettingsHistory.values(history.at(revision - 1));
            assertThat(before.keySet())
                    .filteredOn(name -> !wanted.containsKey(name))
                    .as("%s", each)
                    .hasSameElementsAs(entry.deleted());
            assertThat(wanted.keySet())
                    .filteredOn(name -> !Objects.equals(wanted.get(name), before.get(name)))
                    .as("%s", each)
                    .hasSameElementsAs(entry.put());
        }

        private static void judgeConflicts(SettingsHistory history, Asked each) {
            long revision = each.outcome.revision();
            for (WriteConflict conflict : each.outcome.conflicts()) {
                if (conflict.name().isEmpty()) {
                    continue; // an absent key was deleted
                }
                long there = history.written(conflict.name(), revision);
                assertThat(conflict.revision()).as("%s of %s", conflict, each).isEqualTo(there);
                if (conflict.expected().startsWith("unchanged")) {
                    long since = Long.parseLong(conflict.expected().replaceAll("\\D", ""));
                    assertThat(history.written(conflict.name(), since)).isNotEqualTo(there);
                } else {
                    assertThat(each.expected.get(conflict.name())).isNotEqualTo(there);
                }
            }
        }
    }
}
