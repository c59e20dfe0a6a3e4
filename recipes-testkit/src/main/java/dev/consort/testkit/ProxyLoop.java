/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The one thread of a proxy.
 *
 * <p>Concurrency: everything is confined to that thread but the queue of tasks, through which the others speak to it,
 * and the number of links, which they may read.
 */
final class ProxyLoop implements Runnable {
    private static final int BUFFER = 64 << 10;

    /** A process that this JVM starts has all its sockets for a moment, and so keeps the port that was just given up. */
    private static final Duration TAKEN_FOR_A_MOMENT = Duration.ofSeconds(1);

    private final InetSocketAddress target;
    private final InetSocketAddress address;
    private final Selector selector;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final Map<Direction, ProxyFlow> flows = new EnumMap<>(Direction.class);
    private final List<ProxyLink> links = new ArrayList<>();
    private final List<ProxyRemnant> remnants = new ArrayList<>();
    private final ProxyTimeline timeline = new ProxyTimeline();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    private @Nullable ServerSocketChannel listener;
    private boolean closed;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile int open; // written by the loop, read by anybody

    ProxyLoop(InetSocketAddress target, InetSocketAddress address) throws IOException {
        this.target = target;
        this.address = address;
        for (Direction direction : Direction.values()) {
            flows.put(direction, new ProxyFlow());
        }
        selector = Selector.open();
        try {
            bind();
        } catch (IOException e) {
            selector.close();
            throw e;
        }
    }

    /** Has the thread run a task, soon. */
    void execute(Runnable task) {
        tasks.add(task);
        selector.wakeup();
    }

    ProxyFlow flow(Direction direction) {
        ProxyFlow flow = flows.get(direction);
        if (flow == null) {
            throw new IllegalArgumentException("no direction");
        }
        return flow;
    }

    int openLinks() {
        return open;
    }

    /** Completed when the thread does no more. */
    CompletableFuture<Void> ended() {
        return ended;
    }

    @Override
    public void run() {
        try {
            for (runTasks(); !closed; runTasks()) {
                select(pump(System.nanoTime()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the selector of a proxy failed", e);
        } finally {
            timeline.cancel();
            refuse();
            resetAll();
            closeSelector();
            ended.complete(null);
        }
    }

    private void runTasks() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    /** Carries everything on; returns how long until there is more to do without the selector's word. */
    private long pump(long now) {
        long wait = timeline.play(this, now);
        // Each gets its turn to be the first where the rate is limited.
        Collections.rotate(links, 1);
        for (ProxyLink link : links) {
            wait = Math.min(wait, link.pump(now));
        }
        flows.forEach((direction, flow) -> {
            if (flow.isCutDue()) {
                cutAll(direction, now);
                flow.cutDone();
            }
        });
        for (ProxyRemnant remnant : remnants) {
            wait = Math.min(wait, remnant.pump(now));
        }
        links.removeIf(link -> !link.isOpen());
        remnants.removeIf(remnant -> !remnant.isOpen());
        open = links.size();
        return wait;
    }

    private void cutAll(Direction direction, long now) {
        for (ProxyLink link : links) {
            if (link.isOpen()) {
                remnants.add(link.cut(direction, now));
            }
        }
        settle();
    }

    private void select(long nanos) throws IOException {
        if (!tasks.isEmpty()) {
            selector.selectNow(); // settle may have taken the call that was to wake us
        } else if (nanos == Long.MAX_VALUE) {
            selector.select();
        } else {
            // Rounded up: a millisecond early would be a spin.
            long millis = TimeUnit.NANOSECONDS.toMillis(nanos + 999_999);
            if (millis == 0) {
                selector.selectNow();
            } else {
                selector.select(millis);
            }
        }
        long now = System.nanoTime();
        for (SelectionKey key : selector.selectedKeys()) {
            if (!key.isValid()) {
                continue;
            }
            if (key.attachment() instanceof ProxyLink link) {
                link.ready(key, buffer, now);
            } else if (key.attachment() instanceof ProxyRemnant remnant) {
                remnant.ready(buffer);
            } else {
                acceptLink();
            }
        }
        selector.selectedKeys().clear();
    }

    private void acceptLink() throws IOException {
        SocketChannel client = listener == null ? null : listener.accept();
        if (client == null) {
            return;
        }
        try {
            links.add(new ProxyLink(client, target, flow(Direction.TO_SERVER), flow(Direction.TO_CLIENT), selector));
        } catch (IOException e) {
            // It has gone before we have begun.
            ProxyLink.close(client);
        }
    }

    /** Starts to take connections, if it does not. */
    void listen() throws IOException {
        long begun = System.nanoTime();
        while (listener == null) {
            try {
                bind();
            } catch (BindException taken) {
                if (System.nanoTime() - begun > TAKEN_FOR_A_MOMENT.toNanos()) {
                    throw taken;
                }
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    private void bind() throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open();
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.configureBlocking(false);
            channel.bind(address);
            channel.register(selector, SelectionKey.OP_ACCEPT);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        listener = channel;
    }

    /** Takes no more connections. */
    void refuse() {
        try {
            if (listener != null) {
                listener.close();
                settle();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close the port " + address, e);
        } finally {
            listener = null;
        }
    }

    /** What is being played. */
    ProxyTimeline timeline() {
        return timeline;
    }

    /** Ends all that lasts. */
    void restore() throws IOException {
        flows.values().forEach(ProxyFlow::restore);
        listen();
    }

    void resetAll() {
        links.forEach(ProxyLink::reset);
        remnants.forEach(ProxyRemnant::reset);
        settle();
    }

    void resetAll(Direction direction) {
        for (ProxyLink link : links) {
            if (link.isOpen()) {
                remnants.add(link.resetOnly(direction));
            }
        }
        settle();
    }

    /* Java closes a registered socket for good, and so sends the reset, only when the selector lets it go. */
    private void settle() {
        try {
            selector.selectNow();
        } catch (IOException e) {
            throw new UncheckedIOException("the selector of a proxy failed", e);
        }
        links.removeIf(link -> !link.isOpen());
        open = links.size();
    }

    void close() {
        closed = true;
    }

    private void closeSelector() {
        try {
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the selector of a proxy failed", e);
        }
    }
}
