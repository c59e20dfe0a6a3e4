/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.since;
import static dev.consort.core.internal.Waits.within;
import static dev.consort.testkit.Times.assertPrompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.LossReason;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.core.SessionLostException;
import dev.consort.core.Tls;
import dev.consort.testkit.CallFaults;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.api.LeaseGrantRequest;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong is refused at once, by its name and with advice, and leaves nothing behind. */
@Execution(ExecutionMode.CONCURRENT)
class BadInputIT {
    private static final Duration TIMEOUT = Duration.ofMillis(800);

    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "127.0.0.1:2379",
                "localhost",
                "http://",
                "http://127.0.0.1",
                "http://127.0.0.1:0",
                "ftp://a:1",
                "http://a b:1",
                "http:///x:1"
            })
    void endpoint_malformed_isNamed(String endpoint) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Connection.to("http://127.0.0.1:2379", endpoint))
                .withMessageContainingAll("endpoint '" + endpoint + "'", "http://host:port");
        assertThatIllegalArgumentException().isThrownBy(() -> Session.connect(endpoint));
    }

    @Test
    void endpoints_andTls_mustAgree() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Connection.to("https://127.0.0.1:2379", "http://127.0.0.1:2380"))
                .withMessageContainingAll("https://127.0.0.1:2379", "http://127.0.0.1:2380", "mix http and https");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Connection.to("http://127.0.0.1:2379").tls(Tls.system()))
                .withMessageContainingAll("http://127.0.0.1:2379", "do not use TLS", "https");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tls.system().hostName(" "))
                .withMessageContaining("hostName is blank");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Connection.to("http://127.0.0.1:2379").user("", () -> new char[0]))
                .withMessageContaining("user is empty");
    }

    @Test
    void endpoints_none_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(Connection::to)
                .withMessageContainingAll("no endpoint given", "http://127.0.0.1:2379");
    }

    @Test
    void connection_badSettings_areNamed() {
        Connection.Builder builder = Connection.to("http://127.0.0.1:2379");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.connectTimeout(Duration.ZERO))
                .withMessageContainingAll("connectTimeout", "PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.requestTimeout(Duration.ofSeconds(-1)))
                .withMessageContainingAll("requestTimeout", "PT-1S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.namespace(""))
                .withMessageContaining("namespace is empty");
    }

    @Test
    void nulls_areRefusedByName() {
        Party party = parties.join();
        assertThatNullPointerException().isThrownBy(() -> Connection.to(Missing.<String>value()));
        assertThatNullPointerException()
                .isThrownBy(() -> Connection.of(Missing.value()))
                .withMessage("client");
        assertThatNullPointerException()
                .isThrownBy(() -> Session.builder(Missing.value()))
                .withMessage("connection");
        Session.Builder builder = Session.builder(party.connection);
        assertThatNullPointerException().isThrownBy(() -> builder.ttl(Missing.value()));
        assertThatNullPointerException()
                .isThrownBy(() -> builder.executor(Missing.value()))
                .withMessage("executor");
        assertThatNullPointerException().isThrownBy(() -> builder.sessionPrefix(Missing.value()));
        assertThatNullPointerException()
                .isThrownBy(() -> SessionFactory.of(Missing.value()))
                .withMessage("builder");
        assertThatNullPointerException()
                .isThrownBy(() -> party.session.onState(Missing.value()))
                .withMessage("listener");
        assertThatNullPointerException()
                .isThrownBy(() -> party.acquirer.tryAcquire(Party.spec(Parties.name()), Missing.value()));
        assertThatNullPointerException()
                .isThrownBy(() -> party.acquirer.<RuntimeException>tryRun(
                        Party.spec(Parties.name()), Duration.ZERO, Missing.value()))
                .withMessage("action");
        Connection.Builder connection = Connection.to("http://127.0.0.1:2379");
        assertThatNullPointerException().isThrownBy(() -> connection.namespace(Missing.value()));
        assertThatNullPointerException().isThrownBy(() -> connection.connectTimeout(Missing.value()));
        assertThatNullPointerException().isThrownBy(() -> connection.tls(Missing.value()));
        assertThatNullPointerException().isThrownBy(() -> connection.user("me", Missing.value()));
        assertThatNullPointerException().isThrownBy(() -> Tls.trusting(Missing.value()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT1S", "PT1.999S", "PT-5S", "PT24H1S", "PT2.5S"})
    void ttl_outOfRange_isNamedWithTheRange(String ttl) {
        Party party = parties.join();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Session.builder(party.connection).ttl(Duration.parse(ttl)))
                .withMessageContainingAll("ttl " + Duration.parse(ttl), "PT2S..PT24H");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "a", "/a/", "a//", "a//b/"})
    void sessionPrefix_malformed_isNamed(String prefix) {
        Party party = parties.join();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Session.builder(party.connection).sessionPrefix(prefix))
                .withMessageContainingAll("sessionPrefix '" + prefix + "'", "consort/session/");
    }

    @Test
    void guardedTxn_badInput_isRefusedBeforeItIsSent() throws InterruptedException {
        Party party = parties.join();
        EtcdGrant grant = party.acquire(Parties.name());
        long txns = party.log.counts().unaryCalls("KV/Txn");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> grant.guard().txn().put("", "x"))
                .withMessage("key is empty");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> grant.guard().txn().put("twice", "x").delete(Operator.bytes("twice")))
                .withMessageContainingAll("'twice'", "written twice");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> {
                    var txn = grant.guard().txn();
                    for (int i = 0; i <= 100; i++) {
                        txn.put("key" + i, "x");
                    }
                })
                .withMessageContainingAll("more than 100 writes", "several transactions");
        assertThatNullPointerException().isThrownBy(() -> grant.guard().txn().put(Missing.<String>value(), "x"));
        assertThatNullPointerException()
                .isThrownBy(() -> grant.guard().txn().put(Operator.bytes("a"), Missing.<ByteSequence>value()));
        var txn = grant.guard().txn();
        assertThat(txn.commit()).isTrue();
        assertThatIllegalStateException().isThrownBy(txn::commit).withMessageContaining("already committed");
        assertThat(party.log.counts().unaryCalls("KV/Txn")).isEqualTo(txns + 1);
    }

    /** The closed client of a user's own. */
    @Test
    void closedClient_openingASession_isNamedAtOnce() throws Exception {
        assertPrompt(Duration.ofSeconds(1), () -> {
            Party party = parties.join();
            party.session.close();
            party.client.close();
            long begun = System.nanoTime();
            assertThatIllegalStateException()
                    .isThrownBy(() -> Session.builder(party.connection).open())
                    .withMessageContainingAll("127.0.0.1", "client", "is closed");
            return since(begun);
        });
    }

    /** It cannot be renewed any more, so that nothing may go on being held, or waited for. */
    @Test
    void closedClient_underALivingSession_endsItAtTheNextCall() throws Exception {
        assertPrompt(Duration.ofSeconds(1), this::timeToCloseWithoutClient);
    }

    private Duration timeToCloseWithoutClient() throws InterruptedException {
        Party party = parties.join();
        String name = Parties.name();
        EtcdGrant grant = party.acquire(name);
        party.client.close();
        long begun = System.nanoTime();
        assertThatThrownBy(() -> party.acquire(Parties.name()))
                .isInstanceOf(SessionLostException.class)
                .hasMessageContainingAll("jetcd client", "closed");
        assertThat(since(begun)).isLessThan(Duration.ofSeconds(5));
        assertThat(grant.isHeld()).isFalse();
        assertThat(Waits.outcome(grant.lost())).isEqualTo(LossReason.CLIENT_CLOSED);
        assertThat(grant.release()).isFalse();
        long closing = System.nanoTime();
        party.session.close();
        Duration took = since(closing);
        operator.revoke(party.session.leaseId());
        return took;
    }

    private void openingFails(Consumer<CallFaults> fault) {
        CallFaults faults = CallFaults.create();
        Queue<Long> leases = new ConcurrentLinkedQueue<>();
        faults.every(CallMatcher.method("Lease/LeaseGrant").when(LeaseGrantRequest.class, request -> {
                    leases.add(request.getID());
                    return false;
                }))
                .loseRequest();
        fault.accept(faults);
        long begun = System.nanoTime();
        assertThatThrownBy(() -> parties.join(settings ->
                        settings.faults(faults).connectTimeout(TIMEOUT).requestTimeout(Duration.ofSeconds(2))))
                .isInstanceOf(EtcdUnavailableException.class)
                .hasMessageContaining("within " + TIMEOUT.toMillis() + " ms");
        assertThat(since(begun)).isLessThan(TIMEOUT.plusSeconds(7));
        assertThat(leases).isNotEmpty();
        // Much sooner than by its TTL of 10 s, although connection and client were closed right after the failure.
        within(Duration.ofSeconds(5), () -> assertThat(leases).noneMatch(operator::hasLease));
    }

    /** Half-way: the lease was granted, its keys never came. */
    @Test
    void open_keysNotAnswered_leavesNoLease() {
        openingFails(faults -> faults.every(CallMatcher.method("KV/Txn")).hangReply());
    }

    @Test
    void open_grantNotAnswered_leavesNoLease() {
        openingFails(
                faults -> faults.every(CallMatcher.method("Lease/LeaseGrant")).hangReply());
    }

    @Test
    void open_mailboxNeverWatched_leavesNoLease() {
        openingFails(faults -> faults.every(CallMatcher.method("Watch/Watch")).dropMessages(Direction.TO_SERVER));
    }
}
