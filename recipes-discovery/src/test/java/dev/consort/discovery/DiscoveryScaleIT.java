/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.testkit.CallCounts;
import dev.consort.testkit.Times;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** What discovery costs, as the page says, and how it does with 10,000 instances of 500 services. */
@Isolated("counts requests, and measures time")
class DiscoveryScaleIT {
    private static final int SERVICES = 500;
    private static final int EACH = 20;
    private static final int SUBSCRIBERS = 100;
    private static final int CHANGES = 40;

    private final Server server = Server.real();
    private final Party party = server.join();
    private final Party writer = server.join();
    private final String root = Server.freshName();

    @AfterEach
    void leave() {
        party.close();
        writer.close();
    }

    private ServiceLayout<ServiceInstance> layout(int service) {
        return ServiceLayout.json(root, "s" + service);
    }

    private void fill() {
        KV kv = writer.client.getKVClient();
        List<CompletableFuture<TxnResponse>> all = new ArrayList<>();
        for (int service = 0; service < SERVICES; service++) {
            ServiceLayout<ServiceInstance> layout = layout(service);
            String name = "s" + service;
            all.add(kv.txn()
                    .Then(IntStream.range(0, EACH)
                            .mapToObj(i -> ServiceInstance.of(name, "i" + i, "10.0.0." + i, 8080))
                            .map(instance -> Op.put(
                                    Server.bytes(layout.key(instance)),
                                    Server.bytes(layout.encode(instance)),
                                    PutOption.DEFAULT))
                            .toArray(Op[]::new))
                    .commit());
        }
        all.forEach(Server::answer);
    }

    private static Duration since(long begun) {
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    /** The better of two times, since the machine may have other work as well. */
    @Test
    void tenThousandInstances_areLoadedWithinTwoSeconds() {
        fill();
        Duration together = min(this::loadTogether, this::loadTogether);
        Duration apart = min(this::loadApart, this::loadApart);
        System.out.println("10,000 instances: with one watch in " + together.toMillis() + " ms, 500 services in "
                + apart.toMillis() + " ms");
        assertThat(together).isLessThan(Duration.ofSeconds(2));
        assertThat(apart).isLessThan(Duration.ofSeconds(2));
    }

    private static Duration min(Supplier<Duration> once, Supplier<Duration> again) {
        Duration first = once.get();
        Duration second = again.get();
        return first.compareTo(second) < 0 ? first : second;
    }

    private Duration loadTogether() {
        CallCounts before = party.log.counts();
        long begun = System.nanoTime();
        try (Instancer<ServiceInstance> all = party.look(ServiceLayout.json(root))) {
            Duration took = since(begun);
            assertThat(all.current().instances()).hasSize(SERVICES * EACH);
            await().until(() -> party.log.counts().since(before).watchCreates() == 1);
            return took;
        }
    }

    private Duration loadApart() {
        CallCounts before = party.log.counts();
        long begun = System.nanoTime();
        List<Instancer<ServiceInstance>> each = IntStream.range(0, SERVICES)
                .mapToObj(service -> Instancer.openAsync(party.connection, layout(service)))
                .toList()
                .stream()
                .map(Server::answer)
                .toList();
        Duration took = since(begun);
        assertThat(each)
                .allSatisfy(service -> assertThat(service.current().instances()).hasSize(EACH));
        await().until(() -> party.log.counts().since(before).watchCreates() == SERVICES);
        each.forEach(Instancer::close);
        await().until(() -> party.log.counts().watchesOpen() <= 1);
        return took;
    }

    /** From the moment at which etcd is asked, on loopback, until the last of a hundred knows: the median of many changes. */
    @Test
    void change_isSeenByAHundredSubscribersWithin50Millis() throws Exception {
        fill();
        try (Instancer<ServiceInstance> service = party.look(layout(0));
                Instancer<ServiceInstance> all = party.look(ServiceLayout.json(root))) {
            Times.assertPrompt(Duration.ofMillis(50), () -> median("a service", service));
            Times.assertPrompt(Duration.ofMillis(50), () -> median("10,000 instances", all));
        }
    }

    private Duration median(String of, Instancer<ServiceInstance> instancer) throws Exception {
        long[] took = measure(instancer);
        System.out.println("A change of " + of + " is seen by " + SUBSCRIBERS + " subscribers after "
                + took[CHANGES / 2] + " ms, at most " + took[CHANGES - 1] + " ms");
        return Duration.ofMillis(took[CHANGES / 2]);
    }

    private long[] measure(Instancer<ServiceInstance> instancer) throws Exception {
        AtomicLong wanted = new AtomicLong(-1);
        CountDownLatch[] all = {new CountDownLatch(SUBSCRIBERS)};
        List<Subscription> subscriptions = new ArrayList<>();
        for (int i = 0; i < SUBSCRIBERS; i++) {
            AtomicLong mine = new AtomicLong(-1);
            subscriptions.add(instancer.subscribe(set -> {
                long weight = set.instances().get(0).weight();
                if (mine.getAndSet(weight) != weight && weight == wanted.get()) {
                    all[0].countDown();
                }
            }));
        }
        ServiceInstance first = instancer.current().instances().get(0);
        long[] took = new long[CHANGES];
        for (int i = 0; i < CHANGES; i++) {
            int weight = 100 + i;
            all[0] = new CountDownLatch(SUBSCRIBERS);
            wanted.set(weight);
            ServiceInstance next = first.withWeight(weight);
            long begun = System.nanoTime();
            server.put(layout(0).key(next), layout(0).encode(next));
            assertThat(all[0].await(20, TimeUnit.SECONDS)).isTrue();
            took[i] = since(begun).toMillis();
        }
        server.put(layout(0).key(first), layout(0).encode(first));
        subscriptions.forEach(Subscription::close);
        Arrays.sort(took);
        return took;
    }

    /** Besides the keys there is one lease, and one stream of watches; when it is lost one thread opens the next one for all. */
    @Test
    @Timeout(60)
    void registrationsOfAProcess_shareOneSession() throws Exception {
        ServiceLayout<ServiceInstance> layout = layout(0);
        Registrar.Builder<ServiceInstance> builder = Registrar.builder(party.connection, layout);
        List<Registrar<ServiceInstance>> registrars = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            registrars.add(builder.register(ServiceInstance.of("s0", "i" + i, "h", 1)));
        }
        assertThat(registrars.stream().map(Registrar::leaseId).distinct()).hasSize(1);
        assertThat(party.log.counts().unaryCalls("Lease/LeaseGrant")).isEqualTo(1);
        assertThat(party.log.counts().streamsOpen("Watch/Watch")).isEqualTo(1);
        long lost = registrars.get(0).leaseId();
        server.revoke(lost);
        long most = 0;
        while (registrars.stream()
                .anyMatch(each -> each.leaseId() == lost || each.state() != Registrar.State.REGISTERED)) {
            most = Math.max(most, threadsThatOpenSessions());
        }
        assertThat(most).isLessThanOrEqualTo(1);
        assertThat(registrars.stream().map(Registrar::leaseId).distinct()).hasSize(1);
        assertThat(server.keys(layout.prefix())).hasSize(100);
        registrars.forEach(Registrar::close);
        assertThat(server.keys(layout.prefix())).isEmpty();
    }

