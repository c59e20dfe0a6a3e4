/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Session;
import dev.consort.discovery.Registrar.State;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a registration does, on any server. */
abstract class RegistrarContract {
    private final Server server = server();
    private final Party party = server.join();
    private final Party other = server.join();
    private final String name = Server.freshName();
    private final String prefix = "/services/" + name + "/";
    private final String key = prefix + "1.2.3.4:8080";
    private final ServiceLayout<String> layout = ServiceLayout.goKit(prefix);
    private final ServiceLayout<ServiceInstance> json = ServiceLayout.json(name, "orders");

    abstract Server server();

    @AfterEach
    void leave() {
        party.close();
        other.close();
    }

    private static CompletableFuture<Registrar<String>> later(
            Registrar.Builder<String> by, String key, Duration timeout) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return by.register(key, "http://later", timeout);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void registered_isThereWithTheLeaseOfTheSession() throws Exception {
        try (Registrar<String> registrar = party.registrar(layout).register("http://1.2.3.4:8080")) {
            assertThat(registrar)
                    .returns(key, Registrar::key)
                    .returns(State.REGISTERED, Registrar::state)
                    .returns("http://1.2.3.4:8080", Registrar::instance);
            assertThat(server.text(key)).isEqualTo("http://1.2.3.4:8080");
            assertThat(server.leaseOf(key))
                    .isEqualTo(registrar.leaseId())
                    .isEqualTo(party.sessions.session().leaseId());
            assertThat(registrar.lastFailure()).isEmpty();
        }
        assertThat(server.text(key)).isEqualTo("absent");
        assertThat(party.sessions.session().state().isFinal()).isFalse();
    }

    @Test
    void closed_isGoneAndStaysSo() throws Exception {
        Registrar<String> registrar = party.registrar(layout).register("http://1.2.3.4:8080");
        registrar.close();
        registrar.close();
        assertThat(registrar.state()).isEqualTo(State.CLOSED);
        assertThat(registrar.ended().toCompletableFuture()).succeedsWithin(Duration.ofSeconds(5));
        assertThat(server.keys(prefix)).isEmpty();
        assertThatIllegalStateException().isThrownBy(() -> registrar.update("http://1.2.3.4:8080"));
        try (Registrar<String> again = party.registrar(layout).register("http://1.2.3.4:8080")) {
            assertThat(again.state()).isEqualTo(State.REGISTERED);
        }
    }

    /** By default: a lease of 10 s, of which all registrars of the process share one. */
    @Test
    void ownSession_isSharedAndClosedWithTheLast() throws Exception {
        Registrar<String> one = Registrar.builder(party.connection, layout).register(prefix + "1", "http://a");
        Registrar<String> two = Registrar.builder(party.connection, layout).register(prefix + "2", "http://b");
        Registrar<String> third = Registrar.builder(party.connection, layout)
                .heartbeat(Duration.ofSeconds(5))
                .register(prefix + "3", "http://c");
        assertThat(two.leaseId()).isEqualTo(one.leaseId()).isNotEqualTo(third.leaseId());
        assertThat(server.ttl(one.leaseId())).isEqualTo(Duration.ofSeconds(10));
        assertThat(server.ttl(third.leaseId())).isEqualTo(Duration.ofSeconds(15));
        one.close();
        assertThat(server.keys(prefix)).containsExactly(prefix + "2", prefix + "3");
        assertThat(server.ttl(two.leaseId())).isEqualTo(Duration.ofSeconds(10));
        two.close();
        assertThat(server.ttl(two.leaseId())).isNegative();
        try (Registrar<String> again =
                Registrar.builder(party.connection, layout).register(prefix + "1", "http://a")) {
            assertThat(again.leaseId()).isNotEqualTo(one.leaseId());
        }
        third.close();
    }

    @Test
    void refusedRegistration_leavesNoSessionBehind() throws Exception {
        server.put(key, "http://foreign");
        assertThatExceptionOfType(InstanceKeyInUseException.class)
                .isThrownBy(() -> Registrar.builder(party.connection, layout).register("http://1.2.3.4:8080"));
        Registrar<String> registrar =
                Registrar.builder(party.connection, layout).register(prefix + "2", "http://b");
        registrar.close();
        assertThat(server.ttl(registrar.leaseId())).isNegative();
        assertThat(server.text(key)).isEqualTo("http://foreign");
    }

    // Two with one key

    @Test
    void keyOfAnother_isRefused() throws Exception {
        try (Registrar<String> first = party.registrar(layout).register(key, "http://first")) {
            assertThatExceptionOfType(InstanceKeyInUseException.class)
                    .isThrownBy(() -> other.registrar(layout).register(key, "http://second"))
                    .withMessageContaining(key)
                    .withMessageContaining(Long.toHexString(first.leaseId()))
                    .returns(first.leaseId(), InstanceKeyInUseException::leaseId)
                    .satisfies(e -> assertThat(e.getMessage()).doesNotContain("http://"));
            assertThat(server.text(key)).isEqualTo("http://first");
            assertThat(first.state()).isEqualTo(State.REGISTERED);
        }
    }

