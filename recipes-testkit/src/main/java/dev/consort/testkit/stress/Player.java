/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import dev.consort.testkit.history.ClaimLives;
import dev.consort.testkit.history.History;
import dev.consort.testkit.history.Outcome;
import dev.consort.testkit.history.Ownership;
import dev.consort.testkit.history.Ownership.Acquired;
import dev.consort.testkit.history.Ownership.Lost;
import dev.consort.testkit.history.Ownership.Proclaimed;
import dev.consort.testkit.history.Ownership.Released;
import dev.consort.testkit.history.Ownership.Written;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One client: it wants or owns one name at a time, and records in the history what it is told. Its methods are for one
 * thread; what it is told comes on any.
 */
final class Player {
    /** What is done with the grants and losses of all players. */
    interface Referee {
        void granted();

        void lost();

        /** Says that something happened that must not. */
        void foul(String what);
    }

    /** The reason of a loss that only the release told. */
    static final String BY_RELEASE = "its release says so";

    private static final CompletableFuture<Optional<Tenure>> NOTHING =
            CompletableFuture.completedFuture(Optional.empty());

    private final int id;
    private final History<Ownership> history;
    private final Referee referee;
    private Runnable cancel = () -> {};
    private CompletableFuture<Optional<Tenure>> wanted = NOTHING;
    private CompletableFuture<Boolean> released = CompletableFuture.completedFuture(true);
    private @Nullable Tenure earlier;
    private final List<CompletableFuture<?>> calls = new ArrayList<>();
    private long asked; // when it began to want what it owns
    private final Set<Long> told = ConcurrentHashMap.newKeySet();
    private final Set<Long> expired = ConcurrentHashMap.newKeySet();
    private final Map<Long, String> unexplained = new ConcurrentHashMap<>();

    Player(int id, History<Ownership> history, Referee referee) {
        this.id = id;
        this.history = history;
        this.referee = referee;
    }

    /** Completed when it wants nothing: then it owns something or not. */
    CompletableFuture<Optional<Tenure>> wanted() {
        return wanted;
    }

    /** Completed when it has nothing to give back. */
    CompletableFuture<Boolean> released() {
        return released;
    }

    /** Whether it believes so. */
    boolean isOwner() {
        Tenure tenure = owned();
        return tenure != null && tenure.isHeld();
    }

    /** Whether others may own what it owns. */
    boolean isSharing() {
        Tenure tenure = owned();
        return tenure != null && tenure.isShared();
    }

    /** Whether it owns nothing, or has been told that it lost it. */
    boolean isTold() {
        Tenure tenure = owned();
        return tenure == null || told.contains(tenure.token());
    }

    /** The create revision of the claim of what it owns, 0 if it owns nothing. */
    long claim() {
        Tenure tenure = owned();
        return tenure == null ? 0 : tenure.token() >> ClaimLives.SEQUENCE_BITS;
    }

    private @Nullable Tenure owned() {
        return wanted.isDone() ? wanted.join().orElse(null) : null;
    }

    private boolean isIdle() {
        return wanted.isDone() && wanted.join().isEmpty();
    }

    /** Queues without blocking; {@code harm} tells when its session was first harmed since a moment, 0 for never. */
    void acquire(Contender contender, String name, String value, LongUnaryOperator harm) {
        if (isIdle()) {
            long invoked = history.moment();
            asked = invoked;
            Contender.Queued queued = contender.acquireAsync(name, value);
            cancel = queued.cancel();
            wanted = outcome(queued.outcome().thenApply(Optional::of), invoked, harm);
        }
    }

    /** Queues or tries on a thread. */
    void acquire(Callable<Optional<? extends Tenure>> attempt, Executor thread, LongUnaryOperator harm) {
        if (isIdle()) {
            long invoked = history.moment();
            asked = invoked;
            cancel = () -> {};
            wanted = outcome(
                    CompletableFuture.supplyAsync(
                            () -> {
                                try {
                                    return attempt.call();
                                } catch (Exception e) {
                                    throw new CompletionException(e);
                                }
                            },
                            thread),
                    invoked,
                    harm);
        }
    }

    private CompletableFuture<Optional<Tenure>> outcome(
            CompletableFuture<? extends Optional<? extends Tenure>> attempt, long invoked, LongUnaryOperator harm) {
        CompletableFuture<Optional<Tenure>> outcome = new CompletableFuture<>();
        var unused = attempt.whenComplete((got, failure) -> {
            if (got == null || got.isEmpty()) {
                outcome.complete(Optional.empty());
            } else {
                Tenure tenure = got.get();
                history.ended(id, invoked, new Acquired(tenure.token(), tenure.value(), tenure.isShared()), Outcome.OK);
                referee.granted();
                var unusedLoss = tenure.lost().thenAccept(reason -> lost(tenure.token(), reason, invoked, harm));
                outcome.complete(Optional.of(tenure));
            }
        });
        return outcome;
    }

