/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.RecipeException;
import dev.consort.discovery.Registrar.State;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Commit;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
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
 * Whatever breaks, is lost, revoked or compacted away: each set that is told is that of the service at a revision, in the order of
 * revisions; the newest one comes at last; an instance that is registered is there in the end, under a key of one process.
 */
@Tag("property")
class DiscoveryProperties {
    private static final int SHIFTS = 8;
    private static final int SERVICES = 25;
    private static final int STEPS = 25;
    private static final int VALUES = 5;
    private static final CallMatcher WRITES = CallMatcher.method("KV/Txn");
    private static final AtomicInteger told = new AtomicInteger();
    private static final AtomicInteger stale = new AtomicInteger();
    private static final AtomicInteger refused = new AtomicInteger();
    private static final AtomicInteger failed = new AtomicInteger();
    private static final AtomicInteger takenOver = new AtomicInteger();
    private static final AtomicInteger returned = new AtomicInteger();
    private static final AtomicInteger compacted = new AtomicInteger();
    private static final List<Party> processes =
            List.of(Server.embedded().join(), Server.embedded().join());
    private static final ExecutorService threads = Executors.newCachedThreadPool();

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        threads.shutdownNow();
        processes.forEach(Party::close);
        System.out.println("DiscoveryProperties: schedules = " + SHIFTS * SERVICES + ", told: " + told + ", stale: "
                + stale + ", refused: " + refused + ", failed: " + failed + ", taken over: " + takenOver
                + ", returned: " + returned + ", compactions: " + compacted);
        assertThat(told).hasValueGreaterThan(500);
        assertThat(List.of(stale, refused, takenOver, returned)).allMatch(count -> count.get() > 10);
        assertThat(List.of(failed, compacted)).allMatch(count -> count.get() > 1);
    }

    /** Each try is a schedule for each of several services, whose instances are of two processes. */
    @Property(
            tries = SHIFTS,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void service_anySchedule_isWhatStoodInEtcd(@ForAll long seed) {
        Random random = new Random(seed);
        int known = Server.embeddedEtcd().log().size();
        List<Trial> trials = Stream.generate(() -> new Trial(random.nextLong()))
                .limit(SERVICES)
                .toList();
        atOnce(trials.stream().<Runnable>map(trial -> trial::run));
        processes.forEach(process -> process.faults.clear());
        atOnce(trials.stream().<Runnable>map(trial -> trial::settle));
        List<Commit> log = Server.embeddedEtcd().logAfter(known);
        trials.forEach(trial -> trial.judge(log));
    }

    private static void atOnce(Stream<Runnable> tasks) {
        tasks.map(task -> CompletableFuture.runAsync(task, threads)).toList().forEach(CompletableFuture::join);
    }

    /** Who has a key, or wants it. */
    private record Slot(int process, String key) {}

    private static final class Trial {
        private final String prefix = "/services/" + Server.freshName() + "/";
        private final ServiceLayout<String> layout = ServiceLayout.goKit(prefix);
        private final Random random;
        private final Told<String> listener = new Told<>();
        private final Instancer<String> instancer;
        private final Map<Slot, Registrar<String>> registrars = new HashMap<>();

        Trial(long seed) {
            random = new Random(seed);
            instancer = processes.get(random.nextInt(2)).look(layout);
            instancer.subscribe(listener);
        }

        void run() {
            for (int i = 0; i < STEPS; i++) {
                switch (random.nextInt(8)) {
                    case 0 -> trouble(processes.get(random.nextInt(2)));
                    case 1, 2, 3 -> foreign();
                    default -> register(new Slot(random.nextInt(2), prefix + "own" + random.nextInt(2)));
                }
            }
        }

        private String value() {
            int number = random.nextInt(VALUES);
            return number == 0 ? "" : "v" + number; // which cannot be read
        }

        private void foreign() {
            String key = prefix + random.nextInt(3);
            Op put = Op.put(Server.bytes(key), Server.bytes(value()), PutOption.DEFAULT);
            Op delete = Op.delete(Server.bytes(prefix + "own" + random.nextInt(2)), DeleteOption.DEFAULT);
            Op other = Op.delete(Server.bytes(key + "x"), DeleteOption.DEFAULT);
            Op another = Op.put(Server.bytes(key + "x"), Server.bytes(value()), PutOption.DEFAULT);
            Op[] ops = switch (random.nextInt(4)) {
                case 0 -> new Op[] {delete};
                case 1 -> new Op[] {put, other};
                case 2 -> new Op[] {put, another};
                default -> new Op[] {put};
            };
            Server.embedded().commit(ops);
        }

        private void register(Slot slot) {
            Registrar<String> there = registrars.get(slot);
            try {
                if (there == null) {
                    boolean takesOver = random.nextBoolean();
                    Registrar.Builder<String> builder =
                            processes.get(slot.process()).registrar(layout);
                    Registrar<String> made =
                            (takesOver ? builder.takeOver() : builder).register(slot.key(), "by" + slot.process());
                    registrars.put(slot, made);
                    made.onState(state -> returned.addAndGet(state == State.RETURNING ? 1 : 0));
                    takenOver.addAndGet(registrars.containsKey(new Slot(1 - slot.process(), slot.key())) ? 1 : 0);
                } else if (random.nextInt(3) == 0) {
                    registrars.remove(slot);
                    there.close();
                } else {
                    var unused = there.update("by" + slot.process() + random.nextInt(VALUES));
                }
            } catch (InstanceKeyInUseException e) {
                refused.incrementAndGet();
            } catch (RecipeException e) {
                failed.incrementAndGet();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        private void trouble(Party party) {
            Duration late = Duration.ofMillis(random.nextInt(10));
            switch (random.nextInt(8)) {
                case 0 -> party.faults.loseNextReply(WRITES);
                case 1 -> party.faults.loseNextRequest(WRITES);
                case 2 -> party.faults.next(WRITES).landLate(late);
                case 3 -> party.faults.delayNext(WRITES, late);
                case 4 -> party.faults.loseNextReply(CallMatcher.method("KV/Range"));
                case 5 -> party.faults.breakStreams("Watch/Watch");
                case 6 -> {
                    party.faults.breakStreams("Watch/Watch");
                    compact();
                }
                default -> loseSession(party);
            }
        }

        /** Unless another one has compacted more meanwhile. */
        private static void compact() {
            processes
                    .get(0)
                    .client
                    .getKVClient()
                    .compact(Server.embedded().revision())
                    .handle((done, late) -> compacted.addAndGet(late == null ? 1 : 0))
                    .join();
        }

        private void loseSession(Party party) {
            if (random.nextInt(4) == 0) {
                party.client
                        .getLeaseClient()
                        .revoke(party.sessions.session().leaseId())
                        .handle((done, gone) -> true)
                        .join();
            }
        }

        void settle() {
            Stream.of("own0", "own1")
                    .map(name -> prefix + name)
                    .forEach(key -> await().untilAsserted(() -> isRight(key)));
            Server.embedded().put(prefix + "last", "last");
            await().until(() -> instancer.current().instances().contains("last")
                    && instancer.current().error().isEmpty());
            await().until(() -> listener.all.get(listener.all.size() - 1).equals(instancer.current()));
            registrars.values().forEach(Registrar::close);
            Stream.of("own0", "own1")
                    .map(name -> prefix + name)
                    .forEach(key -> await().untilAsserted(() ->
                            assertThat(Server.embedded().text(key)).isEqualTo("absent")));
            instancer.close();
        }

        /** Of those that want it one has it, and knows; the others know that they have not. */
        private void isRight(String key) {
            long lease = Server.embedded().leaseOf(key);
            List<Registrar<String>> open = new ArrayList<>();
            registrars.forEach((slot, registrar) -> {
                if (slot.key().equals(key)) {
                    open.add(registrar);
                }
            });
            if (open.isEmpty()) {
                assertThat(lease).isEqualTo(-1);
                return;
            }
            assertThat(open).extracting(Registrar::state).doesNotContain(State.CLOSED);
            assertThat(open.stream().filter(each -> each.state() == State.REGISTERED))
                    .singleElement()
                    .satisfies(each -> {
                        assertThat(each.leaseId()).isEqualTo(lease);
                        assertThat(Server.embedded().text(key)).isEqualTo(each.instance());
                    });
        }

        void judge(List<Commit> log) {
            List<List<String>> states = states(log);
            int at = 0;
            List<String> before = List.of();
            for (InstanceSet<String> each : listener.all) {
                if (each.error().isPresent()) {
                    stale.incrementAndGet();
                    assertThat(each.instances()).isEqualTo(before);
                    continue;
                }
                while (at < states.size() && !states.get(at).equals(each.instances())) {
                    at++;
                }
                assertThat(at).as("%s among %s", each.instances(), states).isLessThan(states.size());
                before = each.instances();
                told.incrementAndGet();
            }
        }

        /** What could be seen after each revision, made anew from everything that was written. */
        private List<List<String>> states(List<Commit> log) {
            List<List<String>> states = new ArrayList<>(List.of(List.of()));
            Map<String, String> now = new TreeMap<>();
            for (Commit commit : log) {
                for (Commit.Change change : commit.changes()) {
                    String key = change.key().toString(UTF_8);
                    if (key.startsWith(prefix)) {
                        if (change.deleted()) {
                            now.remove(key);
                        } else {
                            now.put(key, change.value().toString(UTF_8));
                        }
                    }
                }
                List<String> state = now.values().stream()
                        .filter(value -> !value.isEmpty())
                        .distinct()
                        .sorted()
                        .toList();
                if (!state.equals(states.get(states.size() - 1))) {
                    states.add(state);
                }
            }
            return states;
        }
    }
}