    @Test
    void keyOfThisProcess_isRefusedHoweverItIsAskedFor() throws Exception {
        try (Registrar<String> first = party.registrar(layout).register(key, "http://first")) {
            assertThatExceptionOfType(InstanceKeyInUseException.class)
                    .isThrownBy(() -> party.registrar(layout).takeOver().register(key, "http://second"))
                    .withMessageContaining("this process")
                    .withMessageContaining(State.REGISTERED.name());
            assertThat(server.text(key)).isEqualTo("http://first");
            assertThat(first.state()).isEqualTo(State.REGISTERED);
        }
    }

    /** Never silently both: the first one knows, does not fight for it, and is back when the key is free. */
    @Test
    void keyTakenOver_theFirstIsToldAndStaysAway() throws Exception {
        List<State> states = new CopyOnWriteArrayList<>();
        try (Registrar<String> first = party.registrar(layout).takeOver().register(key, "http://first")) {
            first.onState(states::add);
            Registrar<String> second = other.registrar(layout).takeOver().register(key, "http://second");
            assertThat(server.text(key)).isEqualTo("http://second");
            assertThat(server.leaseOf(key)).isEqualTo(second.leaseId());
            await().until(() -> first.state() == State.RETURNING);
            assertThat(first.lastFailure().orElseThrow())
                    .isInstanceOfSatisfying(
                            InstanceKeyInUseException.class,
                            e -> assertThat(e.leaseId()).isEqualTo(second.leaseId()));
            assertThat(first.update("http://changed")).isFalse();
            assertThat(server.text(key)).isEqualTo("http://second");
            assertThat(second.state()).isEqualTo(State.REGISTERED);
            second.close();
            await().until(() -> first.state() == State.REGISTERED);
            assertThat(server.text(key)).isEqualTo("http://changed");
            await().until(() -> states.equals(List.of(State.REGISTERED, State.RETURNING, State.REGISTERED)));
        }
    }

    /** It is the second's then: the first one's end does not take it away. */
    @Test
    void keyTakenOver_theFirstLeavesWithoutIt() throws Exception {
        Registrar<String> first = party.registrar(layout).register(key, "http://first");
        try (Registrar<String> second = other.registrar(layout).takeOver().register(key, "http://second")) {
            first.close();
            party.sessions.close();
            assertThat(server.text(key)).isEqualTo("http://second");
            assertThat(second.state()).isEqualTo(State.REGISTERED);
        }
        assertThat(server.text(key)).isEqualTo("absent");
    }

    /** As by {@code etcdctl put}: it does not go by itself. */
    @Test
    void keyWithoutALease_isSaidToBeSo() throws Exception {
        server.put(key, "http://foreign");
        assertThatExceptionOfType(InstanceKeyInUseException.class)
                .isThrownBy(() -> party.registrar(layout).register(key, "http://first"))
                .withMessageContaining("bound to no lease")
                .returns(0L, InstanceKeyInUseException::leaseId);
        try (Registrar<String> registrar = party.registrar(layout).takeOver().register(key, "http://first")) {
            assertThat(server.leaseOf(key)).isEqualTo(registrar.leaseId());
        }
        assertThat(server.text(key)).isEqualTo("absent");
    }

    /** A process that was started again before its former session has ended. */
    @Test
    void keyThatBecomesFree_isWaitedFor() throws Exception {
        long former = server.grant(Duration.ofSeconds(60));
        server.put(key, "http://former", former);
        CompletableFuture<Registrar<String>> waiting = later(party.registrar(layout), key, Duration.ofSeconds(20));
        await().until(() -> party.log.counts().watchesOpen() >= 2);
        assertThat(waiting).isNotDone();
        server.revoke(former);
        try (Registrar<String> registrar = waiting.get(20, TimeUnit.SECONDS)) {
            assertThat(registrar.state()).isEqualTo(State.REGISTERED);
            assertThat(server.text(key)).isEqualTo("http://later");
        }
    }

    // What becomes of it

