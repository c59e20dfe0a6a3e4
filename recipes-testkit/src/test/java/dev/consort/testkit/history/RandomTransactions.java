/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import dev.consort.testkit.history.TransactionCall.PrefixRead;
import dev.consort.testkit.history.TransactionCall.Read;
import dev.consort.testkit.history.TransactionIsolation.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** A store whose clients take random steps of transactions in turn, and check at the commit what a level asks for. */
final class RandomTransactions {
    private static final List<String> KEYS = List.of("a/w", "a/x", "b/y", "b/z");

    private final Level level;
    private final Random random;
    private final List<Map<String, Long>> states = new ArrayList<>(); // by revision
    private final List<Client> clients = new ArrayList<>();
    private final List<Operation<TransactionCall>> history = new ArrayList<>();
    private long clock;

    RandomTransactions(Level level, Random random) {
        this.level = level;
        this.random = random;
        states.add(Map.of());
        states.add(Map.of());
        for (int i = 0; i < 3; i++) {
            clients.add(new Client(i));
        }
    }

    List<Operation<TransactionCall>> run() {
        for (int i = 0; i < 60; i++) {
            clients.get(random.nextInt(clients.size())).step();
        }
        return history;
    }

    private long now() {
        return states.size() - 1L;
    }

    private final class Client {
        private final int id;
        private long invoked;
        private long snapshot;
        private List<Read> reads = new ArrayList<>();
        private List<PrefixRead> prefixes = new ArrayList<>();

        Client(int id) {
            this.id = id;
            begin();
        }

        private void begin() {
            invoked = ++clock;
            snapshot = 0;
            reads = new ArrayList<>();
            prefixes = new ArrayList<>();
        }

        void step() {
            int choice = random.nextInt(10);
            String key = KEYS.get(random.nextInt(KEYS.size()));
            long asOf = now();
            if (level.compareTo(Level.SERIALIZABLE) <= 0) {
                snapshot = snapshot == 0 ? now() : snapshot;
                asOf = snapshot;
            }
            Map<String, Long> state = states.get((int) asOf);
            if (choice < 4) {
                if (reads.stream().noneMatch(read -> read.key().equals(key))) {
                    reads.add(new Read(key, state.getOrDefault(key, 0L), asOf));
                }
            } else if (choice < 6) {
                String prefix = key.substring(0, 2);
                Map<String, Long> found = new HashMap<>(state);
                found.keySet().removeIf(each -> !each.startsWith(prefix));
                prefixes.add(new PrefixRead(prefix, found, asOf));
            } else {
                commit(key, choice == 9);
                begin();
            }
        }

        private void commit(String key, boolean both) {
            Map<String, Long> state = new HashMap<>(states.get((int) now()));
            boolean delete = state.containsKey(key) && random.nextInt(4) == 0;
            Set<String> puts = new HashSet<>(both ? List.of(KEYS.get(random.nextInt(KEYS.size()))) : List.of());
            if (delete) {
                puts.remove(key);
            } else {
                puts.add(key);
            }
            Set<String> deletes = delete ? Set.of(key) : Set.of();
            boolean good = holds(state) && (level != Level.SERIALIZABLE_SNAPSHOT || notNewer(state, puts, key));
            long revision = good ? states.size() : 0;
            if (good) {
                puts.forEach(each -> state.put(each, revision));
                deletes.forEach(state::remove);
                states.add(state);
            }
            history.add(new Operation<>(
                    id,
                    new TransactionCall(revision, reads, prefixes, puts, deletes),
                    good ? Outcome.OK : Outcome.FAILED,
                    invoked,
                    ++clock));
        }

        private boolean holds(Map<String, Long> state) {
            if (level == Level.READ_COMMITTED) {
                return true;
            }
            boolean phantoms = level == Level.REPEATABLE_READS;
            return reads.stream().allMatch(read -> state.getOrDefault(read.key(), 0L) == read.version())
                    && prefixes.stream()
                            .allMatch(prefix -> KEYS.stream()
                                    .filter(key -> key.startsWith(prefix.prefix()))
                                    .filter(key -> !phantoms || prefix.found().containsKey(key))
                                    .allMatch(key -> state.getOrDefault(key, 0L)
                                            .equals(prefix.found().getOrDefault(key, 0L))));
        }

        private boolean notNewer(Map<String, Long> state, Set<String> puts, String key) {
            return (reads.isEmpty() && prefixes.isEmpty())
                    || (state.getOrDefault(key, 0L) <= snapshot
                            && puts.stream().allMatch(each -> state.getOrDefault(each, 0L) <= snapshot));
        }
    }
}
