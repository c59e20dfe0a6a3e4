/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.consort.core.Grant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Names that clash, and names that look odd (S39). */
class NamesIT {
    private final Party party = Party.join();
    private final Party there = Party.join();
    private final String name = Etcd.freshName();

    @AfterEach
    void leave() {
        there.close();
        party.close();
    }

    @Test
    void names_thatNest_areRefusedWhileBothAreInUse() throws InterruptedException {
        Mutex outer = party.mutex(name);
        Mutex inner = party.mutex(name + "/sub/deep");
        try (Grant grant = outer.acquire()) {
            assertThat(grant.isHeld()).isTrue();
            assertThatIllegalArgumentException()
                    .isThrownBy(inner::acquire)
                    .withMessageContaining("'" + name + "/sub/deep'")
                    .withMessageContaining("'" + name + "'");
            assertThatIllegalArgumentException().isThrownBy(() -> inner.asLock().lock());
        }
        try (Grant grant = inner.acquire()) {
            assertThat(grant.isHeld()).isTrue();
            assertThatIllegalArgumentException().isThrownBy(outer::tryAcquire);
            assertThat(party.mutex(name + "/sub/other").tryAcquire()).isPresent();
        }
        party.mutex(name + "/sub/other").tryAcquire().ifPresent(Grant::close);
    }

    @Test
    void names_withACommonBeginning_areDifferentLocks() throws InterruptedException {
        List<Grant> grants = new ArrayList<>();
        for (String each : List.of("", "x", "-", ".", "0", " ", "\u0000")) {
            grants.add(there.mutex(name + each).acquire());
        }
        for (Grant grant : grants) {
            assertThat(grant.isHeld()).isTrue();
            grant.close();
        }
    }

    @Test
    void names_ofOddCharactersOrGreatLength_areLocksLikeAnyOther() throws Exception {
        for (String odd : List.of(
                name + " with spaces\tand\nlines",
                name + "\u0000\u0001\u007f",
                name + "-\u00e4\u00f6\u00fc-\u65e5\u672c-\ud83d\ude80",
                name + "/\u0000/\uffff",
                name + "/..",
                name + "-" + "x".repeat(4000))) {
            Grant grant = there.mutex(odd).acquire();
            assertThat(Etcd.claims(odd)).hasSize(1);
            CompletableFuture<Grant> waiting = party.mutex(odd).acquireAsync();
            Etcd.awaitClaims(odd, 2);
            assertThat(waiting).isNotDone();
            assertThat(party.mutex(odd).owner())
                    .hasValueSatisfying(owner -> assertThat(owner.key()).isEqualTo(there.claim(odd)));
            grant.close();
            waiting.get(10, TimeUnit.SECONDS).close();
            assertThat(Etcd.claims(odd)).isEmpty();
        }
    }
}