    private void lost(long token, String reason, long granted, LongUnaryOperator harm) {
        told.add(token);
        long since = harm.applyAsLong(granted);
        if (reason.equals("EXPIRED")) {
            expired.add(token);
        }
        if (since == 0) {
            unexplained.put(token, reason);
        }
        referee.lost();
        history.ended(id, since == 0 ? granted : since, new Lost(token), Outcome.OK);
    }

    /**
     * Losses that nobody caused.
     *
     * @param slow whether the machine may be: then it is its fault that a lease runs out
     */
    Map<Long, String> unexplainedLosses(boolean slow) {
        Map<Long, String> losses = new HashMap<>(unexplained);
        if (slow) {
            losses.keySet().removeAll(expired);
        }
        return losses;
    }

    void cancel() {
        if (!wanted.isDone()) {
            cancel.run();
        }
    }

    void release(LongUnaryOperator harm) {
        Tenure tenure = owned();
        if (tenure == null) {
            return;
        }
        earlier = tenure;
        wanted = NOTHING;
        long invoked = history.moment();
        long token = tenure.token();
        long granted = asked;
        CompletableFuture<Boolean> before = released;
        CompletableFuture<Boolean> now = new CompletableFuture<>();
        var unused = tenure.releaseAsync().whenComplete((wasOwner, failure) -> {
            long harmed = harm.applyAsLong(granted);
            if (Boolean.FALSE.equals(wasOwner)) {
                lost(token, BY_RELEASE, granted, harm);
            } else if (harmed != 0) {
                // Where the answer to a release was lost, nobody can say who removed the claim.
                history.ended(id, harmed, new Lost(token), Outcome.OK);
            }
            // Nor if it was harmed while the release was under way: an attempt may have removed it before.
            boolean certain = harmed == 0 || (!Boolean.TRUE.equals(wasOwner) && harmed < invoked);
            history.ended(id, invoked, new Released(token), certain ? outcome(wasOwner) : Outcome.UNKNOWN);
            now.complete(true);
        });
        released = before.thenCombine(now, (a, b) -> true);
    }

    void releaseAgain() {
        Tenure tenure = earlier;
        if (tenure == null) {
            return;
        }
        long invoked = history.moment();
        asked(tenure.releaseAsync().whenComplete((wasOwner, failure) -> {
            if (!Boolean.FALSE.equals(wasOwner)) {
                referee.foul("token " + tenure.token() + " was given back twice, and the second time ended with "
                        + wasOwner + " " + failure);
            }
            history.ended(id, invoked, new Released(tenure.token()), Outcome.FAILED);
        }));
    }

    void write(String register) {
        Tenure tenure = owned();
        if (tenure != null) {
            long invoked = history.moment();
            asked(tenure.writeAsync(register, Long.toString(tenure.token()))
                    .whenComplete((applied, failure) ->
                            history.ended(id, invoked, new Written(tenure.token()), outcome(applied))));
        }
    }

    void proclaim(String value) {
        Tenure tenure = owned();
        if (tenure == null) {
            return;
        }
        long invoked = history.moment();
        CompletableFuture<Boolean> proclaimed = tenure.proclaimAsync(value);
        if (proclaimed != null) {
            asked(proclaimed.whenComplete((applied, failure) ->
                    history.ended(id, invoked, new Proclaimed(tenure.token(), value), outcome(applied))));
        }
    }

    /** Reads on a thread. */
    void read(Contender contender, String name, Executor thread) {
        long invoked = history.moment();
        asked(CompletableFuture.supplyAsync(() -> contender.seen(name), thread).thenAccept(seen -> {
            if (seen != null) {
                history.ended(id, invoked, seen, Outcome.OK);
            }
        }));
    }

    private void asked(CompletableFuture<?> call) {
        calls.removeIf(CompletableFuture::isDone);
        calls.add(call);
    }

    /** Whether everything that it has asked for has been answered: until then its history is not complete. */
    boolean isAnswered() {
        return calls.stream().allMatch(CompletableFuture::isDone);
    }

    private static Outcome outcome(@Nullable Boolean answer) {
        return answer == null ? Outcome.UNKNOWN : answer ? Outcome.OK : Outcome.FAILED;
    }

    @Override
    public String toString() {
        Tenure tenure = owned();
        return "client " + id + (tenure == null ? "" : " with token " + tenure.token());
    }
}
