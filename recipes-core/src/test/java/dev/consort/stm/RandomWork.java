/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import com.google.protobuf.ByteString;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.testkit.Commit;
import dev.consort.testkit.history.History;
import dev.consort.testkit.history.Operation;
import dev.consort.testkit.history.Outcome;
import dev.consort.testkit.history.TransactionCall;
import dev.consort.testkit.history.TransactionCall.PrefixRead;
import dev.consort.testkit.history.TransactionCall.Read;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What clients do at random with a few keys, and its history. Each transaction that writes also writes a key of its own, the mark,
 * by which the server's log tells whether it was applied, and how often.
 */
final class RandomWork {
    private static final List<String> KEYS = List.of("a/w", "a/x", "b/y", "b/z");

    private final String p;
    private final Isolation isolation;
    private final History<TransactionCall> history = new History<>();
    private final AtomicInteger marks = new AtomicInteger();

    RandomWork(String prefix, Isolation isolation) {
        this.p = prefix;
        this.isolation = isolation;
    }

    /** What the body throws when it has had enough. */
    private static final class GivenUpException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** One client's transactions, one after another. */
    void run(int client, Stm stm, Random random, int transactions) throws InterruptedException {
        for (int i = 0; i < transactions; i++) {
            new One(client, random).run(stm.isolation(isolation));
        }
    }

    private final class One {
        private final int client;
        private final String mark = p + "mark/" + marks.incrementAndGet();
        private final long seed;
        private final long invoked = history.moment();
        private TransactionCall last = new TransactionCall(0, List.of(), List.of(), Set.of(), Set.of());
        private int attempts;

        One(int client, Random random) {
            this.client = client;
            this.seed = random.nextLong();
        }

        void run(Stm stm) throws InterruptedException {
            try {
                Stm.Committed<Boolean> done = stm.runCommitted(tx -> body((Attempt) tx));
                ended(done.revision(), Outcome.OK);
            } catch (OutcomeUnknownException e) {
                ended(0, Outcome.UNKNOWN);
            } catch (EtcdUnavailableException | TransactionConflictException | GivenUpException e) {
                ended(0, Outcome.FAILED);
            }
        }

        private void ended(long revision, Outcome outcome) {
            history.ended(
                    client,
                    invoked,
                    new TransactionCall(revision, last.reads(), last.prefixes(), last.puts(), last.deletes()),
                    outcome);
        }

        private boolean body(Attempt tx) {
            if (attempts++ > 0) {
                ended(0, Outcome.FAILED); // the attempt before, whose refusal told what this one need not read
            }
            Random choice = new Random(seed); // the same steps in each attempt
            Set<String> puts = new HashSet<>();
            last = new TransactionCall(0, List.of(), List.of(), puts, Set.of());
            boolean writes = choice.nextInt(5) > 0;
            if (writes) {
                tx.put(mark, "x");
                puts.add(mark);
            }
            for (int steps = 2 + choice.nextInt(3); steps > 0; steps--) {
                String key = p + KEYS.get(choice.nextInt(KEYS.size()));
                switch (choice.nextInt(writes ? 6 : 3)) {
                    case 0, 1 -> {
                        var unused = tx.get(key);
                    }
                    case 2 -> {
                        var unused = tx.range(key.substring(0, key.length() - 1));
                    }
                    case 3, 4 -> {
                        tx.put(key, mark);
                        puts.add(key);
                    }
                    default -> {
                        tx.delete(key);
                        puts.remove(key);
                    }
                }
            }
            last = new TransactionCall(0, reads(tx.read()), prefixes(tx.read()), puts, Set.of());
            if (choice.nextInt(10) == 0) {
                throw new GivenUpException();
            }
            return true;
        }
    }

    private static List<Read> reads(Contents contents) {
        return contents.keys().entrySet().stream()
                .map(key -> new Read(text(key.getKey()), key.getValue().revision(), contents.readAt(key.getKey())))
                .toList();
    }

    private static List<PrefixRead> prefixes(Contents contents) {
        List<PrefixRead> prefixes = new ArrayList<>();
        contents.prefixes().forEach((prefix, read) -> {
            Map<String, Long> found = new HashMap<>();
            read.found().forEach((key, version) -> found.put(text(key), version.revision()));
            prefixes.add(new PrefixRead(text(prefix), found, read.revision()));
        });
        return prefixes;
    }

    private static String text(ByteString key) {
        return key.toStringUtf8();
    }

    /**
     * The history, with what the server's log tells of those of unknown outcome.
     *
     * @throws AssertionError if one was applied twice, or although it failed, or not although it was said to be
     */
    List<Operation<TransactionCall>> history(List<Commit> log) {
        Map<String, Long> applied = new HashMap<>();
        Map<Long, Set<String>> deleted = new HashMap<>();
        for (Commit commit : log) {
            for (Commit.Change change : commit.changes()) {
                String key = change.key().toString(StandardCharsets.UTF_8);
                if (change.deleted()) {
                    deleted.computeIfAbsent(commit.revision(), none -> new HashSet<>())
                            .add(key);
                }
                if (key.startsWith(p + "mark/") && applied.put(key, commit.revision()) != null) {
                    throw new AssertionError(key + " was applied twice:\n" + history);
                }
            }
        }
        Set<String> explained = new HashSet<>();
        List<Operation<TransactionCall>> operations = history.operations().stream()
                .map(one -> resolved(one, applied, deleted, explained))
                .toList();
        applied.keySet().forEach(mark -> {
            if (!explained.contains(mark)) {
                throw new AssertionError(mark + " was applied, though it had failed:\n" + history);
            }
        });
        return operations;
    }

    private Operation<TransactionCall> resolved(
            Operation<TransactionCall> one,
            Map<String, Long> applied,
            Map<Long, Set<String>> deleted,
            Set<String> explained) {
        TransactionCall call = one.what();
        String mark = call.puts().stream()
                .filter(key -> key.startsWith(p + "mark/"))
                .findFirst()
                .orElse("");
        if (mark.isEmpty() || one.outcome() == Outcome.FAILED) {
            return one;
        }
        long revision = applied.getOrDefault(mark, 0L);
        if (one.outcome() == Outcome.OK && revision != call.revision()) {
            throw new AssertionError("applied at " + revision + ", and not as was said: " + one);
        }
        explained.add(mark);
        // What has not been applied may be in future, but nobody has seen that.
        return new Operation<>(
                one.client(),
                new TransactionCall(
                        revision,
                        call.reads(),
                        call.prefixes(),
                        call.puts(),
                        deleted.getOrDefault(revision, Set.of())), // Only the server knows what was there to delete.
                revision > 0 ? one.outcome() : Outcome.FAILED,
                one.invoked(),
                one.completed());
    }

    @Override
    public String toString() {
        return isolation + "\n" + history;
    }
}
