/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.PrefixView.Cause;
import dev.consort.core.internal.PrefixView.Change;
import dev.consort.core.internal.PrefixView.Snapshot;
import dev.consort.core.internal.PrefixView.Subscription;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import java.time.Duration;
import java.util.ArrayList;
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

    /** Neither what begins alike nor what is below it; also after its stream was cut, when a watch begins anew. */
    @Test
    void viewOfAKey_seesThatKeyAlone() {
        String key = prefix + "a";
        operator.put(key + "b", "beside");
        Party party = join();
        get(parties.closing(PrefixView.openKey(party.connection, "Test", key, party.connection.callbacks(), recorder))
                .ready());
        assertThat(recorder.state()).isEmpty();
        operator.put(key + "/b", "below");
        operator.put(key, "1");
        soon(() -> assertThat(recorder.state()).isEqualTo(Map.of(key, "1")));
        breakStream(party);
        operator.put(key + "c", "beside");
        long deleted = operator.deleteBelow(prefix);
        soon(() -> assertThat(recorder.revision()).isEqualTo(deleted));
        assertThat(recorder.events()).isEqualTo(2);
        assertThat(recorder.wrong()).isEmpty();
    }

    @Test
    void namespace_isNotSeen() {
        Party party = join();
        String inside = "inside/" + prefix;
        EtcdConnection connection = parties.closing(EtcdConnection.of(
                new EtcdConnectionBuilder(UncompactedEtcd.server().endpoints())
                        .namespace("inside/")
                        .open()));
        operator.put(inside + "a", "1");
        operator.put(prefix + "b", "2");
        get(parties.closing(PrefixView.open(connection, "Test", prefix, connection.callbacks(), recorder))
                .ready());
        operator.put(inside + "c", "3");
        soon(() -> assertThat(recorder.state()).isEqualTo(Map.of(prefix + "a", "1", prefix + "c", "3")));
        assertThat(party.connection.relative(ByteString.copyFromUtf8(inside)).toStringUtf8())
                .isEqualTo(inside);
    }

    /** One watch and one read however many look; the last one to leave ends it. */
    @Test
    void thousandSubscribers_shareOneWatch() {
        Party party = join();
        List<Subscription> subscriptions = new ArrayList<>();
        List<ViewRecorder> recorders = new ArrayList<>();
        operator.put(prefix + "a", "1");
        CallCounts before = party.log.counts();
        for (int i = 0; i < 1_000; i++) {
            recorders.add(new ViewRecorder());
            subscriptions.add(view(party, prefix, recorders.get(i)));
        }
        subscriptions.forEach(subscription -> get(subscription.ready()));
        operator.put(prefix + "a", "2");
        soon(() -> assertThat(recorders)
                .allMatch(one -> one.state().equals(Map.of(prefix + "a", "2")) && one.events() == 1));
        assertThat(party.log.counts().watchesOpen()).isEqualTo(before.watchesOpen() + 1);
        assertThat(party.log.counts().unaryCalls("KV/Range")).isEqualTo(before.unaryCalls("KV/Range") + 1);
        subscriptions.subList(1, 1_000).forEach(Subscription::close);
        operator.put(prefix + "a", "3");
        soon(() -> assertThat(recorders.get(0).events()).isEqualTo(2));
        assertThat(recorders.get(1).events()).isEqualTo(1);
        subscriptions.get(0).close();
        subscriptions.get(0).close();
        soon(() -> assertThat(party.log.counts().watchesOpen()).isEqualTo(before.watchesOpen()));
        get(view(party, prefix, recorder).ready());
        assertThat(recorder.state()).isEqualTo(Map.of(prefix + "a", "3"));
    }

    @Test
    void thousandsOfViews_shareOneStream() {
        Party party = join();
        List<ViewRecorder> recorders = new ArrayList<>();
        List<Subscription> subscriptions = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            recorders.add(new ViewRecorder());
            subscriptions.add(view(party, prefix + i + "/", recorders.get(i)));
        }
        subscriptions.forEach(subscription -> get(subscription.ready()));
        breakStream(party);
        for (int i = 0; i < 2_000; i += 100) {
            operator.put(prefix + i + "/a", "1");
        }
        soon(() -> assertThat(recorders.stream().mapToLong(ViewRecorder::events).sum())
                .isEqualTo(20));
        assertThat(recorders).allMatch(one -> one.snapshots().size() == 1);
        for (int i = 0; i < 2_000; i++) {
            assertThat(recorders.get(i).events()).isEqualTo(i % 100 == 0 ? 1 : 0);
        }
        assertThat(party.log.counts().streamsOpened("Watch/Watch")).isEqualTo(2);
    }

    @Test
    void brokenStream_losesNothingAndSaysStale() {
        Party party = looking();
        operator.put(prefix + "a", "1");
        soon(() -> assertThat(recorder.events()).isEqualTo(1));
        CallFault down = party.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        breakStream(party);
        soon(() -> assertThat(recorder.news()).containsExactly("stale"));
        operator.put(prefix + "a", "2");
        operator.put(prefix + "b", "1");
        get(down.hit());
        down.stop();
        soon(() -> assertThat(recorder.news()).containsExactly("stale", "current"));
        soon(() -> assertThat(recorder.events()).isEqualTo(3));
        assertThat(recorder.wrong()).isEmpty();
        assertThat(recorder.snapshots()).containsExactly(Cause.OPENED);
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
