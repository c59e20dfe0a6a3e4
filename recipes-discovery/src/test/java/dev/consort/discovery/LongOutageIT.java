/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static dev.consort.discovery.Server.since;
import static dev.consort.testkit.Times.assertPrompt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.discovery.Registrar.State;
import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.FaultProxy;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** S36: etcd is gone for ten minutes, on clocks that a test moves on. */
class LongOutageIT {
    private static final Duration OUTAGE = Duration.ofMinutes(10);
    private static final Duration STEP = Duration.ofSeconds(2);

    private final String prefix = "/services/" + Server.freshName() + "/";
    private final ServiceLayout<String> layout = ServiceLayout.goKit(prefix);

    @Test
    void tenMinutes_theSetStaysAndTheRegistrationComesBack() throws Exception {
        assertPrompt(Duration.ofSeconds(1), this::timeUntilBack);
    }

    private Duration timeUntilBack() throws Exception {
        JumpingTiming timing = new JumpingTiming();
        try (EmbeddedEtcd etcd = EmbeddedEtcd.builder().virtualClock().start();
                FaultProxy proxy = FaultProxy.to(etcd.endpoint())) {
            Server server = new Server(etcd);
            try (Party party = new Party(List.of(proxy.endpoint()), Duration.ofSeconds(10), timing);
                    Registrar<String> registrar = party.registrar(layout).register(prefix + "own", "own");
                    Instancer<String> instancer = party.look(layout)) {
                server.put(prefix + "other", "other");
                Told<String> told = new Told<>();
                instancer.subscribe(told);
                told.awaitGood(List.of("other", "own"));
                long before = server.revision();
                proxy.refuse();
                proxy.reset();
                assertThat(told.next().error()).isPresent();
                passTime(etcd, timing, party);
                assertThat(server.keys(prefix)).containsExactly(prefix + "other"); // the lease is long gone
                assertThat(registrar.state()).isEqualTo(State.RETURNING);
                assertThat(instancer.current().instances()).containsExactly("other", "own");
                assertThat(instancer.current().error()).isPresent();
                assertThat(told.all.get(told.all.size() - 1)).isEqualTo(instancer.current());
                server.delete(prefix + "other");
                server.put(prefix + "third", "third");
                server.compact();
                long begun = System.nanoTime();
                proxy.accept();
                await().until(() -> server.get(prefix + "own").isPresent());
                Duration took = since(begun);
                System.out.println("After ten minutes a registration is back after " + took.toMillis() + " ms");
                told.awaitGood(List.of("own", "third"));
                assertThat(told.all)
                        .allSatisfy(set -> assertThat(set.instances()).isNotEmpty());
                assertThat(told.all.stream().filter(set -> set.error().isPresent()))
                        .hasSize(1);
                assertThat(server.revision()).isGreaterThan(before);
                return took;
            }
        }
    }

    /** Step by step; each is over when what was tried in it has failed. */
    private static void passTime(EmbeddedEtcd etcd, JumpingTiming timing, Party party) {
        for (Duration passed = Duration.ZERO; passed.compareTo(OUTAGE) < 0; passed = passed.plus(STEP)) {
            etcd.advance(STEP);
            timing.jump(STEP);
            await().until(() -> party.log.counts().unaryCallsOpen() == 0);
        }
    }
}
