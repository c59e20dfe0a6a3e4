/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Makes histories of clients that work at the same time on a thing that is right. */
final class RandomHistory<S, O> {
    private record Effect<O>(O call, Outcome outcome) {}

    private static final class Client<O> {
        int sessions; // a client that does not know how its operation ended goes on as another owner
        long invoked;

        @Nullable
        Effect<O> effect;
    }

    private final Kind<S, O> kind;
    private final Random random;
    private final int unknownPercent;
    private final int values;
    private final List<Client<O>> clients = new ArrayList<>();
    private final List<O> late = new ArrayList<>();
    private final List<Operation<O>> history = new ArrayList<>();
    private S state;
    private long now;

    RandomHistory(Kind<S, O> kind, Random random, int clients, int unknownPercent, int values) {
        this.kind = kind;
        this.random = random;
        this.unknownPercent = unknownPercent;
        this.values = values;
        this.state = kind.model().initial();
        for (int i = 0; i < clients; i++) {
            this.clients.add(new Client<>());
        }
    }

    /** So many operations, and what was under way then. */
    List<Operation<O>> of(int size) {
        while (history.size() < size) {
            int id = random.nextInt(clients.size());
            Client<O> client = clients.get(id);
            now++;
            if (client.invoked == 0) {
                client.invoked = now;
            } else if (client.effect == null) {
                takeEffect(id, client);
            } else {
                end(id, client);
            }
            if (!late.isEmpty() && random.nextInt(8) == 0) {
                O call = late.remove(random.nextInt(late.size()));
                kind.model().after(state, call, Outcome.UNKNOWN).forEach(then -> state = then);
            }
        }
        for (int id = 0; id < clients.size(); id++) {
            now++;
            end(id, clients.get(id));
        }
        return history;
    }

    private void takeEffect(int id, Client<O> client) {
        O call = kind.calls().next(random, state, "c" + id + "." + client.sessions, values);
        List<S> ways = kind.model().after(state, call, Outcome.OK);
        if (random.nextInt(100) < unknownPercent) {
            O known = kind.hidden().apply(call);
            history.add(new Operation<>(id, known, Outcome.UNKNOWN, client.invoked, Operation.NEVER));
            client.invoked = 0;
            client.sessions++;
            if (random.nextBoolean()) {
                late.add(known);
            }
        } else if (!ways.isEmpty()) {
            state = ways.get(random.nextInt(ways.size()));
            client.effect = new Effect<>(call, Outcome.OK);
        } else if (!kind.model().after(state, call, Outcome.FAILED).isEmpty()) {
            client.effect = new Effect<>(call, Outcome.FAILED);
        }
    }

    private void end(int id, Client<O> client) {
        if (client.effect != null) {
            history.add(new Operation<>(id, client.effect.call, client.effect.outcome, client.invoked, now));
        }
        client.invoked = 0;
        client.effect = null;
    }

    /** Changes one operation so that it may not fit any more. */
    List<Operation<O>> spoilt(List<Operation<O>> good) {
        List<Operation<O>> spoilt = new ArrayList<>(good);
        int i = random.nextInt(spoilt.size());
        Operation<O> was = spoilt.get(i);
        int other = random.nextInt(spoilt.size());
        switch (random.nextInt(4)) {
            case 0 -> spoilt.remove(i);
            case 1 -> {
                spoilt.set(i, with(was, spoilt.get(other).what()));
                spoilt.set(other, with(spoilt.get(other), was.what()));
            }
            case 2 -> spoilt.set(i, with(was, kind.calls().next(random, state, "c" + was.client(), values)));
            default -> {
                Outcome outcome = was.outcome() == Outcome.OK ? Outcome.FAILED : Outcome.OK;
                long completed = was.outcome() == Outcome.UNKNOWN ? now + 1 : was.completed();
                spoilt.set(i, new Operation<>(was.client(), was.what(), outcome, was.invoked(), completed));
            }
        }
        return spoilt;
    }

    private static <O> Operation<O> with(Operation<O> was, O what) {
        return new Operation<>(was.client(), what, was.outcome(), was.invoked(), was.completed());
    }
}
