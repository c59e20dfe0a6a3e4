/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.failure;
import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.core.RecipeException;
import dev.consort.core.SessionLostException;
import dev.consort.core.internal.PrefixView.Entry;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Waiting for what the keys below a name will say: here, for so many of them. */
@Execution(ExecutionMode.CONCURRENT)
class RendezvousIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = SharedEtcd.operator();
    private final String name = Parties.name();
    private final CopyOnWriteArrayList<Integer> unwanted = new CopyOnWriteArrayList<>();

    private static final Rendezvous.Recipe<Integer> COUNT = (Collection<Entry> keys, long revision) -> {
        if (keys.stream().anyMatch(key -> key.key().toStringUtf8().endsWith("/foreign"))) {
            throw new RecipeException("Test", "count", "a foreign key", null);
        }
        return keys.size();
    };

    private final class Enough extends Wait<Integer, Integer> {
        private final int enough;

        Enough(int enough) {
            this.enough = enough;
        }

        @Override
        protected void look(Integer state) {
            if (state >= enough) {
                pass(state);
            } else {
                mustWait();
            }
        }

        @Override
        protected void unwanted(Integer value) {
            unwanted.add(value);
        }
    }

    private Rendezvous<Integer> place(Party party) {
        return new Rendezvous<>(party.session, "Test", name, COUNT);
    }

    private Waiting<Integer> waiting(Party party) {
        return new Waiting<>(place(party));
    }

    private void put(int key) {
        operator.put(name + "/" + key, "");
    }

    @Test
    void await_passesWhenTheKeysSaySo() throws InterruptedException {
        Waiting<Integer> waiting = waiting(parties.join());
        CompletableFuture<Integer> two = waiting.awaitAsync(new Enough(2));
        put(1);
        assertThat(waiting.await(new Enough(1))).isEqualTo(1);
        assertThat(two).isNotDone();
        put(2);
        assertThat(get(two)).isEqualTo(2);
        assertThat(waiting.answer(new Enough(2))).isEqualTo(2);
    }

    @Test
    void await_timesOut_isInterrupted_isCancelled() throws InterruptedException {
        Waiting<Integer> waiting = waiting(parties.join());
        assertThat(waiting.await(new Enough(1), Duration.ZERO)).isEmpty();
        assertThat(waiting.await(new Enough(1), Duration.ofMillis(20))).isEmpty();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> waiting.await(new Enough(1))).isInstanceOf(InterruptedException.class);
        CompletableFuture<Integer> cancelled = waiting.awaitAsync(new Enough(1));
        cancelled.cancel(false);
        put(1);
        assertThat(waiting.await(new Enough(1), Duration.ofSeconds(10))).hasValue(1);
        assertThat(unwanted).isEmpty();
    }

    @Test
    void foreignKey_failsWhoWaits() {
        Waiting<Integer> waiting = waiting(parties.join());
        CompletableFuture<Integer> one = waiting.awaitAsync(new Enough(2));
        operator.put(name + "/foreign", "");
        assertThat(failure(one)).isInstanceOf(RecipeException.class).hasMessageContaining("foreign");
    }

    @Test
    void sessionEnds_failsWhoWaits() {
        Party party = parties.join();
        Waiting<Integer> waiting = waiting(party);
        CompletableFuture<Integer> one = waiting.awaitAsync(new Enough(1));
        party.session.close();
        assertThat(failure(one)).isInstanceOf(SessionLostException.class);
        assertThat(failure(waiting.awaitAsync(new Enough(1)))).isInstanceOf(SessionLostException.class);
    }

    @Test
    void step_isTakenOnceAndOnItsConditions() {
        Party party = parties.join();
        Rendezvous<Integer> place = place(party);
        CompletableFuture<Step.Answer> first = new CompletableFuture<>();
        CompletableFuture<Step.Answer> second = new CompletableFuture<>();
        String key = name + "/1";
        place.take(
                Step.on(place.connection()).ifCreated(key, 0).put(key, "x").otherwiseRead(key),
                first::complete,
                first::completeExceptionally);
        assertThat(get(first).applied()).isTrue();
        place.take(
                Step.on(place.connection()).ifCreated(key, 0).delete(key).otherwiseRead(key),
                second::complete,
                second::completeExceptionally);
        assertThat(get(second).applied()).isFalse();
        assertThat(get(second).read()).isPresent();
        assertThat(place.now()).isEqualTo(1);
        CompletableFuture<Step.Answer> third = new CompletableFuture<>();
        place.take(Step.on(place.connection()).deleteBelow(name + "/"), third::complete, third::completeExceptionally);
        assertThat(get(third).applied()).isTrue();
        soon(() -> assertThat(place.now()).isZero());
    }

    @Test
    void sessionEnd_isToldFromADeletedKey() {
        Party asking = parties.join();
        Party ending = parties.join();
        long lease = ending.session.leaseId();
        operator.put(name + "/1", "", lease);
        long deleted = operator.delete(Operator.bytes(name + "/1"));
        CompletableFuture<Boolean> alone = new CompletableFuture<>();
        SessionEnd.tell(asking.session, lease, deleted, alone::complete);
        assertThat(get(alone)).isFalse();
        operator.put(name + "/1", "", lease);
        ending.session.close();
        long gone = operator.deleteBelow("nothing-there/");
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        SessionEnd.tell(asking.session, lease, gone, ended::complete);
        assertThat(get(ended)).isTrue();
    }
}
