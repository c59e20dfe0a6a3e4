/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import dev.consort.testkit.history.ClaimLives;
import dev.consort.testkit.history.History;
import dev.consort.testkit.history.Linearizability;
import dev.consort.testkit.history.Operation;
import dev.consort.testkit.history.Ownership;
import dev.consort.testkit.history.Ownership.Acquired;
import dev.consort.testkit.history.Ownership.Lost;
import dev.consort.testkit.history.OwnershipModel;
import dev.consort.testkit.history.ServerHistory.Change;
import dev.consort.testkit.history.Violation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** One schedule from its first step to the judgement of its history. For one thread. */
final class ScheduleRun {
    /** TTL, election and two seconds, on a loaded machine. */
    private static final Duration BOUND = Duration.ofSeconds(20);

    private final Arena arena;
    private final Schedule schedule;
    private final String name;
    private final String register;
    private final List<Seat> seats;
    private final List<Player> players = new ArrayList<>();
    private final History<Ownership> history = new History<>();
    private final Queue<String> fouls = new ConcurrentLinkedQueue<>();
    private final List<Long> orphans = new ArrayList<>();
    private final List<CompletableFuture<Void>> closing = new ArrayList<>();
    private int values;

    ScheduleRun(Arena arena, String name, List<Seat> seats, Schedule schedule) {
        this.arena = arena;
        this.schedule = schedule;
        this.name = Arena.key(name);
        this.register = Arena.key("r" + name);
        this.seats = seats;
        Player.Referee referee = new Player.Referee() {
            @Override
            public void granted() {
                arena.countGrant();
            }

            @Override
            public void lost() {
                arena.countLoss();
            }

            @Override
            public void foul(String what) {
                fouls.add(what);
            }
        };
        for (int i = 0; i < seats.size() * schedule.clients(); i++) {
            players.add(new Player(i, history, referee));
        }
    }

    void run() {
        seats.forEach(Seat::contender);
        for (Step step : schedule.steps()) {
            int player = player(step.who());
            if (isPossible(step, seats.get(player % seats.size()))) {
                arena.count(step.kind());
                take(step, players.get(player), seats.get(player % seats.size()));
            }
        }
        heal();
        judge();
    }

    private int player(int who) {
        return (who < Step.MATE ? who : who - Step.MATE + seats.size()) % players.size();
    }

    /** A session that nobody has used since it ended cannot be harmed. */
    private static boolean isPossible(Step step, Seat seat) {
        Contender contender = seat.present();
        return switch (step.kind()) {
            case REVOKE, CLOSE, ORPHAN, DELETE_CLAIM -> contender != null && contender.isAlive();
            default -> true;
        };
    }

    private void take(Step step, Player player, Seat seat) {
        switch (step.kind()) {
            case ACQUIRE -> player.acquire(seat.contender(), name, nextValue(), seat::harmSince);
            case TRY -> {
                Contender contender = seat.contender();
                String value = nextValue();
                player.acquire(() -> contender.tryAcquire(name, value), arena.threads(), seat::harmSince);
            }
            case TIMED -> {
                Contender contender = seat.contender();
                String value = nextValue();
                Duration timeout = Duration.ofMillis(1 + step.amount());
                player.acquire(() -> contender.tryAcquire(name, value, timeout), arena.threads(), seat::harmSince);
            }
            case CANCEL -> player.cancel();
            case RELEASE -> player.release(seat::harmSince);
            case RELEASE_AGAIN -> player.releaseAgain();
            case WRITE -> player.write(register);
            case PROCLAIM -> player.proclaim(nextValue());
            case READ -> player.read(seat.contender(), name, arena.threads());
            case AWAIT -> await(step.amount());
            case PAUSE -> pause(step.amount());
            case LOSE_REQUEST, LOSE_REPLY, DELAY, LAND_LATE, DUPLICATE -> seat.fault(step);
            case BREAK_WATCH -> seat.breakWatch();
            case HOLD_REPLIES -> seat.holdReplies(2 * step.amount());
            case COMPACT -> arena.compact();
            case REVOKE, CLOSE, ORPHAN, DELETE_CLAIM -> harm(step.kind(), seat, seat.contender());
        }
    }

    private void harm(Step.Kind kind, Seat seat, Contender contender) {
        seat.harm(history.moment());
        switch (kind) {
            case REVOKE -> arena.revoke(contender.leaseId());
            case CLOSE -> closing.add(CompletableFuture.runAsync(contender::close, arena.threads()));
            case ORPHAN -> {
                contender.orphan();
                orphans.add(contender.leaseId());
            }
            default -> arena.delete(name + "/" + Long.toHexString(contender.leaseId()));
        }
    }

