/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Several names at once beside single ones as an explicit-state model: tasks of a few sessions that each want one name or
 * more, once; local queues with hand-over, withdrawals, a crash, and a claim deleted by somebody else. Every reachable state
 * is visited. That a claim is put and answered, late attempts and ghosts are in {@link ClaimModel}: here a put is one step.
 */
final class MultiModel {
    /** Rules that can be left out, to see that the model misses them. */
    enum Rule {
        /** It takes its places in all local queues at one moment. */
        ONE_MOMENT,
        /** All claims are put by one transaction. */
        ONE_TRANSACTION,
        /** It claims only when it is first in all its local queues. */
        FIRST_OF_ALL,
        /** It does not go on with a claim that was made for somebody else. */
        INHERITS_NOTHING,
        /** Messages are for the claim of a revision in one queue. */
        QUEUE_NAMED,
        /** Releasing tells the next one for each name. */
        RELEASE_TELLS_ALL,
        /** A withdrawal of waiting claims tells whom it lets in. */
        WITHDRAWAL_TELLS,
        /** When one claim is gone the others are removed. */
        LOSS_FREES_OTHERS,
        /** A waiter watches the claim before it. */
        WATCH
    }

    enum Phase {
        NEW,
        LOCAL,
        CLAIMED,
        HELD,
        DONE
    }

    /** What one thread wants, in the order in which it says so, and what it has. */
    record Task(int session, List<Integer> names, Phase phase, int joined, int put) {
        Task in(Phase next) {
            return new Task(session, names, next, joined, put);
        }
    }

    /** A claim in etcd, and whether its session knows that it is granted. */
    record Claim(int name, int session, int revision, boolean known) {}

    /** A message on its way: the claim of this revision in this queue is granted. */
    record Letter(int to, int name, int revision) {}

    /** Somebody has yet to tell the first of a queue. */
    record Telling(int by, int name) {}

    /** One of the local queues. */
    record Place(int session, int name, int task) {}

    record State(
            List<Task> tasks,
            List<Place> places,
            List<Claim> claims,
            List<Letter> letters,
            List<Telling> tellings,
            int revision,
            List<Integer> faults) {}

    /** What a search found. */
    record Outcome(int states, Optional<String> violation) {}

    private static final int WITHDRAW = 0;
    private static final int DIE = 1;
    private static final int DELETE = 2;

    private final Set<Rule> rules;
    private final List<Task> tasks;
    private List<State> next = new ArrayList<>();
    private int deaths;

    MultiModel(List<Task> tasks, Set<Rule> leftOut) {
        this.tasks = tasks;
        this.rules = EnumSet.allOf(Rule.class);
        this.rules.removeAll(leftOut);
    }

    static Task task(int session, Integer... names) {
        return new Task(session, List.of(names), Phase.NEW, 0, 0);
    }

    Outcome search(int withdrawals, int mayDie, int deletions) {
        deaths = mayDie;
        State first = new State(
                tasks, List.of(), List.of(), List.of(), List.of(), 0, List.of(withdrawals, mayDie, deletions));
        Set<State> seen = new HashSet<>(Set.of(first));
        Queue<State> open = new ArrayDeque<>(seen);
        while (!open.isEmpty()) {
            State state = open.remove();
            next = new ArrayList<>();
            for (int t = 0; t < tasks.size(); t++) {
                steps(state, t);
            }
            state.claims.forEach(claim -> ofClaim(state, claim));
            state.letters.forEach(letter -> receive(state, letter));
            state.tellings.forEach(telling -> tell(state, telling));
            Optional<String> wrong = wrong(state);
            if (wrong.isPresent()) {
                return new Outcome(seen.size(), Optional.of(wrong.get() + " in " + state));
            }
            next.stream().filter(seen::add).forEach(open::add);
        }
        return new Outcome(seen.size(), Optional.empty());
    }

    private Optional<String> wrong(State state) {
        for (Claim claim : state.claims) {
            boolean granted = head(state, claim.name).equals(Optional.of(claim));
            if (claim.known && !granted) {
                return Optional.of(claim + " is believed to be granted");
            }
            if (isHeldTwice(state, claim.session, claim.name)) {
                return Optional.of(claim + " is held twice");
            }
            boolean told = state.letters.isEmpty() && state.tellings.isEmpty();
            if (granted && !claim.known && told && state.faults.get(DIE) == deaths) {
                return Optional.of(claim + " is told by nobody");
            }
        }
        if (next.isEmpty() && !state.tasks.stream().allMatch(task -> task.phase == Phase.DONE)) {
            return Optional.of("somebody is stuck");
        }
        return next.isEmpty() && !state.claims.isEmpty() ? Optional.of("claims are left") : Optional.empty();
    }

    private static boolean isHeldTwice(State state, int session, int name) {
        return state.tasks.stream()
                        .filter(task -> task.phase == Phase.HELD && task.session == session)
                        .filter(task -> task.names.contains(name))
                        .count()
                > 1;
    }

