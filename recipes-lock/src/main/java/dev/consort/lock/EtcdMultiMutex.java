/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Session;
import dev.consort.core.internal.Acquirer;
import dev.consort.core.internal.BoundAcquirer;
import dev.consort.core.internal.ClaimSpec;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.OwnerText;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

/** Several names on the claim queue. Immutable. */
final class EtcdMultiMutex implements MultiMutex {
    static final int MAX_NAMES = ClaimSpec.MOST_TOGETHER;

    private static final String RECIPE = "MultiMutex";

    /** Each is in a transaction up to seven times, and a request takes 1.5 MiB. */
    private static final int MAX_BYTES = 65_536;

    private final ClaimSpec spec;
    private final BoundAcquirer<MultiGrant> acquirer;

    EtcdMultiMutex(Session session, Collection<String> names) {
        EtcdSession engine = EtcdSession.of(session);
        List<String> checked = checked(engine, names);
        this.spec = ClaimSpec.together(RECIPE, checked, () -> OwnerText.of(engine.now()));
        this.acquirer = new BoundAcquirer<>(new Acquirer<>(engine, grant -> new EtcdMultiGrant(grant, checked)), spec);
    }

    private static List<String> checked(Session session, Collection<String> names) {
        TreeSet<String> sorted = new TreeSet<>();
        for (String name : Objects.requireNonNull(names, "names")) {
            if (!sorted.add(Names.checked(RECIPE, name, session))) {
                throw new IllegalArgumentException(RECIPE + " name '" + name + "' is given twice");
            }
        }
        if (sorted.isEmpty()) {
            throw new IllegalArgumentException(RECIPE + " has no names: give 1 to " + MAX_NAMES);
        }
        if (sorted.size() > MAX_NAMES) {
            throw new IllegalArgumentException(RECIPE + " of " + sorted.size() + " names: a transaction of etcd takes "
                    + MAX_NAMES + "; take one name for several things");
        }
        for (String name : sorted) {
            String next = sorted.higher(name + "/");
            if (next != null && next.startsWith(name + "/")) {
                throw new IllegalArgumentException(RECIPE + " name '" + next + "' nests with '" + name
                        + "': one would sit in the queue of the other; rename one");
            }
        }
        int bytes = sorted.stream()
                .mapToInt(name -> name.getBytes(StandardCharsets.UTF_8).length)
                .sum();
        if (bytes > MAX_BYTES) {
            throw new IllegalArgumentException(
                    RECIPE + " names have " + bytes + " bytes together, more than " + MAX_BYTES);
        }
        return List.copyOf(sorted);
    }

    @Override
    public List<String> names() {
        return spec.names();
    }

    @Override
    public MultiGrant acquire() throws InterruptedException {
        return acquirer.acquire();
    }

    @Override
    public Optional<MultiGrant> tryAcquire() {
        return acquirer.tryAcquire();
    }

    @Override
    public Optional<MultiGrant> tryAcquire(Duration timeout) throws InterruptedException {
        return acquirer.tryAcquire(timeout);
    }

    @Override
    public CompletableFuture<MultiGrant> acquireAsync() {
        return acquirer.acquireAsync();
    }

    @Override
    public <X extends Exception> boolean tryRun(Duration timeout, Action<? super MultiGrant, X> action)
            throws InterruptedException, X {
        return acquirer.tryRun(timeout, action);
    }

    @Override
    public String toString() {
        return RECIPE + " of '" + String.join("', '", names()) + "'";
    }
}
