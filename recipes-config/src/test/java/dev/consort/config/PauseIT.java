/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.Pause;
import dev.consort.core.internal.Timing;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallFaults;
import io.etcd.jetcd.Client;
import java.lang.StackWalker.StackFrame;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A connection that is closed while somebody pauses before another attempt, whose timer never fires then. */
class PauseIT {
    private final Server server = Server.embedded();
    private final String name = Server.freshName();
    private final CallFaults faults = CallFaults.create();
    private final NoPauseEnds timing = new NoPauseEnds();
    private final Threads threads = new Threads();
    private final Client client = Client.builder()
            .endpoints(server.endpoints().toArray(new String[0]))
            .interceptor(faults)
            .build();
    private final EtcdConnection connection = EtcdConnection.of(client, timing);

    @AfterEach
    void leave() {
        threads.close();
        faults.clear();
        connection.close();
        client.close();
    }

    /** The system's, but for the recipes' pauses, which do not end. */
    private static final class NoPauseEnds implements Timing {
        private final Timing system = Timing.system();
        private final AtomicInteger pauses = new AtomicInteger();

        @Override
        public long nanoTime() {
            return system.nanoTime();
        }

        @Override
        public Timer schedule(Duration delay, Runnable task) {
            if (StackWalker.getInstance().walk(frames -> frames.anyMatch(NoPauseEnds::isPause))) {
                pauses.incrementAndGet();
                return Timer.NONE;
            }
            return system.schedule(delay, task);
        }

        private static boolean isPause(StackFrame frame) {
            return frame.getClassName().equals(Pause.class.getName());
        }

        @Override
        public InstantSource instants() {
            return system.instants();
        }

        @Override
        public void close() {
            system.close();
        }
    }

    /** Lets somebody else change the key before each of two writes lands. */
    private void conflictTwice(Runnable start) throws Exception {
        CallFault first = faults.every(Calls.putting(name)).hold();
        start.run();
        var unused = first.hit().get(10, TimeUnit.SECONDS);
        server.put(name, "10");
        first.stop();
        CallFault second = faults.every(Calls.putting(name)).hold();
        first.release();
        var unusedToo = second.hit().get(10, TimeUnit.SECONDS);
        server.put(name, "20");
        releaseIntoPause(second);
    }

    /** Lets it learn of the conflict, after which it pauses. */
    private void releaseIntoPause(CallFault last) {
        int before = timing.pauses.get();
        last.release();
        await().until(() -> timing.pauses.get() > before);
    }

    @Test
    void counter_connectionClosedWhileItPauses_isTold() throws Exception {
        AtomicCounter counter = AtomicCounter.create(connection, name);
        CompletableFuture<CompletableFuture<Long>> added = new CompletableFuture<>();
        conflictTwice(() -> added.complete(counter.addAsync(1)));
        CompletableFuture<Long> behind = counter.addAsync(2);
        connection.close();
        for (CompletableFuture<Long> each : List.of(added.join(), behind)) {
            assertThat(each).failsWithin(10, TimeUnit.SECONDS).withThrowableOfType(ExecutionException.class);
        }
        assertThat(server.text(name)).isEqualTo("20");
    }

    @Test
    void sharedValue_connectionClosedWhileItPauses_isTold() throws Exception {
        SharedValue<String> value = SharedValue.create(connection, name, Codec.utf8());
        CallFault first = faults.every(Calls.putting(name)).hold();
        Future<Versioned<String>> update = threads.start(() -> value.update(now -> "mine"));
        var unused = first.hit().get(10, TimeUnit.SECONDS);
        server.put(name, "theirs");
        releaseIntoPause(first);
        connection.close();
        assertThat(update)
                .failsWithin(4, TimeUnit.SECONDS)
                .withThrowableOfType(ExecutionException.class); // without waiting for the request timeout
        assertThat(server.text(name)).isEqualTo("theirs");
    }
}
