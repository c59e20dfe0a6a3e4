/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The queue of readers and writers as an explicit-state model: a few sessions that each read or write once, give up, die,
 * become readers or writers, and tell each other; every reachable state is visited. That a claim is put and answered, late
 * attempts and ghosts are the same as for exclusive claims, and in {@link ClaimModel}: here a put is one step.
 */
final class ReadWriteModel {
    /** Rules that can be left out, to see that the model misses them. */
    enum Rule {
        /** A list that names readers is believed only while the claim that ends them is there. */
        STOPPER,
        /** A reader that leaves reads who follows. */
        READERS_PASS_NO_LIST,
        /** A waiting claim that is withdrawn tells those whom it lets in. */
        WITHDRAWAL_TELLS,
        /** A writer that has become a reader tells those whom that lets in. */
        MARK_TELLS,
        /** A waiter watches a claim before it. */
        WATCH,
        /** Who looks for the claim before it does not take the mark, which is younger, for one. */
        MARK_IS_NO_CLAIM,
        /** A mark that is left when its claim is deleted does not speak of the session's next write. */
        MARK_GOES_WITH_ITS_CLAIM,
        /** Who hears that its claim is gone deletes the mark of it. */
        LOST_MARK_IS_DELETED,
        /** Also if it was not answered yet whether the mark was put. */
        UNANSWERED_MARK_IS_DELETED,
        /** A release that finds the claim gone deletes the mark that was left. */
        RELEASE_DELETES_A_MARK_THAT_WAS_LEFT,
        /** A reader becomes a writer only if nothing was put since it was seen to be alone. */
        UPGRADE_COMPARES,
        /** And if it has not lost its place meanwhile. */
        UPGRADE_COMPARES_ITS_PLACE
    }

    enum Kind {
        READ,
        WRITE,
        KEPT
    }

    enum Phase {
        IDLE,
        WAITING,
        HELD,
        /** It was a writer, and its mark is put, of which it knows nothing yet. */
        MARKING,
        SEEN_ALONE,
        /** It writes, after others have written since it read. */
        TOO_LATE,
        DONE
    }

    /** A claim in etcd. */
    record Claim(int session, int revision, Kind kind) {}

    /** A session: what it wants, where it is, what it knows to follow it, and what is in its mailbox. */
    record Session(
            Kind wish, Phase phase, int mine, int blocker, int seen, List<Claim> following, Optional<Letter> mail) {
        Session in(Phase next) {
            return new Session(wish, next, mine, blocker, seen, following, mail);
        }
    }

    /** What a mailbox holds. */
    record Letter(int revision, List<Claim> following) {}

    /** Somebody has yet to tell those whom the end, or the mark, of a claim lets in; read already, or not. */
    record Telling(int by, Claim left, Optional<List<Claim>> read) {}

    /** All there is. */
    record State(
            List<Claim> claims,
            List<Session> sessions,
            List<Telling> tellings,
            int revision,
            List<Integer> faults,
            int mark,
            Set<Integer> stale,
            Set<Integer> cleaning) {
        /** The claims as the keys say: with marks that nobody meant. */
        List<Claim> seen() {
            return claims.stream()
                    .map(claim -> claim.kind == Kind.WRITE && stale.contains(claim.session)
                            ? new Claim(claim.session, claim.revision, Kind.KEPT)
                            : claim)
                    .toList();
        }

        State claims(List<Claim> others, int at) {
            return new State(others, sessions, tellings, at, faults, mark, stale, cleaning);
        }

        State sessions(List<Session> others) {
            return new State(claims, others, tellings, revision, faults, mark, stale, cleaning);
        }

        State tellings(List<Telling> others) {
            return new State(claims, sessions, others, revision, faults, mark, stale, cleaning);
        }

        State faults(List<Integer> others) {
            return new State(claims, sessions, tellings, revision, others, mark, stale, cleaning);
        }

        State mark(int at) {
            return new State(claims, sessions, tellings, revision, faults, at, stale, cleaning);
        }

        State stale(Set<Integer> others) {
            return new State(claims, sessions, tellings, revision, faults, mark, others, cleaning);
        }

        /** The mark of a session, if it is one without its claim, is deleted. */
        State withoutMarkOf(int session) {
            return stale(without(stale, session));
        }

        /** The session is about to do that. */
        State cleaning(int session) {
            Set<Integer> more = new HashSet<>(cleaning);
            more.add(session);
            return new State(claims, sessions, tellings, revision, faults, mark, stale, Set.copyOf(more));
        }

        State cleaned(int session) {
            return new State(claims, sessions, tellings, revision, faults, mark, stale, without(cleaning, session));
        }

        private static Set<Integer> without(Set<Integer> sessions, int one) {
            Set<Integer> rest = new HashSet<>(sessions);
            rest.remove(one);
            return Set.copyOf(rest);
        }
    }

