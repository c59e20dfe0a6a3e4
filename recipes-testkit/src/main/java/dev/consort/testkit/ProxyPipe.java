/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * One direction of a proxied connection: bytes read, kept in order until they are due, then written. Confined to the
 * proxy's thread.
 */
final class ProxyPipe {
    /* Beyond this the sender feels the back-pressure; enough for 20 MB/s at a delay of 200 ms. */
    private static final int MOST_QUEUED = 4 << 20;

    /** What a piece of the queue stands for. */
    private enum Kind {
        BYTES,
        END,
        RESET
    }

    private record Piece(Kind kind, ByteBuffer bytes, long due) {}

    private final SocketChannel from;
    private final SocketChannel to;
    private final ProxyFlow flow;
    private final Deque<Piece> queue = new ArrayDeque<>();
    private long queuedBytes;
    private boolean sourceEnded;
    private boolean ended;
    private boolean blocked;

    ProxyPipe(SocketChannel from, SocketChannel to, ProxyFlow flow) {
        this.from = from;
        this.to = to;
        this.flow = flow;
    }

    boolean wantsToRead() {
        return !flow.stopped && !sourceEnded && queuedBytes < MOST_QUEUED;
    }

    /** Whether it waits for the target to take more. */
    boolean wantsToWrite() {
        return blocked && !flow.stopped;
    }

    /** Whether the end of the stream has been passed on. */
    boolean hasEnded() {
        return ended;
    }

    void read(ByteBuffer buffer, long now) {
        buffer.clear();
        try {
            int count = from.read(buffer);
            if (count < 0) {
                sourceEnded = true;
                add(Kind.END, ByteBuffer.allocate(0), now);
            } else if (count > 0) {
                ByteBuffer bytes = ByteBuffer.allocate(count);
                bytes.put(buffer.flip()).flip();
                add(Kind.BYTES, bytes, now);
            }
        } catch (IOException e) {
            sourceReset(now);
        }
    }

    /** The source has been reset, which the target shall see after the bytes that came before. */
    void sourceReset(long now) {
        if (!sourceEnded) {
            sourceEnded = true;
            add(Kind.RESET, ByteBuffer.allocate(0), now);
        }
    }

    /** Gives up what has not been written, since the target has gone. */
    void abandon() {
        queue.clear();
        queuedBytes = 0;
        sourceEnded = true;
        ended = true;
        blocked = false;
    }

    private void add(Kind kind, ByteBuffer bytes, long now) {
        // With a delay made shorter meanwhile it may be due before what is ahead of it, and waits for that all the
        // same.
        queue.add(new Piece(kind, bytes, now + flow.delayNanos));
        queuedBytes += bytes.remaining();
    }

    /**
     * Writes what is due. Returns false if the source's reset is due, which ends the connection.
     *
     * @throws IOException if the target cannot be written to
     */
    boolean pump(long now) throws IOException {
        blocked = false;
        for (Piece piece = queue.peek(); piece != null && isDue(piece, now); piece = queue.peek()) {
            switch (piece.kind()) {
                case RESET -> {
                    return false;
                }
                case END -> {
                    to.shutdownOutput();
                    ended = true;
                }
                case BYTES -> {
                    if (!write(piece.bytes(), now)) {
                        return true;
                    }
                }
            }
            queue.remove();
        }
        return true;
    }

    private boolean isDue(Piece piece, long now) {
        return !flow.stopped && !flow.isCutDue() && piece.due() - now <= 0;
    }

    private boolean write(ByteBuffer bytes, long now) throws IOException {
        int end = bytes.limit();
        bytes.limit(bytes.position() + flow.allowed(bytes.remaining(), now));
        int written = to.write(bytes);
        boolean taken = !bytes.hasRemaining();
        bytes.limit(end);
        queuedBytes -= written;
        flow.forwarded(written, now);
        blocked = !taken;
        return !bytes.hasRemaining();
    }

    /** How long until a piece is due, in nanoseconds; {@code Long.MAX_VALUE} if none waits for its time. */
    long nanosUntilDue(long now) {
        Piece piece = queue.peek();
        return piece == null || flow.stopped || blocked
                ? Long.MAX_VALUE
                : Math.max(
                        piece.due() - now, flow.nanosUntilAllowed(piece.bytes().remaining(), now));
    }
}
