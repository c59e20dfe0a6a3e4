/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import dev.consort.core.RecipeException;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EmbeddedFaults.Disruption;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that is refused something leaves the line, for what comes is kept for those who stand there. */
class PlaceGivenUpIT {
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final String NAME = "jobs";

    private final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    private final Peer refused = new Peer(etcd.endpoints(), LONG);
    private final Peer other = new Peer(etcd.endpoints(), LONG);
    private final Threads threads = new Threads();

    @AfterEach
    void leave() {
        threads.close();
        List.of(refused, other).forEach(Peer::close);
        etcd.close();
    }

    private static DistributedQueue<String> queue(Peer of) {
        return DistributedQueue.create(of.session(), NAME, Codec.utf8());
    }

    /** While etcd has no space it refuses that too; the process says it again, though nobody asks it for anything any more. */
    @Test
    void leavingIsRefused_placeIsGivenUpWhenEtcdPermitsIt() throws Exception {
        DistributedQueue<String> theirs = queue(other);
        assertThat(theirs.poll()).isEmpty();
        long known = etcd.revision();
        Future<Optional<String>> poll = threads.start(() -> queue(refused).poll(Duration.ofMillis(500)));
        await().until(() -> etcd.revision() >= known + 2); // its session's lease makes none, its card does
        Disruption full = etcd.faults().noSpace();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> poll.get(10, TimeUnit.SECONDS))
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining("NOSPACE");
        await().until(() -> refused.log.counts().unaryFailures("KV/Txn") >= 2); // to give the place up as well
        full.close();
        assertThat(theirs.offer("a")).isTrue();
        assertThat(theirs.poll(Duration.ofSeconds(10))).hasValue("a");

        assertThat(theirs.offer("b")).isTrue();
        assertThat(queue(refused).poll(Duration.ofSeconds(10))).hasValue("b");
    }

    /** It may not read the queue any more, and closes its end of the line; the step by which it joins comes in after that. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void joiningComesInAfterItWasClosed_placeIsGivenUp(boolean afterThat) throws Exception {
        DistributedQueue<String> theirs = queue(other);
        assertThat(theirs.poll()).isEmpty();
        assertThat(queue(refused).poll()).isEmpty();
        CallMatcher cards = LineRequests.cardsOf(NAME);
        CallFault join = (afterThat ? refused.faults.next(cards) : refused.faults.every(cards)).hold();
        CallFault away = refused.faults.every(CallMatcher.method("Watch/Watch")).breakStream(Direction.TO_SERVER);
        assertThat(refused.faults.breakStreams("Watch/Watch")).isPositive();
        Future<String> take = threads.start(() -> queue(refused).take());
        join.hit().get(10, TimeUnit.SECONDS);

        CallFault reading = refused.faults.every(LineRequests.readingOf(NAME)).refuse(Status.PERMISSION_DENIED);
        assertThat(theirs.offer("a")).isTrue();
        assertThat(theirs.offer("b")).isTrue();
        etcd.faults().compact(etcd.revision()); // what it missed it has to read again
        away.stop();
        assertDenied(take);
        reading.stop();
        join.release();
        assertThat(join.landed().get(10, TimeUnit.SECONDS).isOk()).isTrue();
        assertOthersGet(theirs, "a", "b");
    }

    /** It asks again before it may, so that its end of the line is opened and closed once more meanwhile. */
    @Test
    void refused_andAsksAgainTooEarly_placeIsGivenUpWhenEtcdPermitsIt() throws Exception {
        DistributedQueue<String> theirs = queue(other);
        assertThat(theirs.poll()).isEmpty();
        assertThat(queue(refused).poll()).isEmpty();
        long known = etcd.revision();
        Future<String> take = threads.start(() -> queue(refused).take());
        await().until(() -> etcd.revision() > known); // its card
        CallFault changes = refused.faults.every(LineRequests.changesOf(NAME)).refuse(Status.PERMISSION_DENIED);
        CallFault reading = refused.faults.every(LineRequests.readingOf(NAME)).refuse(Status.PERMISSION_DENIED);
        assertThat(theirs.offer("a")).isTrue();
        assertDenied(take);
        assertDenied(threads.start(() -> queue(refused).take()));
        changes.stop();
        reading.stop();
        assertOthersGet(theirs, "a");
    }

    /** It did join, but the answer was lost, and by then it may not any more. */
    @Test
    void joinedUnknowingly_placeIsGivenUpWhenEtcdPermitsIt() throws Exception {
        DistributedQueue<String> theirs = queue(other);
        assertThat(theirs.poll()).isEmpty();
        assertThat(queue(refused).poll()).isEmpty();
        CallFault denied = denyAfterLostReply();
        assertDenied(threads.start(() -> queue(refused).take()));
        assertThat(theirs.offer("a")).isTrue();
        assertThat(theirs.offer("b")).isTrue();
        denied.stop();
        assertOthersGet(theirs, "a", "b");
    }

    /** The same with an item: the process that took it learns so too late, and gives it back. */
    @Test
    void tookUnknowingly_itemIsGivenBackWhenEtcdPermitsIt() throws Exception {
        DistributedQueue<String> theirs = queue(other);
        assertThat(queue(refused).poll()).isEmpty();
        assertThat(theirs.offer("a")).isTrue();
        CallFault denied = denyAfterLostReply();
        assertDenied(threads.start(() -> queue(refused).take()));
        denied.stop();
        assertOthersGet(theirs, "a");
        assertThat(theirs.poll(Duration.ofMillis(300))).isEmpty();
    }

    /** It asks again at once, so that its end of the line is open before it has found out. */
    @Test
    void tookUnknowingly_andAsksAgain_getsTheItemOnce() throws Exception {
        assertThat(queue(refused).poll()).isEmpty();
        assertThat(queue(other).offer("a")).isTrue();
        CallFault denied = denyAfterLostReply();
        assertDenied(threads.start(() -> queue(refused).take()));
        assertDenied(threads.start(() -> queue(refused).take()));
        denied.stop();
        assertThat(queue(refused).poll(Duration.ofSeconds(10))).hasValue("a");
        assertThat(queue(other).poll(Duration.ofMillis(300))).isEmpty();
        assertThat(queue(refused).poll(Duration.ofMillis(300))).isEmpty();
    }

    /** The answer to the first change of its card is lost, and all that follow are refused. */
    private CallFault denyAfterLostReply() {
        CallMatcher changes = LineRequests.changesOf(NAME);
        refused.faults.next(changes).loseReply();
        return refused.faults.every(changes).refuse(Status.PERMISSION_DENIED);
    }

    private static void assertDenied(Future<String> take) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(() -> take.get(10, TimeUnit.SECONDS))
                .withCauseInstanceOf(RecipeException.class)
                .withMessageContaining("PERMISSION_DENIED");
    }

    /** What was for the place that is given up may come last. */
    private static void assertOthersGet(DistributedQueue<String> theirs, String... items) throws InterruptedException {
        List<Optional<String>> all = new ArrayList<>();
        for (String ignored : items) {
            all.add(theirs.poll(Duration.ofSeconds(10)));
        }
        assertThat(all.stream().flatMap(Optional::stream)).containsExactlyInAnyOrder(items);
    }
}
