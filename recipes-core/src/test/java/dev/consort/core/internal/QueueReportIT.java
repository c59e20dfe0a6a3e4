/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Operator.bytes;
import static dev.consort.core.internal.Waits.failure;
import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.QueueReport;
import dev.consort.core.QueueReport.Claim;
import dev.consort.core.QueueReport.ForeignKey;
import dev.consort.core.QueueReport.NamedQueue;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.EtcdProcess;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.RangeRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What operators see of the queues. On a server of its own, which nobody else compacts. */
@Execution(ExecutionMode.CONCURRENT)
class QueueReportIT {
    private static final CallMatcher LATER_PAGE =
            CallMatcher.method("KV/Range").when(RangeRequest.class, page -> page.getRevision() > 0);
    private static final CallMatcher TTL = CallMatcher.method("Lease/LeaseTimeToLive");

    private static EtcdProcess etcd;
    private static Operator operator;

    @RegisterExtension
    final Parties parties = new Parties();

    private final String prefix = Parties.name();

    @BeforeAll
    static void start() {
        etcd = EtcdProcess.builder().unsafeNoFsync().start();
        operator = new Operator(etcd.endpoints());
    }

    @AfterAll
    static void stop() {
        operator.close();
        etcd.close();
    }

    private Party join() {
        return parties.join(etcd.endpoints(), settings -> settings);
    }

    private static FutureTask<QueueReport> reading(Connection connection, String prefix) {
        FutureTask<QueueReport> reading = new FutureTask<>(() -> QueueReport.of(connection, prefix));
        DaemonThreads.named("reading").newThread(reading).start();
        return reading;
    }

    private static String claim(String name, long lease) {
        return name + "/" + Long.toHexString(lease);
    }

    private static NamedQueue only(QueueReport report) {
        assertThat(report.queues()).hasSize(1);
        return report.queues().get(0);
    }