    /** What a search found. */
    record Outcome(int states, Optional<String> violation) {}

    private static final int WITHDRAW = 0;
    private static final int DIE = 1;
    private static final int EXCHANGE = 2;
    private static final int OPERATE = 3;

    private final Set<Rule> rules;
    private final List<Kind> wishes;
    private List<State> next = new ArrayList<>();
    private List<Integer> allFaults = List.of();

    ReadWriteModel(List<Kind> wishes, Set<Rule> leftOut) {
        this.wishes = wishes;
        this.rules = EnumSet.allOf(Rule.class);
        this.rules.removeAll(leftOut);
    }

    /** With so many withdrawals, deaths, exchanges, and claims that an operator deletes. */
    Outcome search(int... faults) {
        allFaults = Arrays.stream(faults).boxed().toList();
        List<Session> sessions = wishes.stream()
                .map(wish -> new Session(wish, Phase.IDLE, 0, 0, 0, List.of(), Optional.empty()))
                .toList();
        State first = new State(List.of(), sessions, List.of(), 0, allFaults, 0, Set.of(), Set.of());
        Set<State> seen = new HashSet<>(Set.of(first));
        Queue<State> open = new ArrayDeque<>(seen);
        while (!open.isEmpty()) {
            State state = open.remove();
            next = new ArrayList<>();
            for (int s = 0; s < sessions.size(); s++) {
                steps(state, s);
            }
            state.tellings.forEach(telling -> tell(state, telling));
            state.cleaning.forEach(s -> clean(state, s));
            Optional<String> wrong = wrong(state, next.isEmpty());
            if (wrong.isPresent()) {
                return new Outcome(seen.size(), Optional.of(wrong.get() + " in " + state));
            }
            next.stream().filter(seen::add).forEach(open::add);
        }
        return new Outcome(seen.size(), Optional.empty());
    }

    private Optional<String> wrong(State state, boolean atEnd) {
        for (int s = 0; s < state.sessions.size(); s++) {
            Session session = state.sessions.get(s);
            boolean holds =
                    session.phase == Phase.HELD || session.phase == Phase.MARKING || session.phase == Phase.SEEN_ALONE;
            Optional<Claim> mine = claimOf(state, s);
            if (holds
                    && mine.isPresent()
                    && mine.get().revision == session.mine
                    && !granted(state.claims, mine.get())) {
                return Optional.of("session " + s + " believes that it holds");
            }
            if (session.phase == Phase.TOO_LATE) {
                return Optional.of("session " + s + " writes what it has not read");
            }
            if (session.phase == Phase.WAITING && granted(state.claims, mine.orElseThrow()) && nobodyTells(state)) {
                return Optional.of("session " + s + " is told by nobody");
            }
            if (atEnd && session.phase != Phase.DONE) {
                return Optional.of("session " + s + " is stuck");
            }
        }
        return atEnd && !state.stale.isEmpty()
                ? Optional.of("a mark of " + state.stale + " is left")
                : Optional.empty();
    }

    /** The watches are for those whose predecessor has died: all others are told. */
    private boolean nobodyTells(State state) {
        return state.tellings.isEmpty()
                && state.sessions.stream().allMatch(session -> session.mail.isEmpty())
                && state.sessions.stream().noneMatch(session -> session.phase == Phase.MARKING)
                && state.faults.get(DIE).equals(allFaults.get(DIE))
                && state.faults.get(OPERATE).equals(allFaults.get(OPERATE));
    }

    private static Optional<Claim> claimOf(State state, int session) {
        return state.claims.stream().filter(claim -> claim.session == session).findFirst();
    }

