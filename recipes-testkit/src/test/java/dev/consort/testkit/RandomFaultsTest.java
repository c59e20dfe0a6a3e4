/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.consort.testkit.RandomFaults.Kind;
import dev.consort.testkit.RandomFaults.Struck;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RandomFaultsTest {
    private static EmbeddedEtcd etcd;
    private static Channel channel;

    @BeforeAll
    static void start() {
        etcd = EmbeddedEtcd.builder().virtualClock().start();
        channel = etcd.directChannel();
    }

    @AfterAll
    static void stop() {
        etcd.close();
    }

    @AfterEach
    void clear() {
        etcd.faults().clear();
    }

    /** How many puts fail. */
    private static int put(int times) {
        int failed = 0;
        for (int i = 0; i < times; i++) {
            try {
                var unused = KVGrpc.newBlockingStub(channel)
                        .put(PutRequest.newBuilder()
                                .setKey(ByteString.copyFromUtf8("k" + i))
                                .build());
            } catch (StatusRuntimeException e) {
                failed++;
            }
        }
        return failed;
    }

    @Test
    void oneSeed_strikesTheSameCallsInTheSameWay() {
        List<Struck> first;
        List<Struck> other;
        try (RandomFaults faults = ofCalls(42).oneIn(5).start()) {
            assertThat(put(200)).isPositive();
            first = faults.struck();
        }
        try (RandomFaults faults = ofCalls(42).oneIn(5).start()) {
            assertThat(put(200)).isPositive();
            assertThat(faults.struck()).isEqualTo(first);
        }
        try (RandomFaults faults = ofCalls(43).oneIn(5).start()) {
            assertThat(put(200)).isPositive();
            other = faults.struck();
        }
        assertThat(other).isNotEqualTo(first);
        assertThat(first).hasSizeBetween(20, 70).extracting(Struck::method).containsOnly("KV/Put");
    }

    private static RandomFaultsBuilder ofCalls(long seed) {
        return etcd.faults().random(seed).with(Kind.LOSE_REQUEST, 3).with(Kind.LOSE_REPLY, 1);
    }

    @Test
    void weights_decideWhatIsChosen() {
        try (RandomFaults faults = ofCalls(1).oneIn(1).start()) {
            assertThat(put(400)).isEqualTo(400);
            assertThat(faults.struck().stream()
                            .filter(struck -> struck.kind() == Kind.LOSE_REQUEST)
                            .count())
                    .isBetween(250L, 350L);
        }
    }

    @Test
    void lostRequests_areNotApplied_lostRepliesAre() {
        long before = etcd.revision();
        try (RandomFaults faults = ofCalls(1).oneIn(1).start()) {
            assertThat(put(100)).isEqualTo(100);
            assertThat(etcd.revision() - before)
                    .isEqualTo(faults.struck().stream()
                            .filter(struck -> struck.kind() == Kind.LOSE_REPLY)
                            .count());
        }
    }

    @Test
    void everyKind_isChosenByDefault() {
        var unused = LeaseGrpc.newBlockingStub(channel)
                .leaseGrant(LeaseGrantRequest.newBuilder().setTTL(60).build());
        try (RandomFaults faults =
                etcd.faults().random(5).oneIn(1).delayUpTo(Duration.ofMillis(1)).start()) {
            int some = put(500);
            assertThat(some).isBetween(200, 499);
            assertThat(kinds(faults)).containsExactlyInAnyOrder(Kind.values());
        }
        assertThat(etcd.leases()).isEmpty();
    }

    private static Set<Kind> kinds(RandomFaults faults) {
        return faults.struck().stream().map(Struck::kind).collect(Collectors.toSet());
    }

    @Test
    void limits_areKept() {
        try (RandomFaults faults = ofCalls(1).oneIn(1).forCalls(3).start()) {
            assertThat(put(10)).isEqualTo(3);
            assertThat(faults.struck()).hasSize(3);
        }
        try (RandomFaults faults = etcd.faults()
                .random(1)
                .with(Kind.LOSE_REPLY)
                .among(CallMatcher.method("KV/Range"))
                .oneIn(1)
                .start()) {
            assertThat(put(3)).isZero();
            assertThatThrownBy(() -> KVGrpc.newBlockingStub(channel)
                            .range(RangeRequest.newBuilder()
                                    .setKey(ByteString.copyFromUtf8("k"))
                                    .build()))
                    .hasMessageContaining("reply lost");
            assertThat(faults.struck()).hasSize(1);
        }
        assertThat(put(20)).isZero();
    }

    @Test
    void clear_stopsThem() {
        try (RandomFaults faults = ofCalls(1).oneIn(1).start()) {
            etcd.faults().clear();
            assertThat(put(5)).isZero();
            assertThat(faults.struck()).isEmpty();
        }
    }

    @Test
    void whatFailsUnderThem_isPrintedWithTheSeed() {
        try (RandomFaults faults = ofCalls(77).oneIn(1).start()) {
            assertThatThrownBy(() -> faults.during(() -> assertThat(put(1)).isZero()))
                    .isInstanceOf(AssertionError.class)
                    .hasStackTraceContaining("under RandomFaults of seed 77 (-Dconsort.faults.seed=77): 1 of 1 calls")
                    .hasStackTraceContaining("at call 1 KV/Put");
            assertThat(faults.seed()).isEqualTo(77);
        }
    }

    @Test
    void seed_isTakenFromTheSystemProperty() {
        System.setProperty(RandomFaults.SEED, "12");
        try (RandomFaults faults = etcd.faults().random().start()) {
            assertThat(faults.seed()).isEqualTo(12);
            assertThat(faults).hasToString("RandomFaults of seed 12 (-Dconsort.faults.seed=12): 0 of 0 calls[]");
        } finally {
            System.clearProperty(RandomFaults.SEED);
        }
    }

    @Test
    void badSettings_areRefused() {
        RandomFaultsBuilder settings = etcd.faults().random(1);
        assertThatThrownBy(() -> settings.oneIn(0)).hasMessageContaining("0");
        assertThatThrownBy(() -> settings.forCalls(0)).hasMessageContaining("0");
        assertThatThrownBy(() -> settings.with(Kind.DELAY, 0)).hasMessageContaining("0");
        assertThatThrownBy(() -> settings.delayUpTo(Duration.ZERO)).hasMessageContaining("PT0S");
    }
}
