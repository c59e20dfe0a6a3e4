/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a view of a service does, on any server. */
abstract class InstancerContract {
    private final Server server = server();
    private final Party party = server.join();
    private final String name = Server.freshName();
    private final String prefix = "/services/" + name + "/";
    private final ServiceLayout<String> layout = ServiceLayout.goKit(prefix);

    abstract Server server();

    @AfterEach
    void leave() {
        party.close();
    }

    @Test
    void instances_areThereAtOnceAndSorted() {
        server.put(prefix + "1", "http://b:1");
        server.put(prefix + "2", "http://a:1");
        server.put("/services/" + name + "2/1", "http://other:1");
        try (Instancer<String> instancer = party.look(layout)) {
            assertThat(instancer.current()).isEqualTo(InstanceSet.of(List.of("http://a:1", "http://b:1")));
        }
    }

    @Test
    void openedWithoutBlocking_hasTheSetAsWell() throws Exception {
        server.put(prefix + "1", "a");
        try (Instancer<String> instancer = Server.answer(Instancer.openAsync(party.connection, layout))) {
            assertThat(instancer.current()).isEqualTo(InstanceSet.of(List.of("a")));
        }
        party.faults.every(CallMatcher.method("KV/Range")).delay(Duration.ofSeconds(2));
        CompletableFuture<Instancer<String>> cancelled =
                Instancer.openAsync(party.connection, ServiceLayout.goKit(prefix + "other"));
        assertThat(cancelled.cancel(false)).isTrue();
        party.faults.clear();
        await().until(() -> party.log.counts().watchesOpen() <= 1);
    }

    @Test
    void noInstances_areASetToo() {
        try (Instancer<String> instancer = party.look(layout)) {
            assertThat(instancer.current()).isEqualTo(InstanceSet.of(List.of()));
        }
    }

    @Test
    void subscriber_isToldThePresentSetAndEachChange() throws Exception {
        server.put(prefix + "1", "a");
        try (Instancer<String> instancer = party.look(layout)) {
            Told<String> told = new Told<>();
            try (Subscription subscription = instancer.subscribe(told)) {
                assertThat(told.nextGood()).containsExactly("a");
                server.put(prefix + "2", "b");
                assertThat(told.nextGood()).containsExactly("a", "b");
                server.put(prefix + "1", "c");
                assertThat(told.nextGood()).containsExactly("b", "c");
                server.delete(prefix + "2");
                assertThat(told.nextGood()).containsExactly("c");
                server.delete(prefix + "1");
                assertThat(told.nextGood()).isEmpty();
                assertThat(instancer.current().instances()).isEmpty();
                assertThat(subscription).isNotNull();
            }
        }
    }

    /** Neither a value that is written again nor one that two keys have makes another set. */
    @Test
    void equalSet_isNotToldAgain() throws Exception {
        server.put(prefix + "1", "a");
        try (Instancer<String> instancer = party.look(layout)) {
            Told<String> told = new Told<>();
            instancer.subscribe(told);
            assertThat(told.nextGood()).containsExactly("a");
            server.put(prefix + "1", "a");
            server.put(prefix + "2", "a");
            server.delete(prefix + "1");
            server.put(prefix + "3", "b");
            assertThat(told.nextGood()).containsExactly("a", "b");
            assertThat(told.all).hasSize(2);
        }
    }

    /** What one transaction changes is never seen in part. */
    @Test
    void changesOfARevision_areOneSet() throws Exception {
        server.put(prefix + "1", "a");
        try (Instancer<String> instancer = party.look(layout)) {
            Told<String> told = new Told<>();
            instancer.subscribe(told);
            assertThat(told.nextGood()).containsExactly("a");
            server.commit(
                    Op.delete(Server.bytes(prefix + "1"), DeleteOption.DEFAULT),
                    Op.put(Server.bytes(prefix + "2"), Server.bytes("b"), PutOption.DEFAULT));
            assertThat(told.nextGood()).containsExactly("b");
        }
    }

    /** A foreign writer harms its own instance only, and whoever looks learns of it. */
    @Test
    void malformedValue_isLeftOutAndReported() throws Exception {
        ServiceLayout<ServiceInstance> json = ServiceLayout.json(name, "orders");
        ServiceInstance good = ServiceInstance.of("orders", "good", "h", 1);
        server.put(name + "/orders/good", json.encode(good));
        server.put(name + "/orders/bad", "{\"name\":\"orders\",");
        server.put(name + "/orders/none", ByteSequence.from(new byte[] {(byte) 0xff, 0}));
        try (Instancer<ServiceInstance> instancer = party.look(json)) {
            Told<ServiceInstance> told = new Told<>();
            instancer.subscribe(told);
            assertThat(told.nextGood()).containsExactly(good);
            assertThat(instancer.invalid())
                    .extracting(InvalidInstanceException::key)
                    .containsExactly(name + "/orders/bad", name + "/orders/none");
            assertThat(instancer.invalid().get(0)).hasMessageContaining("no JSON");
            server.put(name + "/orders/good", "7");
            assertThat(told.nextGood()).isEmpty();
            server.delete(name + "/orders/bad");
            server.delete(name + "/orders/none");
            server.put(name + "/orders/good", json.encode(good));
            assertThat(told.nextGood()).containsExactly(good);
            assertThat(instancer.invalid()).isEmpty();
        }
    }

    /** A layout of the user's own may throw what it likes. */
    @Test
    void layoutThatThrows_harmsNobody() throws Exception {
        server.put(prefix + "1", "7");
        server.put(prefix + "2", "x");
        ServiceLayout<String> picky = new PickyLayout(prefix);
        try (Instancer<String> instancer = party.look(picky)) {
            assertThat(instancer.current()).isEqualTo(InstanceSet.of(List.of("7")));
            assertThat(instancer.invalid())
                    .extracting(InvalidInstanceException::key)
                    .containsExactly(prefix + "2");
        }
    }

