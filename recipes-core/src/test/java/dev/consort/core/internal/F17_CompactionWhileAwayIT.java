/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.internal.PrefixView.Cause;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import dev.consort.testkit.EtcdProcess;
import io.etcd.jetcd.api.WatchResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * F17 for a view of what seldom changes: progress notifications move its revision on, so that a compaction while the
 * connection is down, long after its last event, costs it nothing.
 */
class F17_CompactionWhileAwayIT {
    @RegisterExtension
    final Parties parties = new Parties();

    @Test
    void idleView_whoseLastEventIsCompacted_goesOnWithoutReadingAgain() {
        try (EtcdProcess etcd = EtcdProcess.builder()
                        .unsafeNoFsync()
                        .arguments("--experimental-watch-progress-notify-interval=100ms")
                        .start();
                Operator operator = new Operator(etcd.endpoints())) {
            operator.put("idle/a", "1");
            Party party = parties.join(etcd.endpoints(), settings -> settings);
            ViewRecorder recorder = new ViewRecorder();
            get(parties.closing(
                            PrefixView.open(party.connection, "Test", "idle/", party.connection.callbacks(), recorder))
                    .ready());
            for (int i = 0; i < 10; i++) {
                operator.put("busy", "1");
            }
            long now = operator.putAll(Map.of("busy", "2"));
            CallFault progress = party.faults
                    .next(CallMatcher.method("Watch/Watch")
                            .when(
                                    WatchResponse.class,
                                    response -> response.getEventsCount() == 0
                                            && !response.getCreated()
                                            && response.getHeader().getRevision() >= now))
                    .dropMessages(Direction.TO_CLIENT);
            get(progress.hit());
            long received = party.log.counts().messagesReceived("Watch/Watch");
            soon(() -> assertThat(party.log.counts().messagesReceived("Watch/Watch"))
                    .isGreaterThan(received + 1)); // of this view: the other watch has none
            CallFault down =
                    party.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
            party.faults.breakStreams("Watch/Watch");
            get(down.hit());
            operator.compact();
            operator.put("idle/a", "2");
            down.stop();
            soon(() -> assertThat(recorder.events()).isEqualTo(1));
            assertThat(recorder.snapshots()).isEqualTo(List.of(Cause.OPENED));
            assertThat(recorder.wrong()).isEmpty();
        }
    }
}
