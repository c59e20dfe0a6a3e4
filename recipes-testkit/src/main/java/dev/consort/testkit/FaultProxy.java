/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * A TCP proxy on loopback in front of one endpoint, that makes a network go wrong. Clients are given {@link #endpoint()}
 * in place of the server's.
 *
 * <p>Each fault strikes both directions, or the one that is named; faults combine. A call returns when its fault is in
 * effect: after {@link #stopForwarding()} has returned no further byte passes. Bytes of a connection keep their order
 * whatever happens. If the server cannot be reached, connections are accepted and reset.
 *
 * <p>A proxy has one daemon thread, which ends with {@link #close()}. This class is threadsafe.
 *
 * <p>Calls on a closed proxy, but for {@code close()} and the ones that only tell, throw {@link IllegalStateException}.
 */
public final class FaultProxy implements AutoCloseable {
    private static final Duration CALL_TIME = Duration.ofSeconds(10);
    private static final ThreadFactory THREADS = Daemons.named("consort-fault-proxy-");
    private static final int BIND_TRIES = 3;
    private static final List<Direction> BOTH = List.of(Direction.values());

    private final String endpoint;
    private final ProxyLoop loop;
    private final LoopbackPorts reserved;
    private final Thread thread;

    private FaultProxy(String endpoint, ProxyLoop loop, LoopbackPorts reserved) {
        this.endpoint = endpoint;
        this.loop = loop;
        this.reserved = reserved;
        this.thread = THREADS.newThread(loop);
    }

    /**
     * Starts a proxy.
     *
     * @param endpoint the server's, such as {@code http://127.0.0.1:2379} or {@code 127.0.0.1:2379}
     * @throws IllegalArgumentException if the endpoint has no host or no port
     * @throws EtcdProcessException if no port can be had
     */
    public static FaultProxy to(String endpoint) {
        URI uri = URI.create(endpoint.contains("://") ? endpoint : "http://" + endpoint);
        if (uri.getHost() == null || uri.getPort() < 0) {
            throw new IllegalArgumentException("an endpoint needs a host and a port: " + endpoint);
        }
        InetSocketAddress target = new InetSocketAddress(uri.getHost(), uri.getPort());
        if (target.isUnresolved()) {
            throw new IllegalArgumentException("no such host: " + endpoint);
        }
        for (int attempt = 1; ; attempt++) {
            LoopbackPorts reserved = LoopbackPorts.reserve(1);
            int port = reserved.numbers().get(0);
            try {
                InetSocketAddress address =
                        new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
                FaultProxy proxy = new FaultProxy(
                        uri.getScheme() + "://127.0.0.1:" + port, new ProxyLoop(target, address), reserved);
                proxy.thread.start();
                return proxy;
            } catch (IOException e) {
                reserved.close();
                if (attempt == BIND_TRIES) {
                    throw new EtcdProcessException("cannot listen on port " + port, e);
                }
            }
        }
    }

    /** Where the proxy listens, such as {@code http://127.0.0.1:23790}; the scheme is the server's. */
    public String endpoint() {
        return endpoint;
    }

    /** Delays the bytes of each direction; those under way keep their time. Connecting itself is not delayed. */
    public void delay(Duration each) {
        long nanos = nanos(each);
        onFlows(BOTH, flow -> flow.delayNanos = nanos);
    }

    /** Delays the bytes of one direction. Zero ends the delay. */
    public void delay(Direction direction, Duration delay) {
        long nanos = nanos(delay);
        onFlows(List.of(direction), flow -> flow.delayNanos = nanos);
    }

    /**
     * Limits how many bytes pass in a second, in each direction for itself, over all connections together. Zero ends the
     * limit. What is sent faster waits, and with some megabytes waiting its sender does, too. Short pauses are made up
     * for, so that over a tenth of a second or more the rate is what was asked for, as long as there is enough to send.
     *
     * @param bytesPerSecond 0 or more
     */
    public void rate(long bytesPerSecond) {
        setRate(BOTH, bytesPerSecond);
    }

    /** As {@link #rate(long)}, in one direction. */
    public void rate(Direction direction, long bytesPerSecond) {
        setRate(List.of(direction), bytesPerSecond);
    }

    private void setRate(List<Direction> directions, long bytesPerSecond) {
        if (bytesPerSecond < 0) {
            throw new IllegalArgumentException("the rate must not be negative: " + bytesPerSecond);
        }
        onFlows(directions, flow -> flow.rate(bytesPerSecond, System.nanoTime()));
    }

    /**
     * A black hole: connections stay open and new ones are accepted, but nothing passes, not even that one side has
     * closed or reset its connection. Nothing is lost: it passes when forwarding is resumed.
     */
    public void stopForwarding() {
        onFlows(BOTH, flow -> flow.stopped = true);
    }

    /** As {@link #stopForwarding()}, in one direction. */
    public void stopForwarding(Direction direction) {
        onFlows(List.of(direction), flow -> flow.stopped = true);
    }

    /** Ends {@link #stopForwarding()}, in both directions. */
    public void resumeForwarding() {
        onFlows(BOTH, flow -> flow.stopped = false);
    }

    /** Ends {@link #stopForwarding()} in one direction. */
    public void resumeForwarding(Direction direction) {
        onFlows(List.of(direction), flow -> flow.stopped = false);
    }

    /** Resets all open connections on both sides. What was under way is lost. */
    public void reset() {
        call(loop::resetAll);
    }

    /**
     * Resets all open connections on one side only, as a firewall that forgets them: towards the client, or towards the
     * server. The other side is told nothing; its connection stays open, and whatever it sends is lost.
     */
    public void reset(Direction direction) {
        Objects.requireNonNull(direction);
        call(() -> loop.resetAll(direction));
    }

    /**
     * Forwards exactly so many bytes more in one direction, over all connections together, and then cuts every open
     * connection: the sending side is reset, the receiving side gets all of the bytes and then the end of the stream,
     * since a reset might overtake them. Connections made after that are not affected. A later call takes the place of an
     * earlier one that has not come to its cut.
     *
     * @param bytes 0 or more; 0 cuts at once
     * @return completed, on a thread of the test kit, when the connections have been cut
     */
    public CompletableFuture<Void> cutAfter(Direction direction, long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("the number of bytes must not be negative: " + bytes);
        }
        CompletableFuture<Void> cut = new CompletableFuture<>();
        onFlows(List.of(direction), flow -> flow.cutAfter(bytes, cut));
        return cut;
    }

    /** Refuses new connections; open ones stay. */
    public void refuse() {
        call(loop::refuse);
    }

    /** Takes new connections again, on the same port. */
    public void accept() {
        call(() -> listening(loop::listen));
    }

    /** Does now what the fault says, whatever its time. A cut of it tells nobody when it has been made. */
    public void strike(NetworkFault fault) {
        call(() -> listening(() -> fault.strike(loop)));
    }

    /**
     * Begins to play a schedule, by the monotonic clock, and returns. A later call takes the place of an earlier one,
     * whose rest is left out.
     *
     * @return completed, on a thread of the test kit, when the last of the faults has struck; cancelled if another schedule
     *     or {@link #restore()} takes its place, or the proxy is closed
     */
    public CompletableFuture<Void> play(NetworkSchedule schedule) {
        CompletableFuture<Void> played = new CompletableFuture<>();
        call(() -> loop.timeline().begin(schedule, System.nanoTime(), played));
        return played;
    }

    /**
     * Ends whatever lasts: a schedule that is being played, delays, limits of the rate, stopped forwarding, cuts still
     * ahead, whose futures are cancelled, and the refusal of connections. What was held back passes; connections that were
     * reset stay so.
     */
    public void restore() {
        call(() -> listening(() -> {
            loop.timeline().cancel();
            loop.restore();
        }));
    }

    /** The number of connections through the proxy that are open now. */
    public int openConnections() {
        return loop.openLinks();
    }

    /** How many bytes have been forwarded in the direction since the proxy was started. */
    public long bytesForwarded(Direction direction) {
        return loop.flow(direction).forwarded();
    }

    /** Resets all connections and gives the port back. Further calls have no effect. */
    @Override
    public void close() {
        loop.execute(loop::close);
        Bounded.uninterrupted(CALL_TIME, left -> {
            TimeUnit.NANOSECONDS.timedJoin(thread, left);
            return true;
        });
        reserved.close();
    }

    private interface Listening {
        void change() throws IOException;
    }

    private void listening(Listening change) {
        try {
            change.change();
        } catch (IOException e) {
            throw new EtcdProcessException("cannot listen on " + endpoint + " again", e);
        }
    }

    private static long nanos(Duration delay) {
        if (delay.isNegative()) {
            throw new IllegalArgumentException("the delay must not be negative: " + delay);
        }
        return delay.toNanos();
    }

    private void onFlows(List<Direction> directions, Consumer<ProxyFlow> change) {
        call(() -> directions.forEach(direction -> change.accept(loop.flow(direction))));
    }

    private void call(Runnable change) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        loop.execute(() -> {
            try {
                change.run();
                done.complete(null);
            } catch (RuntimeException e) {
                done.completeExceptionally(e);
            }
        });
        boolean answered = Bounded.uninterrupted(CALL_TIME, left -> isAnswered(done, left));
        if (!done.isDone()) {
            throw new IllegalStateException(
                    "the proxy at " + endpoint + (answered ? " has been closed" : " does not answer"));
        }
        try {
            done.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof EtcdProcessException cause ? cause : e;
        }
    }

    /** Whether the change has been made, or never will be. */
    private boolean isAnswered(CompletableFuture<Void> done, long nanos) throws InterruptedException {
        try {
            CompletableFuture.anyOf(done, loop.ended()).get(nanos, TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            return true;
        }
    }
}
