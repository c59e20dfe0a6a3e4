/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Instances that fail, and come back. */
class EjectionTest {
    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1000);
    private final ToldInstancer<String> instancer = ToldInstancer.of("a", "b", "c", "d");
    private final Endpointer<String, String> below =
            Endpointer.<String, String>of(instancer, instance -> instance).build();

    private EjectionBuilder<String, String> builder() {
        return new EjectionBuilder<>(below).nanoTime(clock::get);
    }

    private static List<String> names(List<Endpoint<String, String>> endpoints) {
        return endpoints.stream().map(Endpoint::instance).toList();
    }

    private static void fail(Endpointer<String, String> endpointer, String name, int times) {
        for (int i = 0; i < times; i++) {
            endpointer.failed(find(endpointer, name), new IOException("refused"));
        }
    }

    private static void succeed(Endpointer<String, String> endpointer, String name) {
        endpointer.succeeded(find(endpointer, name));
    }

    private static Endpoint<String, String> find(Endpointer<String, String> endpointer, String name) {
        return endpointer.endpoints().stream()
                .filter(each -> each.instance().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    @Test
    void nobodyFails_isTheListBelow() {
        assertThat(builder().build().endpoints()).isSameAs(below.endpoints());
    }

    @Test
    void failuresInARow_ejectForATime() {
        EjectingEndpointer<String, String> endpointer = builder().build();
        fail(endpointer, "b", 4);
        assertThat(names(endpointer.endpoints())).containsExactly("a", "b", "c", "d");
        fail(endpointer, "b", 1);
        assertThat(names(endpointer.endpoints())).containsExactly("a", "c", "d");
        assertThat(names(endpointer.ejected())).containsExactly("b");
        assertThat(endpointer.endpoints()).isSameAs(endpointer.endpoints());
        pass(Duration.ofSeconds(10).minusNanos(1));
        assertThat(names(endpointer.endpoints())).containsExactly("a", "c", "d");
        pass(Duration.ofNanos(1));
        assertThat(names(endpointer.endpoints())).containsExactly("a", "b", "c", "d");
        assertThat(endpointer.ejected()).isEmpty();
    }

    @Test
    void successBetween_forgivesFailures() {
        EjectingEndpointer<String, String> endpointer = builder().build();
        fail(endpointer, "b", 4);
        succeed(endpointer, "b");
        fail(endpointer, "b", 4);
        assertThat(endpointer.ejected()).isEmpty();
    }

    @Test
    void back_nextFailureEjectsForTwiceAsLong_upToTheMost() {
        EjectingEndpointer<String, String> endpointer = builder()
                .after(3)
                .pause(Duration.ofSeconds(10), Duration.ofSeconds(30))
                .build();
        fail(endpointer, "b", 3);
        for (int seconds : List.of(10, 20, 30, 30)) {
            pass(Duration.ofSeconds(seconds).minusNanos(1));
            assertThat(names(endpointer.ejected())).as(seconds + " s").containsExactly("b");
            pass(Duration.ofNanos(1));
            assertThat(endpointer.ejected()).isEmpty();
            fail(endpointer, "b", 1);
        }
    }

    @Test
    void back_successForgivesAll() {
        EjectingEndpointer<String, String> endpointer = builder().build();
        fail(endpointer, "b", 5);
        pass(Duration.ofSeconds(10));
        succeed(endpointer, "b");
        fail(endpointer, "b", 4);
        assertThat(endpointer.ejected()).isEmpty();
        fail(endpointer, "b", 1);
        pass(Duration.ofSeconds(10));
        assertThat(endpointer.ejected()).isEmpty();
    }

    @Test
    void lateOutcomes_ofOneThatIsEjected_changeNothing() {
        EjectingEndpointer<String, String> endpointer = builder().build();
        Endpoint<String, String> b = find(endpointer, "b");
        fail(endpointer, "b", 5);
        pass(Duration.ofSeconds(9));
        endpointer.failed(b, new IOException("late"));
        endpointer.succeeded(b);
        fail(endpointer, "c", 5);
        assertThat(names(endpointer.ejected())).containsExactly("b", "c");
        pass(Duration.ofSeconds(1));
        assertThat(names(endpointer.ejected())).containsExactly("c");
    }

    @Test
    void share_isNeverExceeded() {
        EjectingEndpointer<String, String> endpointer = builder().build();
        for (String name : List.of("a", "b", "c", "d")) {
            fail(endpointer, name, 5);
        }
        assertThat(names(endpointer.ejected())).containsExactly("a", "b");
        assertThat(names(endpointer.endpoints())).containsExactly("c", "d");
        pass(Duration.ofSeconds(10)); // there is room, and the next failure of one that has failed often takes it
        fail(endpointer, "c", 1);
        assertThat(names(endpointer.ejected())).containsExactly("c");
    }

    @Test
    void allMayBeEjected_oneStaysAllTheSame() {
        EjectingEndpointer<String, String> endpointer = builder().mostEjected(1).build();
        for (String name : List.of("d", "c", "b", "a")) {
            fail(endpointer, name, 5);
        }
        assertThat(names(endpointer.endpoints())).containsExactly("a");
        EjectingEndpointer<String, String> none = builder().mostEjected(0).build();
        fail(none, "a", 5);
        assertThat(none.ejected()).isEmpty();
    }

    @Test
    void instancesLeave_thoseEjectedFirstComeBackIfTheyAreTooMany() {
        EjectingEndpointer<String, String> endpointer = builder().build();
        fail(endpointer, "a", 5);
        pass(Duration.ofSeconds(1));
        fail(endpointer, "b", 5);
        instancer.tell("a", "b", "c");
        assertThat(names(endpointer.ejected())).containsExactly("b");
        instancer.tell("a", "b");
        assertThat(names(endpointer.endpoints())).containsExactly("a");
        instancer.tell("b");
        assertThat(names(endpointer.endpoints())).containsExactly("b");
    }

    @Test
    void instanceThatLeftAndCame_isForgiven() {
        EjectingEndpointer<String, String> endpointer = builder().build();
        Endpoint<String, String> old = find(endpointer, "b");
        fail(endpointer, "b", 5);
        instancer.tell("a", "c", "d");
        assertThat(endpointer.ejected()).isEmpty();
        instancer.tell("a", "b", "c", "d");
        assertThat(names(endpointer.endpoints())).containsExactly("a", "b", "c", "d");
        for (int i = 0; i < 9; i++) {
            endpointer.failed(old, new IOException("of the one that left"));
        }
        assertThat(endpointer.ejected()).isEmpty();
    }

    @Test
    void failuresThatDoNotCount_areNothing() {
        EjectingEndpointer<String, String> endpointer = builder()
                .after(1)
                .counting(why -> why instanceof ConnectException)
                .build();
        fail(endpointer, "b", 9);
        assertThat(endpointer.ejected()).isEmpty();
        endpointer.failed(find(endpointer, "b"), new ConnectException("refused"));
        assertThat(names(endpointer.ejected())).containsExactly("b");
    }

    /** Of three, one dead: it is called until it is ejected, and then not. */
    @Test
    void balancer_overIt_callsTheOthersOnly() {
        instancer.tell("a", "b", "c");
        EjectingEndpointer<String, String> endpointer = builder().after(2).build();
        Balancer<String> balancer = Balancer.roundRobin(endpointer);
        int failed = 0;
        for (int i = 0; i < 100; i++) {
            try {
                balancer.call(EjectionTest::callUnlessDead);
            } catch (IOException e) {
                failed++;
            }
        }
        assertThat(failed).isEqualTo(2);
        pass(Duration.ofSeconds(10));
        for (int i = 0; i < 100; i++) {
            try {
                balancer.call(EjectionTest::callUnlessDead);
            } catch (IOException e) {
                failed++;
            }
        }
        assertThat(failed).isEqualTo(3); // tried once more, on probation
    }

    private static String callUnlessDead(String target) throws IOException {
        if (target.equals("b")) {
            throw new IOException("refused");
        }
        return target;
    }

    /** The keys of one that is ejected go elsewhere for a time. */
    @Test
    void sticky_overIt_movesTheKeysForATime() {
        EjectingEndpointer<String, String> endpointer = builder().after(1).build();
        Balancer<String> key = Balancer.sticky(endpointer, instance -> instance).forKey("ada");
        String home = key.call(target -> target);
        fail(endpointer, home, 1);
        assertThat(key.<String, RuntimeException>call(target -> target)).isNotEqualTo(home);
        pass(Duration.ofSeconds(10));
        assertThat(key.<String, RuntimeException>call(target -> target)).isEqualTo(home);
    }

    @Test
    void close_closesTheOneBelow() {
        EjectingEndpointer<String, String> endpointer = builder().build();
        assertThat(endpointer.error()).isEmpty();
        assertThat(endpointer).hasToString("Endpointer of 4 endpoints, 0 of them ejected");
        Endpoint<String, String> a = find(endpointer, "a");
        endpointer.close();
        endpointer.failed(a, new IOException("after the end"));
        assertThat(instancer.listeners()).isZero();
    }

    @Test
    void badInput_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().after(0))
                .withMessageContaining("after 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().pause(Duration.ZERO, Duration.ofSeconds(1)))
                .withMessageContaining("PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().pause(Duration.ofSeconds(2), Duration.ofSeconds(1)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder().mostEjected(1.5));
        assertThatIllegalArgumentException().isThrownBy(() -> builder().mostEjected(Double.NaN));
    }
}
