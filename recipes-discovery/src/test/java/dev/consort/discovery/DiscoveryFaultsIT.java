/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static dev.consort.discovery.Server.since;
import static dev.consort.testkit.Times.assertPrompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.internal.Timing;
import dev.consort.discovery.Registrar.State;
import dev.consort.testkit.EtcdProcess;
import dev.consort.testkit.FaultProxy;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Etcd goes, comes back, forgets what was missed, or is not there at first (S36, F17); processes that die. */
class DiscoveryFaultsIT {
    private static final Duration SHORT = Duration.ofSeconds(2);

    private final Server server = Server.real();
    private final FaultProxy proxy = FaultProxy.to(server.endpoints().get(0));
    private final Party party = new Party(List.of(proxy.endpoint()), SHORT, Timing.system());
    private final String name = Server.freshName();
    private final String prefix = "/services/" + name + "/";
    private final ServiceLayout<String> layout = ServiceLayout.goKit(prefix);

    @AfterEach
    void leave() {
        proxy.accept();
        proxy.resumeForwarding();
        party.close();
        proxy.close();
    }

    private void unreachable() {
        proxy.refuse();
        proxy.reset();
    }

    private Connection impatient() {
        Duration timeout = Duration.ofSeconds(1);
        return Connection.to(proxy.endpoint())
                .connectTimeout(timeout)
                .requestTimeout(timeout)
                .openLazily();
    }

    /** The last set stays, with one error however long it takes; what was missed comes as a full set. */
    @Test
    void etcdGoes_theLastSetStaysAndTheNextIsFull() throws Exception {
        server.put(prefix + "1", "a");
        server.put(prefix + "2", "b");
        try (Instancer<String> instancer = party.look(layout)) {
            Told<String> told = new Told<>();
            instancer.subscribe(told);
            assertThat(told.nextGood()).containsExactly("a", "b");
            unreachable();
            InstanceSet<String> stale = told.next();
            assertThat(stale.instances()).containsExactly("a", "b");
            assertThat(stale.error().orElseThrow()).hasMessageContaining("nothing is heard of etcd");
            assertThat(instancer.current()).isEqualTo(stale);
            server.delete(prefix + "1");
            server.put(prefix + "3", "c");
            proxy.accept();
            told.awaitGood(List.of("b", "c"));
            assertThat(told.all.stream().filter(set -> set.error().isPresent())).hasSize(1);
            assertThat(told.all).allSatisfy(set -> assertThat(set.instances()).isNotEmpty());
        }
    }

    /** Packets that are dropped end no connection. */
    @Test
    void silentNetwork_isNoticed() throws Exception {
        server.put(prefix + "1", "a");
        try (Instancer<String> instancer = party.look(layout);
                Registrar<String> registrar = party.registrar(layout).register(prefix + "2", "b")) {
            Told<String> told = new Told<>();
            instancer.subscribe(told);
            told.awaitGood(List.of("a", "b"));
            long begun = System.nanoTime();
            proxy.stopForwarding();
            assertThat(told.next().error()).isPresent();
            System.out.println("A silent network is noticed after " + millisSince(begun) + " ms");
            await().until(() -> registrar.state() == State.RETURNING);
            proxy.reset();
            proxy.resumeForwarding();
            told.awaitGood(List.of("a", "b"));
            await().until(() -> registrar.state() == State.REGISTERED);
        }
    }

    private static long millisSince(long begun) {
        return (System.nanoTime() - begun) / 1_000_000;
    }

    /** For longer than the TTL: the key is gone, and back within a second of etcd's return. */
    @Test
    void etcdGoesForLongerThanTheTtl_theRegistrationIsBackWithinASecond() throws Exception {
        try (Registrar<String> registrar = party.registrar(layout).register(prefix + "1", "a")) {
            assertPrompt(Duration.ofSeconds(1), () -> timeUntilBack(registrar));
        }
    }

    private Duration timeUntilBack(Registrar<String> registrar) {
        long lease = registrar.leaseId();
        unreachable();
        await().until(() -> registrar.state() == State.RETURNING);
        await().until(() -> server.get(prefix + "1").isEmpty());
        long begun = System.nanoTime();
        proxy.accept();
        await().until(() -> server.get(prefix + "1").isPresent());
        Duration took = since(begun);
        System.out.println("A registration is back after " + took.toMillis() + " ms");
        assertThat(server.leaseOf(prefix + "1")).isNotEqualTo(lease);
        await().until(() -> registrar.state() == State.REGISTERED);
        return took;
    }

