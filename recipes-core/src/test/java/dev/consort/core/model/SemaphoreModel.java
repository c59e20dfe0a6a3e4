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
import java.util.function.UnaryOperator;

/**
 * The queue of a semaphore as an explicit-state model: a few sessions that each take some permits once, give up, die, change
 * the limit, and tell each other; every reachable state is visited. As in {@link ReadWriteModel} a put is one step.
 */
final class SemaphoreModel {
    /** Rules that can be left out, to see that the model misses them. */
    enum Rule {
        /** Who lets somebody in tells the one behind him that he is the first who waits now. */
        FIRST_IS_TOLD,
        /** So does one who finds by himself that he is let in. */
        FIRST_IS_TOLD_AFTER_A_CHECK,
        /** The first who waits watches all claims, and the limit. */
        FIRST_WATCHES_ALL,
        /** One behind him watches the claim before his. */
        BEHIND_WATCHES_THE_ONE_BEFORE,
        /** One behind a claim that is older than the limit, and may hold more than it allows now, watches all. */
        OLDER_THAN_THE_LIMIT,
        /** Who leaves, or raises the limit, tells those whom that lets in. */
        TELLS,
        /** A claim that waits and is withdrawn is told of, too. */
        WITHDRAWAL_TELLS,
        /** Who is told that he is let in is told so only under the limit that was read. */
        LIMIT_IS_COMPARED,
        /** If not all are told at once, the one behind those who are is told that the one before him is let in. */
        EACH_PART_TELLS_THE_NEXT
    }

    enum Phase {
        IDLE,
        WAITING,
        HELD,
        DONE
    }

    record Claim(int session, int revision, int permits) {}

    record Limit(int permits, int revision) {}

    /** What is in etcd. */
    record Store(Limit limit, List<Claim> claims) {}

    record Letter(int revision, boolean granted) {}

    /** A session: what it saw when it last looked, and whether it waits for anything of that or for the claim before. */
    record Session(int wish, Phase phase, int mine, Optional<Store> seen, boolean first, List<Letter> mail) {
        Session in(Phase next) {
            return new Session(wish, next, mine, seen, first, mail);
        }
    }

    /** Somebody has yet to tell; of the end of a claim, or (0) of the limit, or of itself alone if it has only found. */
    record Telling(int by, Optional<Claim> left, boolean found, Optional<Store> read, List<Claim> known, int told) {
        Telling(int by, Optional<Claim> left, boolean found) {
            this(by, left, found, Optional.empty(), List.of(), 0);
        }

        Telling upTo(Claim claim) {
            return new Telling(by, left, found, read, known, claim.revision);
        }

        /** Who knows already is settled by what is read first: whoever leaves later tells for himself. */
        Telling reading(Store store) {
            return new Telling(by, left, found, Optional.of(store), read.isPresent() ? known : knownIn(store), told);
        }

        private List<Claim> knownIn(Store store) {
            if (left.isEmpty()) {
                return List.of();
            }
            if (found) {
                return granted(store).stream()
                        .filter(claim -> claim.revision <= left.get().revision)
                        .toList();
            }
            List<Claim> before = new ArrayList<>(store.claims);
            before.add(left.get());
            before.sort(Comparator.comparingInt(Claim::revision));
            return granted(new Store(store.limit, before));
        }
    }

    record State(Store store, List<Session> sessions, List<Telling> tellings, int revision, List<Integer> faults) {}

    record Outcome(int states, Optional<String> violation) {}

    private static final int WITHDRAW = 0;
    private static final int DIE = 1;
    private static final int CHANGE = 2;

    private final Set<Rule> rules;
    private final List<Integer> wishes;
    private final int limit;
    private final int otherLimit;
    private List<State> next = new ArrayList<>();
    private boolean progress;
    private boolean untrue;
    private int deaths;

    SemaphoreModel(List<Integer> wishes, int limit, int otherLimit, Set<Rule> leftOut) {
        this.wishes = wishes;
        this.limit = limit;
        this.otherLimit = otherLimit;
        this.rules = EnumSet.allOf(Rule.class);
        this.rules.removeAll(leftOut);
    }

