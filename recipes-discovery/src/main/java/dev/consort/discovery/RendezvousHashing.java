/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Highest random weight (Thaler and Ravishankar, 1998): each pair of key and instance has a number that looks random, and the
 * instance with the highest one has the key. What becomes of the others does not change those numbers, so only the keys of an
 * instance that leaves, or that comes, move.
 *
 * <p>Thread-safe: what is known of a list is one volatile reference.
 */
final class RendezvousHashing<I, E> {
    private final Function<? super I, String> id;
    private volatile Hashes<I, E> known = new Hashes<>(List.of(), new long[0]);

    /** Those of a list, which is the same one as long as nothing changes. */
    private static final class Hashes<I, E> {
        final List<Endpoint<I, E>> endpoints;
        final long[] values;

        Hashes(List<Endpoint<I, E>> endpoints, long[] values) {
            this.endpoints = endpoints;
            this.values = values;
        }
    }

    RendezvousHashing(Function<? super I, String> id) {
        this.id = id;
    }

    /** The policy of one key. */
    Policy<I, E> forKey(String key) {
        long hash = hash(key);
        return endpoints -> choose(hash, endpoints);
    }

    private Optional<Endpoint<I, E>> choose(long key, List<Endpoint<I, E>> endpoints) {
        long[] hashes = hashes(endpoints);
        int best = 0;
        long most = mixed(key ^ hashes[0]);
        for (int i = 1; i < hashes.length; i++) {
            long score = mixed(key ^ hashes[i]);
            if (score > most) {
                most = score;
                best = i;
            }
        }
        return Optional.of(endpoints.get(best));
    }

    @SuppressWarnings("ReferenceEquality")
    private long[] hashes(List<Endpoint<I, E>> endpoints) {
        Hashes<I, E> last = known;
        if (last.endpoints == endpoints) {
            return last.values;
        }
        long[] values = endpoints.stream()
                .mapToLong(endpoint -> hash(id.apply(endpoint.instance())))
                .toArray();
        known = new Hashes<>(endpoints, values);
        return values;
    }

    /** Not {@link String#hashCode}, of which equal low bits are common; (!) never to be changed, for all processes must agree. */
    static long hash(String text) {
        long hash = 0xcbf29ce484222325L; // FNV-1a, by bytes of UTF-16
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            hash = (hash ^ (c & 0xff)) * 0x100000001b3L;
            hash = (hash ^ (c >>> 8)) * 0x100000001b3L;
        }
        return mixed(hash);
    }

    /** The last step of MurmurHash3: each bit of the input changes each of the output with a probability of a half. */
    private static long mixed(long bits) {
        long mixed = (bits ^ (bits >>> 33)) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ (mixed >>> 33);
    }
}
