/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The rounds of both barriers as an explicit-state model: a few parties that come, give up and die; requests that are applied
 * in any order, late or twice; and views that show every revision in order, but late. Every reachable state is visited. Two
 * parties make a round. Under {@link Kind#CYCLIC} who gives up breaks the round; under {@link Kind#DOUBLE} it withdraws.
 */
final class RoundModel {
    /** Which barrier. */
    enum Kind {
        CYCLIC,
        DOUBLE
    }

    /** Rules that can be left out, to see that the model misses them. */
    enum Rule {
        COMING_COMPARES_ROUND,
        MARK_COMPARES_ROUND,
        MARK_COMPARES_MEMBERS,
        GIVING_UP_COMPARES_ROUND,
        WITHDRAWAL_MOVES_ROUND
    }

    static final int IDLE = 0;
    static final int WAITING = 1; // has sent its key
    static final int LEAVING = 2; // gives up, and waits for the verdict
    static final int PASSED = 3;
    static final int FAILED = 4;
    static final int DEAD = 5;

    private static final int NEEDED = 2;

    private enum Type {
        /** Puts the key. */
        COME,
        /** Marks the round with those named, if the others are there; else puts the key. */
        COMPLETE,
        /** Marks the round with those named. */
        MARK,
        GIVE_UP
    }

    /** A request that is under way: what round it compares, and whom it names. */
    record Request(Type type, int party, int modified, int named) {}

    /** What the server holds, and a view shows, at a revision. */
    record Keys(int modified, boolean broken, int named, int present) {}

    private final Kind kind;
    private final int parties;
    private final Set<Rule> rules;

    RoundModel(Kind kind, int parties, Set<Rule> leftOut) {
        this.kind = kind;
        this.parties = parties;
        this.rules = EnumSet.allOf(Rule.class);
        this.rules.removeAll(leftOut);
    }

    /** What a search found. */
    record Outcome(int states, Optional<String> violation) {}

    Outcome search(int duplicates, int deaths, int limit) {
        RoundState start = new RoundState(parties, duplicates, deaths);
        Set<RoundState> seen = new HashSet<>(Set.of(start));
        Queue<RoundState> open = new ArrayDeque<>(seen);
        while (!open.isEmpty()) {
            RoundState state = open.remove();
            List<RoundState> next = new ArrayList<>();
            steps(state, next::add);
            Optional<String> wrong = next.isEmpty() ? wrongAtEnd(state) : wrong(state);
            if (wrong.isPresent()) {
                return new Outcome(seen.size(), Optional.of(wrong.get() + " in " + state));
            }
            for (RoundState each : next) {
                if (seen.add(each)) {
                    if (seen.size() > limit) {
                        throw new IllegalStateException("more than " + limit + " states");
                    }
                    open.add(each);
                }
            }
        }
        return new Outcome(seen.size(), Optional.empty());
    }

    private Optional<String> wrong(RoundState state) {
        return state.namedAbsent ? Optional.of("a round is marked with a member that is not there") : Optional.empty();
    }

    private Optional<String> wrongAtEnd(RoundState state) {
        for (int p = 0; p < parties; p++) {
            boolean there = contains(state.server.present(), p);
            boolean named = contains(state.server.named(), p);
            int phase = state.phase[p];
            if (named && phase == FAILED) {
                return Optional.of("party " + p + " is told that it failed, in a round that was marked");
            }
            if (there && phase == FAILED) {
                return Optional.of("a ghost of party " + p + " stays");
            }
            if (phase == LEAVING || phase == WAITING) {
                return Optional.of("party " + p + " never learns its verdict");
            }
            if (phase == PASSED && kind == Kind.DOUBLE && !there) {
                return Optional.of("party " + p + " is thrown out of its round");
            }
            if (phase == FAILED && !state.gaveUp[p] && nobodyGaveUpIn(state, state.sent[p])) {
                return Optional.of("party " + p + " is in a round that was broken for another one's sake");
            }
        }
        return wrong(state);
    }

    private boolean nobodyGaveUpIn(RoundState state, int round) {
        for (int p = 0; p < parties; p++) {
            if (state.gaveUp[p] && state.sent[p] == round) {
                return false;
            }
        }
        return true;
    }

    private static boolean contains(int members, int party) {
        return (members & 1 << party) != 0;
    }

    private void steps(RoundState from, Consumer<RoundState> to) {
        for (Request request : from.requests) {
            RoundState next = from.copy();
            next.requests.remove(request);
            apply(next, request);
            to.accept(next);
            if (from.duplicates > 0) {
                RoundState twice = from.copy();
                twice.duplicates--;
                apply(twice, request);
                to.accept(twice);
            }
        }
        for (int p = 0; p < parties; p++) {
            if (!from.unseen.get(p).isEmpty()) {
                RoundState next = from.copy();
                show(next, p);
                to.accept(next);
            }
            if (from.phase[p] == IDLE && !from.view[p].broken()) {
                RoundState next = from.copy();
                come(next, p);
                to.accept(next);
            }
            if (from.phase[p] == WAITING) {
                RoundState next = from.copy();
                next.phase[p] = LEAVING;
                next.gaveUp[p] = true;
                next.tried[p] = -1;
                look(next, p);
                to.accept(next);
                if (from.deaths > 0) {
                    RoundState without = from.copy();
                    die(without, p);
                    to.accept(without);
                }
            }
        }
    }

    // The parties

    private void come(RoundState state, int p) {
        Keys now = state.view[p];
        state.phase[p] = WAITING;
        state.sent[p] = now.modified();
        state.landed[p] = false;
        state.tried[p] = -1;
        int others = now.present() & ~now.named();
        boolean last = Integer.bitCount(others) == NEEDED - 1;
        state.requests.add(
                last
                        ? new Request(Type.COMPLETE, p, now.modified(), others | 1 << p)
                        : new Request(Type.COME, p, now.modified(), 1 << p));
    }

    /** Its lease ends: its key goes, and what would put it again is refused from then on. */
    private void die(RoundState state, int p) {
        state.deaths--;
        state.phase[p] = DEAD;
        state.requests.removeIf(request -> request.party() == p && request.type() != Type.GIVE_UP);
        Keys now = state.server;
        if (contains(now.present(), p)) {
            state.commit(new Keys(now.modified(), now.broken(), now.named(), now.present() & ~(1 << p)));
        }
    }

    private void show(RoundState state, int p) {
        state.view[p] = state.unseen.get(p).remove(0);
        look(state, p);
    }

    private void look(RoundState state, int p) {
        if (state.phase[p] != WAITING && state.phase[p] != LEAVING) {
            return;
        }
        Keys now = state.view[p];
        boolean there = contains(now.present(), p);
        if (contains(now.named(), p)) {
            state.phase[p] = PASSED;
            return;
        }
        state.landed[p] |= there;
        if (!there && (state.landed[p] || now.modified() != state.sent[p])) {
            boolean failed = state.phase[p] == LEAVING || (state.landed[p] && now.broken());
            state.phase[p] = failed ? FAILED : IDLE; // too late for that round: comes again
            return;
        }
        if (state.tried[p] == now.modified()) {
            return;
        }
        if (state.phase[p] == LEAVING) {
            state.tried[p] = now.modified();
            state.requests.add(new Request(Type.GIVE_UP, p, now.modified(), 1 << p));
        } else if (there && Integer.bitCount(now.present() & ~now.named()) >= NEEDED) {
            int first = Integer.lowestOneBit(now.present() & ~now.named());
            int named = first | Integer.lowestOneBit(now.present() & ~now.named() & ~first);
            if (contains(named, p)) {
                state.tried[p] = now.modified();
                state.requests.add(new Request(Type.MARK, p, now.modified(), named));
            }
        }
    }

    // The server

    private void apply(RoundState state, Request request) {
        Keys now = state.server;
        boolean same = now.modified() == request.modified();
        switch (request.type()) {
            case COME -> put(state, request, same);
            case COMPLETE -> {
                if (!mark(state, request, request.named() & ~(1 << request.party()), same)) {
                    put(state, request, same);
                }
            }
            case MARK -> {
                boolean unused = mark(state, request, request.named(), same);
            }
            case GIVE_UP -> {
                if (same || !rules.contains(Rule.GIVING_UP_COMPARES_ROUND)) {
                    int next = kind == Kind.CYCLIC || rules.contains(Rule.WITHDRAWAL_MOVES_ROUND)
                            ? now.modified() + 1
                            : now.modified();
                    state.commit(
                            kind == Kind.CYCLIC
                                    ? new Keys(next, true, now.named(), 0)
                                    : new Keys(next, false, now.named(), now.present() & ~request.named()));
                }
            }
        }
    }

    private void put(RoundState state, Request request, boolean same) {
        Keys now = state.server;
        if (!contains(now.present(), request.party()) && (same || !rules.contains(Rule.COMING_COMPARES_ROUND))) {
            state.commit(new Keys(now.modified(), now.broken(), now.named(), now.present() | 1 << request.party()));
        }
    }

    private boolean mark(RoundState state, Request request, int compared, boolean same) {
        Keys now = state.server;
        boolean there = (now.present() & compared) == compared;
        if ((!same && rules.contains(Rule.MARK_COMPARES_ROUND))
                || (!there && rules.contains(Rule.MARK_COMPARES_MEMBERS))) {
            return false;
        }
        state.namedAbsent |= !there;
        int present = kind == Kind.CYCLIC ? 0 : now.present() | request.named();
        state.commit(new Keys(now.modified() + 1, false, now.named() | request.named(), present));
        return true;
    }
}