    private record PickyLayout(String prefix) implements ServiceLayout<String> {
        @Override
        public String key(String instance) {
            return prefix + instance;
        }

        @Override
        public String encode(String instance) {
            return instance;
        }

        @Override
        public String decode(String key, String value) {
            return String.valueOf(Integer.parseInt(value));
        }

        @Override
        public Comparator<String> order() {
            return Comparator.naturalOrder();
        }
    }

    /** S37: the one that blocks or throws is alone with that. */
    @Test
    void subscriberThatBlocksOrThrows_holdsUpNobody() throws Exception {
        try (Instancer<String> instancer = party.look(layout)) {
            CountDownLatch release = new CountDownLatch(1);
            instancer.subscribe(set -> await().until(() -> release.getCount() == 0));
            instancer.subscribe(set -> {
                throw new IllegalStateException("meant");
            });
            Told<String> told = new Told<>();
            instancer.subscribe(told);
            assertThat(told.nextGood()).isEmpty();
            server.put(prefix + "1", "a");
            assertThat(told.nextGood()).containsExactly("a");
            release.countDown();
        }
    }

    @Test
    void ownExecutor_runsTheListeners() throws Exception {
        ScheduledExecutorService own = Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "own"));
        Queue<String> threads = new ConcurrentLinkedQueue<>();
        try (Instancer<String> instancer = Instancer.open(party.connection, layout, own)) {
            instancer.subscribe(set -> threads.add(Thread.currentThread().getName()));
            server.put(prefix + "1", "a");
            await().until(() -> threads.size() == 2);
            assertThat(threads).containsOnly("own");
        } finally {
            own.shutdownNow();
        }
    }

    @Test
    void closed_keepsTheLastSetAndTellsNothing() throws Exception {
        server.put(prefix + "1", "a");
        Instancer<String> instancer = party.look(layout);
        Told<String> told = new Told<>();
        Subscription subscription = instancer.subscribe(told);
        assertThat(told.nextGood()).containsExactly("a");
        instancer.close();
        instancer.close();
        subscription.close();
        server.put(prefix + "2", "b");
        assertThat(instancer.current().instances()).containsExactly("a");
        assertThat(instancer.current().error()).isPresent();
        assertThatIllegalStateException().isThrownBy(() -> instancer.subscribe(told));
        assertThat(told.all).hasSize(1);
        await().until(() -> party.log.counts().watchesOpen() <= 1); // the connection has one of its own
    }

    /** Not even by an executor that runs what it gets at once. */
    @Test
    void closed_tellsNothingOfItself() throws Exception {
        server.put(prefix + "1", "a");
        Instancer<String> instancer = Instancer.open(party.connection, layout, Runnable::run);
        Told<String> told = new Told<>();
        instancer.subscribe(told);
        assertThat(told.nextGood()).containsExactly("a");
        instancer.close();
        assertThat(instancer.current().error()).isPresent();
        assertThat(told.all).hasSize(1);
    }

    @Test
    void closedConnection_isAnErrorAndTheSetStays() throws Exception {
        server.put(prefix + "1", "a");
        Instancer<String> instancer = party.look(layout);
        Told<String> told = new Told<>();
        instancer.subscribe(told);
        assertThat(told.nextGood()).containsExactly("a");
        party.connection.close();
        InstanceSet<String> last = told.next();
        assertThat(last.instances()).containsExactly("a");
        assertThat(last.error()).isPresent();
        assertThat(last.error().orElseThrow()).hasMessageContaining("connection is closed");
        assertThatIllegalStateException().isThrownBy(() -> party.look(layout));
    }

    /** Many subscribers, who come and go while the set changes: each sees it end as it is. */
    @Test
    void subscribersWhoComeAndGo_allSeeTheEnd() throws Exception {
        try (Instancer<String> instancer = party.look(layout)) {
            List<Told<String>> all = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                Told<String> told = new Told<>();
                all.add(told);
                Subscription subscription = instancer.subscribe(told);
                server.put(prefix + i, "a" + i);
                if (i % 5 == 0) {
                    subscription.close();
                }
            }
            List<String> last = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                last.add("a" + i);
            }
            last.sort(null);
            for (int i = 0; i < 50; i++) {
                if (i % 5 != 0) {
                    all.get(i).awaitGood(last);
                }
            }
        }
    }

    /** Instances that come and go as fast as they can. */
    @Test
    void flapping_endsInTheTruth() throws Exception {
        try (Instancer<String> instancer = party.look(layout)) {
            Told<String> told = new Told<>();
            instancer.subscribe(told);
            for (int i = 0; i < 100; i++) {
                server.put(prefix + "flaps", "a");
                server.delete(prefix + "flaps");
            }
            server.put(prefix + "stays", "b");
            told.awaitGood(List.of("b"));
            for (int i = 1; i < told.all.size(); i++) {
                assertThat(told.all.get(i)).isNotEqualTo(told.all.get(i - 1));
            }
            assertThat(told.all).allSatisfy(set -> assertThat(set.error()).isEmpty());
        }
    }

    @Test
    void expiredInstance_leaves() throws Exception {
        long lease = server.grant(Duration.ofSeconds(60));
        server.put(prefix + "1", "a", lease);
        try (Instancer<String> instancer = party.look(layout)) {
            Told<String> told = new Told<>();
            instancer.subscribe(told);
            assertThat(told.nextGood()).containsExactly("a");
            server.revoke(lease);
            assertThat(told.nextGood()).isEmpty();
        }
    }
}
