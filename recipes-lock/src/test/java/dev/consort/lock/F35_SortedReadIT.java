/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Grant;
import io.etcd.jetcd.Txn;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Elsewhere "the first by create revision", read in the transaction that acquires, makes the server load and sort all
 * waiters while everybody's writes wait.
 */
@Isolated
class F35_SortedReadIT {
    private static final int CLAIMS = 10_000;

    private final List<Party> parties = new ArrayList<>();
    private final String name = Etcd.freshName();

    private Party join() {
        Party party = Party.join();
        parties.add(party);
        return party;
    }

    @AfterEach
    void leave() {
        parties.forEach(Party::close);
    }

    /** Every kind of step, with and without faults. */
    @Test
    void writeTransactions_ofEveryStep_readNothingSorted() throws Exception {
        Grant holder = join().mutex(name).acquire();
        List<CompletableFuture<Grant>> waiting = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            waiting.add(join().mutex(name).acquireAsync());
            Etcd.awaitClaims(name, 2 + i);
        }
        Party party = join();
        party.faults.loseNextReply(Calls.acquiring(party.claim(name)));
        assertThat(party.mutex(name).tryAcquire()).isEmpty();
        assertThat(party.mutex(name).tryAcquire(Duration.ofMillis(150))).isEmpty();
        parties.get(2).faults.loseNextReply(Calls.releasing(parties.get(2).claim(name)));
        holder.close();
        for (CompletableFuture<Grant> each : waiting) {
            each.get(10, TimeUnit.SECONDS).close();
        }
        Etcd.awaitClaims(name, 0);

        List<TxnRequest> writes = parties.stream()
                .flatMap(each -> each.sent.txns().stream())
                .map(Sent.Txn::request)
                .filter(txn -> Calls.operations(txn).stream().anyMatch(op -> !op.hasRequestRange()))
                .toList();
        assertThat(writes).hasSizeGreaterThan(20);
        assertThat(writes.stream()
                        .flatMap(txn -> Calls.operations(txn).stream())
                        .filter(RequestOp::hasRequestRange)
                        .map(RequestOp::getRequestRange))
                .allSatisfy(range -> {
                    assertThat(range.getSortOrder()).isEqualTo(RangeRequest.SortOrder.NONE);
                    boolean many = !range.getRangeEnd().isEmpty();
                    assertThat(range.getLimit()).isBetween(many ? 1L : 0L, 65L);
                });
    }

    @Test
    void acquire_behindTenThousandClaims_costsTheServerLittleMoreThanBehindOne() {
        long lease = Etcd.grantLease(600);
        for (int from = 0; from < CLAIMS; from += 100) {
            Txn txn = Etcd.client.getKVClient().txn();
            for (int i = from; i < from + 100; i++) {
                txn = txn.Then(Op.put(
                        Etcd.bytes(name + "/" + Integer.toHexString(0x10000 + i)),
                        Etcd.bytes(""),
                        PutOption.builder().withLeaseId(lease).build()));
            }
            Etcd.answer(txn.commit());
        }
        Party party = join();
        String few = name + "-few";
        Etcd.put(few + "/" + Long.toHexString(lease), lease);
        for (int i = 0; i < 41; i++) {
            assertThat(party.mutex(name).tryAcquire()).isEmpty();
            assertThat(party.mutex(few).tryAcquire()).isEmpty();
        }
        Duration behindMany = quickAcquire(party, name);
        Duration behindOne = quickAcquire(party, few);
        // With a sorted read it was 8 to 13 times as long.
        assertThat(behindMany).as("behind one: %s", behindOne).isLessThan(behindOne.multipliedBy(3));
        Etcd.revoke(lease);
    }

    /** The lower decile of the times of the transaction that puts the claim: what it takes if nothing else goes on. */
    private static Duration quickAcquire(Party party, String lock) {
        List<Long> nanos = party.sent.txns().stream()
                .filter(sent -> sent.request().getSuccessList().stream()
                        .anyMatch(
                                op -> op.getRequestPut().getKey().toStringUtf8().equals(party.claim(lock))))
                .map(Sent.Txn::nanos)
                .sorted()
                .toList();
        assertThat(nanos).hasSizeGreaterThan(20);
        return Duration.ofNanos(nanos.get(nanos.size() / 10));
    }
}
