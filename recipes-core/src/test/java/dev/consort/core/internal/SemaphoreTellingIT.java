/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.consort.core.Session;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** More are told of their permits than one transaction carries, and who tells them gets no further than the first. */
@Execution(ExecutionMode.CONCURRENT)
class SemaphoreTellingIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();
    private final String name = Parties.name();
    private final AtomicInteger tells = new AtomicInteger();

    private CompletableFuture<EtcdGrant> acquire(EtcdSession session) {
        ClaimSpec one = ClaimSpec.permits("Test", name, () -> ByteString.copyFromUtf8("a test"), 1);
        return new Acquirer<>(session, grant -> grant).acquireAsync(one);
    }

    private EtcdSession sessionOf(Party party) {
        return EtcdSession.of(parties.closing(Session.builder(party.connection).open()));
    }

    /** Who waits, in order; each has a session of its own. */
    private List<CompletableFuture<EtcdGrant>> waiting(int count, int before) {
        Party party = parties.join();
        List<CompletableFuture<EtcdGrant>> waiting = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            waiting.add(acquire(sessionOf(party)));
            int present = 1 + before + waiting.size();
            soon(() -> assertThat(operator.claims(name)).hasSize(present));
        }
        return waiting;
    }

    private boolean isTell(TxnRequest txn) {
        ByteString mailboxes = ByteString.copyFromUtf8("consort/session/");
        return txn.getSuccessList().stream()
                .filter(RequestOp::hasRequestPut)
                .anyMatch(op -> op.getRequestPut().getKey().startsWith(mailboxes));
    }

    /** Nothing of what it tells arrives after so many transactions. */
    private void fallsSilent(Party teller, int after) {
        teller.faults
                .every(CallMatcher.method("KV/Txn")
                        .when(TxnRequest.class, txn -> isTell(txn) && tells.incrementAndGet() > after))
                .loseRequest();
    }

    @Test
    void limitRaised_forMoreThanATransactionCarries_nobodyIsForgotten() {
        Party teller = parties.join();
        SemaphoreLimit limit = new SemaphoreLimit(teller.session, "Test", name);
        limit.stated(1);
        EtcdGrant held = get(acquire(teller.session));
        List<CompletableFuture<EtcdGrant>> waiting = waiting(45, 1);
        assertThat(waiting).noneMatch(CompletableFuture::isDone);
        fallsSilent(teller, 1);
        limit.change(60);
        waiting.forEach(each -> assertThat(get(each).isHeld()).isTrue());
        soon(() ->
                assertThat(tells).hasValueGreaterThan(1)); // the first may be answered after all of them were granted
        assertThat(held.isHeld()).isTrue();
    }

    /** A claim of a program that has no mailbox keeps it from telling all at once. */
    @Test
    void limitRaised_someCannotBeTold_nobodyBehindThemIsForgotten() {
        Party teller = parties.join();
        SemaphoreLimit limit = new SemaphoreLimit(teller.session, "Test", name);
        limit.stated(1);
        EtcdGrant held = get(acquire(teller.session));
        long foreign = operator.grant(60);
        operator.put(name + "/permits:" + Long.toHexString(foreign) + ":0:1", "", foreign);
        List<CompletableFuture<EtcdGrant>> waiting = waiting(3, 2);
        assertThat(waiting).noneMatch(CompletableFuture::isDone);
        // All; itself with the foreign one, and alone; the foreign one with the next, and alone; the next with one
        // more.
        fallsSilent(teller, 6);
        limit.change(9);
        waiting.forEach(each -> assertThat(get(each).isHeld()).isTrue());
        soon(() -> assertThat(tells).hasValueGreaterThan(6));
        assertThat(held.isHeld()).isTrue();
        operator.revoke(foreign);
    }
}
