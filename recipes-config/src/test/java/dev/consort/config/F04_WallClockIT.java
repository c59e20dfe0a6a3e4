/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.config.SetNx.Answer;
import dev.consort.core.Codec;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.Timing;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

/** Elsewhere a wall clock that jumps ends a lease or keeps one that is over: here nobody looks at it. */
class F04_WallClockIT {
    private static final Duration TTL = Duration.ofSeconds(60);

    /** Time goes on as usual, but for people there is no clock. */
    private static final class NoWallClock implements Timing {
        private final Timing system = Timing.system();

        @Override
        public long nanoTime() {
            return system.nanoTime();
        }

        @Override
        public Timer schedule(Duration delay, Runnable task) {
            return system.schedule(delay, task);
        }

        @Override
        public InstantSource instants() {
            throw new AssertionError("the wall clock was read");
        }

        @Override
        public void close() {
            system.close();
        }
    }

    @Test
    void recipes_doNotReadTheWallClock() throws Exception {
        String name = Server.freshName();
        try (Client client = Client.builder()
                        .endpoints(Server.embedded().endpoints().toArray(new String[0]))
                        .build();
                EtcdConnection connection = EtcdConnection.of(client, new NoWallClock())) {
            SetNx expiring = SetNx.expiring(connection, name, TTL);
            Answer answer = expiring.trySet("v");
            assertThat(answer.remaining().orElseThrow()).isBetween(TTL.minusSeconds(15), TTL);
            assertThat(expiring.refresh(answer.token())).isTrue();
            assertThat(expiring.awaitAbsent(Duration.ofMillis(5))).isFalse();
            assertThat(expiring.release(answer.token())).isTrue();
            SharedValue<String> value = SharedValue.create(connection, name + "-value", Codec.utf8());
            assertThat(value.update(now -> "one").value()).isEqualTo("one");
            assertThat(AtomicCounter.create(connection, name + "-counter").increment())
                    .isEqualTo(1);
            assertThat(IdGenerator.prefetching(connection, name + "-ids", 2).next())
                    .isEqualTo(1);
        }
    }
}
