/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.grpc.Status;
import io.grpc.Status.Code;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The proxy between jetcd and a real etcd. */
@Timeout(60)
class FaultProxyIT {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final ByteSequence KEY = ByteSequence.from("key", StandardCharsets.UTF_8);

    @Test
    void jetcd_livesThroughABlackHoleAndACut() {
        try (EtcdProcess etcd = EtcdProcess.builder().shortElection().start();
                FaultProxy proxy = FaultProxy.to(etcd.endpoints().get(0));
                Client client = Client.builder().endpoints(proxy.endpoint()).build()) {
            assertThat(put(client)).succeedsWithin(SOON);
            assertThat(proxy.openConnections()).isEqualTo(1);

            proxy.stopForwarding(Direction.TO_CLIENT);
            CompletableFuture<?> silent = put(client);
            assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> silent.get(300, TimeUnit.MILLISECONDS));
            assertThat(etcd.etcdctl("get", "key", "-w=fields")).contains("\"Version\" : 2");
            proxy.resumeForwarding();
            assertThat(silent).succeedsWithin(SOON);

            CompletableFuture<Void> cut = proxy.cutAfter(Direction.TO_CLIENT, 5);
            assertThat(put(client))
                    .failsWithin(SOON)
                    .withThrowableOfType(ExecutionException.class)
                    .satisfies(
                            e -> assertThat(Status.fromThrowable(e).getCode()).isEqualTo(Code.UNAVAILABLE));
            assertThat(cut).succeedsWithin(SOON);
            assertThat(put(client)).succeedsWithin(SOON);
        }
    }

    private static CompletableFuture<?> put(Client client) {
        return client.getKVClient().put(KEY, KEY);
    }
}