    @Test
    void claims_ofOurSessions_areToldInOrder() throws InterruptedException {
        Party one = join();
        Party two = join();
        String name = prefix + "/lock";
        EtcdGrant grant = one.acquire(name);
        CompletableFuture<EtcdGrant> waiting = two.acquireAsync(name);
        soon(() -> assertThat(operator.claims(name)).hasSize(2));

        NamedQueue queue = only(QueueReport.of(one.connection, prefix));
        assertThat(queue.name()).isEqualTo(name);
        assertThat(queue.foreign()).isEmpty();
        assertThat(queue.owner()).hasValueSatisfying(owner -> {
            assertThat(owner.key()).isEqualTo(one.claimKey(name));
            assertThat(owner.revision()).isEqualTo(grant.token().revision());
            assertThat(owner.leaseId()).isEqualTo(one.session.leaseId());
            assertThat(owner.hasSession()).isTrue();
            assertThat(owner.value().toString(UTF_8)).isEqualTo("a test");
            assertThat(owner.age()).isEmpty();
            assertThat(owner.remaining())
                    .hasValueSatisfying(
                            left -> assertThat(left).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(11)));
        });
        assertThat(queue.waiters())
                .singleElement()
                .satisfies(waiter -> assertThat(waiter.key()).isEqualTo(two.claimKey(name)));
        grant.close();
        get(waiting).close();
        assertThat(QueueReport.of(one.connection, prefix).queues()).isEmpty();
    }

    /** Readers share; a writer that reads on is one of them; its mark is no key of its own, but for one left behind. */
    @Test
    void readersAndWriters_areShownWithAllWhoHold() throws InterruptedException {
        Party one = join();
        Party two = join();
        String name = prefix + "/lock";
        ClaimSpec read = new ClaimSpec("Test", name, () -> ByteString.EMPTY, false, ClaimSpec.Mode.READ);
        ClaimSpec write = new ClaimSpec("Test", name, () -> ByteString.EMPTY, false, ClaimSpec.Mode.WRITE);
        EtcdGrant kept =
                get(get(one.acquirer.acquireAsync(write)).exchangeAsync(read)).orElseThrow();
        EtcdGrant reader = get(two.acquirer.acquireAsync(read));
        CompletableFuture<EtcdGrant> writer = two.acquirer.acquireAsync(write);
        soon(() -> assertThat(operator.claims(name)).hasSize(4));

        NamedQueue queue = only(QueueReport.of(one.connection, prefix));
        assertThat(queue.name()).isEqualTo(name);
        assertThat(queue.foreign()).isEmpty();
        assertThat(queue.owners())
                .extracting(Claim::revision)
                .containsExactly(kept.token().revision(), reader.token().revision());
        assertThat(queue.waiters())
                .extracting(Claim::key)
                .containsExactly(name + "/write:" + Long.toHexString(two.session.leaseId()));
        assertThat(kept.release()).isTrue();
        assertThat(only(QueueReport.of(one.connection, prefix)).owners()).hasSize(1);
        assertThat(reader.release()).isTrue();
        get(writer).close();

        String mark = name + "/kept:" + Long.toHexString(one.session.leaseId());
        operator.put(mark, "", one.session.leaseId());
        assertThat(QueueReport.of(one.connection, prefix).foreign())
                .extracting(ForeignKey::key)
                .containsExactly(mark);
    }

    @Test
    void claim_withOwnerText_tellsHostProcessAndAge() throws InterruptedException {
        Party party = join();
        long lease = operator.grant(60);
        Instant now = Instant.now();
        operator.put(claim(prefix + "/old", lease), "host=web-1 pid=7 since=" + now.minusSeconds(300), lease);
        operator.put(claim(prefix + "/young", lease), "host=ahead pid=8 since=" + now.plusSeconds(300), lease);

        List<NamedQueue> queues = QueueReport.of(party.connection, prefix).queues();
        Claim old = queues.get(0).claims().get(0);
        assertThat(old.host()).contains("web-1");
        assertThat(old.process()).contains(7L);
        assertThat(old.age())
                .hasValueSatisfying(age -> assertThat(age).isBetween(Duration.ofSeconds(300), Duration.ofSeconds(330)));
        Claim young = queues.get(1).claims().get(0);
        assertThat(young.age()).contains(Duration.ZERO);
    }

    @Test
    void claim_ofAGoProgram_isToldWithoutWhatItDoesNotSay() throws InterruptedException {
        Party party = join();
        long lease = operator.grant(60);
        String key = claim("/" + prefix + "/go", lease);
        operator.put(key, "", lease);

        NamedQueue queue = only(QueueReport.of(party.connection, "/" + prefix + "/"));
        assertThat(queue.name()).isEqualTo("/" + prefix + "/go");
        assertThat(queue.owner()).hasValueSatisfying(owner -> {
            assertThat(owner.key()).isEqualTo(key);
            assertThat(owner.hasSession()).isFalse();
            assertThat(owner.value()).isEqualTo(ByteSequence.EMPTY);
            assertThat(owner.host()).isEmpty();
            assertThat(owner.process()).isEmpty();
            assertThat(owner.age()).isEmpty();
            assertThat(owner.remaining())
                    .hasValueSatisfying(
                            left -> assertThat(left).isBetween(Duration.ofSeconds(40), Duration.ofSeconds(60)));
        });
    }

    @Test
    void foreignKey_olderThanTheClaims_leavesNoOwner() throws InterruptedException {
        Party party = join();
        String name = prefix + "/lock";
        operator.put(name + "/note", "mine!");
        long lease = operator.grant(60);
        operator.put(claim(name, lease), "", lease);

        QueueReport report = QueueReport.of(party.connection, prefix);
        assertThat(report.foreign()).extracting(ForeignKey::key).containsExactly(name + "/note");
        NamedQueue queue = only(report);
        assertThat(queue.foreign()).isEqualTo(report.foreign());
        assertThat(queue.owner()).isEmpty();
        assertThat(queue.waiters()).isEqualTo(queue.claims());
    }

    @Test
    void foreignKeys_youngerThanTheOwner_areToldWithTheirLease() throws InterruptedException {
        Party party = join();
        String name = prefix + "/lock";
        List<Long> leases = List.of(operator.grant(60), operator.grant(60), operator.grant(60));
        operator.put(claim(name, leases.get(0)), "", leases.get(0));
        operator.put(claim(name, leases.get(1)), "", leases.get(1));
        operator.put(claim(name, leases.get(1)), "overwritten by hand");
        operator.put(name + "/", "no segment");
        operator.put(name + "/note", "of another lease", leases.get(2));
        operator.put(claim(name + "/nested", leases.get(2)), "", leases.get(2));
        operator.put(prefix + "/a-note", "in nobody's way");

        QueueReport report = QueueReport.of(party.connection, prefix);
        assertThat(report.foreign())
                .extracting(ForeignKey::key)
                .containsExactly(claim(name, leases.get(1)), name + "/", name + "/note", prefix + "/a-note");
        assertThat(report.foreign()).extracting(ForeignKey::leaseId).containsExactly(0L, 0L, leases.get(2), 0L);
        assertThat(report.foreign()).isSortedAccordingTo((a, b) -> Long.compare(a.revision(), b.revision()));
        assertThat(report.queues()).extracting(NamedQueue::name).containsExactly(name, name + "/nested");
        NamedQueue queue = report.queues().get(0);
        assertThat(queue.owner()).map(Claim::leaseId).contains(leases.get(0));
        assertThat(queue.waiters()).isEmpty();
        assertThat(queue.foreign())
                .extracting(ForeignKey::key)
                .containsExactly(
                        claim(name, leases.get(1)), name + "/", name + "/note", claim(name + "/nested", leases.get(2)));
        assertThat(report.queues().get(1).foreign()).isEmpty();
    }

    @Test
    void prefix_isOfWholeSegments() throws InterruptedException {
        Party party = join();
        long lease = operator.grant(60);
        operator.put(claim(prefix, lease), "", lease);
        operator.put(claim(prefix + "/a", lease), "", lease);
        operator.put(claim(prefix + "-b", lease), "", lease);
        for (String spelling : List.of(prefix, prefix + "/")) {
            assertThat(QueueReport.of(party.connection, spelling).queues())
                    .extracting(NamedQueue::name)
                    .containsExactly(prefix, prefix + "/a");
        }
    }

    @Test
    void everything_isShownButTheSessionsOwnKeys() throws InterruptedException {
        Party party = join();
        EtcdGrant grant = party.acquire(prefix + "/lock");
        operator.put("consort/session/note", "somebody's");
        QueueReport report = QueueReport.of(party.connection, "");
        assertThat(report.queues()).extracting(NamedQueue::name).contains(prefix + "/lock");
        assertThat(report.foreign())
                .extracting(ForeignKey::key)
                .contains("consort/session/note")
                .noneMatch(key -> key.endsWith("/mail") || key.endsWith("/fence"));
        grant.close();
    }

    /** Our own names are refused there; a Go program's are not. */
    @Test
    void sessionKeys_belowAGoProgramsName_areInItsWay() throws InterruptedException {
        Party party = join();
        long lease = operator.grant(60);
        operator.put(claim("consort", lease), "", lease);
        NamedQueue queue = QueueReport.of(party.connection, "consort").queues().stream()
                .filter(each -> each.name().equals("consort"))
                .findFirst()
                .orElseThrow();
        operator.revoke(lease);
        assertThat(queue.foreign())
                .extracting(ForeignKey::key)
                .contains("consort/session/" + Long.toHexString(party.session.leaseId()) + "/mail");
        assertThat(queue.owner()).isEmpty();
    }

    @Test
    void sessionPrefix_ofOnesOwn_isLookedUnder() throws InterruptedException {
        Party party = join();
        try (Session session =
                Session.builder(party.connection).sessionPrefix("elsewhere/").open()) {
            String key = claim(prefix, session.leaseId());
            operator.put(key, "", session.leaseId());
            assertThat(only(QueueReport.of(party.connection, prefix)).claims())
                    .extracting(Claim::hasSession)
                    .containsExactly(false);
            assertThat(only(QueueReport.of(party.connection, prefix, "elsewhere/"))
                            .claims())
                    .extracting(Claim::hasSession)
                    .containsExactly(true);
        }
    }

    @Test
    void namespace_isLookedInto_andLeftOutOfKeys() throws InterruptedException {
        try (Connection inside = Connection.to(etcd.endpoints().toArray(String[]::new))
                        .namespace(prefix + "/")
                        .open();
                Session session = Session.builder(inside).open()) {
            Acquirer<EtcdGrant> acquirer = new Acquirer<>(EtcdSession.of(session), grant -> grant);
            EtcdGrant grant = acquirer.acquire(Party.spec("lock"));
            long lease = operator.grant(60);
            operator.put(prefix + "/" + Long.toHexString(lease), "of no name in there", lease);
            operator.put(prefix + "0", "just beyond");

            QueueReport report = QueueReport.of(inside, "");
            NamedQueue queue = only(report);
            assertThat(queue.name()).isEqualTo("lock");
            assertThat(queue.owner()).hasValueSatisfying(owner -> {
                assertThat(owner.key()).isEqualTo(claim("lock", session.leaseId()));
                assertThat(owner.hasSession()).isTrue();
            });
            assertThat(report.foreign()).extracting(ForeignKey::key).containsExactly(Long.toHexString(lease));
            grant.close();
        }
    }

    @Test
    void tenThousandClaims_areReadInPagesAndEachLeaseOnce() throws InterruptedException {
        Party party = join();
        List<Long> leases =
                IntStream.range(0, 20).mapToObj(i -> operator.grant(600)).toList();
        for (long lease : leases) {
            operator.putAll(
                    IntStream.range(0, 500)
                            .mapToObj(i -> claim(prefix + "/lock-" + i, lease))
                            .toList(),
                    lease);
        }
        long start = System.nanoTime();
        CallCounts before = party.log.counts();
        QueueReport report = QueueReport.of(party.connection, prefix);
        CallCounts counts = party.log.counts().since(before);

        assertThat(Waits.since(start)).isLessThan(Duration.ofSeconds(10));
        assertThat(counts.unaryCalls("KV/Range")).isEqualTo(10); // 16, 32 and so on to 2,048, and 2 of up to 4,000
        assertThat(counts.unaryCalls("KV/Txn")).isEqualTo(1);
        assertThat(counts.unaryCalls("Lease/LeaseTimeToLive")).isEqualTo(20);
        assertThat(report.foreign()).isEmpty();
        assertThat(report.queues()).hasSize(500).allSatisfy(queue -> {
            assertThat(queue.claims()).extracting(Claim::leaseId).containsExactlyElementsOf(leases);
            assertThat(queue.claims())
                    .allSatisfy(claim -> assertThat(claim.remaining()).isPresent());
        });
        assertThat(report.toString())
                .isEqualTo("QueueReport[revision=" + report.revision() + ", queues=500, foreign=0]");
        leases.forEach(operator::revoke);
    }

    @Test
    void manyLeases_areAskedForAHundredAtATime() {
        Party party = join();
        List<Long> leases =
                IntStream.range(0, 120).mapToObj(i -> operator.grant(60)).toList();
        leases.forEach(lease -> operator.put(claim(prefix, lease), "", lease));
        CallFault held = party.faults.every(TTL).hold();
        FutureTask<QueueReport> reading = reading(party.connection, prefix);
        soon(() -> assertThat(held.hits()).isGreaterThanOrEqualTo(LeaseReader.AT_ONCE));
        soon(() -> assertThat(party.log.counts().unaryCallsOpen()).isEqualTo(LeaseReader.AT_ONCE));
        held.release();
        assertThat(only(get(reading)).claims())
                .hasSize(120)
                .allSatisfy(claim -> assertThat(claim.remaining()).isPresent());
        assertThat(held.hits()).isEqualTo(120);
    }

    @Test
    void largeValues_areReadInSmallerPages() throws InterruptedException {
        Party party = join();
        long lease = operator.grant(60);
        String value = "x".repeat(1 << 18);
        IntStream.range(0, 40).forEach(i -> operator.put(claim(prefix + "/" + i, lease), value, lease));
        CallCounts before = party.log.counts();
        assertThat(QueueReport.of(party.connection, prefix).queues()).hasSize(40);
        // 16, 8, 4, 2, 4, 2, 4
        assertThat(party.log.counts().since(before).unaryCalls("KV/Range")).isEqualTo(7);
        operator.revoke(lease);
    }

    @Test
    void changesBetweenPages_areNotSeen() {
        Party party = join();
        long lease = operator.grant(60);
        List<String> names =
                IntStream.range(1000, 2100).mapToObj(i -> prefix + "/" + i).toList();
        operator.putAll(names.stream().map(name -> claim(name, lease)).toList(), lease);
        CallFault held = party.faults.next(LATER_PAGE).hold();
        FutureTask<QueueReport> reading = reading(party.connection, prefix);
        get(held.hit());
        operator.delete(bytes(claim(prefix + "/2099", lease)));
        operator.put(claim(prefix + "/3000", lease), "", lease);
        held.release();
        List<NamedQueue> queues = get(reading).queues();
        assertThat(queues).extracting(NamedQueue::name).containsExactlyElementsOf(names);
        assertThat(queues).allSatisfy(queue -> assertThat(queue.claims()).hasSize(1));
    }

    @Test
    void compactionBetweenPages_isReadAnew_thriceGivesUp() {
        Party party = join();
        long lease = operator.grant(60);
        operator.putAll(
                IntStream.range(0, 1001)
                        .mapToObj(i -> claim(prefix + "/" + i, lease))
                        .toList(),
                lease);
        assertThat(get(overtaken(party, 2)).queues()).hasSize(1003);
        assertThat(failure(overtaken(party, 3)))
                .isInstanceOf(RecipeException.class)
                .hasMessageContainingAll("QueueReport '" + prefix + "/'", "compacted");
    }

    /** A read that finds its revision compacted so often. */
    private FutureTask<QueueReport> overtaken(Party party, int times) {
        CallFault held = party.faults.next(LATER_PAGE).hold();
        FutureTask<QueueReport> reading = reading(party.connection, prefix);
        long lease = operator.grant(60);
        for (int i = 1; i <= times; i++) {
            get(held.hit());
            operator.put(claim(prefix + "/new-" + times + "-" + i, lease), "", lease);
            operator.compact();
            CallFault overtaken = held;
            if (i < times) {
                held = party.faults.next(LATER_PAGE).hold();
            }
            overtaken.release();
        }
        return reading;
    }

    @Test
    void leaseThatEndsMeanwhile_leavesItsClaimWithoutTtl() {
        Party party = join();
        long lease = operator.grant(60);
        operator.put(claim(prefix, lease), "", lease);
        CallFault held = party.faults.next(TTL).hold();
        FutureTask<QueueReport> reading = reading(party.connection, prefix);
        get(held.hit());
        operator.revoke(lease);
        held.release();
        assertThat(only(get(reading)).owner())
                .hasValueSatisfying(owner -> assertThat(owner.remaining()).isEmpty());
    }

    @Test
    void sessionThatEndsMeanwhile_isToldAsOfTheRevision() throws InterruptedException {
        Party party = join();
        Party other = join();
        EtcdGrant grant = other.acquire(prefix);
        CallFault held = party.faults.every(CallMatcher.method("KV/Txn")).hold();
        FutureTask<QueueReport> reading = reading(party.connection, prefix);
        get(held.hit());
        other.session.close();
        held.release();
        assertThat(only(get(reading)).owner()).hasValueSatisfying(owner -> {
            assertThat(owner.revision()).isEqualTo(grant.token().revision());
            assertThat(owner.hasSession()).isTrue();
        });
    }

    @Test
    void answerThatDoesNotCome_failsWithinTheRequestTimeout() {
        for (CallMatcher call : List.of(CallMatcher.method("KV/Range"), CallMatcher.method("KV/Txn"), TTL)) {
            Party party = parties.join(etcd.endpoints(), settings -> settings.requestTimeout(Duration.ofMillis(500)));
            long lease = operator.grant(60);
            operator.put(claim(prefix, lease), "", lease);
            CallFault lost = party.faults.every(call).hangReply();
            long start = System.nanoTime();
            assertThatThrownBy(() -> QueueReport.of(party.connection, prefix))
                    .isInstanceOf(EtcdUnavailableException.class)
                    .hasMessageContainingAll("QueueReport '" + prefix + "/'", "500 ms");
            assertThat(Waits.since(start)).isBetween(Duration.ofMillis(450), Duration.ofMillis(1900));
            lost.stop();
        }
    }

    @Test
    void interrupt_endsItAtOnce() {
        Party party = join();
        CallFault held = party.faults.next(CallMatcher.method("KV/Range")).hold();
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Thread reader = new Thread(() -> {
            try {
                thrown.completeExceptionally(new AssertionError(QueueReport.of(party.connection, prefix)));
            } catch (InterruptedException | RuntimeException e) {
                thrown.complete(e);
            }
        });
        reader.start();
        get(held.hit());
        reader.interrupt();
        assertThat(get(thrown)).isInstanceOf(InterruptedException.class);
        held.release();
    }

    @Test
    void value_isInNoText() throws InterruptedException {
        Party party = join();
        long lease = operator.grant(60);
        operator.put(claim(prefix, lease), "s3cret", lease);
        QueueReport report = QueueReport.of(party.connection, prefix);
        assertThat(report.toString() + report.queues() + only(report).claims()).doesNotContain("s3cret");
    }

    @Test
    void badInput_isRefusedAtOnce() {
        Party party = join();
        Client client = party.client;
        assertThatNullPointerException()
                .isThrownBy(() -> QueueReport.of(Missing.value(), prefix))
                .withMessage("connection");
        assertThatNullPointerException()
                .isThrownBy(() -> QueueReport.of(party.connection, Missing.value()))
                .withMessage("prefix");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> QueueReport.of(party.connection, "a\uD800"))
                .withMessageContaining("Unicode");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> QueueReport.of(party.connection, "a".repeat(5000)))
                .withMessageContaining("5000 bytes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> QueueReport.of(party.connection, prefix, "consort"))
                .withMessageContaining("sessionPrefix 'consort'");
        Connection closed = Connection.of(client);
        closed.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> QueueReport.of(closed, prefix))
                .withMessageContaining("is closed");
    }
}
