/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.model;

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
 * The claim queue's protocol as an explicit-state model: a few sessions that acquire and release one name, requests that
 * are applied in any order, late or twice, answers that come in any order or too late, and waiters that give up. Every
 * reachable state is visited.
 *
 * <p>It covers what this implementation adds to the protocol that was checked before: the sweep that finds ghosts by moving the
 * fence, the check that a waiter puts off, and that a holder passes its claim on to one that it chooses, for whom others step
 * back.
 */
final class ClaimModel {
    /** Rules that can be left out, to see that the model misses them. */
    enum Rule {
        PUT_COMPARES_FENCE,
        SWEEP_MOVES_FENCE,
        MESSAGE_NAMES_REVISION,
        /** One who steps back queues again when the removal of its claim is confirmed. */
        STEPS_BACK_BEFORE_IT_QUEUES,
        /** Who passes its claim on waits until nobody is between. */
        PASSES_TO_ITS_NEIGHBOUR,
        /** That the chosen one is there is a condition of passing on. */
        PASS_COMPARES_CHOSEN,
        /** A pass that was not answered is sent again. */
        PASS_UNTIL_ANSWERED
    }

    static final int IDLE = 0;
    static final int PUTTING = 1;
    static final int FENCING = 2;
    static final int WAITING = 3;
    static final int CHECKING = 4;
    static final int HELD = 5;
    static final int RELEASING = 6;
    static final int PASSING = 7;

    private static final int PUT = 1;
    private static final int FENCE = 2;
    private static final int CHECK = 3;
    private static final int RELEASE = 4;
    private static final int TELL = 5;
    private static final int SWEEP = 6;
    private static final int ASK = 7;
    private static final int PASS = 8;
    private static final int ANSWER = 10; // added to a request's type

    private static final int TO_NOBODY = -1; // instead of the transfers that are left

    private final Set<Rule> rules;
    private final int sessions;
    private final int cycles;
    private boolean sweeps = true;

    ClaimModel(int sessions, int cycles, Set<Rule> leftOut) {
        this.sessions = sessions;
        this.cycles = cycles;
        this.rules = EnumSet.allOf(Rule.class);
        this.rules.removeAll(leftOut);
    }

    /** Whether a message belongs to a session's operation, and is void when that was overtaken. */
    static boolean isOperation(int type) {
        return type != TELL && type != ASK && type % ANSWER != SWEEP;
    }

    static boolean isAnswer(int type) {
        return type > ANSWER && isOperation(type);
    }

    /** Whether the first of the two values that a message carries is a revision. */
    static boolean carriesRevision(int type) {
        return switch (type) {
            case PUT, CHECK, RELEASE, TELL, ASK, PASS, PUT + ANSWER, FENCE + ANSWER, SWEEP + ANSWER -> true;
            default -> false;
        };
    }

    static boolean carriesSecondRevision(int type) {
        return switch (type) {
            case PASS, FENCE + ANSWER, RELEASE + ANSWER, SWEEP + ANSWER -> true;
            default -> false;
        };
    }

    /** What a search found. */
    record Outcome(int states, Optional<String> violation) {}

    Outcome search(int duplicates, int timeouts, int withdrawals, int limit) {
        return search(duplicates, timeouts, withdrawals, 0, limit);
    }

    Outcome search(int duplicates, int timeouts, int withdrawals, int transfers, int limit) {
        return search(ModelState.initial(sessions, cycles, duplicates, timeouts, withdrawals, transfers), limit);
    }

    /** Begins with one that holds and others that wait, who all have queued before, and a transfer. */
    Outcome searchFromQueue(int timeouts, int withdrawals, int limit) {
        sweeps = false; // there are no duplicates
        return search(ModelState.queued(sessions, timeouts, withdrawals, 1), limit);
    }

    private Outcome search(ModelState first, int limit) {
        Set<ModelState> seen = new HashSet<>();
        Queue<ModelState> open = new ArrayDeque<>();
        seen.add(first);
        open.add(first);
        while (!open.isEmpty()) {
            ModelState state = open.remove();
            List<ModelState> next = new ArrayList<>();
            steps(state, next::add);
            Optional<String> wrong = next.isEmpty() ? wrongAtEnd(state) : wrong(state);
            if (wrong.isPresent()) {
                return new Outcome(seen.size(), Optional.of(wrong.get() + " in " + state));
            }
            for (ModelState s : next) {
                s.normalize();
                if (seen.add(s)) {
                    if (seen.size() > limit) {
                        throw new IllegalStateException("more than " + limit + " states");
                    }
                    open.add(s);
                }
            }
        }
        return new Outcome(seen.size(), Optional.empty());
    }

