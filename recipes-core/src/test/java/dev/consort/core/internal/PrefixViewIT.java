/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.core.internal.PrefixView.Cause;
import dev.consort.core.internal.PrefixView.Change;
import dev.consort.core.internal.PrefixView.Snapshot;
import dev.consort.core.internal.PrefixView.Subscription;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a view tells, and what it costs. */
class PrefixViewIT {
    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = UncompactedEtcd.operator();
    private final String prefix = Parties.name() + "/";
    private final ViewRecorder recorder = new ViewRecorder();

    private Party join() {
        return parties.join(UncompactedEtcd.server().endpoints(), settings -> settings);
    }

    private Subscription view(Party party, String of, PrefixView.Listener listener) {
        return parties.closing(PrefixView.open(party.connection, "Test", of, party.connection.callbacks(), listener));
    }

    private Party looking() {
        Party party = join();
        get(view(party, prefix, recorder).ready());
        return party;
    }

    private void breakStream(Party party) {
        assertThat(party.faults.breakStreams("Watch/Watch")).isEqualTo(1);
    }

    @Test
    void view_tellsASnapshotAndThenEveryRevisionWhole() {
        operator.put(prefix + "a", "1");
        operator.put(prefix.substring(0, prefix.length() - 1), "beside");
        looking();
        assertThat(recorder.state()).isEqualTo(Map.of(prefix + "a", "1"));
        assertThat(recorder.snapshots()).containsExactly(Cause.OPENED);
        long revision = operator.putAll(Map.of(prefix + "a", "2", prefix + "b", "3", prefix + "c", "4"));
        long deleted = operator.deleteBelow(prefix);
        soon(() -> assertThat(recorder.revision()).isEqualTo(deleted));
        assertThat(recorder.sizes()).isEqualTo(Map.of(revision, 3, deleted, 3));
        assertThat(recorder.state()).isEmpty();
        assertThat(recorder.wrong()).isEmpty();
    }

    /** Its snapshot was read, and then its watch never came to stand: it is as old as any other. */
    @Test
    void streamBrokenBeforeTheWatchStands_saysStale() {
        Party party = join();
        CallFault down = party.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        breakStream(party);
        get(view(party, prefix, recorder).ready());
        soon(() -> assertThat(recorder.news()).containsExactly("stale"));
        operator.put(prefix + "a", "1");
        down.stop();
        soon(() -> assertThat(recorder.news()).containsExactly("stale", "current"));
        soon(() -> assertThat(recorder.events()).isEqualTo(1));
    }

