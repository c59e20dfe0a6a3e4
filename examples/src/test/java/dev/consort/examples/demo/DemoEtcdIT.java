/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.consort.core.Session;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which etcd the demo plays on. */
class DemoEtcdIT {
    @Test
    void noArguments_isEmbedded_andEndsWithIt() {
        long before = etcdProcesses();
        List<String> endpoints;
        try (DemoEtcd etcd = DemoEtcd.of()) {
            endpoints = etcd.endpoints();
            assertThat(etcd.kind()).contains("embedded");
            assertThat(etcdProcesses()).isEqualTo(before);
            Session.connect(endpoints.get(0)).close();
        }
        try (DemoEtcd another = DemoEtcd.of("--etcd", "embedded")) {
            assertThat(another.endpoints()).isNotEqualTo(endpoints);
        }
    }

    @Test
    void process_isARealOne_andEndsWithIt() {
        long before = etcdProcesses();
        try (DemoEtcd etcd = DemoEtcd.of("--etcd", "process")) {
            assertThat(etcd.kind()).contains("version 3.", "process of its own");
            assertThat(etcdProcesses()).isEqualTo(before + 1);
            Session.connect(etcd.endpoints().get(0)).close();
        }
        assertThat(etcdProcesses()).isEqualTo(before);
    }

    @Test
    void endpoints_areTheUsers_otherArgumentsAreRefused() {
        try (DemoEtcd etcd = DemoEtcd.of("--endpoints", "http://a:1,http://b:2")) {
            assertThat(etcd.endpoints()).containsExactly("http://a:1", "http://b:2");
        }
        for (String wrong : List.of("--etcd", "--etcd docker", "--endpoints", "--endpoints a b", "process")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> DemoEtcd.of(wrong.split(" ", -1)).close())
                    .withMessageContaining(wrong);
        }
    }

    private static long etcdProcesses() {
        return ProcessHandle.current()
                .descendants()
                .filter(child -> child.info().command().orElse("").endsWith("/etcd"))
                .count();
    }
}