    private Optional<String> wrong(ModelState state) {
        if (state.transfers == TO_NOBODY) {
            return Optional.of("a claim was passed on to nobody");
        }
        for (int s = 0; s < sessions; s++) {
            if (state.phase[s] == HELD && (state.claim[s] != state.mine[s] || !first(state, s))) {
                return Optional.of("session " + s + " believes that it holds claim " + state.mine[s]);
            }
        }
        return Optional.empty();
    }

    private Optional<String> wrongAtEnd(ModelState state) {
        for (int s = 0; s < sessions; s++) {
            if (state.claim[s] != 0 && state.phase[s] == IDLE) {
                return Optional.of("a ghost of session " + s + " stays");
            }
            if (state.phase[s] != IDLE || state.cycles[s] != 0) {
                return Optional.of("session " + s + " is stuck");
            }
        }
        return wrong(state);
    }

    private boolean first(ModelState state, int s) {
        for (int other = 0; other < sessions; other++) {
            if (state.claim[other] != 0 && state.claim[other] < state.claim[s]) {
                return false;
            }
        }
        return true;
    }

    private void steps(ModelState from, Consumer<ModelState> to) {
        for (int s = 0; s < sessions; s++) {
            clientSteps(from, s, to);
        }
        for (int i = 0; i < from.net.length; i++) {
            int[] message = ModelState.unpack(from.net[i]);
            if (message[0] < ANSWER) {
                ModelState next = from.without(i);
                apply(next, message);
                to.accept(next);
                if (from.duplicates > 0 && message[0] == PUT) {
                    ModelState twice = from.copy();
                    twice.duplicates--;
                    apply(twice, message);
                    to.accept(twice);
                }
            } else {
                ModelState next = from.without(i);
                answered(next, message);
                to.accept(next);
            }
        }
    }

    private void clientSteps(ModelState from, int s, Consumer<ModelState> to) {
        switch (from.phase[s]) {
            case IDLE -> {
                if (from.cycles[s] > 0) {
                    ModelState next = from.copy();
                    next.cycles[s]--;
                    put(next, s);
                    to.accept(next);
                }
            }
            case PUTTING -> {
                if (from.timeouts > 0) {
                    ModelState next = from.copy();
                    next.timeouts--;
                    next.send(FENCE, s, next.begin(s, FENCING), 0, 0);
                    to.accept(next);
                }
            }
            case WAITING -> {
                if (first(from, s)) { // the watch of the claim before fires, at any later time
                    ModelState next = from.copy();
                    next.send(CHECK, s, next.begin(s, CHECKING), next.mine[s], 0);
                    to.accept(next);
                }
                if (from.withdrawals > 0) {
                    ModelState next = from.copy();
                    next.withdrawals--;
                    release(next, s, next.mine[s]);
                    to.accept(next);
                }
                askByPriority(from, s, to);
            }
            case HELD -> {
                ModelState next = from.copy();
                release(next, s, next.mine[s]);
                to.accept(next);
                transferSteps(from, s, to);
            }
            case PASSING -> {
                if (from.timeouts > 0) {
                    ModelState again = from.copy();
                    again.timeouts--;
                    if (rules.contains(Rule.PASS_UNTIL_ANSWERED)) {
                        again.send(PASS, s, again.begin(s, PASSING), again.mine[s], again.chosen[s]);
                    } else {
                        again.overtake(s);
                        again.phase[s] = HELD;
                    }
                    to.accept(again);
                }
            }
            case RELEASING -> {
                if (from.timeouts > 0) {
                    ModelState next = from.copy();
                    next.timeouts--;
                    release(next, s, next.mine[s]);
                    to.accept(next);
                }
            }
            default -> {}
        }
        if (from.asked[s] != 0 && from.phase[s] != PUTTING && from.phase[s] != FENCING) {
            ModelState next = from.copy();
            next.asked[s] = 0;
            if ((from.phase[s] == WAITING || from.phase[s] == CHECKING) && from.mine[s] == from.asked[s]) {
                next.cycles[s]++; // it queues again
                release(next, s, next.mine[s]);
                if (!rules.contains(Rule.STEPS_BACK_BEFORE_IT_QUEUES)) {
                    next.cycles[s]--;
                    put(next, s);
                }
            }
            to.accept(next);
        }
        if (from.swept[s] == 1) {
            ModelState next = from.copy();
            next.swept[s] = 0;
            next.send(SWEEP, s, 0, 0, 0);
            to.accept(next);
        }
        if (from.mail[s] != 0) {
            ModelState next = from.copy();
            next.mail[s] = 0;
            message(next, s, from.mail[s]);
            to.accept(next);
        }
    }

