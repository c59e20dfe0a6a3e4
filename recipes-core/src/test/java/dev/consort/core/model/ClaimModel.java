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
 * fence, and the check that a waiter puts off.
 */
final class ClaimModel {
    /** Rules that can be left out, to see that the model misses them. */
    enum Rule {
        PUT_COMPARES_FENCE,
        SWEEP_MOVES_FENCE,
        MESSAGE_NAMES_REVISION
    }

    static final int IDLE = 0;
    static final int PUTTING = 1;
    static final int FENCING = 2;
    static final int WAITING = 3;
    static final int CHECKING = 4;
    static final int HELD = 5;
    static final int RELEASING = 6;

    private static final int PUT = 1;
    private static final int FENCE = 2;
    private static final int CHECK = 3;
    private static final int RELEASE = 4;
    private static final int TELL = 5;
    private static final int SWEEP = 6;
    private static final int ANSWER = 10; // added to a request's type

    private final Set<Rule> rules;
    private final int sessions;
    private final int cycles;

    ClaimModel(int sessions, int cycles, Set<Rule> leftOut) {
        this.sessions = sessions;
        this.cycles = cycles;
        this.rules = EnumSet.allOf(Rule.class);
        this.rules.removeAll(leftOut);
    }

    /** Whether a message belongs to a session's operation, and is void when that was overtaken. */
    static boolean isOperation(int type) {
        return type != TELL && type % ANSWER != SWEEP;
    }

    static boolean isAnswer(int type) {
        return type > ANSWER && isOperation(type);
    }

    /** The revisions that a message carries. */
    static List<Integer> revisionsIn(int[] m) {
        return switch (m[0]) {
            case PUT, CHECK, RELEASE, TELL, PUT + ANSWER -> List.of(m[3]);
            case FENCE + ANSWER, SWEEP + ANSWER -> List.of(m[3], m[4]);
            case RELEASE + ANSWER -> List.of(m[4]);
            default -> List.of();
        };
    }

    static int renumbered(int[] m, int[] rank) {
        return switch (m[0]) {
            case PUT, CHECK, RELEASE, TELL, PUT + ANSWER -> ModelState.pack(m[0], m[1], m[2], rank[m[3]], m[4]);
            case FENCE + ANSWER, SWEEP + ANSWER -> ModelState.pack(m[0], m[1], m[2], rank[m[3]], rank[m[4]]);
            case RELEASE + ANSWER -> ModelState.pack(m[0], m[1], m[2], m[3], rank[m[4]]);
            default -> ModelState.pack(m[0], m[1], m[2], m[3], m[4]);
        };
    }

    /** What a search found. */
    record Outcome(int states, Optional<String> violation) {}

    Outcome search(int duplicates, int timeouts, int withdrawals, int limit) {
        ModelState first = ModelState.initial(sessions, cycles, duplicates, timeouts, withdrawals);
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
            }
            case HELD -> {
                ModelState next = from.copy();
                release(next, s, next.mine[s]);
                to.accept(next);
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
            case SWEEP -> {
                if (rules.contains(Rule.SWEEP_MOVES_FENCE)) {
                    state.fence[s] = ++state.revision;
                }
                state.send(SWEEP + ANSWER, s, 0, state.claim[s], state.fence[s]);
            }
            default -> throw new IllegalStateException("request " + m[0]);
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
            case RELEASE -> {
                state.phase[s] = IDLE;
                state.swept[s] = 1;
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