    Outcome search(int withdrawals, int mayDie, int changes) {
        deaths = mayDie;
        List<Session> sessions = wishes.stream()
                .map(wish -> new Session(wish, Phase.IDLE, 0, Optional.empty(), false, List.of()))
                .toList();
        Store empty = new Store(new Limit(limit, 1), List.of());
        State start = new State(empty, sessions, List.of(), 1, List.of(withdrawals, mayDie, changes));
        Set<State> seen = new HashSet<>(Set.of(start));
        Queue<State> open = new ArrayDeque<>(seen);
        while (!open.isEmpty()) {
            State state = open.remove();
            next = new ArrayList<>();
            progress = false;
            untrue = false;
            for (int s = 0; s < sessions.size(); s++) {
                steps(state, s);
            }
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
        if (untrue) {
            return Optional.of("a message that is not true is sent");
        }
        int held = 0;
        for (int s = 0; s < state.sessions.size(); s++) {
            Session session = state.sessions.get(s);
            if (session.phase == Phase.HELD) {
                held += session.wish;
            }
            boolean granted = session.phase == Phase.WAITING && isGranted(state.store, claimOf(state, s));
            // Nothing moves any more unless somebody leaves: then he must know.
            if (granted && !progress) {
                return Optional.of("session " + s + " is forgotten");
            }
            boolean quiet = state.tellings.isEmpty()
                    && state.sessions.stream().allMatch(each -> each.mail.isEmpty())
                    && state.faults.get(DIE) == deaths;
            if (granted && quiet) {
                return Optional.of("session " + s + " is told by nobody");
            }
        }
        // What was granted before the limit was lowered stays.
        boolean changed = state.store.limit.revision > 1;
        int most = changed ? Math.max(limit, otherLimit) : limit;
        return held > most ? Optional.of(held + " permits are held") : Optional.empty();
    }

    private static Claim claimOf(State state, int session) {
        return state.store.claims.stream()
                .filter(claim -> claim.session == session)
                .findFirst()
                .orElseThrow();
    }

    private static List<Claim> granted(Store store) {
        int left = store.limit.permits;
        List<Claim> granted = new ArrayList<>();
        for (Claim claim : store.claims) {
            left -= claim.permits;
            if (left < 0) {
                break;
            }
            granted.add(claim);
        }
        return granted;
    }

    private static boolean isGranted(Store store, Claim claim) {
        return granted(store).contains(claim);
    }

    // What sessions do

    private void steps(State state, int s) {
        Session session = state.sessions.get(s);
        switch (session.phase) {
            case IDLE -> {
                if (s > 0 && state.sessions.get(s - 1).phase == Phase.IDLE) {
                    return; // sessions come in their order, which is as good as any other
                }
                int revision = state.revision + 1;
                Claim mine = new Claim(s, revision, session.wish);
                List<Claim> claims = new ArrayList<>(state.store.claims);
                claims.add(mine);
                Store store = new Store(state.store.limit, List.copyOf(claims));
                place(new State(store, state.sessions, state.tellings, revision, state.faults), s, mine, false);
            }
            case WAITING -> {
                if (watchSays(state, session)) {
                    progress = true;
                    place(state, s, claimOf(state, s), true);
                }
                if (state.faults.get(WITHDRAW) > 0) {
                    leave(spend(state, WITHDRAW), s, rules.contains(Rule.WITHDRAWAL_TELLS));
                }
            }
            case HELD -> leave(state, s, rules.contains(Rule.TELLS));
            case DONE -> {}
        }
        List<Telling> others =
                state.tellings.stream().filter(telling -> telling.by != s).toList();
        boolean there = session.phase == Phase.WAITING || session.phase == Phase.HELD;
        if ((there || others.size() < state.tellings.size()) && state.faults.get(DIE) > 0) {
            State dead = with(without(spend(state, DIE), s), s, it -> it.in(Phase.DONE));
            add(new State(dead.store, dead.sessions, others, dead.revision, dead.faults));
        }
        if (there) {
            if (state.faults.get(CHANGE) > 0) {
                change(spend(state, CHANGE), s);
            }
        }
        if (!session.mail.isEmpty()) {
            receive(state, s);
        }
    }

    private boolean watchSays(State state, Session session) {
        Store seen = session.seen.orElseThrow();
        if (session.first) {
            return rules.contains(Rule.FIRST_WATCHES_ALL)
                    && (!seen.limit.equals(state.store.limit) || !state.store.claims.containsAll(seen.claims));
        }
        Claim before = before(seen, session.mine).orElseThrow();
        return rules.contains(Rule.BEHIND_WATCHES_THE_ONE_BEFORE) && !state.store.claims.contains(before);
    }

    private static Optional<Claim> before(Store store, int revision) {
        return store.claims.stream()
                .filter(claim -> claim.revision < revision)
                .max(Comparator.comparingInt(Claim::revision));
    }

    private void receive(State state, int s) {
        Session session = state.sessions.get(s);
        Letter letter = session.mail.get(0);
        progress = true;
        State read = with(
                state,
                s,
                it -> new Session(
                        it.wish,
                        it.phase,
                        it.mine,
                        it.seen,
                        it.first,
                        List.copyOf(it.mail.subList(1, it.mail.size()))));
        boolean mine = session.phase == Phase.WAITING && letter.revision == session.mine;
        if (mine && letter.granted) {
            add(with(read, s, it -> it.in(Phase.HELD)));
        } else if (mine) {
            place(read, s, claimOf(read, s), true);
        } else {
            add(read);
        }
    }

    /** It looks where it stands. */
    private void place(State state, int s, Claim mine, boolean checked) {
        if (mine.permits > state.store.limit.permits) {
            leave(state, s, true);
            return;
        }
        boolean granted = isGranted(state.store, mine);
        Optional<Claim> before = before(state.store, mine.revision);
        boolean old = before.isPresent() && before.get().revision < state.store.limit.revision;
        boolean first = before.isEmpty()
                || isGranted(state.store, before.get())
                || (old && rules.contains(Rule.OLDER_THAN_THE_LIMIT));
        State placed = with(
                state,
                s,
                it -> new Session(
                        it.wish,
                        granted ? Phase.HELD : Phase.WAITING,
                        mine.revision,
                        granted ? Optional.empty() : Optional.of(state.store),
                        !granted && first,
                        it.mail));
        add(
                granted && checked && rules.contains(Rule.FIRST_IS_TOLD_AFTER_A_CHECK)
                        ? telling(placed, new Telling(s, Optional.of(mine), true))
                        : placed);
    }

    private void leave(State state, int s, boolean tells) {
        Claim mine = claimOf(state, s);
        State left = with(without(state, s), s, it -> it.in(Phase.DONE));
        add(tells ? telling(left, new Telling(s, Optional.of(mine), false).reading(left.store)) : left);
    }

    private void change(State state, int s) {
        int revision = state.revision + 1;
        Store store = new Store(new Limit(otherLimit, revision), state.store.claims);
        State changed = new State(store, state.sessions, state.tellings, revision, state.faults);
        add(rules.contains(Rule.TELLS) ? telling(changed, new Telling(s, Optional.empty(), false)) : changed);
    }

    // Telling

    private void tell(State state, Telling telling) {
        progress = true;
        List<Telling> others = new ArrayList<>(state.tellings);
        others.remove(telling);
        State rest = new State(state.store, state.sessions, List.copyOf(others), state.revision, state.faults);
        if (telling.read.isEmpty()) {
            add(telling(rest, telling.reading(state.store)));
            return;
        }
        Store read = telling.read.get();
        List<Claim> untold = new ArrayList<>(granted(read));
        untold.removeAll(telling.known);
        untold.removeIf(claim -> claim.revision <= telling.told);
        boolean tellsFirst = rules.contains(Rule.FIRST_IS_TOLD) && (telling.found || !untold.isEmpty());
        if (untold.isEmpty() && !tellsFirst) {
            add(rest);
            return;
        }
        part(state, rest, telling, untold, tellsFirst, rest);
        if (untold.size() > 1) {
            List<Claim> one = untold.subList(0, 1);
            boolean tellsNext = tellsFirst && rules.contains(Rule.EACH_PART_TELLS_THE_NEXT);
            part(state, rest, telling, one, tellsNext, telling(rest, telling.upTo(one.get(0))));
        }
    }

    /** Tells some that they are let in, and the one right behind the last of them to look. */
    private void part(State state, State rest, Telling telling, List<Claim> some, boolean tellsNext, State then) {
        Store read = telling.read.orElseThrow();
        int end = some.isEmpty() ? granted(read).size() : read.claims.indexOf(some.get(some.size() - 1)) + 1;
        List<Claim> told = new ArrayList<>(some);
        if (tellsNext && end < read.claims.size()) {
            told.add(read.claims.get(end));
        }
        boolean sameLimit = read.limit.equals(state.store.limit) || !rules.contains(Rule.LIMIT_IS_COMPARED);
        if (!sameLimit || !state.store.claims.containsAll(told)) {
            add(telling(rest, telling.reading(state.store)));
            return;
        }
        State mailed = then;
        for (Claim claim : told) {
            Letter letter = new Letter(claim.revision, some.contains(claim));
            untrue |= letter.granted && !isGranted(state.store, claim);
            mailed = with(mailed, claim.session, it -> withMail(it, letter));
        }
        add(mailed);
    }

    private static Session withMail(Session session, Letter letter) {
        List<Letter> mail = new ArrayList<>(session.mail);
        mail.add(letter);
        return new Session(session.wish, session.phase, session.mine, session.seen, session.first, List.copyOf(mail));
    }

    // States

    private void add(State state) {
        next.add(state);
    }

    private static State with(State state, int s, UnaryOperator<Session> change) {
        List<Session> sessions = new ArrayList<>(state.sessions);
        sessions.set(s, change.apply(sessions.get(s)));
        return new State(state.store, List.copyOf(sessions), state.tellings, state.revision, state.faults);
    }

    private static State without(State state, int session) {
        List<Claim> claims = state.store.claims.stream()
                .filter(claim -> claim.session != session)
                .toList();
        Store store = new Store(state.store.limit, claims);
        return new State(store, state.sessions, state.tellings, state.revision, state.faults);
    }

    private static State telling(State state, Telling telling) {
        List<Telling> tellings = new ArrayList<>(state.tellings);
        tellings.add(telling);
        return new State(state.store, state.sessions, List.copyOf(tellings), state.revision, state.faults);
    }

    private static State spend(State state, int fault) {
        List<Integer> faults = new ArrayList<>(state.faults);
        faults.set(fault, faults.get(fault) - 1);
        return new State(state.store, state.sessions, state.tellings, state.revision, List.copyOf(faults));
    }
}