    /** A waiter of a higher priority asks one who waits before it, and may by now be granted, to step back. */
    private void askByPriority(ModelState from, int s, Consumer<ModelState> to) {
        int head = head(from) - 1;
        for (int other = 0; other < sessions; other++) {
            if (from.transfers > 0 && other != head && from.claim[other] != 0 && from.claim[other] < from.mine[s]) {
                ModelState next = from.copy();
                next.transfers--;
                next.send(ASK, s, other, from.claim[other], 0);
                to.accept(next);
            }
        }
    }

    /** The holder chooses one who waits, asks those between to step back, and passes its claim on when they have. */
    private void transferSteps(ModelState from, int s, Consumer<ModelState> to) {
        if (from.chosen[s] == 0 && from.transfers > 0) {
            for (int other = 0; other < sessions; other++) {
                ModelState next = from.copy();
                next.transfers--;
                next.chosen[s] = from.claim[other];
                for (int between = 0; between < sessions; between++) {
                    if (isBetween(from.claim[between], from.mine[s], from.claim[other])) {
                        next.send(ASK, s, between, from.claim[between], 0);
                    }
                }
                if (from.claim[other] > from.mine[s]) {
                    to.accept(next);
                }
            }
        }
        if (from.chosen[s] != 0) {
            boolean neighbour = true;
            for (int other = 0; other < sessions; other++) {
                neighbour &= !isBetween(from.claim[other], from.mine[s], from.chosen[s]);
            }
            if (neighbour || !rules.contains(Rule.PASSES_TO_ITS_NEIGHBOUR)) {
                ModelState next = from.copy();
                next.send(PASS, s, next.begin(s, PASSING), next.mine[s], next.chosen[s]);
                to.accept(next);
            }
        }
    }

    private static boolean isBetween(int claim, int mine, int chosen) {
        return claim > mine && claim < chosen;
    }

    private void put(ModelState state, int s) {
        state.kept[s] = 0;
        state.send(PUT, s, state.begin(s, PUTTING), state.known[s], 0);
    }

    private void release(ModelState state, int s, int revision) {
        state.mine[s] = revision;
        state.send(RELEASE, s, state.begin(s, RELEASING), revision, 0);
    }

    /** The server applies a request and answers. */
    private void apply(ModelState state, int[] m) {
        int s = m[1];
        switch (m[0]) {
            case PUT -> {
                boolean fenced = rules.contains(Rule.PUT_COMPARES_FENCE) && state.fence[s] != m[3];
                boolean made = state.claim[s] == 0 && !fenced;
                if (made) {
                    state.claim[s] = ++state.revision;
                }
                state.send(PUT + ANSWER, s, m[2], state.claim[s], made ? 1 : 0);
            }
            case FENCE -> {
                state.fence[s] = ++state.revision;
                state.send(FENCE + ANSWER, s, m[2], state.claim[s], state.fence[s]);
            }
            case CHECK -> state.send(CHECK + ANSWER, s, m[2], state.claim[s] == m[3] ? 1 : 0, first(state, s) ? 1 : 0);
            case RELEASE -> {
                if (state.claim[s] == m[3]) {
                    state.claim[s] = 0;
                }
                int head = head(state);
                state.send(RELEASE + ANSWER, s, m[2], head, head == 0 ? 0 : state.claim[head - 1]);
            }
            case TELL -> {
                int target = m[2];
                if (state.claim[target] != 0 && (state.claim[target] == m[3])) {
                    state.mail[target] = m[3];
                }
            }
            case ASK -> {
                if (state.claim[m[2]] == m[3]) {
                    state.asked[m[2]] = m[3];
                }
            }
            case PASS -> pass(state, s, m);
            case SWEEP -> {
                if (rules.contains(Rule.SWEEP_MOVES_FENCE)) {
                    state.fence[s] = ++state.revision;
                }
                state.send(SWEEP + ANSWER, s, 0, state.claim[s], state.fence[s]);
            }
            default -> throw new IllegalStateException("request " + m[0]);
        }
    }