    /** F17: what was missed cannot be told any more, and is found by reading again. */
    @Test
    void compactedWhileAway_theSetIsRight() throws Exception {
        server.put(prefix + "1", "a");
        server.put(prefix + "2", "b");
        try (Instancer<String> instancer = party.look(layout)) {
            Told<String> told = new Told<>();
            instancer.subscribe(told);
            told.awaitGood(List.of("a", "b"));
            unreachable();
            assertThat(told.next().error()).isPresent();
            server.delete(prefix + "1");
            server.put(prefix + "3", "c");
            server.compact();
            proxy.accept();
            told.awaitGood(List.of("b", "c"));
            server.put(prefix + "4", "d");
            told.awaitGood(List.of("b", "c", "d"));
        }
    }

    @Test
    void notThereAtFirst_isAnErrorThatEnds() throws Exception {
        server.put(prefix + "1", "a");
        unreachable();
        try (Connection impatient = impatient();
                Instancer<String> instancer = Instancer.open(impatient, layout)) {
            assertThat(instancer.current().instances()).isEmpty();
            assertThat(instancer.current().error().orElseThrow())
                    .isInstanceOf(EtcdUnavailableException.class)
                    .hasMessageContaining(prefix);
            Told<String> told = new Told<>();
            instancer.subscribe(told);
            assertThat(told.next().error()).isPresent();
            proxy.accept();
            assertThat(told.nextGood()).containsExactly("a");
        }
    }

    @Test
    void notThereAtFirst_registeringSaysSoAndLeavesNothing() throws Exception {
        unreachable();
        try (Connection impatient = impatient()) {
            Registrar.Builder<String> builder = Registrar.builder(impatient, layout);
            assertThatExceptionOfType(EtcdUnavailableException.class)
                    .isThrownBy(() -> builder.register(prefix + "1", "a"));
            proxy.accept();
            try (Registrar<String> registrar = builder.register(prefix + "2", "b")) {
                assertThat(registrar.state()).isEqualTo(State.REGISTERED);
                assertThat(server.keys(prefix)).containsExactly(prefix + "2");
            }
        }
    }

    /** One that dies leaves within its TTL, and what etcd adds to it. */
    @Test
    void processThatDies_leavesByItsTtl() throws Exception {
        try (Party other = server.join(SHORT);
                Instancer<String> instancer = other.look(layout)) {
            Told<String> told = new Told<>();
            instancer.subscribe(told);
            assertThat(told.nextGood()).isEmpty();
            Registrar<String> registrar = party.registrar(layout).register(prefix + "1", "a");
            assertThat(told.nextGood()).containsExactly("a");
            long begun = System.nanoTime();
            unreachable(); // for good, as far as etcd can tell
            assertThat(told.nextGood()).isEmpty();
            assertThat(Duration.ofMillis(millisSince(begun))).isLessThan(SHORT.plusSeconds(3));
            assertThat(registrar.state()).isEqualTo(State.RETURNING);
        }
    }

    /** For less than the TTL: nothing but an error in between. */
    @Test
    void etcdIsStartedAgain_everythingGoesOn() throws Exception {
        try (EtcdProcess etcd = EtcdProcess.builder().unsafeNoFsync().start()) {
            Server own = new Server(etcd);
            try (Party here = own.join(Duration.ofSeconds(30));
                    Registrar<String> registrar = here.registrar(layout).register(prefix + "1", "a");
                    Instancer<String> instancer = here.look(layout)) {
                Told<String> told = new Told<>();
                instancer.subscribe(told);
                assertThat(told.nextGood()).containsExactly("a");
                etcd.member(0).kill();
                assertThat(told.next().error()).isPresent();
                etcd.member(0).restart();
                told.awaitGood(List.of("a"));
                own.put(prefix + "2", "b");
                told.awaitGood(List.of("a", "b"));
                assertThat(registrar.state()).isEqualTo(State.REGISTERED);
                assertThat(registrar.update("c")).isTrue();
                told.awaitGood(List.of("b", "c"));
            }
        }
    }
}
