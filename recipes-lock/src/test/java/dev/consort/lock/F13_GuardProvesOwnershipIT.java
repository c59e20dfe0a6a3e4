/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Grant;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere a guard that is meant to prove ownership also holds while its claim still waits. */
class F13_GuardProvesOwnershipIT {
    private final Party party = Party.join();
    private final Party there = Party.join();
    private final String name = Etcd.freshName();

    @AfterEach
    void leave() {
        there.close();
        party.close();
    }

    @Test
    void guard_canBeHadFromAGrantOnly() {
        assertThat(Arrays.stream(Mutex.class.getMethods())
                        .filter(method -> method.getReturnType().getSimpleName().startsWith("Guard")))
                .isEmpty();
    }

    /** The key is the same one, but it is another claim. */
    @Test
    void guard_ofAnEarlierGrant_refusesWhileTheSameSessionWaitsAgain() throws Exception {
        String key = name + "-value";
        Grant earlier = party.mutex(name).acquire();
        var prepared = earlier.guard().txn().put(key, "late");
        CompletableFuture<Grant> next = there.mutex(name).acquireAsync();
        Etcd.awaitClaims(name, 2);
        earlier.close();
        Grant holder = next.get(10, TimeUnit.SECONDS);
        CompletableFuture<Grant> again = party.mutex(name).acquireAsync();
        Etcd.awaitClaims(name, 2);

        assertThat(prepared.commit()).isFalse();
        assertThat(earlier.guard().txn().put(key, "later").commit()).isFalse();
        assertThat(holder.guard().txn().put(key, "holder").commit()).isTrue();

        holder.close();
        Grant later = again.get(10, TimeUnit.SECONDS);
        assertThat(later.guard().txn().put(key, "again").commit()).isTrue();
        later.close();
        assertThat(Etcd.process.etcdctl("get", key, "--print-value-only")).isEqualTo("again\n");
    }
}
