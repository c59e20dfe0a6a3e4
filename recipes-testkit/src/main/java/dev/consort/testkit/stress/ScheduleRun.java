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
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** One schedule from its first step to the judgement of its history. For one thread. */
final class ScheduleRun {
    /** TTL, election and two seconds, on a loaded machine. */
    private static final Duration BOUND = Duration.ofSeconds(20);

    private final Stage stage;
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

    ScheduleRun(Stage stage, String name, String register, List<Seat> seats, Schedule schedule) {
        this.stage = stage;
        this.schedule = schedule;
        this.name = name;
        this.register = register;
        this.seats = seats;
        Player.Referee referee = new Player.Referee() {
            @Override
            public void granted() {
                stage.countGrant();
            }

            @Override
            public void lost() {
                stage.countLoss();
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
                stage.count(step.kind());
                take(step, players.get(player), seats.get(player % seats.size()));
                stage.afterStep();
            }
        }
        heal();
        judge();
    }

    private int player(int who) {
        return (who < Step.MATE ? who : who - Step.MATE + seats.size()) % players.size();
    }

    /** A session that nobody has used since it ended cannot be harmed. */
    private boolean isPossible(Step step, Seat seat) {
        Contender contender = seat.present();
        return stage.isAwake(seat)
                && switch (step.kind()) {
                    case REVOKE, CLOSE, ORPHAN, DELETE_CLAIM, EXPIRE -> contender != null && contender.isAlive();
                    default -> true;
                };
    }

    private void take(Step step, Player player, Seat seat) {
        switch (step.kind()) {
            case ACQUIRE -> player.acquire(seat.contender(), name, nextValue(), seat::harmSince);
            case TRY -> {
                Contender contender = seat.contender();
                String value = nextValue();
                player.acquire(() -> contender.tryAcquire(name, value), stage.threads(seat), seat::harmSince);
            }
            case TIMED -> {
                Contender contender = seat.contender();
                String value = nextValue();
                Duration timeout = Duration.ofMillis(1 + step.amount());
                player.acquire(() -> contender.tryAcquire(name, value, timeout), stage.threads(seat), seat::harmSince);
            }
            case CANCEL -> player.cancel();
            case RELEASE -> player.release(seat::harmSince);
            case RELEASE_AGAIN -> player.releaseAgain();
            case WRITE -> player.write(register);
            case PROCLAIM -> player.proclaim(nextValue());
            case READ -> player.read(seat.contender(), name, stage.threads(seat));
            case AWAIT -> await(step.amount());
            case PAUSE -> pause(step.amount());
            case LOSE_REQUEST, LOSE_REPLY, DELAY, LAND_LATE, DUPLICATE, HANG_REQUEST, HANG_REPLY -> seat.fault(step);
            case BREAK_WATCH -> seat.breakWatch();
            case HOLD_REPLIES -> seat.holdReplies(2 * step.amount());
            case COMPACT -> stage.compact();
            case REVOKE, CLOSE, ORPHAN, DELETE_CLAIM -> harm(step.kind(), seat, seat.contender());
            case PASS,
                    STALL,
                    SILENCE,
                    DEAFEN,
                    SEVER,
                    CUT_STREAM,
                    EXPIRE,
                    PAUSE_SERVER,
                    CHANGE_LEADER,
                    NO_SPACE,
                    SPACE -> stage.take(step, seat, history.moment());
        }
    }

    private void harm(Step.Kind kind, Seat seat, Contender contender) {
        if (kind == Step.Kind.REVOKE || kind == Step.Kind.DELETE_CLAIM) {
            seat.rob(history.moment(), stage.revision());
        } else {
            seat.harm(history.moment());
        }
        switch (kind) {
            case REVOKE -> stage.revoke(contender.leaseId());
            case CLOSE -> closing.add(CompletableFuture.runAsync(contender::close, stage.threads(seat)));
            case ORPHAN -> {
                contender.orphan();
                orphans.add(contender.leaseId());
            }
            default -> contender.claims(name).forEach(stage::delete);
        }
    }

    private String nextValue() {
        return "v" + ++values;
    }

    /** Waits for whatever comes first, or so long. */
    private void await(int millis) {
        List<CompletableFuture<?>> pending = players.stream()
                .<CompletableFuture<?>>map(player -> player.wanted().isDone() ? player.released() : player.wanted())
                .filter(future -> !future.isDone())
                .toList();
        if (!pending.isEmpty()) {
            stage.passUntilAny(pending, Duration.ofMillis(millis));
        }
    }

    // What must hold after the faults

