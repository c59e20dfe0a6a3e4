/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.core.RecipeException;
import dev.consort.testkit.FaultProxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Etcd goes and comes back (S36): calls go on, for ever or for as long as is wanted. */
class EndpointerOutageIT {
    private final Server server = Server.real();
    private final FaultProxy proxy = FaultProxy.to(server.endpoints().get(0));
    private final Connection connection = Connection.to(proxy.endpoint())
            .requestTimeout(Duration.ofSeconds(2))
            .openLazily();
    private final String prefix = "/services/" + Server.freshName() + "/";
    private final AtomicLong clock = new AtomicLong();
    private final List<String> closed = new CopyOnWriteArrayList<>();

    @AfterEach
    void leave() {
        connection.close();
        proxy.close();
    }

    private static List<String> targets(Endpointer<String, String> endpointer) {
        return endpointer.endpoints().stream().map(Endpoint::target).toList();
    }

    @Test
    void etcdGone_lastKnownStayForTheTime_andComeBack() {
        server.put(prefix + "1", "a");
        server.put(prefix + "2", "b");
        try (Instancer<String> instancer = Instancer.open(connection, ServiceLayout.goKit(prefix));
                Endpointer<String, String> forEver = Endpointer.<String, String>of(instancer, instance -> instance)
                        .build();
                Endpointer<String, String> forATime = new EndpointerBuilder<String, String>(
                                instancer, instance -> instance)
                        .nanoTime(clock::get)
                        .closer(closed::add)
                        .invalidateAfter(Duration.ofMinutes(1))
                        .build()) {
            assertThat(targets(forATime)).containsExactly("a", "b");
            proxy.refuse();
            proxy.reset();
            await().until(() -> forATime.error().isPresent() && forEver.error().isPresent());
            assertThat(targets(forATime)).containsExactly("a", "b");
            clock.addAndGet(Duration.ofMinutes(1).toNanos());
            assertThatExceptionOfType(RecipeException.class)
                    .isThrownBy(forATime::endpoints)
                    .withMessageContaining(prefix);
            assertThat(closed).containsExactly("a", "b");
            assertThat(targets(forEver)).containsExactly("a", "b");

            server.put(prefix + "3", "c");
            proxy.accept();
            for (Endpointer<String, String> each : List.of(forEver, forATime)) {
                await().ignoreExceptions().untilAsserted(() -> {
                    assertThat(targets(each)).containsExactly("a", "b", "c");
                    assertThat(each.error()).isEmpty();
                });
            }
        }
    }
}
