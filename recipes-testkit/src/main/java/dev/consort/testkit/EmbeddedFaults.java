/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.consort.testkit.internal.EmbeddedServer;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

/**
 * Causes faults in an {@link EmbeddedEtcd}. Those of calls are the same as {@link CallFaults} has for clients, but strike
 * whoever calls. This class is threadsafe.
 */
public final class EmbeddedFaults {
    private final EmbeddedServer server;
    private final ServerFaults calls;
    private final int members;
    private final Queue<Disruption> disruptions = new ConcurrentLinkedQueue<>();

    EmbeddedFaults(EmbeddedServer server, ServerFaults calls, int members) {
        this.server = server;
        this.calls = calls;
        this.members = members;
    }

    /** The next matching call, of which to say what shall happen to it. */
    public MatchedCalls next(CallMatcher matcher) {
        return new MatchedCalls(matcher, 1, calls::install);
    }

    /** All matching calls until the fault is stopped. */
    public MatchedCalls every(CallMatcher matcher) {
        return new MatchedCalls(matcher, CallFault.untilStopped(), calls::install);
    }

    /** Short for {@code next(matcher).loseRequest()}. */
    @CanIgnoreReturnValue
    public CallFault loseNextRequest(CallMatcher matcher) {
        return next(matcher).loseRequest();
    }

    /** Short for {@code next(matcher).loseReply()}. */
    @CanIgnoreReturnValue
    public CallFault loseNextReply(CallMatcher matcher) {
        return next(matcher).loseReply();
    }

    /** Short for {@code next(matcher).duplicate()}: the request is applied twice. */
    @CanIgnoreReturnValue
    public CallFault applyNextTwice(CallMatcher matcher) {
        return next(matcher).duplicate();
    }

    /** Faults that a seed chooses: that of the system property {@value RandomFaults#SEED}, else a random one. */
    public RandomFaultsBuilder random() {
        String seed = System.getProperty(RandomFaults.SEED, "");
        return random(seed.isEmpty() ? ThreadLocalRandom.current().nextLong(Long.MAX_VALUE) : Long.parseLong(seed));
    }

    /** Faults that a given seed chooses. */
    public RandomFaultsBuilder random(long seed) {
        return new RandomFaultsBuilder(seed, this::start);
    }

    private RandomFaults start(RandomFaultsBuilder settings) {
        RandomFaults.EmbeddedEtcdState state = new RandomFaults.EmbeddedEtcdState() {
            @Override
            public long revision() {
                return server.revision();
            }

            @Override
            public List<Long> leases() {
                return server.leases();
            }

            @Override
            public EmbeddedFaults faults() {
                return EmbeddedFaults.this;
            }
        };
        RandomFaults faults = new RandomFaults(settings, state, calls::remove);
        calls.install(faults);
        return faults;
    }

    /** Stops every fault of calls. What is held back is delivered at its time, or at its release. */
    public void clear() {
        calls.clear();
    }

    /**
     * Breaks one stream of a method after it has sent so many more messages: the next stream that sends one.
     *
     * @param method such as {@code Watch/Watch}
     * @param messages 1 or more
     * @return completed when that has happened
     */
    public CompletableFuture<Void> cutStream(String method, int messages) {
        if (messages < 1) {
            throw new IllegalArgumentException("messages must be 1 or more: " + messages);
        }
        StreamCut cut = new StreamCut(method, messages);
        calls.install(cut);
        return cut.hit();
    }

    /**
     * Breaks the streams of a method that are open.
     *
     * @param method such as {@code Watch/Watch}
     * @return how many there were
     */
    @CanIgnoreReturnValue
    public int breakStreams(String method) {
        String name = MethodNames.simple(method);
        return calls.breakCalls(call -> call.isStreamOf(name));
    }

    /** Closes all connections of clients, who may connect again. Calls in flight may have been applied, or not. */
    public void dropConnections() {
        for (int i = 0; i < members; i++) {
            server.dropConnections(i);
        }
        int unused = calls.breakCalls(call -> true);
    }

    /**
     * Makes a member unreachable, as when packets are dropped: connections stay open and new ones are accepted, but it
     * neither hears nor says anything until the handle is closed; then all of that arrives.
     *
     * @param index from 0
     */
    public Disruption unreachable(int index) {
        ServerGate gate = calls.gate(index);
        gate.shut();
        return disruption(gate::open);
    }

    /** Stops everything, as SIGSTOP does: no member answers, and no lease expires until the handle is closed. */
    public Disruption pause() {
        IntStream.range(0, members).forEach(i -> calls.gate(i).shut());
        server.pause(true);
        return disruption(() -> {
            server.pause(false);
            IntStream.range(0, members).forEach(i -> calls.gate(i).open());
        });
    }

    /**
     * Revokes a lease: its keys are deleted in one revision.
     *
     * @throws io.grpc.StatusRuntimeException if there is no such lease
     */
    public void revokeLease(long id) {
        server.revoke(id);
    }

    /**
     * Ends the TTL of a lease now, whatever was renewed.
     *
     * @throws io.grpc.StatusRuntimeException if there is no such lease
     */
    public void expireLease(long id) {
        server.expire(id);
    }

    /**
     * Compacts the history before a revision.
     *
     * @throws io.grpc.StatusRuntimeException if it is compacted already, or lies in the future
     */
    public void compact(long revision) {
        server.compact(revision);
    }

    /**
     * Has the next member lead, or the only one again. The term rises, and all leases get their whole TTL again plus an
     * election timeout.
     *
     * @return which one leads, from 0
     */
    @CanIgnoreReturnValue
    public int changeLeader() {
        server.changeLeader();
        return server.leader();
    }

    /**
     * Goes back to an earlier revision, as after a restore from a backup: connections break, keys are what they were,
     * and the leases that lived then live again with their whole TTL. Users and roles stay as they are.
     *
     * @throws IllegalArgumentException if that revision is compacted or was not made yet
     */
    public void goBack(long revision) {
        server.goBack(revision);
        dropConnections();
    }

    /** Raises the NOSPACE alarm: puts and grants are refused until it is disarmed, by the handle or by a client. */
    public Disruption noSpace() {
        server.noSpace(true);
        return disruption(() -> server.noSpace(false));
    }

    /** Ends every fault, those whose handles nobody has closed included. */
    void end() {
        clear();
        disruptions.forEach(Disruption::close);
    }

    private Disruption disruption(Runnable end) {
        Disruption disruption = new Disruption(end);
        disruptions.removeIf(Disruption::isOver);
        disruptions.add(disruption);
        return disruption;
    }

    /** Makes all authentication tokens that were given out invalid. */
    public void expireTokens() {
        server.expireTokens();
    }

    /** A fault that lasts until it is closed. This class is threadsafe. */
    public static final class Disruption implements AutoCloseable {
        private final AtomicBoolean over = new AtomicBoolean();
        private final Runnable end;

        private Disruption(Runnable end) {
            this.end = end;
        }

        private boolean isOver() {
            return over.get();
        }

        /** Ends the fault. Further calls have no effect. */
        @Override
        public void close() {
            if (over.compareAndSet(false, true)) {
                end.run();
            }
        }
    }
}