    private String nextValue() {
        return "v" + ++values;
    }

    /** Waits for whatever comes first, or so long. */
    private void await(int millis) {
        CompletableFuture<?>[] pending = players.stream()
                .map(player -> player.wanted().isDone() ? player.released() : player.wanted())
                .filter(future -> !future.isDone())
                .toArray(CompletableFuture<?>[]::new);
        if (pending.length > 0) {
            try {
                CompletableFuture.anyOf(pending).get(millis, TimeUnit.MILLISECONDS);
            } catch (TimeoutException | ExecutionException e) {
                // That it takes longer is what steps are for.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted", e);
            }
        }
    }

    // What must hold after the faults

    private void heal() {
        seats.forEach(Seat::heal);
        orphans.forEach(arena::revoke);
        settled("every waiter is served", () -> {
            players.forEach(player -> player.release(seatOf(player)::harmSince));
            await(1);
            return players.stream()
                    .allMatch(player -> player.wanted().isDone()
                            && player.wanted().join().isEmpty()
                            && player.released().isDone());
        });
        settled("every session is closed", () -> closing.stream().allMatch(CompletableFuture::isDone));
        for (int i = 0; i < seats.size(); i++) {
            Player player = players.get(i);
            Seat seat = seats.get(i);
            player.acquire(seat.contender(), name, nextValue(), seat::harmSince);
            settled("session " + i + " can own again", () -> {
                if (player.wanted().isDone() && player.wanted().join().isEmpty()) {
                    // Its session was on its way to its end when it was asked.
                    player.acquire(seat.contender(), name, nextValue(), seat::harmSince);
                }
                await(1);
                return player.wanted().isDone() && player.wanted().join().isPresent();
            });
            player.release(seat::harmSince);
            settled("session " + i + " can give back", () -> player.released().isDone());
        }
        settled("no claim is left", () -> arena.keysBelow(name + "/").isEmpty());
        settled("no watch is left", () -> seats.stream().allMatch(seat -> seat.watchesOpen() <= 1));
    }

    private Seat seatOf(Player player) {
        return seats.get(players.indexOf(player) % seats.size());
    }

    private void settled(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + BOUND.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError(
                        "not within " + BOUND.toSeconds() + " s: " + what + "\n" + schedule + "\nkeys: "
                                + arena.keysBelow(name) + ", watches: "
                                + seats.stream().map(Seat::watchesOpen).toList() + "\n" + history);
            }
            pause(1);
        }
    }

    private static void pause(int millis) {
        try {
            var unused = new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    private void judge() {
        List<Operation<Ownership>> told = history.operations();
        List<Change> claims = arena.truth().changesBelow(name + "/");
        List<String> found = new ArrayList<>(fouls);
        for (Player player : players) {
            player.unexplainedLosses().forEach((token, reason) -> {
                if (!reason.equals(Player.BY_RELEASE) || !seatOf(player).duplicated()) {
                    found.add("token " + token + " was lost though nobody took it away: " + reason);
                }
            });
        }
        found.addAll(ClaimLives.violations(claims, arena.truth().changesBelow(register), told));
        Linearizability.violation(name, new OwnershipModel(), withoutPhantoms(told))
                .map(Violation::report)
                .ifPresent(found::add);
        arena.truth().forget();
        seats.forEach(Seat::forgetHarms);
        if (!found.isEmpty()) {
            throw new AssertionError(String.join("\n", found) + "\n" + schedule + "\nHistory:\n" + history
                    + "\nClaims:\n" + claims.stream().map(Change::toString).collect(Collectors.joining("\n")));
        }
    }

    /**
     * What was granted on a claim that somebody had taken away just before is lost as soon as its owner hears of it. Until
     * then it can do no harm, which the server's history shows, but it fits in no order.
     */
    private static List<Operation<Ownership>> withoutPhantoms(List<Operation<Ownership>> told) {
        Map<Long, Long> takenAway = new HashMap<>();
        Set<Long> phantoms = new HashSet<>();
        for (Operation<Ownership> operation : told) {
            if (operation.what() instanceof Lost lost) {
                takenAway.merge(lost.token(), operation.invoked(), Math::min);
            }
        }
        for (Operation<Ownership> operation : told) {
            if (operation.what() instanceof Acquired acquired
                    && takenAway.getOrDefault(acquired.token(), Operation.NEVER) < operation.completed()) {
                phantoms.add(acquired.token());
            }
        }
        return told.stream()
                .filter(operation -> !phantoms.contains(operation.what().token()))
                .toList();
    }
}