    private void heal() {
        stage.heal();
        seats.forEach(Seat::heal);
        orphans.forEach(stage::revoke);
        settled("whoever has lost it is told", () -> {
            Set<Long> alive = claimsAlive();
            return players.stream().allMatch(player -> player.isTold() || alive.contains(player.claim()));
        });
        settled("every waiter is served", () -> {
            players.forEach(player -> player.release(seatOf(player)::harmSince));
            await(1);
            return players.stream()
                    .allMatch(player -> player.wanted().isDone()
                            && player.wanted().join().isEmpty()
                            && player.released().isDone());
        });
        settled("every call is answered", () -> players.stream().allMatch(Player::isAnswered));
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
        settled("no claim is left", () -> stage.keysBelow(name + "/").stream().noneMatch(ClaimLives::isClaim));
        settled("no watch is left", () -> seats.stream().allMatch(seat -> seat.watchesOpen() <= 1));
    }

    /** The create revisions of the claims that are there. */
    private Set<Long> claimsAlive() {
        Map<String, Long> alive = new HashMap<>();
        for (Change change : stage.changesBelow(name + "/")) {
            if (change.deleted()) {
                alive.remove(change.key());
            } else {
                alive.put(change.key(), change.created());
            }
        }
        return Set.copyOf(alive.values());
    }

    private Seat seatOf(Player player) {
        return seats.get(players.indexOf(player) % seats.size());
    }

    private void settled(String what, BooleanSupplier condition) {
        long deadline = stage.nanoTime() + BOUND.toNanos();
        while (!condition.getAsBoolean()) {
            if (stage.nanoTime() - deadline > 0) {
                throw new AssertionError(
                        "not within " + BOUND.toSeconds() + " s: " + what + "\n" + schedule + "\nkeys: "
                                + stage.keysBelow(name) + ", watches: "
                                + seats.stream().map(Seat::watchesOpen).toList() + "\n" + history);
            }
            pause(1);
        }
    }

    private void pause(int millis) {
        stage.pass(Duration.ofMillis(millis));
    }

    /** Two that both believe to own it, though nobody took it from either behind its back. */
    void checkOwners() {
        List<Player> owners = players.stream()
                .filter(player -> player.isOwner() && !seatOf(player).mayBeRobbedOf(player.claim()))
                .toList();
        if (owners.size() > 1 && !owners.stream().allMatch(Player::isSharing)) {
            fouls.add("at moment " + history.moment() + " several believe that they own it: "
                    + owners.stream().map(Player::toString).collect(Collectors.joining(", ")));
        }
    }

    private void judge() {
        List<Operation<Ownership>> told = history.operations();
        List<Change> claims = stage.changesBelow(name + "/");
        List<String> found = new ArrayList<>(fouls);
        for (Player player : players) {
            player.unexplainedLosses(stage.isReal()).forEach((token, reason) -> {
                if (!reason.equals(Player.BY_RELEASE) || !seatOf(player).duplicated()) {
                    found.add("token " + token + " was lost though nobody took it away: " + reason);
                }
            });
        }
        found.addAll(ClaimLives.violations(claims, stage.changesBelow(register), told));
        Linearizability.violation(name, new OwnershipModel(), withoutPhantoms(told))
                .map(Violation::report)
                .ifPresent(found::add);
        stage.forgetChanges();
        seats.forEach(Seat::forgetHarms);
        if (!found.isEmpty()) {
            throw new AssertionError(String.join("\n", found) + "\n" + schedule + "\nHistory:\n" + history
                    + "\nClaims:\n" + claims.stream().map(Change::toString).collect(Collectors.joining("\n")));
        }
    }

    /**
     * What was granted on a claim that somebody had taken away just before, as to the next client of the same session, is
     * lost as soon as its owner hears of it. Until then it can do no harm, which the server's history shows, but it fits in
     * no order.
     */
    private static List<Operation<Ownership>> withoutPhantoms(List<Operation<Ownership>> told) {
        Map<Long, Long> takenAway = new HashMap<>(); // by claim
        Set<Long> phantoms = new HashSet<>();
        for (Operation<Ownership> operation : told) {
            if (operation.what() instanceof Lost lost) {
                takenAway.merge(lost.token() >> ClaimLives.SEQUENCE_BITS, operation.invoked(), Math::min);
            }
        }
        for (Operation<Ownership> operation : told) {
            if (operation.what() instanceof Acquired acquired
                    && takenAway.getOrDefault(acquired.token() >> ClaimLives.SEQUENCE_BITS, Operation.NEVER)
                            < operation.completed()) {
                phantoms.add(acquired.token());
            }
        }
        return told.stream()
                .filter(operation -> !phantoms.contains(operation.what().token()))
                .toList();
    }
}
