/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.internal.PrefixView.Cause;
import dev.consort.core.internal.PrefixView.Change;
import dev.consort.core.internal.PrefixView.Subscription;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import dev.consort.testkit.EtcdProcess;
import io.etcd.jetcd.api.RangeRequest;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** S13: what a view makes of a compaction. One after the other, since a compaction is of the whole server. */
@Execution(ExecutionMode.SAME_THREAD)
class PrefixViewCompactionIT {
    private static EtcdProcess etcd = Missing.value();
    private static Operator operator = Missing.value();

    @RegisterExtension
    final Parties parties = new Parties();

    private final String prefix = Parties.name() + "/";
    private final ViewRecorder recorder = new ViewRecorder();

    @BeforeAll
    static void start() {
        etcd = EtcdProcess.builder().unsafeNoFsync().start();
        operator = new Operator(etcd.endpoints());
    }

    @AfterAll
    static void end() {
        operator.close();
        etcd.close();
    }

    private Party join() {
        return parties.join(etcd.endpoints(), settings -> settings);
    }

    private Subscription view(Party party, String of, PrefixView.Listener listener) {
        return parties.closing(PrefixView.open(party.connection, "Test", of, party.connection.callbacks(), listener));
    }

    /** Returns when the watch stands. */
    private Party looking() {
        Party party = join();
        get(view(party, prefix, recorder).ready());
        soon(() -> assertThat(party.log.counts().watchesOpen()).isEqualTo(2)); // the session's mailbox, and this
        return party;
    }

    private void breakStream(Party party) {
        assertThat(party.faults.breakStreams("Watch/Watch")).isEqualTo(1);
    }

    /** S13, F17: read again, and told what is different. */
    @Test
    void compactedWhileDisconnected_readsAgainAndTellsTheDifferences() {
        operator.put(prefix + "stays", "1");
        operator.put(prefix + "goes", "1");
        operator.put(prefix + "changes", "1");
        Party party = looking();
        CallFault down = party.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        breakStream(party);
        get(down.hit());
        operator.delete(Operator.bytes(prefix + "goes"));
        operator.put(prefix + "changes", "2");
        operator.put(prefix + "comes", "1");
        operator.put("-", "later");
        operator.compact();
        down.stop();
        soon(() -> assertThat(recorder.snapshots()).containsExactly(Cause.OPENED, Cause.GAP));
        assertThat(recorder.lastDifferences())
                .extracting(PrefixViewCompactionIT::text)
                .containsExactly("changes 1->2", "comes null->1", "goes 1->null");
        operator.put(prefix + "stays", "2");
        soon(() -> assertThat(recorder.state())
                .isEqualTo(Map.of(prefix + "stays", "2", prefix + "changes", "2", prefix + "comes", "1")));
        assertThat(recorder.wrong()).isEmpty();
    }

    /** The last event that was seen is that of the compaction: old servers leave its deletion out silently. */
    @Test
    void deletionAtTheCompactedRevision_isNotLost() {
        operator.put(prefix + "a", "1");
        Party party = looking();
        CallFault down = party.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        breakStream(party);
        get(down.hit());
        operator.delete(Operator.bytes(prefix + "a"));
        operator.compact();
        down.stop();
        soon(() -> assertThat(recorder.state()).isEmpty());
        assertThat(recorder.wrong()).isEmpty();
    }

    @Test
    void compactedWhileConnected_isNotNoticed() {
        looking();
        operator.put(prefix + "a", "1");
        soon(() -> assertThat(recorder.events()).isEqualTo(1)); // until then the watch is behind, as etcd has it
        operator.compact();
        operator.put(prefix + "a", "2");
        operator.compact();
        operator.put(prefix + "a", "3");
        soon(() -> assertThat(recorder.events()).isEqualTo(3));
        assertThat(recorder.snapshots()).containsExactly(Cause.OPENED);
    }

    @Test
    void compactedBetweenTwoPages_startsOver() {
        operator.putMany(prefix, 3_000, "v");
        Party party = join();
        CallFault held = party.faults
                .next(CallMatcher.method("KV/Range").when(RangeRequest.class, request -> request.getRevision() > 0))
                .hold();
        Subscription view = view(party, prefix, recorder);
        get(held.hit());
        operator.put(prefix + "0", "changed");
        operator.compact();
        held.release();
        get(view.ready());
        assertThat(recorder.state()).hasSize(3_000).containsEntry(prefix + "0", "changed");
        operator.put(prefix + "0", "again");
        soon(() -> assertThat(recorder.events()).isEqualTo(1));
        assertThat(recorder.wrong()).isEmpty();
    }

    private static String text(Change change) {
        PrefixView.Entry before = change.before();
        PrefixView.Entry after = change.after();
        String key = change.key().toStringUtf8();
        return key.substring(key.lastIndexOf('/') + 1) + " "
                + (before == null ? null : before.value().toStringUtf8()) + "->"
                + (after == null ? null : after.value().toStringUtf8());
    }
}