    private static Optional<Claim> head(State state, int name) {
        return state.claims.stream().filter(claim -> claim.name == name).min(Comparator.comparingInt(Claim::revision));
    }

    private static Optional<Claim> claimOf(State state, int session, int name) {
        return state.claims.stream()
                .filter(claim -> claim.name == name && claim.session == session)
                .findFirst();
    }

    private static Optional<Integer> firstIn(State state, int session, int name) {
        return state.places.stream()
                .filter(place -> place.session == session && place.name == name)
                .map(Place::task)
                .findFirst();
    }

    // What tasks do

    private void steps(State state, int t) {
        Task task = state.tasks.get(t);
        switch (task.phase) {
            case NEW -> join(state, t);
            case LOCAL -> {
                claim(state, t);
                withdraw(state, t);
            }
            case CLAIMED -> {
                if (task.put < task.names.size()) {
                    claim(state, t);
                } else if (held(state, task)) {
                    next.add(with(state, t, task.in(Phase.HELD)));
                }
                withdraw(state, t);
                notice(state, t);
            }
            case HELD -> {
                boolean all = rules.contains(Rule.RELEASE_TELLS_ALL);
                leave(state, t, name -> all || name.equals(task.names.get(0)));
                notice(state, t);
            }
            case DONE -> {}
        }
        if (state.faults.get(DIE) > 0 && task.phase != Phase.NEW && task.phase != Phase.DONE) {
            die(state, task.session);
        }
    }

    private void join(State state, int t) {
        Task task = state.tasks.get(t);
        int until = rules.contains(Rule.ONE_MOMENT) ? task.names.size() : task.joined + 1;
        List<Place> places = new ArrayList<>(state.places);
        task.names.subList(task.joined, until).forEach(name -> places.add(new Place(task.session, name, t)));
        Phase phase = until == task.names.size() ? Phase.LOCAL : Phase.NEW;
        Task joined = new Task(task.session, task.names, phase, until, 0);
        next.add(new State(
                with(state, t, joined).tasks,
                List.copyOf(places),
                state.claims,
                state.letters,
                state.tellings,
                state.revision,
                state.faults));
    }

    private void claim(State state, int t) {
        Task task = state.tasks.get(t);
        boolean together = rules.contains(Rule.ONE_TRANSACTION);
        List<Integer> wanted = together ? task.names : task.names.subList(task.put, task.put + 1);
        List<Integer> waited = rules.contains(Rule.FIRST_OF_ALL) || !together ? wanted : wanted.subList(0, 1);
        if (!waited.stream().allMatch(name -> firstIn(state, task.session, name).equals(Optional.of(t)))) {
            return;
        }
        List<Integer> missing = wanted.stream()
                .filter(name -> claimOf(state, task.session, name).isEmpty())
                .toList();
        int revision = state.revision + (missing.isEmpty() ? 0 : 1);
        List<Claim> claims = new ArrayList<>(state.claims);
        missing.forEach(name -> claims.add(
                new Claim(name, task.session, revision, head(state, name).isEmpty())));
        claims.sort(Comparator.comparingInt(Claim::revision).thenComparingInt(Claim::name));
        int put = together ? task.names.size() : task.put + 1;
        Task claimed = new Task(task.session, task.names, Phase.CLAIMED, task.joined, put);
        next.add(new State(
                with(state, t, claimed).tasks,
                state.places,
                List.copyOf(claims),
                state.letters,
                state.tellings,
                revision,
                state.faults));
    }

    private static boolean held(State state, Task task) {
        return task.names.stream()
                .allMatch(name ->
                        claimOf(state, task.session, name).map(Claim::known).orElse(false));
    }

    private void withdraw(State state, int t) {
        if (state.faults.get(WITHDRAW) > 0) {
            boolean tells = rules.contains(Rule.WITHDRAWAL_TELLS);
            leave(spend(state, WITHDRAW), t, name -> tells);
        }
    }

    /** Removes its claims, but for one of a single name that the next one here goes on with. */
    private void leave(State state, int t, Predicate<Integer> tells) {
        Task task = state.tasks.get(t);
        List<Place> places =
                state.places.stream().filter(place -> place.task != t).toList();
        State left = new State(
                with(state, t, task.in(Phase.DONE)).tasks,
                places,
                state.claims,
                state.letters,
                state.tellings,
                state.revision,
                state.faults);
        boolean single = task.names.size() == 1;
        int first = task.names.get(0);
        boolean goesOn = single
                && firstIn(left, task.session, first)
                        .map(other ->
                                state.tasks.get(other).names.size() == 1 || !rules.contains(Rule.INHERITS_NOTHING))
                        .orElse(false);
        boolean its = single && firstIn(state, task.session, first).equals(Optional.of(t));
        if (goesOn || !(its || task.put > 0)) {
            next.add(left);
        } else {
            next.add(without(left, claim -> claim.session == task.session && task.names.contains(claim.name), tells));
        }
    }