    private static long threadsThatOpenSessions() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("consort-next-session"))
                .count();
    }

    private void assertCosts(CostTable.Row row, CallCounts before) {
        await().untilAsserted(() -> {
            CallCounts counts = party.log.counts().since(before);
            assertThat(counts.unaryCalls()).as("%s", counts).isEqualTo(row.first());
            assertThat(counts.watchCreates()).as("%s", counts).isEqualTo(row.second());
        });
    }

    @Test
    void everything_costsWhatThePageSays() throws Exception {
        CostTable page = new CostTable("discovery.md");
        ServiceLayout<ServiceInstance> layout = layout(0);
        var unused = party.sessions.session();
        CallCounts before = party.log.counts();
        Registrar<ServiceInstance> registrar = party.registrar(layout).register(ServiceInstance.of("s0", "i0", "h", 1));
        assertCosts(page.row("`register`, when the process has a session"), before);
        before = party.log.counts();
        assertThat(registrar.update(registrar.instance().withWeight(2))).isTrue();
        assertCosts(page.row("`update`"), before);
        before = party.log.counts();
        try (Instancer<ServiceInstance> first = party.look(layout)) {
            assertCosts(page.row("the first `Instancer` of a prefix"), before);
            before = party.log.counts();
            try (Instancer<ServiceInstance> second = party.look(layout)) {
                assertCosts(page.row("another one of it by the same connection"), before);
                Told<ServiceInstance> told = new Told<>();
                second.subscribe(told);
                told.next();
                before = party.log.counts();
                server.put(layout.prefix() + "i1", layout.encode(ServiceInstance.of("s0", "i1", "h", 1)));
                told.next();
                for (int i = 0; i < 1000; i++) {
                    assertThat(first.current().instances()).isNotEmpty();
                }
                assertCosts(page.row("a change, and any number of readings and subscribers"), before);
            }
        }
        before = party.log.counts();
        registrar.close();
        assertCosts(page.row("`close` of a registration"), before);
        before = party.log.counts();
        assertThat(DiscoveryClient.of(party.connection).getEntries(layout.prefix()))
                .hasSize(1);
        assertCosts(page.row("`getEntries` of up to 16 keys"), before);
        assertThat(page.unasked()).isEmpty();
    }
}