    /** S15: nobody else is held up, and memory is bounded. */
    @Test
    void slowListener_isToldASnapshotInPlaceOfWhatItMissed() {
        Party party = looking();
        CountDownLatch blocked = new CountDownLatch(1);
        ConcurrentLinkedQueue<Object> told = new ConcurrentLinkedQueue<>();
        ViewRecorder slow = new ViewRecorder();
        get(view(party, prefix, new PrefixView.Listener() {
                    @Override
                    public void onSnapshot(Snapshot snapshot) {
                        told.add(snapshot);
                        slow.onSnapshot(snapshot);
                    }

                    @Override
                    public void onChanges(long revision, List<Change> changes) {
                        told.add(changes);
                        slow.onChanges(revision, changes);
                        try {
                            blocked.await();
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                    }
                })
                .ready());
        try {
            operator.put(prefix + "0", "before");
            soon(() -> assertThat(told).hasSize(2)); // now it is blocked
            operator.putMany(prefix, 5_000, "v");
            soon(() -> assertThat(recorder.state()).hasSize(5_000).doesNotContainValue("before"));
            assertThat(told).hasSize(2);
        } finally {
            blocked.countDown();
        }
        soon(() -> assertThat(slow.state()).isEqualTo(recorder.state()));
        assertThat(slow.snapshots()).containsExactly(Cause.OPENED, Cause.OVERFLOW);
        operator.put(prefix + "0", "w");
        soon(() -> assertThat(slow.state()).containsEntry(prefix + "0", "w"));
        assertThat(slow.wrong()).isEmpty();
        assertThat(recorder.wrong()).isEmpty();
    }

    /** Up to the limit nothing is dropped. */
    @Test
    void listenerBehindByLessThanTheBuffer_isToldEachChange() {
        Party party = join();
        CountDownLatch blocked = new CountDownLatch(1);
        Subscription view = view(party, prefix, new PrefixView.Listener() {
            @Override
            public void onSnapshot(Snapshot snapshot) {
                recorder.onSnapshot(snapshot);
                try {
                    blocked.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }

            @Override
            public void onChanges(long revision, List<Change> changes) {
                recorder.onChanges(revision, changes);
            }
        });
        try {
            ViewRecorder other = new ViewRecorder();
            get(view(party, prefix, other).ready());
            operator.putMany(prefix, ViewSubscriber.BUFFER, "v");
            soon(() -> assertThat(other.events()).isEqualTo(ViewSubscriber.BUFFER));
        } finally {
            blocked.countDown();
        }
        get(view.ready());
        soon(() -> assertThat(recorder.events()).isEqualTo(ViewSubscriber.BUFFER));
        assertThat(recorder.snapshots()).containsExactly(Cause.OPENED);
    }

    /** S37. */
    @Test
    void throwingListener_goesOnBeingTold() {
        Party party = join();
        ConcurrentLinkedQueue<Long> told = new ConcurrentLinkedQueue<>();
        get(view(party, prefix, new PrefixView.Listener() {
                    @Override
                    public void onSnapshot(Snapshot snapshot) {
                        throw new AssertionError("on purpose");
                    }

                    @Override
                    public void onChanges(long revision, List<Change> changes) {
                        told.add(revision);
                        throw new IllegalStateException("on purpose");
                    }
                })
                .ready());
        operator.put(prefix + "a", "1");
        operator.put(prefix + "a", "2");
        soon(() -> assertThat(told).hasSize(2));
    }

    @Test
    void listenerThatCloses_isToldNoMore() {
        Party party = looking();
        CompletableFuture<Subscription> self = new CompletableFuture<>();
        ConcurrentLinkedQueue<Long> told = new ConcurrentLinkedQueue<>();
        self.complete(view(party, prefix, new PrefixView.Listener() {
            @Override
            public void onSnapshot(Snapshot snapshot) {
                self.join();
            }

            @Override
            public void onChanges(long revision, List<Change> changes) {
                told.add(revision);
                self.join().close();
            }
        }));
        get(self.join().ready());
        operator.put(prefix + "a", "1");
        operator.put(prefix + "a", "2");
        soon(() -> assertThat(recorder.events()).isEqualTo(2));
        assertThat(told).hasSize(1);
    }

    /** A client's limit for messages is 4 MiB unless it says otherwise; a batch of events may be larger. */
    @Test
    void backlogLargerThanTheClientsMessageLimit_isTold() {
        Party party = looking();
        CallFault down = party.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        breakStream(party);
        get(down.hit());
        String large = "x".repeat(1_000_000);
        for (int i = 0; i < 8; i++) {
            operator.put(prefix + i, large);
        }
        down.stop();
        soon(() -> assertThat(recorder.events()).isEqualTo(8));
        ViewRecorder late = new ViewRecorder();
        get(view(party, prefix, late).ready());
        Party fresh = join();
        ViewRecorder read = new ViewRecorder();
        get(view(fresh, prefix, read).ready());
        assertThat(read.state()).hasSize(8).isEqualTo(late.state()).isEqualTo(recorder.state());
    }

    @Test
    void closedConnection_opensNoView() {
        Party party = join();
        Subscription before = view(party, prefix, recorder);
        get(before.ready());
        party.connection.close();
        operator.put(prefix + "a", "1");
        before.close();
        assertThatThrownBy(() -> view(party, prefix, recorder))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        Waits.stays(Duration.ofMillis(100), () -> recorder.events() == 0);
    }
}