    private void pass(ModelState state, int s, int[] m) {
        int there = -1;
        for (int other = 0; other < sessions; other++) {
            if (state.claim[other] == m[4]) {
                there = other;
            }
        }
        boolean mine = state.claim[s] == m[3];
        if (mine && (there >= 0 || !rules.contains(Rule.PASS_COMPARES_CHOSEN))) {
            state.claim[s] = 0;
            if (there >= 0) {
                state.mail[there] = m[4];
            } else {
                state.transfers = TO_NOBODY;
            }
            state.send(PASS + ANSWER, s, m[2], 1, 0);
        } else {
            state.send(PASS + ANSWER, s, m[2], mine ? 0 : 1, 0); // gone by an attempt before
        }
    }

    private int head(ModelState state) {
        int head = -1;
        for (int s = 0; s < sessions; s++) {
            if (state.claim[s] != 0 && (head < 0 || state.claim[s] < state.claim[head])) {
                head = s;
            }
        }
        return head + 1;
    }

    /** A session takes an answer; those to an operation that was overtaken are ignored. */
    private void answered(ModelState state, int[] m) {
        int s = m[1];
        int type = m[0] - ANSWER;
        if (type == SWEEP) {
            state.known[s] = Math.max(state.known[s], m[4]);
            if (m[3] != 0 && state.phase[s] == IDLE) {
                release(state, s, m[3]);
            }
            return;
        }
        switch (type) {
            case PUT -> {
                if (m[4] == 1) {
                    state.mine[s] = m[3];
                    boolean told = state.kept[s] == m[3];
                    state.phase[s] = told ? HELD : WAITING;
                } else {
                    // The answer also carries the fence; reading it now is the same, for only this session moves it.
                    state.known[s] = Math.max(state.known[s], state.fence[s]);
                    resolve(state, s, m[3]);
                }
            }
            case FENCE -> {
                state.known[s] = Math.max(state.known[s], m[4]);
                resolve(state, s, m[3]);
            }
            case CHECK -> {
                if (m[3] == 0) {
                    state.phase[s] = IDLE; // gone: nobody in this model removes it, so it ends as a stuck session
                    state.cycles[s] = -1;
                } else {
                    state.phase[s] = m[4] == 1 ? HELD : WAITING;
                }
            }
            case PASS -> {
                if (m[3] == 1) {
                    state.phase[s] = IDLE;
                    state.swept[s] = sweeps ? 1 : 0;
                } else {
                    state.phase[s] = HELD;
                    state.chosen[s] = 0;
                }
            }
            case RELEASE -> {
                state.phase[s] = IDLE;
                state.swept[s] = sweeps ? 1 : 0;
                if (m[3] != 0) {
                    state.send(TELL, s, m[3] - 1, m[4], 0);
                }
            }
            default -> throw new IllegalStateException("answer " + type);
        }
    }

    private void resolve(ModelState state, int s, int found) {
        if (found == 0) {
            put(state, s);
        } else {
            state.mine[s] = found;
            if (state.kept[s] == found) {
                state.phase[s] = HELD;
            } else {
                state.send(CHECK, s, state.begin(s, CHECKING), found, 0);
            }
        }
    }

    private void message(ModelState state, int s, int revision) {
        boolean right = revision == state.mine[s] || !rules.contains(Rule.MESSAGE_NAMES_REVISION);
        switch (state.phase[s]) {
            case PUTTING, FENCING -> state.kept[s] = Math.max(state.kept[s], revision);
            case WAITING, CHECKING -> {
                if (right) {
                    state.overtake(s);
                    state.phase[s] = HELD;
                }
            }
            case IDLE -> release(state, s, revision);
            default -> {}
        }
    }
}
