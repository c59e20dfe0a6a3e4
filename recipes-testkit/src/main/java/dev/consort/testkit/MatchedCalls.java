/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import dev.consort.testkit.CallFault.Kind;
import io.grpc.Status;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Some calls to come, of which {@link CallFaults} is told what shall happen to them; nothing does until one of the
 * methods is called. The first ones are for unary calls and leave streams alone, the last two are for streams.
 */
public final class MatchedCalls {
    private final CallMatcher matcher;
    private final int times;
    private final Consumer<CallFault> install;

    MatchedCalls(CallMatcher matcher, int times, Consumer<CallFault> install) {
        this.matcher = Objects.requireNonNull(matcher);
        this.times = times;
        this.install = install;
    }

    /** The call never reaches the server; the client sees UNAVAILABLE. */
    public CallFault loseRequest() {
        return install(CallFault.lostRequest(matcher, times));
    }

    /**
     * The call never reaches the server; the client sees this refusal, such as PERMISSION_DENIED.
     *
     * @param why not OK
     * @throws IllegalArgumentException if it is
     */
    public CallFault refuse(Status why) {
        if (why.isOk()) {
            throw new IllegalArgumentException("a call cannot be refused with OK");
        }
        return install(new CallFault(matcher, times, why));
    }

    /** The call never reaches the server; the client sees nothing until its deadline, or for ever if it has none. */
    public CallFault hangRequest() {
        return fault(Kind.HANG_REQUEST, null, Duration.ZERO);
    }

    /**
     * The call reaches the server and is answered, also when the client gives up meanwhile; the client sees UNAVAILABLE.
     * If there is no answer to lose, since the server is not there, the client sees that, and it is no hit.
     */
    public CallFault loseReply() {
        return fault(Kind.LOSE_REPLY, null, Duration.ZERO);
    }

    /** As {@link #loseReply()}, but the client sees nothing until its deadline, or for ever if it has none. */
    public CallFault hangReply() {
        return fault(Kind.HANG_REPLY, null, Duration.ZERO);
    }

    /**
     * The request is held back and then sent, even if the client's deadline has passed or it has cancelled by then: the
     * late attempt lands. A client that still waits gets the answer.
     *
     * @param delay zero or more
     */
    public CallFault delay(Duration delay) {
        return fault(Kind.HOLD, null, notNegative(delay));
    }

    /** As {@link #delay}, until {@link CallFault#release()}. */
    public CallFault hold() {
        return fault(Kind.HOLD, null, null);
    }

    /**
     * The call reaches the server and is answered, but the client sees the answer only at {@link CallFault#release()}, unless it
     * has given up by then: what else it is told meanwhile, as by a watch, comes first.
     */
    public CallFault holdReply() {
        return fault(Kind.HOLD_REPLY, null, null);
    }

    /**
     * The client sees UNAVAILABLE at once, as if the request had been lost; it lands all the same, after the delay.
     *
     * @param delay zero or more
     */
    public CallFault landLate(Duration delay) {
        return fault(Kind.LATE, null, notNegative(delay));
    }

    /** As {@link #landLate}, at {@link CallFault#release()}. */
    public CallFault landOnRelease() {
        return fault(Kind.LATE, null, null);
    }

    /** The request is sent twice, one right after the other; the client sees the first answer only. */
    public CallFault duplicate() {
        return fault(Kind.DUPLICATE, null, Duration.ZERO);
    }

    /**
     * The request is sent at once and again later, even if the first has been answered by then; the client sees the
     * first answer only.
     *
     * @param delay zero or more
     */
    public CallFault duplicateAfter(Duration delay) {
        return fault(Kind.DUPLICATE, null, notNegative(delay));
    }

    /** As {@link #duplicateAfter}, the second copy being sent at {@link CallFault#release()}. */
    public CallFault duplicateOnRelease() {
        return fault(Kind.DUPLICATE, null, null);
    }

    /**
     * A matching message of a stream, in the given direction, is lost and its stream broken: the client sees
     * UNAVAILABLE, the server a cancelled stream.
     */
    public CallFault breakStream(Direction direction) {
        return fault(Kind.BREAK_STREAM, Objects.requireNonNull(direction), Duration.ZERO);
    }

    /** Matching messages of a stream, in the given direction, are lost without a word; the stream stays open. */
    public CallFault dropMessages(Direction direction) {
        return fault(Kind.DROP_MESSAGE, Objects.requireNonNull(direction), Duration.ZERO);
    }

    private CallFault fault(Kind kind, @Nullable Direction direction, @Nullable Duration delay) {
        return install(new CallFault(matcher, times, kind, direction, delay));
    }

    private CallFault install(CallFault fault) {
        install.accept(fault);
        return fault;
    }

    private static Duration notNegative(Duration delay) {
        if (delay.isNegative()) {
            throw new IllegalArgumentException("the delay must not be negative: " + delay);
        }
        return delay;
    }
}
