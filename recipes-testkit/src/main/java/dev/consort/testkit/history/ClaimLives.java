/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import dev.consort.testkit.history.Ownership.Acquired;
import dev.consort.testkit.history.Ownership.Proclaimed;
import dev.consort.testkit.history.Ownership.Written;
import dev.consort.testkit.history.ServerHistory.Change;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the server says of a queue of claims: when each was made, granted and gone. The first is granted; in a queue of {@code
 * read:} and {@code write:} claims a reader with no writer before it, of which one that is marked as {@code kept:} is none. A token is the claim's create revision,
 * shifted by {@value #SEQUENCE_BITS} bits, and a sequence number. Not threadsafe.
 */
public final class ClaimLives {
    /** The bits of a token below its revision. */
    public static final int SEQUENCE_BITS = 20;

    /** One claim; first and gone are {@link Operation#NEVER} for what has not come to be. */
    private static final class Life {
        final long made;
        final boolean reads;
        long first = Operation.NEVER;
        long kept = Operation.NEVER; // since when a writer reads
        long gone = Operation.NEVER;
        final Set<String> values = new HashSet<>();

        Life(String key, long made) {
            this.made = made;
            this.reads = kind(key).equals(READ);
        }

        boolean isSharedAt(long revision) {
            return reads || kept <= revision;
        }

        boolean isFirstAt(long revision) {
            return first <= revision && revision < gone;
        }

        @Override
        public String toString() {
            return "made at " + made + ", first at " + first + ", gone at " + gone;
        }
    }

    private static final String READ = "read:";
    private static final String WRITE = "write:";
    private static final String KEPT = "kept:";
    private static final String LIMIT = "limit:";

    private final TreeMap<Long, Life> lives = new TreeMap<>();
    private final List<Change> writes;

    private ClaimLives(List<Change> claims, List<Change> writes) {
        this.writes = writes;
        Map<String, Life> alive = new HashMap<>();
        for (Change change : claims) {
            if (!isClaim(change.key())) {
                continue;
            }
            if (kind(change.key()).equals(KEPT)) {
                Life life = alive.get(change.key().replace("/" + KEPT, "/" + WRITE));
                if (life != null && !change.deleted()) {
                    life.kept = change.revision();
                }
            } else if (change.deleted()) {
                Life life = alive.remove(change.key());
                if (life != null) {
                    life.gone = change.revision();
                }
            } else {
                Life life = alive.computeIfAbsent(change.key(), key -> new Life(key, change.created()));
                life.values.add(change.value());
                lives.put(life.made, life);
            }
        }
        long free = 0;
        long freeToRead = 0;
        for (Life life : lives.values()) {
            long first = Math.max(life.made, life.reads ? freeToRead : free);
            if (first < life.gone) {
                life.first = first;
            }
            free = Math.max(free, life.gone);
            if (!life.reads) {
                freeToRead = Math.max(freeToRead, Math.min(life.kept, life.gone));
            }
        }
    }

    /**
     * Whether a key below a queue's name is of a claim, and not the limit of a semaphore, which stays.
     *
     * @param key the whole key
     */
    public static boolean isClaim(String key) {
        return !kind(key).equals(LIMIT);
    }

    /** What a claim's key says of it before the lease; empty where all are alike. */
    private static String kind(String key) {
        String last = key.substring(key.lastIndexOf('/') + 1);
        return last.substring(0, last.indexOf(':') + 1);
    }

    /**
     * Compares what clients were told with what the server did.
     *
     * @param claims the changes below the queue's prefix
     * @param writes the changes of the register that owners write their token to, guarded by it
     * @param history what clients were told
     * @return what does not fit, one text each; empty if all does
     */
    public static List<String> violations(
            List<Change> claims, List<Change> writes, List<Operation<Ownership>> history) {
        return new ClaimLives(claims, writes).violations(history);
    }

    private List<String> violations(List<Operation<Ownership>> history) {
        List<String> found = new ArrayList<>();
        Set<Long> granted = new HashSet<>();
        Set<Long> applied = new HashSet<>();
        checkWrites(found, applied);
        for (Operation<Ownership> operation : history) {
            if (operation.what() instanceof Acquired acquired) {
                if (!granted.add(acquired.token())) {
                    found.add("the token " + acquired.token() + " was granted twice");
                }
                checkGrant(found, operation, acquired);
            } else if (operation.what() instanceof Written written && operation.outcome() == Outcome.OK) {
                if (!applied.contains(written.token())) {
                    found.add("not in the server's history: " + operation);
                }
            } else if (operation.what() instanceof Proclaimed proclaimed && operation.outcome() == Outcome.OK) {
                Life life = life(proclaimed.token());
                if (life == null || !life.values.contains(proclaimed.value())) {
                    found.add("not in the server's history: " + operation);
                }
            }
        }
        return found;
    }

    private void checkGrant(List<String> found, Operation<Ownership> operation, Acquired acquired) {
        Life life = life(acquired.token());
        if (life == null) {
            found.add("there was no such claim: " + operation);
        } else if (life.first == Operation.NEVER) {
            found.add("its claim (" + life + ") was never the first: " + operation);
        } else if (!acquired.value().isEmpty() && !life.values.contains(acquired.value())) {
            found.add("its claim never had its value: " + operation);
        }
    }

    /** The guard held at every write, and no older token was written after a newer one. */
    private void checkWrites(List<String> found, Set<Long> applied) {
        long latest = 0;
        long latestAlone = 0;
        for (Change write : writes) {
            if (write.deleted()) {
                continue;
            }
            long token = Long.parseLong(write.value());
            applied.add(token);
            Life life = life(token);
            if (life == null || !life.isFirstAt(write.revision())) {
                found.add("written at " + write.revision() + " by token " + token + ", whose claim was "
                        + (life == null ? "never made" : life));
            }
            boolean shared = life != null && life.isSharedAt(write.revision());
            long before = shared ? latestAlone : latest;
            if (token < before) {
                found.add("written at " + write.revision() + " by token " + token + " after the newer " + before);
            }
            latest = Math.max(latest, token);
            latestAlone = shared ? latestAlone : Math.max(latestAlone, token);
        }
    }

    private @Nullable Life life(long token) {
        return lives.get(token >> SEQUENCE_BITS);
    }
}
