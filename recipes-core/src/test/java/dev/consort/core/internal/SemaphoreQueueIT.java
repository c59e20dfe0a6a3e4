/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.failure;
import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.outcome;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.consort.core.LossReason;
import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Permits as claims: granted in order as far as the limit goes. */
@Execution(ExecutionMode.CONCURRENT)
class SemaphoreQueueIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();
    private final String name = Parties.name();

    private ClaimSpec spec(int permits) {
        return ClaimSpec.permits("Test", name, () -> ByteString.copyFromUtf8("a test"), permits);
    }

    private CompletableFuture<EtcdGrant> acquire(Party party, int permits) {
        return party.acquirer.acquireAsync(spec(permits));
    }

    private SemaphoreLimit limit(Party party) {
        return new SemaphoreLimit(party.session, "Test", name);
    }

    /** The limit, and so many claims. */
    private void inQueue(int claims) {
        soon(() -> assertThat(operator.claims(name)).hasSize(1 + claims));
    }

    @Test
    void claims_areGrantedInOrderAsFarAsTheLimitGoes() {
        Party one = parties.join();
        Party two = parties.join();
        assertThat(limit(one).stated(3)).isEqualTo(3);
        assertThat(limit(two).stated(5)).isEqualTo(3);
        EtcdGrant a = get(acquire(one, 2));
        CompletableFuture<EtcdGrant> b = acquire(two, 2);
        inQueue(2);
        CompletableFuture<EtcdGrant> c = acquire(one, 1);
        inQueue(3);
        assertThat(limit(one).read()).satisfies(use -> {
            assertThat(use.limit()).hasValue(3);
            assertThat(use.free()).isEqualTo(1);
        });
        assertThat(two.acquirer.tryAcquire(spec(1))).isEmpty();
        assertThat(ClaimReader.granted(one.session, spec(1)))
                .extracting(SemaphoreLimit::permits)
                .containsExactly(2);
        assertThat(ClaimReader.waiting(one.session, spec(1)))
                .extracting(SemaphoreLimit::permits)
                .containsExactly(2, 1);
        assertThat(b).isNotDone();
        assertThat(c).isNotDone();
        assertThat(a.release()).isTrue();
        assertThat(get(b).release()).isTrue();
        assertThat(get(c).release()).isTrue();
        inQueue(0);
        assertThat(limit(one).delete()).isTrue();
        assertThat(operator.claims(name)).isEmpty();
    }

    @Test
    void permits_areHandedOnInTheProcess() {
        Party party = parties.join();
        limit(party).stated(2);
        List<CompletableFuture<EtcdGrant>> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(acquire(party, 1));
        }
        List<Long> revisions = new ArrayList<>();
        for (CompletableFuture<EtcdGrant> each : all) {
            EtcdGrant grant = get(each);
            revisions.add(grant.token().revision());
            assertThat(grant.release()).isTrue();
        }
        assertThat(revisions.stream().distinct().count()).isLessThan(10);
        inQueue(0);
    }

    /** A session that just tried, in vain, has left a claim that is being removed: it is not in its own way. */
    @Test
    void whoDoesNotWait_doesNotFindWhatAnAttemptLeft() {
        Party one = parties.join();
        Party two = parties.join();
        limit(one).stated(1);
        EtcdGrant held = get(acquire(two, 1));
        CallFault removes = one.faults.every(Requests.releaseOf(name)).hold();
        assertThat(one.acquirer.tryAcquire(spec(1))).isEmpty();
        get(removes.hit());
        assertThat(held.release()).isTrue();
        CompletableFuture<Optional<EtcdGrant>> tried =
                CompletableFuture.supplyAsync(() -> one.acquirer.tryAcquire(spec(1)));
        Waits.stays(Duration.ofMillis(100), () -> !tried.isDone());
        removes.stop();
        removes.release();
        assertThat(get(tried).orElseThrow().release()).isTrue();
        inQueue(0);
    }

    @Test
    void limit_raisedAndLowered() {
        Party one = parties.join();
        Party two = parties.join();
        limit(one).stated(1);
        EtcdGrant a = get(acquire(one, 1));
        CompletableFuture<EtcdGrant> b = acquire(two, 1);
        inQueue(2);
        limit(two).change(2);
        EtcdGrant granted = get(b);
        assertThat(limit(one).delete()).isFalse();
        limit(one).change(1);
        limit(one).change(1);
        assertThat(limit(one).read().free()).isZero();
        assertThat(failure(acquire(one, 2))).isInstanceOf(RecipeException.class).hasMessageContaining("2 permits");
        assertThat(a.release()).isTrue();
        assertThat(granted.release()).isTrue();
        inQueue(0);
        assertThat(limit(one).delete()).isTrue();
        assertThatThrownBy(() -> limit(one).change(4)).hasMessageContaining("deleted");
        assertThat(failure(acquire(one, 1))).hasMessageContaining("limit");
        operator.put(name + "/limit:x", "");
        assertThatThrownBy(() -> limit(one).change(4)).hasMessageContaining("limit:x");
    }

    @Test
    void limitChanged_beforeAForeignKey_changesTheLimitAndNotThat() {
        Party one = parties.join();
        limit(one).stated(3);
        operator.put(name + "/limit:0x", "");
        limit(one).change(2);
        assertThat(operator.claims(name))
                .extracting(kv -> kv.getKey().toString())
                .containsExactlyInAnyOrder(name + "/limit:0x", name + "/limit:2");
    }

    @Test
    void limitChanged_bySomebodyElseAtTheSameTime_isSaid() {
        Party one = parties.join();
        Party two = parties.join();
        limit(one).stated(3);
        CallFault held = one.faults.next(CallMatcher.method("KV/Txn")).hold();
        CompletableFuture<RuntimeException> failed = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        limit(one).change(4);
                        return new RuntimeException("it was changed");
                    } catch (RecipeException e) {
                        return e;
                    }
                },
                task -> new Thread(task).start());
        get(held.hit());
        limit(two).change(5);
        held.release();
        assertThat(get(failed))
                .isInstanceOf(RecipeException.class)
                .hasMessageContaining("changed to 5")
                .hasMessageContaining("become 4");
        assertThat(limit(one).read().limit()).hasValue(5);
    }

    @Test
    void withdrawn_lostAndEnded() {
        Party one = parties.join();
        Party two = parties.join();
        limit(one).stated(2);
        EtcdGrant a = get(acquire(one, 1));
        EtcdGrant b = get(acquire(one, 1));
        CompletableFuture<EtcdGrant> many = acquire(two, 2);
        inQueue(3);
        many.cancel(false);
        inQueue(2);
        operator.delete(
                Operator.bytes(ClaimReader.granted(one.session, spec(1)).get(0).key()));
        assertThat(outcome(a.lost())).isEqualTo(LossReason.CLAIM_REMOVED);
        assertThat(a.release()).isFalse();
        assertThat(b.isHeld()).isTrue();
        assertThat(EtcdGrant.class.cast(b).spec().permits()).isEqualTo(1);
        assertThat(get(b.exchangeAsync(spec(2)))).isEmpty();
        CompletableFuture<EtcdGrant> waiting = acquire(two, 2);
        inQueue(2);
        operator.revoke(one.session.leaseId());
        assertThat(get(waiting).isHeld()).isTrue();
        assertThat(outcome(b.lost())).isEqualTo(LossReason.REVOKED);
        CompletableFuture<EtcdGrant> last = acquire(two, 1);
        two.session.close();
        assertThat(failure(last)).isInstanceOf(SessionLostException.class);
        inQueue(0);
    }

    @Test
    void severalAtOnce_whilePermitsAreFree_getAllOfThem() {
        Party party = parties.join();
        limit(party).stated(6);
        get(acquire(party, 1)).close();
        List<CompletableFuture<Optional<EtcdGrant>>> tries = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            tries.add(CompletableFuture.supplyAsync(
                    () -> party.acquirer.tryAcquire(spec(1)), task -> new Thread(task).start()));
        }
        List<EtcdGrant> got = new ArrayList<>();
        tries.forEach(each -> get(each).ifPresent(got::add));
        assertThat(got).hasSize(6);
        got.forEach(EtcdGrant::close);
        inQueue(0);
    }
}