    private static boolean granted(List<Claim> claims, Claim mine) {
        return blocker(claims, mine).isEmpty();
    }

    /** The claim that a waiter watches. */
    private static Optional<Claim> blocker(List<Claim> claims, Claim mine) {
        return claims.stream()
                .filter(claim -> claim.revision < mine.revision)
                .filter(claim -> mine.kind == Kind.WRITE || claim.kind == Kind.WRITE)
                .max(Comparator.comparingInt(Claim::revision));
    }

    private static List<Claim> allGranted(List<Claim> claims) {
        return claims.stream().filter(claim -> granted(claims, claim)).toList();
    }

    // What sessions do

    private void steps(State state, int s) {
        Session session = state.sessions.get(s);
        switch (session.phase) {
            case IDLE -> {
                if (s > 0 && state.sessions.get(s - 1).phase == Phase.IDLE) {
                    return; // sessions come in their order; every order of wishes is tried
                }
                Claim mine = new Claim(s, state.revision + 1, session.wish);
                boolean clears = mine.kind == Kind.WRITE && rules.contains(Rule.MARK_GOES_WITH_ITS_CLAIM);
                place(put(clears ? state.withoutMarkOf(s) : state, mine), s, mine);
            }
            case WAITING -> {
                Claim mine = claimOf(state, s).orElseThrow();
                boolean gone = state.claims.stream().noneMatch(claim -> claim.revision == session.blocker);
                if (gone && rules.contains(Rule.WATCH)) {
                    place(state, s, mine);
                }
                if (state.faults.get(WITHDRAW) > 0) {
                    leave(spend(state, WITHDRAW), s, rules.contains(Rule.WITHDRAWAL_TELLS));
                }
            }
            case HELD -> {
                if (claimOf(state, s).isPresent()) {
                    release(state, s);
                    exchange(state, s);
                } else {
                    hear(state, s, rules.contains(Rule.LOST_MARK_IS_DELETED));
                    releaseWhatIsGone(state, s);
                }
            }
            case MARKING -> {
                if (claimOf(state, s).isPresent()) {
                    marked(state, s);
                } else {
                    hear(
                            state,
                            s,
                            rules.contains(Rule.LOST_MARK_IS_DELETED)
                                    && rules.contains(Rule.UNANSWERED_MARK_IS_DELETED));
                }
            }
            case SEEN_ALONE -> upgrade(state, s);
            case TOO_LATE, DONE -> {}
        }
        if (state.faults.get(OPERATE) > 0) {
            claimOf(state, s).ifPresent(mine -> operate(spend(state, OPERATE), s, mine));
        }
        if (session.phase != Phase.DONE && session.phase != Phase.IDLE && state.faults.get(DIE) > 0) {
            State dead = spend(state, DIE);
            dead = with(dead, s, it -> it.in(Phase.DONE));
            add(withoutTellingsOf(without(dead, s), s).withoutMarkOf(s).cleaned(s));
        }
        if (session.mail.isPresent()) {
            Letter letter = session.mail.get();
            boolean mine = session.phase == Phase.WAITING && letter.revision == session.mine;
            add(with(
                    state,
                    s,
                    it -> new Session(
                            it.wish,
                            mine ? Phase.HELD : it.phase,
                            it.mine,
                            it.blocker,
                            it.seen,
                            mine ? letter.following : it.following,
                            Optional.empty())));
        }
    }

    /** Somebody deletes its claim. It hears of that if it holds by it, and comes again; or is about to become a writer. */
    private void operate(State state, int s, Claim mine) {
        State deleted = without(state, s);
        if (mine.kind == Kind.KEPT) {
            deleted = deleted.stale(Set.of(s));
        }
        Phase before = state.sessions.get(s).phase;
        boolean holds = before == Phase.HELD || before == Phase.MARKING || before == Phase.SEEN_ALONE;
        Phase after = holds ? before : Phase.DONE;
        add(with(deleted, s, it -> new Session(it.wish, after, it.mine, it.blocker, it.seen, List.of(), it.mail)));
    }

