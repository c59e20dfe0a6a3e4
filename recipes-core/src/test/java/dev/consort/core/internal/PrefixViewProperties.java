/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.internal.PrefixView.Cause;
import dev.consort.core.internal.PrefixView.Change;
import dev.consort.core.internal.PrefixView.Snapshot;
import dev.consort.core.internal.PrefixView.Subscription;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;

/** Whatever is written, broken, compacted and slow: each listener is told each revision whole, or a snapshot instead. */
@Tag("property")
class PrefixViewProperties {
    private static final Map<Kind, Integer> TALLY = new EnumMap<>(Kind.class);
    private static final Map<Cause, Integer> SNAPSHOTS = new EnumMap<>(Cause.class);
    private static Party party = Missing.value();

    private final Operator operator = SharedEtcd.operator();

    private enum Kind {
        PUT(8),
        PUT_SEVERAL(6),
        PUT_MANY(1),
        DELETE(4),
        DELETE_ALL(1),
        BREAK(2),
        DOWN(2),
        UP(3),
        COMPACT(2),
        LOOK(3),
        LEAVE(1),
        BLOCK(2),
        UNBLOCK(2);

        private final int weight;

        Kind(int weight) {
            this.weight = weight;
        }
    }

    private record Step(Kind kind, int number) {}

