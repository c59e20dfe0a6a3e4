/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A fault that {@link CallFaults} has been told to cause. A test waits for {@link #hit()} before it judges what the
 * code under test made of it, and so fails when the fault had no effect. This class is threadsafe.
 */
public final class CallFault {
    /** What happens to a call. */
    enum Kind {
        REFUSE,
        HANG_REQUEST,
        LOSE_REPLY,
        HANG_REPLY,
        HOLD,
        HOLD_REPLY,
        LATE,
        DUPLICATE,
        BREAK_STREAM,
        DROP_MESSAGE
    }

    private static final int UNTIL_STOPPED = Integer.MAX_VALUE;

    private final CallMatcher matcher;
    private final Kind kind;
    private final @Nullable Direction direction;
    private final @Nullable Duration delay;
    private final Status refusal;
    private final AtomicInteger left;
    private final AtomicLong hits = new AtomicLong();
    private final CompletableFuture<Void> hit = new CompletableFuture<>();
    private final CompletableFuture<Status> landed = new CompletableFuture<>();
    private final CompletableFuture<Void> released = new CompletableFuture<>();

    CallFault(CallMatcher matcher, int times, Kind kind, @Nullable Direction direction, @Nullable Duration delay) {
        this(matcher, times, kind, direction, delay, Status.UNAVAILABLE);
    }

    CallFault(CallMatcher matcher, int times, Status refusal) {
        this(matcher, times, Kind.REFUSE, null, Duration.ZERO, refusal);
    }

    private CallFault(
            CallMatcher matcher,
            int times,
            Kind kind,
            @Nullable Direction direction,
            @Nullable Duration delay,
            Status refusal) {
        this.matcher = matcher;
        this.refusal = refusal;
        this.left = new AtomicInteger(times);
        this.kind = kind;
        this.direction = direction;
        this.delay = delay;
    }

    static CallFault lostRequest(CallMatcher matcher, int times) {
        return new CallFault(matcher, times, Status.UNAVAILABLE.withDescription("request lost by the test kit"));
    }

    static int untilStopped() {
        return UNTIL_STOPPED;
    }

    /**
     * How often the fault has had its effect so far: requests lost, refused or held back, replies lost or held back that the server had given,
     * second copies sent, streams broken, messages dropped.
     */
    public long hits() {
        return hits.get();
    }

    /** Completed, on a thread of the test kit, when the fault has its first effect. Do not complete it yourself. */
    public CompletableFuture<Void> hit() {
        return hit;
    }

    /**
     * Completed, on a thread of the test kit, with the server's answer to the first request that this fault sent by
     * itself: the one whose reply is lost or held back, the one held back, the second copy. By then it has been applied, or refused.
     * Faults that send nothing never complete it.
     */
    public CompletableFuture<Status> landed() {
        return landed;
    }

    /** Sends now what is held back until released, or shows the answer, and from now on whatever else would be. */
    public void release() {
        released.completeAsync(() -> null, Daemons.callbacks());
    }

    /** Strikes no further call. What is held back already is still sent at its time. */
    public void stop() {
        left.set(0);
    }

    Kind kind() {
        return kind;
    }

    /** What the client is told that is refused. */
    Status refusal() {
        return refusal;
    }

    boolean spent() {
        return left.get() == 0;
    }

    /** Takes one of the remaining strikes if the message is one to strike. */
    boolean claim(MethodDescriptor<?, ?> method, Object message, @Nullable Direction way) {
        return direction == way
                && !spent()
                && matcher.matches(method, message)
                && left.getAndUpdate(n -> n == 0 || n == UNTIL_STOPPED ? n : n - 1) > 0;
    }

    void struck() {
        hits.incrementAndGet();
        hit.completeAsync(() -> null, Daemons.callbacks());
    }

    void landed(Status answer) {
        landed.completeAsync(() -> answer, Daemons.callbacks());
    }

    /** Runs the task when the delay is over, or at the release of what is held until then. */
    void atItsTime(Runnable task) {
        if (delay == null) {
            var unused = released.thenRun(task);
        } else if (delay.isZero()) {
            task.run();
        } else {
            Daemons.after(delay, task);
        }
    }
}
