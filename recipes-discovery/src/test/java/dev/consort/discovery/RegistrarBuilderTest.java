/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Bad input, which is refused before etcd is asked: there is none here. */
class RegistrarBuilderTest {
    private static final ServiceLayout<String> LAYOUT = ServiceLayout.goKit("/services/foosvc/");

    private final Connection connection = Connection.to("http://127.0.0.1:1")
            .requestTimeout(Duration.ofSeconds(1))
            .openLazily();

    @AfterEach
    void close() {
        connection.close();
    }

    private Registrar.Builder<String> builder() {
        return Registrar.builder(connection, LAYOUT);
    }

    @Test
    @SuppressWarnings("NullAway") // as users without a checker may
    void noKey_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().register("", "http://a:1"))
                .withMessageContaining("no key provided")
                .withMessageContaining("/services/foosvc/");
        assertThatNullPointerException().isThrownBy(() -> builder().register(null, "http://a:1"));
        assertThatNullPointerException().isThrownBy(() -> builder().register(null));
    }

    @Test
    void noValue_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().register("/services/foosvc/a", ""))
                .withMessageContaining("no value provided")
                .withMessageContaining("/services/foosvc/a");
    }

    /** An instance that nobody would find. */
    @Test
    void keyElsewhere_isRefused() {
        for (String key : new String[] {"/services/foosvc/", "/services/foosvc", "/services/foosvc2/a", "a"}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder().register(key, "http://a:1"))
                    .withMessageContaining("'" + key + "'")
                    .withMessageContaining("is not below");
        }
    }

    @Test
    void keyOrValueTooLargeOrNoText_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().register("/services/foosvc/" + "k".repeat(5000), "v"))
                .withMessageContaining("5017 bytes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().register("/services/foosvc/k", "v".repeat(2 << 20)))
                .withMessageContaining("2097152 bytes")
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().register("/services/foosvc/\ud800", "v"))
                .withMessageContaining("no valid Unicode".replace("no ", "not "));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().register("/services/foosvc/k", "\ud800"))
                .withMessageContaining("not valid Unicode");
    }

    @Test
    void heartbeatAboveTheTtl_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().ttl(Duration.ofSeconds(3)).heartbeat(Duration.ofSeconds(5)))
                .withMessageContaining("heartbeat PT5S is not below the TTL PT3S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().heartbeat(Duration.ofSeconds(5)).ttl(Duration.ofSeconds(5)))
                .withMessageContaining("heartbeat PT5S is not below the TTL PT5S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().heartbeat(Duration.ofSeconds(3)).ttl(Duration.ofSeconds(10)))
                .withMessageContaining("not a third of the TTL PT10S");
    }

    @Test
    void ttlOutOfRange_isRefused() {
        for (Duration ttl : new Duration[] {
            Duration.ZERO, Duration.ofSeconds(1), Duration.ofMillis(2500), Duration.ofHours(25), Duration.ofSeconds(-5)
        }) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder().ttl(ttl))
                    .withMessageContaining(ttl.toString());
        }
        assertThatIllegalArgumentException().isThrownBy(() -> builder().heartbeat(Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> builder().heartbeat(Duration.ofMillis(500)));
    }

    @Test
    void ttlOfTheCallersSessions_isNotOurs() {
        try (SessionFactory sessions = SessionFactory.of(Session.builder(connection))) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> Registrar.builder(sessions, LAYOUT).ttl(Duration.ofSeconds(5)))
                    .withMessageContaining("Session.Builder");
            assertThatIllegalStateException()
                    .isThrownBy(() -> Registrar.builder(sessions, LAYOUT).heartbeat(Duration.ofSeconds(5)));
        }
    }
}
