/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.consort.core.RecipeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Endpoints made, kept, closed and invalidated. */
class EndpointCacheTest {
    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1000); // a monotonic clock may overflow
    private final Client.Maker maker = new Client.Maker();
    private final ToldInstancer<String> instancer = ToldInstancer.of("a", "b");

    private EndpointerBuilder<String, Client> builder() {
        return new EndpointerBuilder<String, Client>(instancer, maker).nanoTime(clock::get);
    }

    private static <I> List<I> instances(Endpointer<I, ?> endpointer) {
        return endpointer.endpoints().stream().<I>map(Endpoint::instance).toList();
    }

    private static List<Client> targets(Endpointer<String, Client> endpointer) {
        return endpointer.endpoints().stream().map(Endpoint::target).toList();
    }

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    @Test
    void build_instancesThere_hasThemAtOnce() {
        Endpointer<String, Client> endpointer = builder().build();
        assertThat(instances(endpointer)).containsExactly("a", "b");
        assertThat(targets(endpointer)).isEqualTo(maker.made);
        assertThat(endpointer.error()).isEmpty();
    }

    @Test
    void update_instanceStays_isNotMadeAgainAndTheListIsTheSame() {
        Endpointer<String, Client> endpointer = builder().build();
        List<Endpoint<String, Client>> before = endpointer.endpoints();
        instancer.tell("a", "b");
        assertThat(endpointer.endpoints()).isSameAs(before);
        instancer.tell("a", "b", "c");
        assertThat(endpointer.endpoints().subList(0, 2)).isEqualTo(before);
        assertThat(maker.made).extracting(Client::instance).containsExactly("a", "b", "c");
        assertThat(maker.open()).hasSize(3);
    }

    @Test
    void update_instanceLeaves_isClosedOnceAndNoOther() {
        Endpointer<String, Client> endpointer = builder().build();
        instancer.tell("b");
        assertThat(instances(endpointer)).containsExactly("b");
        assertThat(maker.made.get(0).closings()).hasValue(1);
        assertThat(maker.open()).extracting(Client::instance).containsExactly("b");
        instancer.tell("a", "b");
        assertThat(maker.made).extracting(Client::instance).containsExactly("a", "b", "a");
        assertThat(maker.made.get(0).closings()).hasValue(1);
    }

    @Test
    void update_orderOfInstances_isKept() {
        Endpointer<String, Client> endpointer = builder().build();
        instancer.tell("c", "b", "a");
        assertThat(instances(endpointer)).containsExactly("c", "b", "a");
    }

    /** One whose state is asked for while it is closed must have been taken out before. */
    @Test
    void update_instanceLeaves_isOutBeforeItIsClosed() {
        List<String> known = new ArrayList<>();
        List<Endpointer<String, Client>> later = new ArrayList<>();
        Endpointer<String, Client> endpointer =
                builder().closer(gone -> known.addAll(instances(later.get(0)))).build();
        later.add(endpointer);
        instancer.tell("b");
        assertThat(known).containsExactly("b");
    }

    /** go-kit calls its factory twice, and loses one of the closers. */
    @Test
    void update_equalInstancesTwice_areOne() {
        Endpointer<String, Client> endpointer = builder().build();
        instancer.tell("a", "a", "b");
        assertThat(instances(endpointer)).containsExactly("a", "b");
        instancer.tell("b", "c", "c");
        assertThat(maker.made).extracting(Client::instance).containsExactly("a", "b", "c");
        instancer.tell("b");
        assertThat(maker.open()).extracting(Client::instance).containsExactly("b");
    }

    @Test
    void factoryFails_instanceIsLeftOutUntilTheNextChange() {
        maker.bad.add("a");
        Endpointer<String, Client> endpointer = builder().build();
        assertThat(instances(endpointer)).containsExactly("b");
        maker.bad.clear();
        instancer.tell("a", "b", "c");
        assertThat(instances(endpointer)).containsExactly("a", "b", "c");
    }

    @Test
    void closerFails_othersAreClosedAllTheSame() {
        List<Client> closed = new ArrayList<>();
        Endpointer<String, Client> endpointer = builder()
                .closer(client -> {
                    closed.add(client);
                    throw new IllegalStateException("for the test");
                })
                .build();
        instancer.tell("c");
        assertThat(closed).extracting(Client::instance).containsExactly("a", "b");
        assertThat(instances(endpointer)).containsExactly("c");
    }

    @Test
    void error_withoutInvalidation_lastKnownStayForEver() {
        Endpointer<String, Client> endpointer = builder().build();
        instancer.fail("gone");
        pass(Duration.ofDays(1000));
        assertThat(instances(endpointer)).containsExactly("a", "b");
        assertThat(endpointer.error()).get().extracting(Throwable::getMessage).isEqualTo("Instancer 'test': gone");
        assertThat(maker.open()).hasSize(2);
        instancer.tell("a", "b");
        assertThat(endpointer.error()).isEmpty();
    }

    @Test
    void error_invalidation_closesAllAtTheTimeAndGivesTheFirstError() {
        Endpointer<String, Client> endpointer =
                builder().invalidateAfter(Duration.ofSeconds(10)).build();
        instancer.fail("first");
        pass(Duration.ofSeconds(6));
        instancer.fail("second");
        pass(Duration.ofSeconds(4).minusNanos(1));
        assertThat(instances(endpointer)).containsExactly("a", "b");
        assertThat(maker.open()).hasSize(2);
        pass(Duration.ofNanos(1)); // the second error has not moved it
        for (int i = 0; i < 2; i++) {
            assertThatExceptionOfType(RecipeException.class)
                    .isThrownBy(endpointer::endpoints)
                    .withMessage("Instancer 'test': first");
        }
        assertThat(maker.made)
                .allSatisfy(client -> assertThat(client.closings()).hasValue(1));
        instancer.fail("third"); // with the instances that were known last, which stay invalid
        assertThat(maker.made).hasSize(2);
        assertThatExceptionOfType(RecipeException.class).isThrownBy(endpointer::endpoints);
    }

    @Test
    void error_invalidation_nextGoodSetRecoversWithAllNew() {
        Endpointer<String, Client> endpointer =
                builder().invalidateAfter(Duration.ZERO).build();
        instancer.fail("first");
        assertThatExceptionOfType(RecipeException.class).isThrownBy(endpointer::endpoints);
        instancer.tell("a", "b");
        assertThat(instances(endpointer)).containsExactly("a", "b");
        assertThat(maker.made).hasSize(4);
        assertThat(maker.open()).isEqualTo(targets(endpointer));
        instancer.fail("of another outage");
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(endpointer::endpoints)
                .withMessage("Instancer 'test': of another outage");
    }

    @Test
    void error_recoversInTime_nothingIsClosed() {
        Endpointer<String, Client> endpointer =
                builder().invalidateAfter(Duration.ofSeconds(10)).build();
        instancer.fail("first");
        pass(Duration.ofSeconds(9));
        instancer.tell("a", "b");
        pass(Duration.ofSeconds(9));
        instancer.fail("another outage, with a time of its own");
        pass(Duration.ofSeconds(9));
        assertThat(instances(endpointer)).containsExactly("a", "b");
        assertThat(maker.open()).hasSize(2);
    }

    /** An instancer that has never had contact, or one that forgets. */
    @Test
    void errorWithoutInstances_lastKnownStay() {
        Endpointer<String, Client> endpointer = builder().build();
        RecipeException why = new RecipeException("Instancer", "", "gone", null);
        instancer.tell(InstanceSet.<String>of(List.of()).withError(why));
        assertThat(instances(endpointer)).containsExactly("a", "b");
    }

    @Test
    void build_duringAnOutage_hasTheLastKnown() {
        instancer.fail("gone");
        Endpointer<String, Client> endpointer = builder().build();
        assertThat(instances(endpointer)).containsExactly("a", "b");
        assertThat(endpointer.error()).isPresent();
    }

    /** An instance that tells another weight of itself is the same one, and not connected to anew. */
    @Test
    void serviceInstance_changesWhatItTells_keepsItsEndpoint() {
        ServiceInstance one = ServiceInstance.of("orders", "1", "10.0.0.1", 80);
        ToldInstancer<ServiceInstance> told = ToldInstancer.of(one);
        Endpointer<ServiceInstance, Object> endpointer = Endpointer.<ServiceInstance, Object>of(
                        told, instance -> new Object())
                .build();
        Endpoint<ServiceInstance, Object> before = endpointer.endpoints().get(0);
        assertThat(before).hasToString("orders/1 at 10.0.0.1:80");
        ServiceInstance heavy = one.withWeight(7).withMetadata(Map.of("version", "2"));
        told.tell(heavy);
        Endpoint<ServiceInstance, Object> after = endpointer.endpoints().get(0);
        assertThat(after.target()).isSameAs(before.target());
        assertThat(after).isEqualTo(before);
        assertThat(after.instance()).isEqualTo(heavy);
        assertThat(before.instance()).isEqualTo(one);
        told.tell(ServiceInstance.of("orders", "1", "10.0.0.2", 80)); // started again elsewhere
        assertThat(endpointer.endpoints().get(0).target()).isNotSameAs(before.target());
    }

    @Test
    void identity_ofTheUsers_decidesWhatIsKept() {
        Endpointer<String, Client> endpointer =
                builder().identity(instance -> instance.charAt(0)).build();
        instancer.tell("a2", "b2");
        assertThat(instances(endpointer)).containsExactly("a2", "b2");
        assertThat(maker.made).extracting(Client::instance).containsExactly("a", "b");
    }

    @Test
    void close_closesAllOnceAndUnsubscribes() {
        Endpointer<String, Client> endpointer = builder().build();
        assertThat(instancer.listeners()).isEqualTo(1);
        endpointer.close();
        endpointer.close();
        assertThat(instancer.listeners()).isZero();
        assertThat(maker.made)
                .allSatisfy(client -> assertThat(client.closings()).hasValue(1));
        assertThatIllegalStateException().isThrownBy(endpointer::endpoints);
    }

    @Test
    void build_instancerIsClosed_saysSoAndLeavesNothingOpen() {
        instancer.close();
        assertThatIllegalStateException().isThrownBy(() -> builder().build());
        assertThat(maker.open()).isEmpty();
    }

    @Test
    void invalidateAfter_negative_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().invalidateAfter(Duration.ofSeconds(-1)))
                .withMessageContaining("PT-1S");
    }

    /** Threads that ask while instances flap see whole lists of open clients' making; in the end nothing is lost. */
    @Test
    void endpoints_whileInstancesFlap_areWholeLists() throws Exception {
        Endpointer<String, Client> endpointer = builder().build();
        AtomicBoolean over = new AtomicBoolean();
        CountDownLatch asking = new CountDownLatch(2);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<Boolean>> good = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                good.add(threads.submit(() -> {
                    boolean whole = true;
                    asking.countDown();
                    while (!over.get()) {
                        List<String> seen = instances(endpointer);
                        whole &= seen.equals(List.of("a", "b")) || seen.equals(List.of("b", "c", "d"));
                    }
                    return whole;
                }));
            }
            assertThat(asking.await(10, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < 2000; i++) {
                instancer.tell("b", "c", "d");
                instancer.tell("a", "b");
            }
            over.set(true);
            for (Future<Boolean> each : good) {
                assertThat(each.get(10, TimeUnit.SECONDS)).isTrue();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(maker.open())
                .isEqualTo(targets(endpointer).stream()
                        .sorted((one, other) -> Integer.compare(maker.made.indexOf(one), maker.made.indexOf(other)))
                        .toList());
    }

    @Test
    void fixed_staysAndClosesNothing() {
        Client a = new Client("a", new AtomicInteger());
        Endpointer<Client, Client> endpointer = Endpointer.fixed(List.of(a, a));
        assertThat(endpointer.endpoints()).hasSize(2);
        endpointer.close();
        assertThat(a.isClosed()).isFalse();
        assertThat(endpointer.endpoints().get(0).target()).isSameAs(a);
        assertThat(endpointer.error()).isEmpty();
        assertThat(endpointer).hasToString("Endpointer of 2 endpoints that stay the same");
    }

    @Test
    void fixedInstancer_tellsOnce() {
        List<InstanceSet<String>> told = new ArrayList<>();
        Instancer<String> fixed = Instancer.fixed(List.of("b", "a", "b"));
        fixed.subscribe(told::add).close();
        assertThat(told).containsExactly(InstanceSet.of(List.of("a", "b")));
        assertThat(fixed.current()).isEqualTo(told.get(0));
        fixed.close();
        try (Endpointer<String, Client> endpointer =
                Endpointer.<String, Client>of(fixed, maker).build()) {
            assertThat(instances(endpointer)).containsExactly("a", "b");
        }
    }
}
