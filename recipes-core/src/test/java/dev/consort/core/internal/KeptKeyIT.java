/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.soon;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.core.internal.KeptKey.State;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.TxnRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A key that a process keeps, whatever becomes of its sessions and of the key. */
class KeptKeyIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();
    private final String key = Parties.name();
    private final Party party = parties.join();
    private final SessionFactory sessions = sessionsOf(party);
    private final List<State> states = new CopyOnWriteArrayList<>();

    private SessionFactory sessionsOf(Party of) {
        return parties.closing(SessionFactory.of(Session.builder(of.connection).ttl(Duration.ofSeconds(10))));
    }

    /** What the tests say of their key. */
    private record Mine(String key, boolean outlivesSessions, boolean takesOver) implements KeptKey.Terms {
        @Override
        public String recipe() {
            return "Test";
        }

        @Override
        public String name() {
            return key;
        }

        @Override
        public void check(EtcdSession session) {}

        @Override
        public RecipeException usedBy(Entry holder) {
            return new RecipeException(
                    "Test", key, "there is '" + holder.value().toStringUtf8() + "'", null);
        }

        @Override
        public RecipeException usedHere(State state) {
            return new RecipeException("Test", key, "this process has it, " + state, null);
        }
    }

    private KeptKey put(SessionFactory by, boolean outlives, boolean takesOver, String value) throws Exception {
        return parties.closing(KeptKey.put(by, new Mine(key, outlives, takesOver), value, Duration.ZERO));
    }

    private KeptKey kept() throws Exception {
        KeptKey kept = put(sessions, true, false, "1");
        kept.onState(states::add);
        return kept;
    }

    private void assertThere(String value, long lease) {
        assertThat(operator.below(key)).singleElement().satisfies(kv -> {
            assertThat(kv.getValue().toString(UTF_8)).isEqualTo(value);
            assertThat(kv.getLease()).isEqualTo(lease);
        });
    }

    private CallMatcher writes() {
        return CallMatcher.method("KV/Txn")
                .when(
                        TxnRequest.class,
                        txn -> txn.getSuccessList().stream()
                                .anyMatch(op -> op.getRequestPut()
                                                .getKey()
                                                .toStringUtf8()
                                                .equals(key)
                                        || op.getRequestDeleteRange()
                                                .getKey()
                                                .toStringUtf8()
                                                .equals(key)));
    }

    @Test
    void put_updated_closed() throws Exception {
        KeptKey kept = kept();
        assertThere("1", kept.leaseId());
        assertThat(kept.update("2")).isTrue();
        assertThat(kept.value()).isEqualTo("2");
        assertThere("2", kept.leaseId());
        assertThat(kept.ended().toCompletableFuture()).isNotDone();
        kept.close();
        kept.close();
        assertThat(operator.below(key)).isEmpty();
        assertThat(kept.ended().toCompletableFuture()).succeedsWithin(10, TimeUnit.SECONDS);
        assertThat(kept.lastFailure()).isEmpty();
        soon(() -> assertThat(states).containsExactly(State.PRESENT, State.GONE));
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> kept.update("3"));
    }

    @Test
    void sessionLost_comesBackWithTheNext() throws Exception {
        KeptKey kept = kept();
        long first = kept.leaseId();
        operator.revoke(first);
        soon(() -> assertThat(states).containsExactly(State.PRESENT, State.MISSING, State.PRESENT));
        assertThat(kept.leaseId()).isNotEqualTo(first);
        assertThere("1", kept.leaseId());
        assertThat(kept.lastFailure()).isPresent();
    }

    @Test
    void sessionLost_thatItDoesNotOutlive_ends() throws Exception {
        KeptKey kept = put(sessions, false, false, "1");
        operator.revoke(kept.leaseId());
        assertThat(kept.ended().toCompletableFuture())
                .failsWithin(10, TimeUnit.SECONDS)
                .withThrowableOfType(ExecutionException.class);
        assertThat(kept.state()).isEqualTo(State.GONE);
        assertThat(operator.below(key)).isEmpty();
    }

    @Test
    void deletedByAnother_comesBackAtOnce() throws Exception {
        KeptKey kept = kept();
        operator.delete(Operator.bytes(key));
        soon(() -> assertThere("1", kept.leaseId()));
        assertThat(kept.update("2")).isTrue();
        assertThere("2", kept.leaseId());
    }

    @Test
    void putByAnother_comesBackWhenThatHasGone() throws Exception {
        KeptKey kept = kept();
        operator.put(key, "theirs");
        soon(() -> assertThat(kept.state()).isEqualTo(State.MISSING));
        assertThat(kept.update("2")).isFalse();
        assertThere("theirs", 0);
        operator.delete(Operator.bytes(key));
        soon(() -> assertThere("2", kept.leaseId()));
        soon(() -> assertThat(kept.state()).isEqualTo(State.PRESENT));
    }

    @Test
    void heldByAnother_isRefused_orTakenOver() throws Exception {
        KeptKey kept = kept();
        SessionFactory theirs = sessionsOf(parties.join());
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> put(theirs, true, false, "theirs"))
                .withMessageContaining("there is '1'");
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> put(sessions, true, true, "twice"))
                .withMessageContaining("this process has it, PRESENT");
        KeptKey next = put(theirs, true, true, "theirs");
        assertThere("theirs", next.leaseId());
        soon(() -> assertThat(kept.state()).isEqualTo(State.MISSING));
        kept.close();
        assertThere("theirs", next.leaseId()); // it is not its own to delete
    }

    @Test
    void answersLost_areOnePutAndOneDeletion() throws Exception {
        CallFault put = party.faults.loseNextReply(writes());
        KeptKey kept = kept();
        assertThat(put.hits()).isEqualTo(1);
        assertThat(operator.below(key))
                .singleElement()
                .satisfies(kv -> assertThat(kv.getVersion()).isEqualTo(1));
        CallFault deletion = party.faults.loseNextReply(writes());
        kept.close();
        assertThat(deletion.hits()).isEqualTo(1);
        assertThat(operator.below(key)).isEmpty();
    }

    @Test
    void putLandsAfterTheClose_staysAway() throws Exception {
        CallFault copy = party.faults.next(writes()).duplicateOnRelease();
        KeptKey kept = kept();
        kept.close();
        copy.release();
        var unused = Waits.get(copy.landed());
        assertThat(operator.below(key)).isEmpty();
    }

    @Test
    void put_interrupted_leavesNothing() {
        operator.put(key, "theirs");
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class)
                .isThrownBy(() -> KeptKey.put(sessions, new Mine(key, true, false), "1", Duration.ofDays(1)));
        operator.delete(Operator.bytes(key));
        assertThat(operator.below(key)).isEmpty();
    }
}
