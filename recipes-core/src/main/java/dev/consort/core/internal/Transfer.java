/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.Transferring.End;
import dev.consort.core.internal.Transferring.How;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.RangeResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Passing a held claim on to a chosen one. Nothing is granted out of order: those of ours between the two are asked to step
 * back, and when none is left one transaction removes the held claim, if the chosen one is there, and grants that.
 *
 * <p>Until that transaction is sent the grant is held and can be used, and the transfer can be given up.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class Transfer {
    /** Each time somebody has gone meanwhile, unless another client's value stands in the key of a claim of ours. */
    private static final int MAX_ROUNDS = 64;

    private final EtcdSession session;
    private final EtcdGrant grant;
    private final QueueKeys keys;
    private final QueuedClaim own;
    private final QueuedClaim chosen;
    private final Duration timeout;
    private final Asking asking;
    private final CompletableFuture<End> result = new CompletableFuture<>();

    private final Map<QueuedClaim, Eye> eyes = new HashMap<>(); // on those between and the chosen one
    private final Set<QueuedClaim> asked = new HashSet<>();
    private List<QueuedClaim> between = List.of(); // as far as is known
    private List<QueuedClaim> behind = List.of(); // the chosen one, when the queue was read
    private Timing.Timer timer = Timing.Timer.NONE;
    private int rounds;
    private boolean allOurs; // those between
    private boolean passing;
    private boolean late; // given up when it was too late for that
    private boolean over;

    /**
     * Of a grant to a claim of another session.
     *
     * @param timeout zero or less: if nobody is between
     */
    Transfer(EtcdGrant grant, QueueKeys keys, QueuedClaim chosen, Duration timeout) {
        this.session = grant.session();
        this.grant = grant;
        this.keys = keys;
        this.own = new QueuedClaim(
                keys.own().substring(keys.prefix().size()), grant.token().revision());
        this.chosen = chosen;
        this.timeout = timeout;
        this.asking = new Asking(session, keys, this::isGoing);
    }

    /** How it ends, at the latest a request timeout after its own; fails if etcd refuses it, and as unknown. */
    CompletableFuture<End> result() {
        return result;
    }

    private boolean isGoing() {
        return !over && session.isOpen();
    }

    void start() {
        if (!grant.isHeld()) {
            over = true;
            result.complete(End.of(How.OVER));
        } else if (!grant.transferBegins(this)) {
            over = true;
            result.complete(new End(
                    How.REFUSED, text(chosen), "another transfer is under way; wait for its end, or for its timeout"));
        } else {
            Completion.of(grant.whyOver(), (reason, failure) -> session.execute(this::grantEnded));
            if (timeout.compareTo(Duration.ZERO) > 0) {
                timer = session.after(timeout, this::giveUp);
            }
            read();
        }
    }

    /** Ends it with the grant held, as long as that can be; else its last step is waited for. */
    void giveUp() {
        if (over || late) {
            return;
        }
        if (!passing || grant.keep()) {
            end(End.of(How.KEPT));
            return;
        }
        late = true;
        timer.cancel();
        timer = session.after(session.calls().requestTimeout(), this::unknown);
    }

    private void unknown() {
        grant.disown();
        fail(new OutcomeUnknownException(
                grant.spec().recipe(),
                grant.spec().name(),
                "etcd has not confirmed the transfer; it is not held any more, and is given back if it was not passed on",
                null));
    }

    /** Also by the end of the session, and by this transfer itself, which has ended by then. */
    private void grantEnded() {
        end(End.of(How.OVER));
    }

    private void end(End end) {
        if (finish()) {
            result.complete(end);
        }
    }

    private void refuse(QueuedClaim inTheWay, String why) {
        end(new End(How.REFUSED, text(inTheWay), why));
    }

    private void fail(RuntimeException why) {
        if (finish()) {
            result.completeExceptionally(why);
        }
    }

    private void fail(CallFailure failure) {
        fail((RuntimeException)
                failure.toException(grant.spec().recipe(), grant.spec().name()));
    }

    private boolean finish() {
        if (over) {
            return false;
        }
        over = true;
        timer.cancel();
        closeEyes();
        grant.transferEnded();
        return true;
    }

    private void closeEyes() {
        eyes.values().forEach(Eye::close);
        eyes.clear();
    }

    private String text(QueuedClaim claim) {
        return session.text(keys.key(claim));
    }

    // Who is between

    private void read() {
        session.onAnswer(session.calls().range(ClaimTxns.first(keys, 0), this::isGoing), (range, failure) -> {
            if (over || passing) {
                return;
            }
            if (failure != null) {
                fail(failure);
            } else if (++rounds > MAX_ROUNDS) {
                closeEyes(); // what is left is not of our making, and the timeout's
            } else {
                onRead(range);
            }
        });
    }

    private void onRead(RangeResponse range) {
        List<QueuedClaim> claims = keys.inOrder(range);
        int from = claims.indexOf(own) + 1;
        int to = claims.indexOf(chosen);
        if (from == 0) {
            grant.doubted(); // it finds out, and ends this
        } else if (to < from) {
            chosenIsGone();
        } else {
            between = claims.subList(from, to);
            behind = claims.subList(to + 1, claims.size());
            if (between.isEmpty()) {
                pass();
                return;
            }
            if (timeout.compareTo(Duration.ZERO) > 0) {
                watch(range.getHeader().getRevision() + 1);
            }
            allOurs = false;
            asking.foreign(between, this::onForeign);
        }
    }

    private void chosenIsGone() {
        refuse(
                chosen,
                "the claim of term " + chosen.revision()
                        + " is not there any more, because its candidate gave up, stepped back or lost its session;"
                        + " choose one of those who take part now");
    }

    private void onForeign(List<QueuedClaim> foreign, @Nullable CallFailure failure) {
        if (over || passing) {
            return;
        }
        if (failure != null) {
            fail(failure);
        } else if (!foreign.isEmpty()) {
            refuse(
                    foreign.get(0),
                    "another program's key is before the chosen one, and cannot be asked to step back;"
                            + " resign, or choose one that is before it");
        } else if (timeout.compareTo(Duration.ZERO) <= 0) {
            end(End.of(How.KEPT));
        } else {
            allOurs = true;
            ask();
        }
    }

    /** (!) All of them stand before anybody is asked: one opened later would be served within 100 ms only. */
    private void watch(long from) {
        List<QueuedClaim> watched = new ArrayList<>(between);
        watched.add(chosen);
        watched.forEach(claim -> eyes.computeIfAbsent(claim, unwatched -> new Eye(unwatched, from)));
    }

    private void ask() {
        if (over || passing || !allOurs || !eyes.values().stream().allMatch(eye -> eye.stands)) {
            return;
        }
        List<QueuedClaim> some =
                between.stream().filter(claim -> !asked.contains(claim)).toList();
        asked.addAll(some);
        asking.tell(some, own, Message.Request.transfer(chosen.revision()), (all, failure) -> {
            if (over || passing) {
                return;
            }
            if (failure != null) {
                fail(failure);
            } else if (!all) {
                some.forEach(asked::remove); // asked twice is as good as once
                read();
            }
        });
    }

    private void onGone(QueuedClaim claim) {
        if (over || passing) {
            return;
        }
        if (claim.equals(chosen)) {
            chosenIsGone();
            return;
        }
        between = between.stream().filter(other -> !other.equals(claim)).toList();
        if (between.isEmpty()) {
            pass();
        }
    }

    private void pass() {
        passing = true;
        closeEyes();
        Completion.of(grant.passOn(chosen, behind), (passed, failure) -> {
            if (failure != null) {
                fail(failure.getCause() instanceof RecipeException why ? why : (RuntimeException) failure);
            } else if (passed) {
                end(End.of(How.PASSED));
            } else if (grant.isHeld()) {
                chosenIsGone();
            } else {
                end(End.of(How.OVER));
            }
        });
    }

    /** Sees one claim go; hands what it sees over to the session's serializer. */
    private final class Eye implements WatchHub.Listener {
        private final QueuedClaim claim;
        private final Watch watch;
        private boolean stands;

        Eye(QueuedClaim claim, long from) {
            this.claim = claim;
            this.watch = session.watch(keys.key(claim), from, this);
        }

        void close() {
            watch.cancel();
        }

        private void whenOpen(Runnable step) {
            session.execute(() -> {
                if (eyes.get(claim) == this) {
                    step.run();
                }
            });
        }

        @Override
        public void onCreated() {
            whenOpen(() -> {
                if (!stands) {
                    stands = true;
                    ask();
                }
            });
        }

        @Override
        public void onEvents(List<Event> events) {
            if (events.stream().anyMatch(event -> event.getType() == Event.EventType.DELETE)) {
                whenOpen(() -> {
                    eyes.remove(claim);
                    close();
                    onGone(claim);
                });
            }
        }

        @Override
        public void onGap() {
            whenOpen(() -> {
                eyes.remove(claim);
                read();
            });
        }

        @Override
        public void onRefused(String reason) {
            whenOpen(() -> fail(CallFailure.watchRefused(reason)));
        }
    }
}
