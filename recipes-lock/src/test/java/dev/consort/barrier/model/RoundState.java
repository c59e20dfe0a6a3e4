/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier.model;

import dev.consort.barrier.model.RoundModel.Keys;
import dev.consort.barrier.model.RoundModel.Request;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** One state of the model: the server, the network and the parties. Changed only before it is published. */
final class RoundState {
    Keys server = new Keys(0, false, 0, 0);
    final Set<Request> requests = new HashSet<>();

    // By party.
    final int[] phase;
    final int[] sent; // the revision of the round that its key was sent for
    final int[] tried; // the one at which it has tried to mark it, or to give up
    final boolean[] landed;
    final boolean[] gaveUp;
    final Keys[] view;
    final List<List<Keys>> unseen = new ArrayList<>();

    // Faults left.
    int duplicates;
    int deaths;

    boolean namedAbsent;

    RoundState(int parties, int duplicates, int deaths) {
        phase = new int[parties];
        sent = new int[parties];
        tried = new int[parties];
        Arrays.fill(sent, -1);
        Arrays.fill(tried, -1);
        landed = new boolean[parties];
        gaveUp = new boolean[parties];
        view = new Keys[parties];
        Arrays.fill(view, server);
        for (int p = 0; p < parties; p++) {
            unseen.add(new ArrayList<>());
        }
        this.duplicates = duplicates;
        this.deaths = deaths;
    }

    private RoundState(RoundState other) {
        server = other.server;
        requests.addAll(other.requests);
        phase = other.phase.clone();
        sent = other.sent.clone();
        tried = other.tried.clone();
        landed = other.landed.clone();
        gaveUp = other.gaveUp.clone();
        view = other.view.clone();
        other.unseen.forEach(each -> unseen.add(new ArrayList<>(each)));
        duplicates = other.duplicates;
        deaths = other.deaths;
        namedAbsent = other.namedAbsent;
    }

    RoundState copy() {
        return new RoundState(this);
    }

    /** Every view is to show it. */
    void commit(Keys now) {
        server = now;
        unseen.forEach(each -> each.add(now));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RoundState state
                && server.equals(state.server)
                && Arrays.equals(phase, state.phase)
                && Arrays.equals(sent, state.sent)
                && Arrays.equals(tried, state.tried)
                && Arrays.equals(landed, state.landed)
                && Arrays.equals(gaveUp, state.gaveUp)
                && Arrays.equals(view, state.view)
                && duplicates == state.duplicates
                && deaths == state.deaths
                && namedAbsent == state.namedAbsent
                && requests.equals(state.requests)
                && unseen.equals(state.unseen);
    }

    @Override
    public int hashCode() {
        int hash = Objects.hash(server, requests, unseen, duplicates, deaths);
        for (int[] each : new int[][] {phase, sent, tried}) {
            hash = 31 * hash + Arrays.hashCode(each);
        }
        return 31 * hash + Arrays.hashCode(view);
    }

    @Override
    public String toString() {
        return server + " phases " + Arrays.toString(phase) + " sent for " + Arrays.toString(sent) + " gave up "
                + Arrays.toString(gaveUp) + " requests " + requests;
    }
}