    /** It comes again, or does not, and meanwhile deletes the mark of what it has lost. */
    private void hear(State state, int s, boolean deletesMark) {
        State lost = deletesMark ? state.cleaning(s) : state;
        add(with(lost, s, it -> it.in(Phase.IDLE)));
        add(with(lost, s, it -> it.in(Phase.DONE)));
    }

    /** Guarded: not while it has a claim again. */
    private void clean(State state, int s) {
        State cleaned = state.cleaned(s);
        boolean writes =
                claimOf(state, s).filter(claim -> claim.kind != Kind.READ).isPresent();
        add(writes ? cleaned : cleaned.withoutMarkOf(s));
    }

    private void releaseWhatIsGone(State state, int s) {
        State done = with(state, s, it -> it.in(Phase.DONE));
        add(rules.contains(Rule.RELEASE_DELETES_A_MARK_THAT_WAS_LEFT) ? done.withoutMarkOf(s) : done);
    }

    /** It looks where it stands. */
    private void place(State state, int s, Claim mine) {
        Optional<Claim> blocker = blocker(state.seen(), mine);
        boolean misled = mine.kind == Kind.WRITE
                && state.mark < mine.revision
                && blocker.filter(claim -> claim.revision > state.mark).isEmpty();
        if (misled && !rules.contains(Rule.MARK_IS_NO_CLAIM)) {
            blocker = Optional.empty();
        }
        Optional<Claim> found = blocker;
        add(with(
                state,
                s,
                it -> new Session(
                        it.wish,
                        found.isPresent() ? Phase.WAITING : Phase.HELD,
                        mine.revision,
                        found.map(Claim::revision).orElse(0),
                        it.seen,
                        List.of(),
                        it.mail)));
    }

    private void release(State state, int s) {
        Session session = state.sessions.get(s);
        Claim mine = claimOf(state, s).orElseThrow();
        boolean mayPass = mine.kind == Kind.WRITE || !rules.contains(Rule.READERS_PASS_NO_LIST);
        List<Claim> told = mayPass ? allGranted(session.following) : List.of();
        boolean writer = told.size() == 1 && told.get(0).kind == Kind.WRITE;
        boolean stopped = told.size() < session.following.size();
        if (told.isEmpty() || !(writer || stopped || !rules.contains(Rule.STOPPER))) {
            leave(state, s, true);
            return;
        }
        List<Claim> needed = new ArrayList<>(told);
        if (!writer && stopped && rules.contains(Rule.STOPPER)) {
            needed.add(session.following.get(told.size()));
        }
        State left = with(without(state, s), s, it -> it.in(Phase.DONE));
        if (left.claims.containsAll(needed)) {
            List<Claim> rest = writer ? session.following.subList(1, session.following.size()) : List.of();
            add(mail(left, told, rest));
        } else {
            add(telling(left, new Telling(s, mine, Optional.of(left.seen()))));
        }
    }

    private void leave(State state, int s, boolean tells) {
        Claim mine = claimOf(state, s).orElseThrow();
        State left = with(without(state, s), s, it -> it.in(Phase.DONE));
        add(tells ? telling(left, new Telling(s, mine, Optional.of(left.seen()))) : left);
    }

    private void exchange(State state, int s) {
        Claim mine = claimOf(state, s).orElseThrow();
        if (state.faults.get(EXCHANGE) == 0) {
            return;
        }
        if (mine.kind == Kind.WRITE) {
            State marked = put(without(spend(state, EXCHANGE), s), new Claim(s, mine.revision, Kind.KEPT));
            marked = marked.mark(marked.revision);
            marked = with(
                    marked,
                    s,
                    it -> new Session(it.wish, Phase.MARKING, it.mine, it.blocker, it.seen, List.of(), it.mail));
            add(marked);
        } else if (mine.kind == Kind.READ && state.claims.size() == 1) {
            add(with(
                    spend(state, EXCHANGE),
                    s,
                    it -> new Session(
                            it.wish, Phase.SEEN_ALONE, it.mine, it.blocker, state.revision, it.following, it.mail)));
        }
    }

    /** The answer comes. */
    private void marked(State state, int s) {
        Claim kept = claimOf(state, s).orElseThrow();
        Claim written = new Claim(s, kept.revision, Kind.WRITE);
        State held = with(state, s, it -> it.in(Phase.HELD));
        add(rules.contains(Rule.MARK_TELLS) ? telling(held, new Telling(s, written, Optional.empty())) : held);
    }

