/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.model;

import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

/** One state of the model: the server, the network and the sessions. Changed only before it is published. */
final class ModelState {
    // The server, by session.
    final int[] claim;
    final int[] fence;
    final int[] mail;
    int revision;

    // The sessions.
    final int[] phase;
    final int[] mine;
    final int[] known;
    final int[] kept;
    final int[] cycles;
    final int[] swept;
    final int[] asked; // who is to step back, by its claim: in its mailbox, or kept until it knows its claim
    final int[] chosen; // to whom a claim is passed on

    /** Requests and answers under way, sorted, so that equal states are equal. */
    int[] net;

    // Faults left.
    int duplicates;
    int timeouts;
    int withdrawals;
    int transfers;

    private ModelState(int[][] arrays, int[] net, int[] scalars) {
        claim = arrays[0].clone();
        fence = arrays[1].clone();
        mail = arrays[2].clone();
        phase = arrays[3].clone();
        mine = arrays[4].clone();
        known = arrays[5].clone();
        kept = arrays[6].clone();
        cycles = arrays[7].clone();
        swept = arrays[8].clone();
        asked = arrays[9].clone();
        chosen = arrays[10].clone();
        this.net = net;
        revision = scalars[0];
        duplicates = scalars[1];
        timeouts = scalars[2];
        withdrawals = scalars[3];
        transfers = scalars[4];
    }

    static ModelState initial(int sessions, int cycles, int duplicates, int timeouts, int withdrawals, int transfers) {
        ModelState state = new ModelState(
                new int[11][sessions], new int[0], new int[] {sessions, duplicates, timeouts, withdrawals, transfers});
        for (int s = 0; s < sessions; s++) {
            state.fence[s] = s + 1;
            state.known[s] = s + 1;
            state.cycles[s] = cycles;
        }
        return state;
    }

    /** The first session holds, and the others wait, each behind the one before. */
    static ModelState queued(int sessions, int timeouts, int withdrawals, int transfers) {
        ModelState state = initial(sessions, 0, 0, timeouts, withdrawals, transfers);
        for (int s = 0; s < sessions; s++) {
            state.claim[s] = ++state.revision;
            state.mine[s] = state.claim[s];
            state.phase[s] = s == 0 ? ClaimModel.HELD : ClaimModel.WAITING;
        }
        return state;
    }

    private int[][] arrays() {
        return new int[][] {claim, fence, mail, phase, mine, known, kept, cycles, swept, asked, chosen};
    }

    private int[] scalars() {
        return new int[] {revision, duplicates, timeouts, withdrawals, transfers};
    }

    ModelState copy() {
        return new ModelState(arrays(), net, scalars());
    }

    ModelState without(int index) {
        ModelState next = copy();
        next.net = new int[net.length - 1];
        System.arraycopy(net, 0, next.net, 0, index);
        System.arraycopy(net, index + 1, next.net, index, net.length - index - 1);
        return next;
    }

    /** A new operation of a session, which overtakes the one before. */
    int begin(int session, int newPhase) {
        phase[session] = newPhase;
        overtake(session);
        return 1;
    }

    /** Marks what is under way for a session as overtaken; an overtaken answer is as good as gone. */
    void overtake(int session) {
        net = Arrays.stream(net)
                .map(message -> ClaimModel.isOperation(message >>> 24) && (message >>> 22 & 3) == session
                        ? message & ~(63 << 16)
                        : message)
                .filter(message -> !(ClaimModel.isAnswer(message >>> 24) && (message >>> 16 & 63) == 0))
                .sorted()
                .toArray();
    }

    /** Renumbers revisions by rank, and forgets what no step can look at: states that behave alike become equal. */
    void normalize() {
        TreeSet<Integer> used = new TreeSet<>();
        for (int s = 0; s < phase.length; s++) {
            if (phase[s] == ClaimModel.IDLE) {
                mine[s] = 0;
            }
            if (phase[s] != ClaimModel.PUTTING && phase[s] != ClaimModel.FENCING) {
                kept[s] = 0;
            }
            if (phase[s] != ClaimModel.HELD && phase[s] != ClaimModel.PASSING) {
                chosen[s] = 0;
            }
            used.addAll(List.of(claim[s], fence[s], mail[s], mine[s], known[s], kept[s], asked[s], chosen[s]));
        }
        for (int message : net) {
            used.addAll(ClaimModel.revisionsIn(unpack(message)));
        }
        used.add(0);
        int[] rank = new int[used.last() + 1];
        int next = 0;
        for (int value : used) {
            rank[value] = next++;
        }
        for (int[] values : new int[][] {claim, fence, mail, mine, known, kept, asked, chosen}) {
            for (int s = 0; s < values.length; s++) {
                values[s] = rank[values[s]];
            }
        }
        net = Arrays.stream(net)
                .map(message -> ClaimModel.renumbered(unpack(message), rank))
                .sorted()
                .toArray();
        revision = next;
    }

    void send(int type, int session, int operationOrTarget, int a, int b) {
        if (ClaimModel.isAnswer(type) && operationOrTarget == 0) {
            return; // overtaken
        }
        int[] more = Arrays.copyOf(net, net.length + 1);
        more[net.length] = pack(type, session, operationOrTarget, a, b);
        Arrays.sort(more);
        net = more;
    }

    static int pack(int type, int session, int operationOrTarget, int a, int b) {
        return type << 24 | session << 22 | operationOrTarget << 16 | a << 8 | b;
    }

    /** Type, session, operation or target, and two values. */
    static int[] unpack(int message) {
        return new int[] {message >>> 24, message >>> 22 & 3, message >>> 16 & 63, message >>> 8 & 255, message & 255};
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ModelState state
                && Arrays.deepEquals(arrays(), state.arrays())
                && Arrays.equals(net, state.net)
                && Arrays.equals(scalars(), state.scalars());
    }

    @Override
    public int hashCode() {
        return Arrays.deepHashCode(arrays()) * 31 * 31 + Arrays.hashCode(net) * 31 + Arrays.hashCode(scalars());
    }

    @Override
    public String toString() {
        return "claims " + Arrays.toString(claim) + " fences " + Arrays.toString(fence) + " phases "
                + Arrays.toString(phase) + " mine " + Arrays.toString(mine) + " cycles " + Arrays.toString(cycles)
                + " net "
                + Arrays.stream(net).mapToObj(m -> Arrays.toString(unpack(m))).toList();
    }
}
