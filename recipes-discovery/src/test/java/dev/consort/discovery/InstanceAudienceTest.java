/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.consort.core.RecipeException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Who is told what, on the test's own thread. */
class InstanceAudienceTest {
    private final RecipeException down = new RecipeException("Instancer", "p", "down", null);

    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final InstanceAudience<String> audience =
            new InstanceAudience<>("test", tasks::add, InstanceSet.of(List.of()));
    private final List<InstanceSet<String>> told = new ArrayList<>();

    private void publish(String... instances) {
        audience.publish(now -> InstanceSet.of(List.of(instances)));
    }

    private void runAll() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    private List<List<String>> instancesTold() {
        return told.stream().map(InstanceSet::instances).toList();
    }

    @Test
    void subscriber_isToldThePresentSetFirstThenEachOther() {
        publish("a");
        audience.add(told::add);
        publish("a", "b");
        publish("a", "b");
        publish("b");
        runAll();
        assertThat(instancesTold()).containsExactly(List.of("a"), List.of("a", "b"), List.of("b"));
    }

    @Test
    void error_isToldOnceAndTheSetStays() {
        publish("a");
        audience.add(told::add);
        audience.publish(now -> now.withError(down));
        audience.publish(now -> now.withError(new RecipeException("Instancer", "p", "down", null)));
        publish("a");
        runAll();
        assertThat(instancesTold()).containsExactly(List.of("a"), List.of("a"), List.of("a"));
        assertThat(told.stream().map(set -> set.error().isPresent())).containsExactly(false, true, false);
    }

    @Test
    void subscriberThatThrows_isToldTheNext() {
        audience.add(set -> {
            told.add(set);
            throw new IllegalStateException("meant");
        });
        publish("a");
        runAll();
        assertThat(instancesTold()).containsExactly(List.of(), List.of("a"));
    }

    /** It holds up nobody, costs a bounded buffer, and is told the newest at last. */
    @Test
    void slowSubscriber_isToldTheNewerOnes() {
        audience.add(told::add);
        IntStream.range(0, 1000).forEach(i -> publish("a" + i));
        runAll();
        assertThat(told).hasSize(InstanceAudience.BUFFER);
        assertThat(told.get(told.size() - 1).instances()).containsExactly("a999");
    }

    /** Between two sets that are alike those that are not may have been left out. */
    @Test
    void slowSubscriber_isNotToldTheSameTwice() {
        publish("a");
        audience.add(told::add);
        runAll();
        for (int i = 0; i < InstanceAudience.BUFFER; i++) {
            publish("b" + i);
        }
        publish("a");
        for (int i = 1; i < InstanceAudience.BUFFER; i++) {
            audience.publish(now -> now.withError(down));
            publish("a");
        }
        runAll();
        for (int i = 1; i < told.size(); i++) {
            assertThat(told.get(i)).isNotEqualTo(told.get(i - 1));
        }
        assertThat(told.get(told.size() - 1)).isEqualTo(InstanceSet.of(List.of("a")));
    }

    @Test
    void closedSubscription_isToldNothingMore() {
        Subscription subscription = audience.add(told::add);
        publish("a");
        subscription.close();
        subscription.close();
        publish("b");
        runAll();
        assertThat(told).isEmpty();
    }

    @Test
    void silenced_tellsNobodyAndTakesNobody() {
        audience.add(told::add);
        audience.silence(now -> now.withError(down));
        publish("a");
        runAll();
        assertThat(told).isEmpty();
        assertThat(audience.newest().instances()).isEmpty();
        assertThatIllegalStateException()
                .isThrownBy(() -> audience.add(told::add))
                .withMessageContaining("test is closed");
    }

    @Test
    void sets_areCopies() {
        List<String> instances = new ArrayList<>(List.of("a"));
        InstanceSet<String> set = InstanceSet.of(instances);
        instances.add("b");
        assertThat(set.instances()).containsExactly("a");
        assertThat(set.withError(down)).hasToString("1 instances, Instancer 'p': down");
    }
}