    private void upgrade(State state, int s) {
        int seen = state.sessions.get(s).seen;
        if (claimOf(state, s).isEmpty() && rules.contains(Rule.UPGRADE_COMPARES_ITS_PLACE)) {
            add(with(state, s, it -> it.in(Phase.DONE)));
            return;
        }
        boolean gap = claimOf(state, s).isEmpty() && state.revision > seen;
        if (rules.contains(Rule.UPGRADE_COMPARES) && state.claims.stream().anyMatch(claim -> claim.revision > seen)) {
            add(with(state, s, it -> it.in(claimOf(state, s).isPresent() ? Phase.HELD : Phase.DONE)));
            return;
        }
        Claim write = new Claim(s, state.revision + 1, Kind.WRITE);
        add(with(
                put(without(state, s), write),
                s,
                it -> new Session(
                        it.wish, gap ? Phase.TOO_LATE : Phase.HELD, write.revision, 0, 0, List.of(), it.mail)));
    }

    // Telling

    private void tell(State state, Telling telling) {
        List<Telling> others = new ArrayList<>(state.tellings);
        others.remove(telling);
        State rest = state.tellings(List.copyOf(others));
        if (telling.read.isEmpty()) {
            add(telling(rest, new Telling(telling.by, telling.left, Optional.of(state.seen()))));
            return;
        }
        List<Claim> read = telling.read.get();
        List<Claim> before = new ArrayList<>(read.stream()
                .filter(claim -> claim.revision != telling.left.revision)
                .toList());
        before.add(telling.left);
        List<Claim> known = allGranted(before);
        List<Claim> told = allGranted(read).stream()
                .filter(claim -> claim.revision != telling.left.revision && !known.contains(claim))
                .toList();
        if (told.isEmpty()) {
            add(rest);
        } else if (state.seen().containsAll(told)) {
            int first = read.indexOf(told.get(0));
            add(mail(rest, told, told.size() == 1 ? read.subList(first + 1, read.size()) : List.of()));
        } else {
            add(telling(rest, new Telling(telling.by, telling.left, Optional.of(state.seen()))));
        }
    }

    private static State mail(State state, List<Claim> told, List<Claim> following) {
        State mailed = state;
        for (Claim claim : told) {
            Letter letter = new Letter(claim.revision, List.copyOf(following));
            mailed = with(
                    mailed,
                    claim.session,
                    it -> new Session(
                            it.wish, it.phase, it.mine, it.blocker, it.seen, it.following, Optional.of(letter)));
        }
        return mailed;
    }

    // States

    private void add(State state) {
        next.add(state);
    }

    private static State with(State state, int s, UnaryOperator<Session> change) {
        List<Session> sessions = new ArrayList<>(state.sessions);
        sessions.set(s, change.apply(sessions.get(s)));
        return state.sessions(List.copyOf(sessions));
    }

    private static State put(State state, Claim claim) {
        List<Claim> claims = new ArrayList<>(state.claims);
        claims.add(claim);
        claims.sort(Comparator.comparingInt(Claim::revision));
        return state.claims(List.copyOf(claims), state.revision + 1);
    }

    private static State without(State state, int session) {
        List<Claim> claims =
                state.claims.stream().filter(claim -> claim.session != session).toList();
        State left = state.claims(claims, state.revision);
        return claims.stream().anyMatch(claim -> claim.kind == Kind.KEPT) ? left : left.mark(0);
    }

    private static State telling(State state, Telling telling) {
        List<Telling> tellings = new ArrayList<>(state.tellings);
        tellings.add(telling);
        return state.tellings(List.copyOf(tellings));
    }

    private static State withoutTellingsOf(State state, int session) {
        List<Telling> tellings =
                state.tellings.stream().filter(telling -> telling.by != session).toList();
        return state.tellings(tellings);
    }

    private static State spend(State state, int fault) {
        List<Integer> faults = new ArrayList<>(state.faults);
        faults.set(fault, faults.get(fault) - 1);
        return state.faults(List.copyOf(faults));
    }
}
