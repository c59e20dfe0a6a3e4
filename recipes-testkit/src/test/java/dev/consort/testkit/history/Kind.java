/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A model and calls that fit it.
 *
 * @param calls what a client may do in a state, mostly with success
 * @param hidden what is known of a call whose outcome is not
 * @param never a call that never ends with OK
 */
record Kind<S, O>(String name, Model<S, O> model, Calls<S, O> calls, UnaryOperator<O> hidden, O never) {
    interface Calls<S, O> {
        /** A call; values are drawn from so many. */
        O next(Random random, S state, String client, int values);
    }

    static Stream<Kind<?, ?>> all() {
        return Stream.of(ownership(), mutex(), readWriteLock(), semaphore(), setIfAbsent(), fifoQueue(), register());
    }

    static Kind<OwnershipModel.State, Ownership> ownership() {
        return of(
                "mutex with token",
                new OwnershipModel(),
                (random, state, client, values) -> {
                    long owner = state.owner();
                    if (owner == 0 && random.nextInt(3) > 0) {
                        return new Ownership.Acquired(state.latest() + 1 + random.nextInt(2), "v");
                    }
                    return switch (random.nextInt(6)) {
                        case 0, 1 -> new Ownership.Released(owner == 0 ? state.latest() : owner);
                        case 2 -> new Ownership.Written(owner - random.nextInt(2));
                        case 3 -> new Ownership.Lost(owner == 0 ? state.latest() : owner);
                        case 4 -> new Ownership.Proclaimed(state.latest(), "v" + random.nextInt(values));
                        default -> new Ownership.Seen(owner, owner == 0 ? "" : state.value());
                    };
                },
                new Ownership.Acquired(0, ""));
    }

    static Kind<ReentrantMutexModel.State, ReentrantMutexCall> mutex() {
        return of(
                "reentrant mutex",
                new ReentrantMutexModel(),
                (random, state, client, values) -> {
                    int held = state.owner().equals(client) ? state.holds() : 0;
                    return switch (random.nextInt(held == 0 ? 4 : 8)) {
                        case 0, 1 -> new ReentrantMutexCall.Locked(client);
                        case 2 -> new ReentrantMutexCall.Counted(client, held);
                        case 3 ->
                            random.nextInt(4) > 0
                                    ? new ReentrantMutexCall.Locked(client)
                                    : new ReentrantMutexCall.Lost(client);
                        default -> new ReentrantMutexCall.Unlocked(client);
                    };
                },
                new ReentrantMutexCall.Counted("c0", -1));
    }

    static Kind<ReadWriteLockModel.State, ReadWriteLockCall> readWriteLock() {
        return of(
                "read-write lock",
                new ReadWriteLockModel(),
                (random, state, client, values) -> {
                    boolean reads = state.readers().containsKey(client);
                    boolean writes = state.writers().containsKey(client);
                    return switch (random.nextInt(reads || writes ? 10 : 6)) {
                        case 0, 1, 2 -> new ReadWriteLockCall.ReadLocked(client);
                        case 3, 4 -> new ReadWriteLockCall.WriteLocked(client);
                        case 5 ->
                            random.nextInt(3) > 0
                                    ? new ReadWriteLockCall.ReadUnlocked(client)
                                    : new ReadWriteLockCall.Lost(client);
                        default ->
                            writes && random.nextBoolean()
                                    ? new ReadWriteLockCall.WriteUnlocked(client)
                                    : new ReadWriteLockCall.ReadUnlocked(client);
                    };
                },
                new ReadWriteLockCall.ReadUnlocked("nobody"));
    }

    static Kind<SemaphoreModel.State, SemaphoreCall> semaphore() {
        return of(
                "semaphore",
                new SemaphoreModel(3),
                (random, state, client, values) -> {
                    int held = state.held().getOrDefault(client, 0);
                    return switch (random.nextInt(held == 0 ? 5 : 10)) {
                        case 0, 1, 2, 3 -> new SemaphoreCall.Acquired(client, 1 + random.nextInt(2));
                        case 4 -> new SemaphoreCall.Lost(client);
                        default -> new SemaphoreCall.Released(client, 1 + random.nextInt(Math.max(1, held)));
                    };
                },
                new SemaphoreCall.Acquired("c0", 4));
    }

    static Kind<String, SetIfAbsentCall> setIfAbsent() {
        return of(
                "set if absent",
                new SetIfAbsentModel(),
                (random, state, client, values) -> switch (random.nextInt(6)) {
                    case 0, 1 -> new SetIfAbsentCall.Claimed("v" + random.nextInt(values));
                    case 2 -> new SetIfAbsentCall.Seen(state);
                    case 3 -> new SetIfAbsentCall.Expired(state.isEmpty() ? "v0" : state);
                    default -> new SetIfAbsentCall.Removed(state.isEmpty() ? "v0" : state);
                },
                new SetIfAbsentCall.Seen("never"));
    }

    static Kind<List<String>, FifoQueueCall> fifoQueue() {
        return new Kind<>(
                "FIFO queue",
                new FifoQueueModel(),
                (random, state, client, values) -> {
                    if (random.nextInt(8 + state.size()) < 5) {
                        return new FifoQueueCall.Enqueued("v" + random.nextInt(values));
                    }
                    return state.isEmpty() ? new FifoQueueCall.FoundEmpty() : new FifoQueueCall.Dequeued(state.get(0));
                },
                call -> call instanceof FifoQueueCall.Dequeued ? new FifoQueueCall.Dequeued("") : call,
                new FifoQueueCall.Dequeued("never"));
    }

    static Kind<String, RegisterCall> register() {
        return of(
                "register",
                new RegisterModel("v0"),
                (random, state, client, values) -> {
                    String value = "v" + random.nextInt(values);
                    return switch (random.nextInt(5)) {
                        case 0, 1 -> new RegisterCall.Written(value);
                        case 2 -> new RegisterCall.Replaced(random.nextBoolean() ? state : "v0", value);
                        default -> new RegisterCall.Read(state);
                    };
                },
                new RegisterCall.Read("never"));
    }

    private static <S, O> Kind<S, O> of(String name, Model<S, O> model, Calls<S, O> calls, O never) {
        return new Kind<>(name, model, calls, call -> call, never);
    }

    @Override
    public String toString() {
        return name;
    }
}