    /** One of its claims is not there. */
    private void notice(State state, int t) {
        Task task = state.tasks.get(t);
        boolean gone = task.put == task.names.size()
                && task.names.stream()
                        .anyMatch(name -> claimOf(state, task.session, name).isEmpty());
        if (gone) {
            boolean frees = rules.contains(Rule.LOSS_FREES_OTHERS);
            State done = with(state, t, frees ? task : new Task(task.session, task.names, task.phase, task.joined, 0));
            leave(done, t, name -> true);
        }
    }

    private void die(State state, int session) {
        State spent = spend(state, DIE);
        List<Task> left = spent.tasks.stream()
                .map(task -> task.session == session ? task.in(Phase.DONE) : task)
                .toList();
        next.add(new State(
                left,
                spent.places.stream().filter(place -> place.session != session).toList(),
                spent.claims.stream().filter(claim -> claim.session != session).toList(),
                spent.letters.stream().filter(letter -> letter.to != session).toList(),
                spent.tellings.stream().filter(telling -> telling.by != session).toList(),
                spent.revision,
                spent.faults));
    }

    // What becomes of claims

    private void ofClaim(State state, Claim claim) {
        boolean watched = rules.contains(Rule.WATCH) && state.faults.get(DIE) < deaths;
        boolean deleted = rules.contains(Rule.WATCH) && state.faults.get(DELETE) == 0;
        if (!claim.known && (watched || deleted) && head(state, claim.name).equals(Optional.of(claim))) {
            next.add(known(state, claim));
        }
        boolean several = state.tasks.stream()
                .anyMatch(task -> task.session == claim.session
                        && task.put > 1
                        && task.phase != Phase.DONE
                        && task.names.contains(claim.name));
        if (state.faults.get(DELETE) > 0 && several) {
            next.add(without(spend(state, DELETE), claim::equals, name -> true));
        }
    }

    private static State known(State state, Claim claim) {
        List<Claim> claims = state.claims.stream()
                .map(each -> each.equals(claim) ? new Claim(each.name, each.session, each.revision, true) : each)
                .toList();
        return new State(
                state.tasks, state.places, claims, state.letters, state.tellings, state.revision, state.faults);
    }

    private void receive(State state, Letter letter) {
        List<Letter> others = new ArrayList<>(state.letters);
        others.remove(letter);
        State read = new State(
                state.tasks,
                state.places,
                state.claims,
                List.copyOf(others),
                state.tellings,
                state.revision,
                state.faults);
        List<Claim> meant = state.claims.stream()
                .filter(claim -> claim.session == letter.to && claim.revision == letter.revision)
                .filter(claim -> claim.name == letter.name || !rules.contains(Rule.QUEUE_NAMED))
                .toList();
        for (Claim claim : meant) {
            read = known(read, claim);
        }
        next.add(read);
    }

    private void tell(State state, Telling telling) {
        List<Telling> others = new ArrayList<>(state.tellings);
        others.remove(telling);
        List<Letter> letters = new ArrayList<>(state.letters);
        head(state, telling.name)
                .filter(claim -> !claim.known)
                .map(claim -> new Letter(claim.session, claim.name, claim.revision))
                .filter(letter -> !letters.contains(letter))
                .ifPresent(letters::add);
        letters.sort(Comparator.comparingInt(Letter::to).thenComparing(Letter::name));
        next.add(new State(
                state.tasks,
                state.places,
                state.claims,
                List.copyOf(letters),
                List.copyOf(others),
                state.revision,
                state.faults));
    }

    // States

    /** Without some claims, in one commit; who goes by it has to tell the first of each queue. */
    private static State without(State state, Predicate<Claim> gone, Predicate<Integer> tells) {
        List<Telling> tellings = new ArrayList<>(state.tellings);
        state.claims.stream()
                .filter(gone)
                .filter(claim -> tells.test(claim.name))
                .map(claim -> new Telling(claim.session, claim.name))
                .filter(telling -> !tellings.contains(telling))
                .forEach(tellings::add);
        tellings.sort(Comparator.comparingInt(Telling::by).thenComparing(Telling::name));
        return new State(
                state.tasks,
                state.places,
                state.claims.stream().filter(gone.negate()).toList(),
                state.letters,
                List.copyOf(tellings),
                state.revision,
                state.faults);
    }

    private static State with(State state, int t, Task task) {
        List<Task> all = new ArrayList<>(state.tasks);
        all.set(t, task);
        return new State(
                List.copyOf(all),
                state.places,
                state.claims,
                state.letters,
                state.tellings,
                state.revision,
                state.faults);
    }

    private static State spend(State state, int fault) {
        List<Integer> faults = new ArrayList<>(state.faults);
        faults.set(fault, faults.get(fault) - 1);
        return new State(
                state.tasks,
                state.places,
                state.claims,
                state.letters,
                state.tellings,
                state.revision,
                List.copyOf(faults));
    }
}
