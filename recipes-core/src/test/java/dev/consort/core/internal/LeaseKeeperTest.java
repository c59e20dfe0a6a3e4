/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import dev.consort.core.SessionState;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveResponse;
import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The arithmetic of renewals, margin and deadline, to the nanosecond. */
class LeaseKeeperTest {
    private static final Duration TTL = Duration.ofSeconds(12);
    private static final Duration MARGIN = Duration.ofMillis(600);
    private static final Duration THIRD = TTL.dividedBy(3);
    private static final Duration HEDGE = Duration.ofSeconds(1);
    private static final Duration TICK = Duration.ofNanos(1);

    private final ManualTiming timing = new ManualTiming();
    private final ScriptedServer server = new ScriptedServer();
    private final Client client = server.client();
    private final List<SessionState> told = new ArrayList<>();
    private EtcdSession session = open(TTL);

    private EtcdSession open(Duration ttl) {
        Duration timeout = Duration.ofSeconds(5);
        EtcdConnection connection = new EtcdConnection(client, false, List.of(), timeout, timeout, timing);
        return new EtcdSession(
                connection,
                false,
                new SessionKeys(ByteString.copyFromUtf8("consort/session/")),
                Runnable::run,
                new EtcdSession.Lease(7, ttl, timing.nanoTime()));
    }

    @BeforeEach
    void start() {
        begin(session);
    }

    private void begin(EtcdSession opened) {
        opened.onState(told::add);
        var unused = opened.start(3, 4);
    }

    @AfterEach
    void close() {
        client.close();
    }

    private List<ScriptedServer.Call> renewals() {
        return server.take(LeaseGrpc.getLeaseKeepAliveMethod());
    }

    private ScriptedServer.Call onlyRenewal() {
        List<ScriptedServer.Call> renewals = renewals();
        assertThat(renewals).hasSize(1);
        return renewals.get(0);
    }

    private static LeaseKeepAliveResponse renewed(long seconds) {
        return LeaseKeepAliveResponse.newBuilder().setID(7).setTTL(seconds).build();
    }

    private static LeaseKeepAliveResponse renewed() {
        return renewed(TTL.toSeconds());
    }

    @Test
    void margin_isATwentiethOfTheTtlAndATenthOfASecondAtLeast() {
        assertThat(LeaseKeeper.margin(Duration.ofSeconds(1))).isEqualTo(Duration.ofMillis(100));
        assertThat(LeaseKeeper.margin(Duration.ofSeconds(2))).isEqualTo(Duration.ofMillis(100));
        assertThat(LeaseKeeper.margin(Duration.ofSeconds(3))).isEqualTo(Duration.ofMillis(150));
        assertThat(LeaseKeeper.margin(Duration.ofSeconds(10))).isEqualTo(Duration.ofMillis(500));
        assertThat(LeaseKeeper.margin(Duration.ofHours(24))).isEqualTo(Duration.ofMinutes(72));
    }

    @Test
    void deadline_beforeAnyRenewal_countsFromTheSendingOfTheGrant() {
        assertThat(session.remaining()).isEqualTo(TTL.minus(MARGIN));
    }

    @Test
    void renewal_isSentAtAThirdOfTheTtl() {
        timing.advance(THIRD.minus(TICK));
        assertThat(renewals()).isEmpty();
        timing.advance(TICK);
        assertThat(renewals()).hasSize(1);
    }

    @Test
    void renewal_answeredLate_countsFromItsSending() {
        timing.advance(THIRD);
        ScriptedServer.Call renewal = onlyRenewal();
        timing.advance(Duration.ofMillis(900));
        renewal.answer(renewed());
        assertThat(session.remaining()).isEqualTo(TTL.minus(MARGIN).minus(Duration.ofMillis(900)));
    }

    @Test
    void renewal_answered_isFollowedByTheNextOneAThirdAfterItsSending() {
        timing.advance(THIRD);
        ScriptedServer.Call renewal = onlyRenewal();
        timing.advance(Duration.ofMillis(900));
        renewal.answer(renewed());
        timing.advance(THIRD.minus(Duration.ofMillis(900)).minus(TICK));
        assertThat(renewals()).isEmpty();
        timing.advance(TICK);
        assertThat(renewals()).hasSize(1);
    }

    @Test
    void renewal_unanswered_isSentAgainBesideIt() {
        timing.advance(THIRD);
        assertThat(renewals()).hasSize(1);
        timing.advance(HEDGE.minus(TICK));
        assertThat(renewals()).isEmpty();
        timing.advance(TICK);
        assertThat(renewals()).hasSize(1);
        timing.advance(HEDGE);
        assertThat(renewals()).hasSize(1);
    }

    @Test
    void renewal_failedForAnyReasonButTheLease_isTriedAgain() {
        timing.advance(THIRD);
        onlyRenewal().end(Status.UNAVAILABLE);
        timing.advance(HEDGE);
        onlyRenewal().end(Status.OK); // the stream ends without an answer
        timing.advance(HEDGE);
        onlyRenewal().end(Status.NOT_FOUND.withDescription("no such service"));
        assertThat(session.state()).isIn(SessionState.ACTIVE, SessionState.AT_RISK);
        timing.advance(HEDGE);
        onlyRenewal().answer(renewed());
        assertThat(session.state()).isEqualTo(SessionState.ACTIVE);
        assertThat(session.remaining()).isEqualTo(TTL.minus(MARGIN));
    }

