/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostAndPortTest {
    @Test
    void goodAddresses_areReadAndNotLookedUp() {
        assertThat(HostAndPort.parse("db-1.example:80"))
                .isEqualTo(InetSocketAddress.createUnresolved("db-1.example", 80));
        assertThat(HostAndPort.parse("10.0.0.1:65535"))
                .isEqualTo(InetSocketAddress.createUnresolved("10.0.0.1", 65535));
        assertThat(HostAndPort.parse("[2001:db8::1]:443"))
                .isEqualTo(InetSocketAddress.createUnresolved("2001:db8::1", 443));
    }

    @Test
    void others_areRefusedWithTheText() {
        for (String bad : List.of(
                "", "host", ":80", "host:", "host:0", "host:65536", "host:x", "::1:80", "me@host:80", "a b:1")) {
            assertThatIllegalArgumentException()
                    .as(bad)
                    .isThrownBy(() -> HostAndPort.parse(bad))
                    .withMessageContaining("'" + bad + "'");
        }
    }
}
