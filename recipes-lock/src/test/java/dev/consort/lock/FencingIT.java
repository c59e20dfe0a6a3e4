/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.FencingToken;
import dev.consort.core.Grant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tokens that only grow (also F40: they leave no keys, do not start anew, and are no lease ids). */
class FencingIT {
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

    @Test
    void tokens_ofSeveralProcessesAndThreads_strictlyIncrease() {
        List<FencingToken> tokens = Collections.synchronizedList(new ArrayList<>());
        List<OtherThread> threads = new ArrayList<>();
        List<Future<Boolean>> all = new ArrayList<>();
        int rounds = 30;
        for (int i = 0; i < 3; i++) {
            Party party = join();
            for (int k = 0; k < 3; k++) {
                OtherThread thread = new OtherThread();
                threads.add(thread);
                all.add(thread.start(() -> {
                    for (int n = 0; n < rounds; n++) {
                        try (Grant grant = party.mutex(name).acquire()) {
                            tokens.add(grant.token());
                        }
                    }
                }));
            }
        }
        all.forEach(OtherThread::result);
        threads.forEach(OtherThread::close);
        assertThat(tokens).hasSize(9 * rounds).isSorted().doesNotHaveDuplicates();
        assertThat(tokens.stream().map(FencingToken::toLong)).isSorted();
        assertThat(Etcd.claims(name)).isEmpty();
    }

    @Test
    void tokens_afterTheKeyWasDeletedAndTheSessionClosed_goOnGrowing() throws InterruptedException {
        long last = 0;
        for (int i = 0; i < 5; i++) {
            Party party = join();
            try (Grant grant = party.mutex(name).acquire()) {
                assertThat(grant.token().toLong()).isGreaterThan(last);
                assertThat(grant.token().revision())
                        .isEqualTo(Etcd.claims(name).get(0).getCreateRevision());
                last = grant.token().toLong();
            }
            assertThat(Etcd.claims(name)).isEmpty();
            party.close();
        }
    }

    @Test
    void guard_ofAnEarlierGrant_isRefusedAfterALaterAcquisition() throws Exception {
        String key = name + "-value";
        Party here = join();
        Party there = join();
        Grant first = here.mutex(name).acquire();
        var late = first.guard().txn().put(key, "first, late");
        var lost = first.guard().txn().put(key, "first, after its lease");
        Etcd.delete(Etcd.bytes(here.claim(name)));
        try (Grant second = there.mutex(name).acquire()) {
            assertThat(second.guard().txn().put(key, "second").commit()).isTrue();
            assertThat(late.commit()).isFalse();
        }
        try (Grant third = here.mutex(name).acquire()) {
            assertThat(lost.commit()).isFalse();
            assertThat(third.guard().txn().put(key, "third").commit()).isTrue();
        }
        assertThat(Etcd.process.etcdctl("get", key, "--print-value-only")).isEqualTo("third\n");
    }

    /** The sequence of local hand-overs has 20 bits; then the claim is made anew. */
    @Test
    @Tag("long")
    void tokens_afterAMillionLocalHandOvers_goOnGrowing() throws Exception {
        Party party = join();
        Mutex mutex = party.mutex(name);
        FencingToken last = new FencingToken(1, 0);
        CompletableFuture<Grant> next = mutex.acquireAsync();
        for (int i = 0; i < FencingToken.MAX_SEQUENCE + 100; i++) {
            Grant grant = next.get(10, TimeUnit.SECONDS);
            if (grant.token().compareTo(last) <= 0) {
                throw new AssertionError(grant.token() + " after " + last);
            }
            last = grant.token();
            next = mutex.acquireAsync();
            grant.close();
        }
        next.get(10, TimeUnit.SECONDS).close();
        assertThat(last.sequence()).isLessThan(200);
    }
}