    @BeforeContainer
    static void open() {
        party = Party.join(Party.Settings.of(SharedEtcd.server().endpoints()));
    }

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        party.close();
        System.out.println("PrefixView: " + TALLY + " " + SNAPSHOTS);
        assertThat(TALLY).containsOnlyKeys(Kind.values());
        assertThat(SNAPSHOTS).containsOnlyKeys(Cause.values());
    }

    /** One that looks, and is slow at times. */
    private static final class Looker implements PrefixView.Listener {
        final ViewRecorder recorder = new ViewRecorder();
        volatile CountDownLatch gate = new CountDownLatch(0); // replaced by the test's thread
        volatile boolean held;

        @Nullable
        Subscription subscription;

        @Override
        public void onSnapshot(Snapshot snapshot) {
            recorder.onSnapshot(snapshot);
            pass();
        }

        @Override
        public void onChanges(long revision, List<Change> changes) {
            recorder.onChanges(revision, changes);
            pass();
        }

        private void pass() {
            try {
                held = true;
                gate.await();
                held = false;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        void leave() {
            gate.countDown();
            if (subscription != null) {
                subscription.close();
            }
        }
    }

    @Property(tries = 200, shrinking = ShrinkingMode.BOUNDED, edgeCases = EdgeCasesMode.NONE)
    void view_anySchedule_tellsEachRevisionWholeOrASnapshot(@ForAll("schedules") List<Step> steps) {
        String prefix = Parties.name() + "/";
        List<Looker> lookers = new ArrayList<>();
        lookers.add(look(prefix));
        Map<Long, Integer> sizes = new TreeMap<>();
        List<CallFault> down = new ArrayList<>();
        try {
            steps.forEach(step -> run(step, prefix, lookers, sizes, down));
            lookers.forEach(looker -> looker.gate.countDown());
            down.forEach(CallFault::stop);
            long last = operator.putAll(Map.of(prefix + "last", "1"));
            sizes.put(last, 1);
            Map<String, String> stored = stored(prefix);
            for (Looker looker : lookers) {
                soon(() -> assertThat(looker.recorder.state()).isEqualTo(stored));
                assertThat(looker.recorder.wrong()).isEmpty();
                assertWhole(looker.recorder, sizes);
            }
        } finally {
            lookers.forEach(Looker::leave);
            down.forEach(CallFault::stop);
        }
    }

    /** What was told one by one has the sizes that were written, and none is left out but by a snapshot. */
    private static void assertWhole(ViewRecorder recorder, Map<Long, Integer> sizes) {
        Map<Long, Integer> told = recorder.sizes();
        assertThat(sizes).containsAllEntriesOf(told);
        if (recorder.snapshots().size() == 1 && !told.isEmpty()) {
            long first = told.keySet().iterator().next();
            Map<Long, Integer> expected = new HashMap<>(sizes);
            expected.keySet().removeIf(revision -> revision < first);
            assertThat(told).isEqualTo(expected);
        }
        recorder.snapshots().forEach(cause -> SNAPSHOTS.merge(cause, 1, Integer::sum));
    }

    private Looker look(String prefix) {
        Looker looker = new Looker();
        looker.subscription = PrefixView.open(party.connection, "Test", prefix, party.connection.callbacks(), looker);
        return looker;
    }

    private Map<String, String> stored(String prefix) {
        Map<String, String> stored = new HashMap<>();
        operator.below(prefix)
                .forEach(kv -> stored.put(kv.getKey().toString(), kv.getValue().toString()));
        return stored;
    }

    private void run(Step step, String prefix, List<Looker> lookers, Map<Long, Integer> sizes, List<CallFault> down) {
        int number = step.number();
        TALLY.merge(step.kind(), 1, Integer::sum);
        switch (step.kind()) {
            case PUT -> sizes.put(operator.putAll(Map.of(prefix + number, "v" + sizes.size())), 1);
            case PUT_SEVERAL -> {
                Map<String, String> values = new LinkedHashMap<>();
                for (int i = 0; i <= number; i++) {
                    values.put(prefix + i, "s" + sizes.size());
                }
                sizes.put(operator.putAll(values), number + 1);
            }
            case PUT_MANY -> {
                if (number < 5) { // more than a slow one's buffer, which chance alone makes too seldom
                    run(new Step(Kind.UP, number), prefix, lookers, sizes, down);
                    run(new Step(Kind.BLOCK, number), prefix, lookers, sizes, down);
                    run(new Step(Kind.PUT, number), prefix, lookers, sizes, down);
                    soon(() -> assertThat(lookers).anyMatch(looker -> looker.held));
                }
                for (int i = 0; i < 12; i++) {
                    Map<String, String> values = new LinkedHashMap<>();
                    for (int n = 0; n < 100; n++) {
                        values.put(prefix + n, "m" + sizes.size());
                    }
                    sizes.put(operator.putAll(values), 100);
                }
            }
            case DELETE -> {
                if (!operator.value(prefix + number).isEmpty()) {
                    sizes.put(operator.delete(Operator.bytes(prefix + number)), 1);
                }
            }
            case DELETE_ALL -> {
                int count = operator.below(prefix).size();
                long revision = operator.deleteBelow(prefix);
                if (count > 0) {
                    sizes.put(revision, count);
                }
            }
            case BREAK -> party.faults.breakStreams("Watch/Watch");
            case DOWN -> {
                if (down.isEmpty()) {
                    down.add(party.faults
                            .every(CallMatcher.method("Watch/Watch"))
                            .breakStream(Direction.TO_SERVER));
                    party.faults.breakStreams("Watch/Watch");
                }
            }
            case UP -> {
                down.forEach(CallFault::stop);
                down.clear();
            }
            case COMPACT -> {
                operator.put("-", "later");
                operator.compact();
            }
            case LOOK -> {
                if (lookers.size() < 5) {
                    lookers.add(look(prefix));
                }
            }
            case LEAVE -> {
                if (lookers.size() > 1) {
                    lookers.remove(0).leave();
                }
            }
            case BLOCK -> {
                // One at a time: the connection has four threads for callbacks.
                if (lookers.stream().allMatch(looker -> looker.gate.getCount() == 0)) {
                    lookers.get(number % lookers.size()).gate = new CountDownLatch(1);
                }
            }
            case UNBLOCK -> lookers.forEach(looker -> looker.gate.countDown());
        }
    }

    @Provide
    Arbitrary<List<Step>> schedules() {
        Arbitrary<Kind> kinds = Arbitraries.frequency(Arrays.stream(Kind.values())
                .map(kind -> Tuple.of(kind.weight, kind))
                .toList());
        return Combinators.combine(kinds, Arbitraries.integers().between(0, 9))
                .as(Step::new)
                .list()
                .ofMinSize(10)
                .ofMaxSize(30);
    }
}
