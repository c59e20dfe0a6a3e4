/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Leases and the keys that are bound to them. Confined to the server's lock. */
final class Lessor {
    static final long NO_LEASE = 0;
    private static final long MAX_TTL = 9_000_000_000L;
    /** Beyond this many seconds nanoseconds would overflow; nobody waits for it. */
    private static final long LONGEST_COUNTED = TimeUnit.DAYS.toSeconds(36_500);

    /** One lease. Its expiry orders it, so it leaves the order before it changes. */
    static final class Lease {
        private final long id;
        private final long ttl;
        private final NavigableSet<ByteString> keys = new TreeSet<>(KeyRange.ORDER);
        private long expiry;

        private Lease(long id, long ttl) {
            this.id = id;
            this.ttl = ttl;
        }

        long id() {
            return id;
        }

        long ttl() {
            return ttl;
        }

        List<ByteString> keys() {
            return List.copyOf(keys);
        }
    }

    /** When a lease lived, in revisions, for a return to an earlier one; {@code ended} is 0 while it lives. */
    private static final class Life {
        private final long id;
        private final long ttl;
        private final long granted;
        private long ended;

        private Life(long id, long ttl, long granted) {
            this.id = id;
            this.ttl = ttl;
            this.granted = granted;
        }
    }

    private final ServerClock clock;
    private final Random random;
    private final long minimumTtl;
    private final Map<Long, Lease> leases = new HashMap<>();
    private final NavigableSet<Lease> byExpiry =
            new TreeSet<>(Comparator.<Lease>comparingLong(lease -> lease.expiry).thenComparing(lease -> lease.id));
    private final Map<ByteString, Lease> leaseOfKey = new HashMap<>();
    private final Map<Long, Life> lives = new HashMap<>();
    private final List<Life> ended = new ArrayList<>();

    Lessor(ServerClock clock, Random random, long minimumTtl) {
        this.clock = clock;
        this.random = random;
        this.minimumTtl = minimumTtl;
    }

    /**
     * Grants a lease.
     *
     * @param wanted 0 to choose an ID
     */
    Lease grant(long wanted, long ttl, long revision) {
        long id = wanted;
        while (id == NO_LEASE || (wanted == NO_LEASE && leases.containsKey(id))) {
            id = random.nextLong() & Long.MAX_VALUE;
        }
        if (ttl > MAX_TTL) {
            throw EtcdError.LEASE_TTL_TOO_LARGE.failure();
        }
        if (leases.containsKey(id)) {
            throw EtcdError.LEASE_EXISTS.failure();
        }
        lives.put(id, new Life(id, Math.max(ttl, minimumTtl), revision));
        return add(id, Math.max(ttl, minimumTtl));
    }

    private Lease add(long id, long ttl) {
        Lease lease = new Lease(id, ttl);
        leases.put(id, lease);
        lease.expiry = expiry(ttl, Duration.ZERO);
        byExpiry.add(lease);
        return lease;
    }

    private long expiry(long ttl, Duration extension) {
        return clock.nanos() + TimeUnit.SECONDS.toNanos(Math.min(ttl, LONGEST_COUNTED)) + extension.toNanos();
    }

    @Nullable
    Lease find(long id) {
        return leases.get(id);
    }

    /** A lease that must be there. */
    Lease get(long id) {
        Lease lease = leases.get(id);
        if (lease == null) {
            throw EtcdError.LEASE_NOT_FOUND.failure();
        }
        return lease;
    }

    boolean isExpired(Lease lease) {
        return remainingNanos(lease) <= 0;
    }

    long remainingSeconds(Lease lease) {
        return lease.ttl > LONGEST_COUNTED ? lease.ttl : TimeUnit.NANOSECONDS.toSeconds(remainingNanos(lease));
    }

    private long remainingNanos(Lease lease) {
        return lease.expiry - clock.nanos();
    }

    void renew(Lease lease) {
        reschedule(lease, expiry(lease.ttl, Duration.ZERO));
    }

    /** Makes it expire now. */
    void exhaust(Lease lease) {
        reschedule(lease, clock.nanos());
    }

    private void reschedule(Lease lease, long expiry) {
        byExpiry.remove(lease);
        lease.expiry = expiry;
        byExpiry.add(lease);
    }

    /** As a new leader does, which does not know when leases were renewed. */
    void extendAll(Duration election) {
        for (Lease lease : List.copyOf(leases.values())) {
            reschedule(lease, expiry(lease.ttl, election));
        }
    }

    /** Those that end soonest first. */
    List<Lease> all() {
        return List.copyOf(byExpiry);
    }

    @Nullable
    Lease nextExpired() {
        return byExpiry.isEmpty() || !isExpired(byExpiry.first()) ? null : byExpiry.first();
    }

    /** Forgets a lease whose keys are gone. */
    void remove(Lease lease, long revision) {
        leases.remove(lease.id);
        byExpiry.remove(lease);
        Life life = lives.remove(lease.id);
        if (life != null) {
            life.ended = revision;
            ended.add(life);
        }
    }

    /** Binds a key to a lease, or to none, and to no other any longer. */
    void move(ByteString key, long to) {
        Lease before = leaseOfKey.remove(key);
        if (before != null) {
            before.keys.remove(key);
        }
        Lease lease = to == NO_LEASE ? null : leases.get(to);
        if (lease != null) {
            lease.keys.add(key);
            leaseOfKey.put(key, lease);
        }
    }

    /** Has the leases that lived at a revision, with a full TTL, and these keys. */
    void goBack(long revision, List<KeyValue> keys) {
        lives.values().removeIf(life -> life.granted > revision);
        for (Life life : List.copyOf(ended)) {
            if (life.ended > revision) {
                ended.remove(life);
                if (life.granted <= revision) {
                    life.ended = 0;
                    lives.put(life.id, life);
                }
            }
        }
        leases.clear();
        byExpiry.clear();
        leaseOfKey.clear();
        lives.values().forEach(life -> add(life.id, life.ttl));
        keys.forEach(kv -> move(kv.getKey(), kv.getLease()));
    }
}
