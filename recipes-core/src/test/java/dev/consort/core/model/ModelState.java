/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.model;

import java.util.Arrays;

/**
 * One state of the model: the server, the network and the sessions. Changed only before it is published.
 *
 * <p>There are a million of them in a search, and several that turn out to be known for each that is new: hence plain arrays
 * here, and one of all numbers to compare states by.
 */
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

    /** All of this in a row, when somebody has asked. */
    private int[] row = {};

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
        int[] left = new int[net.length];
        int count = 0;
        for (int each : net) {
            boolean overtaken = ClaimModel.isOperation(each >>> 24) && (each >>> 22 & 3) == session;
            int message = overtaken ? each & ~(63 << 16) : each;
            if (!(ClaimModel.isAnswer(message >>> 24) && (message >>> 16 & 63) == 0)) {
                left[count++] = message;
            }
        }
        net = Arrays.copyOf(left, count);
        Arrays.sort(net);
    }

    /** Renumbers revisions by rank, and forgets what no step can look at: states that behave alike become equal. */
    void normalize() {
        boolean[] used = new boolean[revision + 1]; // none is above the latest
        used[0] = true;
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
        }
        int[][] ofRevisions = {claim, fence, mail, mine, known, kept, asked, chosen};
        for (int[] values : ofRevisions) {
            for (int value : values) {
                used[value] = true;
            }
        }
        for (int message : net) {
            used[ClaimModel.carriesRevision(message >>> 24) ? message >>> 8 & 255 : 0] = true;
            used[ClaimModel.carriesSecondRevision(message >>> 24) ? message & 255 : 0] = true;
        }
        int[] rank = new int[used.length];
        int next = 0;
        for (int value = 0; value < used.length; value++) {
            if (used[value]) {
                rank[value] = next++;
            }
        }
        for (int[] values : ofRevisions) {
            for (int s = 0; s < values.length; s++) {
                values[s] = rank[values[s]];
            }
        }
        net = net.clone(); // it may be that of the state before
        for (int i = 0; i < net.length; i++) {
            net[i] = renumbered(net[i], rank);
        }
        Arrays.sort(net);
        revision = next;
    }

    private static int renumbered(int message, int[] rank) {
        int type = message >>> 24;
        int a = message >>> 8 & 255;
        int b = message & 255;
        return (message & ~0xffff)
                | (ClaimModel.carriesRevision(type) ? rank[a] : a) << 8
                | (ClaimModel.carriesSecondRevision(type) ? rank[b] : b);
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

    private int[] row() {
        if (row.length == 0) {
            int sessions = phase.length;
            int[][] arrays = arrays();
            int[] scalars = scalars();
            int[] all = Arrays.copyOf(scalars, scalars.length + arrays.length * sessions + net.length);
            int end = scalars.length;
            for (int[] array : arrays) {
                System.arraycopy(array, 0, all, end, sessions);
                end += sessions;
            }
            System.arraycopy(net, 0, all, end, net.length);
            row = all;
        }
        return row;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ModelState state && Arrays.equals(row(), state.row());
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(row());
    }

    @Override
    public String toString() {
        return "claims " + Arrays.toString(claim) + " fences " + Arrays.toString(fence) + " phases "
                + Arrays.toString(phase) + " mine " + Arrays.toString(mine) + " cycles " + Arrays.toString(cycles)
                + " net "
                + Arrays.stream(net).mapToObj(m -> Arrays.toString(unpack(m))).toList();
    }
}