    @Test
    void update_changesTheValueInPlace() throws Exception {
        ServiceInstance instance = ServiceInstance.of("orders", "1", "h", 1);
        try (Registrar<ServiceInstance> registrar = party.registrar(json).register(instance)) {
            long created = server.get(registrar.key()).orElseThrow().getCreateRevision();
            ServiceInstance draining =
                    instance.withMetadata(Map.of("draining", "yes")).withWeight(0);
            assertThat(registrar.update(draining)).isTrue();
            assertThat(json.decode("k", server.text(registrar.key())))
                    .isEqualTo(registrar.instance())
                    .returns(0, ServiceInstance::weight)
                    .returns(draining.metadata(), ServiceInstance::metadata);
            assertThat(registrar.instance().registered())
                    .isAfter(Instant.EPOCH)
                    .isEqualTo(json.decode("k", server.text(registrar.key())).registered());
            assertThat(server.get(registrar.key()).orElseThrow().getCreateRevision())
                    .isEqualTo(created);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> registrar.update(ServiceInstance.of("orders", "2", "h", 1)))
                    .withMessageContaining("another key");
            assertThat(registrar.instance().id()).isEqualTo("1");
        }
    }

    /** A key that was given is the caller's choice, whatever the instance is. */
    @Test
    void update_underAKeyOfItsOwn_mayChangeEverything() throws Exception {
        try (Registrar<String> registrar = party.registrar(layout).register(key, "http://5.6.7.8:1")) {
            assertThat(registrar.update("http://5.6.7.8:2")).isTrue();
            assertThat(server.text(key)).isEqualTo("http://5.6.7.8:2");
        }
    }

    @Test
    void deletedKey_isBackAtOnce() throws Exception {
        try (Registrar<String> registrar = party.registrar(layout).register(key, "http://first")) {
            long deleted = server.delete(key);
            await().until(() -> server.get(key).isPresent());
            assertThat(server.get(key).orElseThrow().getCreateRevision()).isGreaterThan(deleted);
            await().until(() -> registrar.state() == State.REGISTERED);
        }
    }

    @Test
    void lostSession_isRegisteredAgainUnderTheSameKey() throws Exception {
        try (Registrar<String> registrar = party.registrar(layout).register(key, "http://first")) {
            long lease = registrar.leaseId();
            server.revoke(lease);
            await().until(() -> registrar.state() == State.REGISTERED && registrar.leaseId() != lease);
            assertThat(server.leaseOf(key)).isEqualTo(registrar.leaseId());
            assertThat(server.text(key)).isEqualTo("http://first");
            assertThat(registrar.lastFailure()).isPresent();
        }
        assertThat(server.keys(prefix)).isEmpty();
    }

    /** Etcd still has the key of the session that is over: nobody sees the instance leave. */
    @Test
    void sessionThatWasGivenUp_leavesNoGap() throws Exception {
        try (Registrar<String> registrar = party.registrar(layout).register(key, "http://first");
                Instancer<String> instancer = other.look(layout)) {
            Told<String> told = new Told<>();
            instancer.subscribe(told);
            assertThat(told.nextGood()).containsExactly("http://first");
            Session former = party.sessions.session();
            former.orphan();
            await().until(() -> registrar.leaseId() != former.leaseId() && registrar.state() == State.REGISTERED);
            assertThat(server.leaseOf(key)).isEqualTo(registrar.leaseId());
            server.revoke(former.leaseId());
            server.put(prefix + "2", "http://second");
            assertThat(told.nextGood()).containsExactly("http://first", "http://second");
        }
    }

    @Test
    void closedFactory_endsIt() throws Exception {
        Registrar<String> registrar = party.registrar(layout).register(key, "http://first");
        party.sessions.close();
        await().until(() -> registrar.state() == State.CLOSED);
        assertThat(registrar.ended().toCompletableFuture())
                .failsWithin(Duration.ofSeconds(5))
                .withThrowableThat()
                .havingCause()
                .isInstanceOf(IllegalStateException.class);
        assertThat(server.text(key)).isEqualTo("absent");
        registrar.close();
    }

    @Test
    void interruptedWhileWaiting_leavesNothing() throws Exception {
        server.put(key, "http://foreign");
        CompletableFuture<Throwable> outcome = new CompletableFuture<>();
        Thread waiting = new Thread(() -> {
            try (Registrar<String> registrar =
                    party.registrar(layout).register(key, "http://first", Duration.ofMinutes(1))) {
                outcome.complete(new AssertionError(registrar.toString()));
            } catch (InterruptedException | RuntimeException e) {
                outcome.complete(e);
            }
        });
        waiting.start();
        await().until(() -> party.log.counts().watchesOpen() >= 2);
        waiting.interrupt();
        assertThat(outcome.get(20, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
        server.delete(key);
        await().during(Duration.ofMillis(200)).until(() -> server.text(key).equals("absent"));
    }

    /** A registration below somebody's lock would be taken for a claim. */
    @Test
    void keyBelowTheSessionsOwn_isRefused() {
        ServiceLayout<String> sessions = ServiceLayout.goKit("consort/session/");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> party.registrar(sessions).register("consort/session/1", "http://first"))
                .withMessageContaining("nests with the sessions' own keys");
    }

    /** The hook does what close does, and goes with the registration. */
    @Test
    void closeOnShutdown_isForgottenWhenClosed() throws Exception {
        try (Registrar<String> registrar =
                party.registrar(layout).closeOnShutdown().register(key, "http://first")) {
            assertThat(registrar.state()).isEqualTo(State.REGISTERED);
        }
        assertThat(server.text(key)).isEqualTo("absent");
    }
}
