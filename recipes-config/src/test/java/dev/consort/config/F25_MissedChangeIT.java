/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Elsewhere a change between the read and the watch is told to nobody, until another one comes. */
@Isolated("compacts")
class F25_MissedChangeIT {
    private final Server server = Server.real();
    private final Party party = server.join();
    private final String name = Server.freshName();

    @AfterEach
    void leave() {
        party.close();
    }

    private CallFault watchesCut() {
        CallFault cut = party.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        party.faults.breakStreams("Watch/Watch");
        return cut;
    }

    private List<String> listening() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        SharedValue<String> value = SharedValue.create(party.connection, name, Codec.utf8());
        SharedValue.Subscription listening =
                value.listen(now -> told.add(now.map(Versioned::value).orElse("absent")));
        listening.ready().get(10, TimeUnit.SECONDS);
        assertThat(told).containsExactly("absent");
        return told;
    }

    @Test
    void sharedValue_changeBeforeTheWatchStands_isTold() throws Exception {
        CallFault cut = watchesCut();
        List<String> told = listening();
        server.put(name, "a");
        cut.stop();
        await().untilAsserted(() -> assertThat(told).containsExactly("absent", "a"));
    }

    @Test
    void sharedValue_changeThatIsCompactedAway_isTold() throws Exception {
        List<String> told = listening();
        CallFault cut = watchesCut();
        server.put(name, "a");
        server.put(name + "-beside", "1");
        server.compact();
        cut.stop();
        await().untilAsserted(() -> assertThat(told).containsExactly("absent", "a"));
    }

    @Test
    void configView_changeBeforeTheWatchStands_isSeen() {
        CallFault cut = watchesCut();
        try (ConfigView<Optional<String>> view = ConfigView.of(party.connection, name)
                .map(all -> Optional.ofNullable(all.get("size")))
                .open()) {
            assertThat(view.get()).isEmpty();
            server.put(name + "/size", "7");
            cut.stop();
            await().untilAsserted(() -> assertThat(view.get()).contains("7"));
        }
    }
}