    @Test
    void renewals_answeredOutOfOrder_neverMoveTheDeadlineBack() {
        timing.advance(THIRD);
        ScriptedServer.Call first = onlyRenewal();
        timing.advance(HEDGE);
        onlyRenewal().answer(renewed());
        first.answer(renewed());
        assertThat(session.remaining()).isEqualTo(TTL.minus(MARGIN));
    }

    @Test
    void renewal_olderOneAnsweredOnly_countsFromItsOwnSending() {
        timing.advance(THIRD);
        ScriptedServer.Call first = onlyRenewal();
        timing.advance(HEDGE);
        first.answer(renewed());
        assertThat(session.remaining()).isEqualTo(TTL.minus(MARGIN).minus(HEDGE));
    }

    @Test
    void renewal_grantingAnotherTtl_countsWithThat() {
        timing.advance(THIRD);
        onlyRenewal().answer(renewed(20));
        assertThat(session.remaining()).isEqualTo(Duration.ofSeconds(19));
    }

    @Test
    void renewal_tellingNoTimeLeft_losesTheSession() {
        timing.advance(THIRD);
        onlyRenewal().answer(renewed(0));
        assertThat(session.state()).isEqualTo(SessionState.LOST);
        assertThat(session.lost().toCompletableFuture()).isCompletedWithValue(LossReason.REVOKED);
    }

    @Test
    void renewal_leaseNotFound_losesTheSession() {
        timing.advance(THIRD);
        onlyRenewal().end(Status.NOT_FOUND.withDescription("etcdserver: requested lease not found"));
        assertThat(session.lost().toCompletableFuture()).isCompletedWithValue(LossReason.REVOKED);
    }

    @Test
    void silence_halfOfTheTtl_putsTheSessionAtRiskUntilAnAnswer() {
        timing.advance(TTL.dividedBy(2).minus(TICK));
        assertThat(session.state()).isEqualTo(SessionState.ACTIVE);
        timing.advance(TICK);
        assertThat(session.state()).isEqualTo(SessionState.AT_RISK);
        List<ScriptedServer.Call> renewals = renewals();
        renewals.get(renewals.size() - 1).answer(renewed());
        assertThat(session.state()).isEqualTo(SessionState.ACTIVE);
        assertThat(told).containsExactly(SessionState.AT_RISK, SessionState.ACTIVE);
    }

    @Test
    void silence_untilTheDeadline_losesTheSessionExactlyThen() {
        timing.advance(TTL.minus(MARGIN).minus(TICK));
        assertThat(session.state()).isEqualTo(SessionState.AT_RISK);
        assertThat(told).containsExactly(SessionState.AT_RISK);
        timing.advance(TICK);
        assertThat(told).containsExactly(SessionState.AT_RISK, SessionState.LOST);
        assertThat(session.lost().toCompletableFuture()).isCompletedWithValue(LossReason.EXPIRED);
        assertThat(session.remaining()).isZero();
    }

    @Test
    void answer_afterTheDeadline_doesNotReviveTheSession() {
        timing.advance(THIRD);
        ScriptedServer.Call renewal = onlyRenewal();
        timing.advance(TTL);
        renewal.answer(renewed());
        timing.advance(TTL);
        assertThat(session.state()).isEqualTo(SessionState.LOST);
        assertThat(told).containsExactly(SessionState.AT_RISK, SessionState.LOST);
    }

    /** The answer may be the first thing that runs after a pause, before any timer. */
    @Test
    void pause_beyondTheDeadline_isSeenByTheFirstCallAndByALateAnswer() {
        timing.advance(THIRD);
        ScriptedServer.Call renewal = onlyRenewal();
        timing.pause(TTL);
        renewal.answer(renewed());
        assertThat(session.isAlive()).isFalse();
        assertThat(session.state()).isEqualTo(SessionState.LOST);
        assertThat(session.lost().toCompletableFuture()).isCompletedWithValue(LossReason.EXPIRED);
    }

    @Test
    void pause_withinTheDeadline_isALateRenewalOnly() {
        timing.advance(THIRD.minus(TICK));
        timing.pause(TTL.dividedBy(2).plusMillis(100));
        timing.advance(Duration.ZERO);
        onlyRenewal().answer(renewed());
        assertThat(session.state()).isEqualTo(SessionState.ACTIVE);
        assertThat(session.remaining()).isEqualTo(TTL.minus(MARGIN));
    }

    @Test
    void loss_stopsRenewals() {
        timing.advance(TTL);
        assertThat(renewals()).isNotEmpty();
        timing.advance(TTL);
        assertThat(renewals()).isEmpty();
    }

    @Test
    void wallClock_jumpingEitherWay_changesNothing() {
        for (Instant jump : List.of(Instant.EPOCH.minusSeconds(3600), Instant.EPOCH.plusSeconds(3600))) {
            timing.setWallClock(jump);
            timing.advance(THIRD);
            assertThat(session.now()).isEqualTo(jump);
            onlyRenewal().answer(renewed());
            assertThat(session.remaining()).isEqualTo(TTL.minus(MARGIN));
        }
        assertThat(told).isEmpty();
    }

    @Test
    void shortTtl_hasItsRenewalsCloserTogether() {
        session.orphan();
        renewals();
        session = open(Duration.ofSeconds(2));
        begin(session);
        assertThat(session.remaining()).isEqualTo(Duration.ofMillis(1900));
        timing.advance(Duration.ofSeconds(2).dividedBy(3));
        assertThat(renewals()).hasSize(1);
        timing.advance(Duration.ofSeconds(1));
        assertThat(renewals()).hasSize(6); // one each 2 s / 12
    }
}
