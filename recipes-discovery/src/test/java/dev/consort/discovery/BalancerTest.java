/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.consort.core.RecipeException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What balancers choose, and what they tell. */
class BalancerTest {
    private static final List<String> ABC = List.of("a", "b", "c");

    private static Endpointer<String, String> of(String... targets) {
        return Endpointer.fixed(List.of(targets));
    }

    private static List<String> calls(Balancer<String> balancer, int number) {
        List<String> called = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            called.add(balancer.call(target -> target));
        }
        return called;
    }

    private static Map<String, Integer> counts(List<String> called) {
        Map<String, Integer> counts = new HashMap<>();
        called.forEach(each -> counts.merge(each, 1, Integer::sum));
        return counts;
    }

    private static Stream<Balancer<String>> all(Endpointer<String, String> endpointer) {
        return Stream.of(
                Balancer.roundRobin(endpointer),
                Balancer.random(endpointer, 1),
                Balancer.weighted(endpointer, instance -> 1),
                Balancer.leastLoaded(endpointer),
                Balancer.sticky(endpointer, instance -> instance).forKey("key"));
    }

    // WHAT ALL DO

    @Test
    void noEndpoints_isSaid() {
        assertThat(all(of())).allSatisfy(balancer -> {
            assertThatExceptionOfType(NoEndpointsException.class)
                    .isThrownBy(balancer::choose)
                    .withMessageContaining("no endpoints available");
            assertThatExceptionOfType(NoEndpointsException.class).isThrownBy(() -> balancer.call(target -> fail()));
            assertThat(balancer.callAsync(target -> new CompletableFuture<>())).isCompletedExceptionally();
        });
    }

    private static String fail() {
        throw new AssertionError("called");
    }

    @Test
    void noEndpoints_duringAnOutage_saysWhy() {
        ToldInstancer<String> instancer = ToldInstancer.of();
        Endpointer<String, String> endpointer =
                Endpointer.<String, String>of(instancer, instance -> instance).build();
        instancer.fail("etcd is gone");
        assertThatExceptionOfType(NoEndpointsException.class)
                .isThrownBy(Balancer.roundRobin(endpointer)::choose)
                .withRootCauseInstanceOf(RecipeException.class);
    }

    @Test
    void endpointerFails_passesThrough() {
        ToldInstancer<String> instancer = ToldInstancer.of("a");
        Endpointer<String, String> endpointer = Endpointer.<String, String>of(instancer, instance -> instance)
                .invalidateAfter(Duration.ZERO)
                .build();
        instancer.fail("etcd is gone");
        assertThat(all(endpointer))
                .allSatisfy(balancer -> assertThatExceptionOfType(RecipeException.class)
                        .isThrownBy(balancer::choose)
                        .withMessage("Instancer 'test': etcd is gone"));
    }

    @Test
    void anyBalancer_followsTheInstances() {
        ToldInstancer<String> instancer = ToldInstancer.of("a");
        Endpointer<String, String> endpointer =
                Endpointer.<String, String>of(instancer, instance -> instance).build();
        List<Balancer<String>> balancers = all(endpointer).toList();
        assertThat(balancers)
                .allSatisfy(balancer -> assertThat(calls(balancer, 3)).containsOnly("a"));
        instancer.tell("b");
        assertThat(balancers)
                .allSatisfy(balancer -> assertThat(calls(balancer, 3)).containsOnly("b"));
    }

    /** Records what it is told. */
    private static final class Ears implements Endpointer<String, String> {
        final Endpointer<String, String> endpointer = of("a");
        final List<String> heard = new ArrayList<>();

        @Override
        public List<Endpoint<String, String>> endpoints() {
            return endpointer.endpoints();
        }

        @Override
        public Optional<RecipeException> error() {
            return endpointer.error();
        }

        @Override
        public void succeeded(Endpoint<String, String> endpoint) {
            heard.add(endpoint + " succeeded");
        }

        @Override
        public void failed(Endpoint<String, String> endpoint, Throwable why) {
            heard.add(endpoint + ": " + why.getMessage());
        }

        @Override
        public void close() {}

        int inFlight() {
            return endpointer.endpoints().get(0).inFlight();
        }
    }

    @Test
    void call_isInFlightWhileItRuns_andItsEndIsTold() {
        Ears ears = new Ears();
        Balancer<String> balancer = Balancer.roundRobin(ears);
        assertThat(balancer.<Integer, RuntimeException>call(target -> ears.inFlight()))
                .isEqualTo(1);
        assertThat(ears.inFlight()).isZero();
        IOException refused = new IOException("refused");
        assertThatThrownBy(() -> balancer.call(target -> {
                    throw refused;
                }))
                .isSameAs(refused);
        assertThat(ears.inFlight()).isZero();
        assertThat(ears.heard).containsExactly("a succeeded", "a: refused");
    }

    @Test
    void callAsync_isInFlightUntilItEnds_andItsEndIsTold() {
        Ears ears = new Ears();
        Balancer<String> balancer = Balancer.roundRobin(ears);
        CompletableFuture<String> answer = new CompletableFuture<>();
        CompletableFuture<String> called = balancer.callAsync(target -> answer);
        assertThat(ears.inFlight()).isEqualTo(1);
        answer.complete("fine");
        assertThat(called).isCompletedWithValue("fine");
        CompletableFuture<String> failing = new CompletableFuture<>();
        CompletableFuture<String> failed = balancer.callAsync(target -> failing.thenApply(text -> text));
        failing.completeExceptionally(new IOException("refused"));
        assertThatThrownBy(failed::join).hasRootCauseMessage("refused");
        assertThatThrownBy(() -> balancer.callAsync(target -> CompletableFuture.completedFuture(fail())))
                .isInstanceOf(AssertionError.class);
        assertThat(balancer.callAsync(target -> null)).isCompletedExceptionally();
        assertThat(ears.inFlight()).isZero();
        assertThat(ears.heard)
                .startsWith("a succeeded", "a: refused", "a: called")
                .hasSize(4);
    }

    @Test
    void callAsync_cancelled_cancelsTheCallAndCountsAsNothing() {
        Ears ears = new Ears();
        CompletableFuture<String> answer = new CompletableFuture<>();
        CompletableFuture<String> called = Balancer.roundRobin(ears).callAsync(target -> answer);
        called.cancel(false);
        assertThat(answer).isCancelled();
        assertThat(ears.inFlight()).isZero();
        CompletableFuture<String> deaf = new CompletableFuture<>(); // one that cannot be cancelled by its stage
        Balancer.roundRobin(ears)
                .callAsync(target -> deaf.minimalCompletionStage())
                .cancel(false);
        assertThat(ears.inFlight()).isZero();
        deaf.complete("late");
        assertThat(ears.inFlight()).isZero();
        assertThat(ears.heard).isEmpty();
    }

    @Test
    void choice_closedTwice_endsOnce() {
        Ears ears = new Ears();
        Balancer<String> balancer = Balancer.roundRobin(ears);
        Choice<String> one = balancer.choose();
        Choice<String> other = balancer.choose();
        assertThat(one.target()).isEqualTo("a");
        one.close();
        one.close();
        assertThat(ears.inFlight()).isEqualTo(1);
        other.close();
        assertThat(ears.heard).isEmpty();
    }

    // ROUND ROBIN

    @Test
    void roundRobin_goesRoundFromTheFirst() {
        assertThat(calls(Balancer.roundRobin(of("a", "b", "c")), 7)).containsExactly("a", "b", "c", "a", "b", "c", "a");
    }

    @Test
    void roundRobin_manyThreads_eachHasItsShare() throws Exception {
        Balancer<String> balancer = Balancer.roundRobin(of("a", "b", "c"));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<String> called = new ArrayList<>();
        try {
            List<Future<List<String>>> each = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                each.add(threads.submit(() -> calls(balancer, 3000)));
            }
            for (Future<List<String>> some : each) {
                called.addAll(some.get(20, TimeUnit.SECONDS));
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(counts(called)).isEqualTo(Map.of("a", 4000, "b", 4000, "c", 4000));
    }

    // RANDOM

    @Test
    void random_isEvenAndRepeatable() {
        List<String> called = calls(Balancer.random(of("a", "b", "c", "d"), 42), 40_000);
        assertThat(counts(called).values())
                .hasSize(4)
                .allSatisfy(count ->
                        assertThat(count).isCloseTo(10_000, within(400))); // more than four standard deviations
        assertThat(calls(Balancer.random(of("a", "b", "c", "d"), 42), 40_000)).isEqualTo(called);
        assertThat(calls(Balancer.random(of("a", "b", "c", "d"), 43), 40_000)).isNotEqualTo(called);
    }

    // WEIGHTED

    @Test
    void weighted_isExactAndSpread() {
        Map<String, Integer> weights = Map.of("a", 5, "b", 1, "c", 1, "none", 0, "less", -3);
        Endpointer<String, String> endpointer = of("a", "b", "c", "none", "less");
        Balancer<String> balancer = Balancer.weighted(endpointer, weights::get);
        for (int round = 0; round < 3; round++) { // the order that nginx's documentation shows
            assertThat(calls(balancer, 7)).containsExactly("a", "a", "b", "a", "c", "a", "a");
        }
    }

    @Test
    void weighted_greatestWeights_doNotOverflow() {
        Balancer<String> balancer = Balancer.weighted(of("a", "b", "c"), instance -> Integer.MAX_VALUE);
        assertThat(counts(calls(balancer, 300))).isEqualTo(Map.of("a", 100, "b", 100, "c", 100));
    }

    @Test
    void weighted_noneHasWeight_noEndpoints() {
        Balancer<String> balancer = Balancer.weighted(of("a", "b"), instance -> 0);
        assertThatExceptionOfType(NoEndpointsException.class).isThrownBy(balancer::choose);
    }

    @Test
    void weighted_weightsChange_areTakenOver() {
        ServiceInstance one = ServiceInstance.of("orders", "1", "10.0.0.1", 80);
        ServiceInstance two = ServiceInstance.of("orders", "2", "10.0.0.2", 80);
        ToldInstancer<ServiceInstance> instancer = ToldInstancer.of(one, two);
        Balancer<String> balancer = Balancer.weighted(
                Endpointer.<ServiceInstance, String>of(instancer, ServiceInstance::id)
                        .build(),
                ServiceInstance::weight);
        assertThat(counts(calls(balancer, 10))).isEqualTo(Map.of("1", 5, "2", 5));
        instancer.tell(one.withWeight(4), two);
        assertThat(counts(calls(balancer, 10))).isEqualTo(Map.of("1", 8, "2", 2));
        instancer.tell(one.withWeight(0), two); // drained
        assertThat(counts(calls(balancer, 10))).isEqualTo(Map.of("2", 10));
    }

    // LEAST LOADED

    @Test
    void leastLoaded_takesTheOneWithFewestCalls() {
        Balancer<String> balancer = Balancer.leastLoaded(of("a", "b", "c"));
        List<Choice<String>> going = Stream.generate(balancer::choose).limit(6).toList();
        assertThat(counts(going.stream().map(Choice::target).toList())).isEqualTo(Map.of("a", 2, "b", 2, "c", 2));
        going.stream().filter(choice -> choice.target().equals("b")).forEach(Choice::close);
        assertThat(Stream.generate(balancer::choose).limit(2).map(Choice::target))
                .containsOnly("b");
        assertThat(counts(Stream.generate(balancer::choose)
                        .limit(3)
                        .map(Choice::target)
                        .toList()))
                .isEqualTo(Map.of("a", 1, "b", 1, "c", 1));
    }

    @Test
    void leastLoaded_idle_goesRound() {
        assertThat(calls(Balancer.leastLoaded(of("a", "b", "c")), 6)).containsExactly("a", "b", "c", "a", "b", "c");
    }

    // STICKY

    private static Map<String, String> placed(StickyBalancer<String> sticky, int keys) {
        Map<String, String> placed = new HashMap<>();
        for (int i = 0; i < keys; i++) {
            String key = "customer-" + i;
            placed.put(key, calls(sticky.forKey(key), 1).get(0));
        }
        return placed;
    }

    private static String[] names(int number) {
        return IntStream.range(0, number)
                .mapToObj(i -> "http://10.0.0." + i + ":8080")
                .toArray(String[]::new);
    }

    @Test
    void sticky_sameKey_sameInstance_inEveryProcess() {
        StickyBalancer<String> sticky = Balancer.sticky(of("a", "b", "c"), instance -> instance);
        assertThat(calls(sticky.forKey("ada"), 20))
                .containsOnly(calls(sticky.forKey("ada"), 1).get(0));
        assertThat(placed(Balancer.sticky(of("c", "a", "b"), instance -> instance), 100)) // in another order
                .isEqualTo(placed(sticky, 100));
        // Computed by another program: all versions of this one have to agree.
        assertThat(RendezvousHashing.hash("")).isEqualTo(0xefd01f60ba992926L);
        assertThat(RendezvousHashing.hash("customer-1")).isEqualTo(0x7ca4f15fd8d36dbcL);
    }

    @Test
    void sticky_keysAreSpreadEvenly() {
        Map<String, String> placed = placed(Balancer.sticky(of(names(10)), instance -> instance), 20_000);
        assertThat(counts(List.copyOf(placed.values())).values())
                .hasSize(10)
                .allSatisfy(count -> assertThat(count).isCloseTo(2000, within(200)));
    }

    @Test
    void sticky_instanceLeaves_onlyItsKeysMove_andSpread() {
        String[] names = names(10);
        ToldInstancer<String> instancer = ToldInstancer.of(names);
        StickyBalancer<String> sticky = Balancer.sticky(
                Endpointer.<String, String>of(instancer, instance -> instance).build(), instance -> instance);
        Map<String, String> before = placed(sticky, 20_000);
        String gone = names[3];
        instancer.tell(Stream.of(names).filter(name -> !name.equals(gone)).toList());
        Map<String, String> after = placed(sticky, 20_000);
        List<String> moved = new ArrayList<>();
        before.forEach((key, instance) -> {
            if (!instance.equals(gone)) {
                assertThat(after.get(key)).as(key).isEqualTo(instance);
            } else {
                moved.add(after.get(key));
            }
        });
        assertThat(counts(moved).values())
                .hasSize(9)
                .allSatisfy(count -> assertThat(count).isCloseTo(moved.size() / 9, within(80)));
        instancer.tell(names);
        assertThat(placed(sticky, 20_000)).isEqualTo(before); // one that comes takes its share, and no more
        names[3] = "another one in its place";
        instancer.tell(names);
        Map<String, String> replaced = placed(sticky, 20_000);
        before.forEach((key, instance) ->
                assertThat(replaced.get(key)).isIn(instance.equals(gone) ? names : new String[] {instance, names[3]}));
        assertThat(counts(List.copyOf(replaced.values())))
                .containsEntry(
                        names[3],
                        counts(List.copyOf(placed(Balancer.sticky(of(names), name -> name), 20_000)
                                        .values()))
                                .get(names[3]));
    }

    @Test
    void balancers_sayWhatTheyAre() {
        AtomicReference<String> said = new AtomicReference<>("");
        all(of(ABC.toArray(new String[0]))).forEach(balancer -> said.updateAndGet(text -> text + balancer + "\n"));
        assertThat(said.get()).contains("Round robin over Endpointer of 3", "Least loaded");
    }
}
