/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.testkit.CallCounts;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;

/** What a large prefix costs. Alone, since it weighs the heap. */
@Isolated
class PrefixViewSizeIT {
    private static final int KEYS = 100_000;

    /** Pages of 16, 32 and so on to 2,048, and then of 4,000. */
    private static final int PAGES = 8 + 24;

    private static final String VALUE = "0123456789";
    private static final int TRIES = 3;
    private static final Duration FAST = Duration.ofSeconds(5);

    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = UncompactedEtcd.operator();
    private final String prefix = Parties.name() + "/";
    private final Party party =
            Party.join(Party.Settings.of(UncompactedEtcd.server().endpoints()));
    private final AtomicInteger count = new AtomicInteger();
    private final List<Reading> readings = new ArrayList<>();
    private volatile @Nullable WeakReference<Entry> one; // set by a callback

    /** What a reading took, and how many requests. */
    private record Reading(Duration time, long pages) {
        boolean isFast() {
            return time.compareTo(FAST) < 0;
        }

        /** A stalled machine costs a second attempt here and there. */
        boolean isOnce() {
            return pages <= PAGES + 4;
        }
    }

    private PrefixView.Subscription read() {
        CallCounts before = party.log.counts();
        long start = System.nanoTime();
        PrefixView.Subscription view = PrefixView.open(
                party.connection, "Test", prefix, party.connection.callbacks(), new PrefixView.Listener() {
                    @Override
                    public void onSnapshot(PrefixView.Snapshot snapshot) {
                        one = new WeakReference<>(snapshot.entries().get(0));
                        count.set(snapshot.entries().size());
                    }

                    @Override
                    public void onChanges(long revision, List<PrefixView.Change> changes) {
                        count.addAndGet(changes.size());
                    }
                });
        get(view.ready());
        readings.add(
                new Reading(Waits.since(start), party.log.counts().since(before).unaryCalls("KV/Range")));
        return view;
    }

    /** Returns when nobody holds what the view did: that is not when the call returns, on a busy machine. */
    private void end(PrefixView.Subscription view) {
        WeakReference<Entry> entry = Objects.requireNonNull(one);
        view.close();
        soon(() -> {
            System.gc();
            assertThat(entry.get()).isNull();
        });
    }

    /**
     * Under 200 bytes a key beside what the key and the value are, and all given back in the end. The heap is looked at until it is so:
     * others let go of what is theirs when the machine lets them, which makes it less; a view that is too heavy stays so.
     */
    private void weigh() {
        long before = Heap.used();
        PrefixView.Subscription view = read();
        operator.put(prefix + "another", VALUE); // what the snapshot shared is garbage after a change
        soon(() -> assertThat(count).hasValue(KEYS + 1));
        int data = prefix.length() + 5 + VALUE.length();
        soon(() -> assertThat(bytesOfKey(before) - data).isBetween(20L, 199L));
        end(view);
        soon(() -> assertThat(bytesOfKey(before)).isLessThan(20));
    }

    private static long bytesOfKey(long before) {
        return (Heap.used() - before) / KEYS;
    }

    /** In under 5 s on loopback, at best: others may have the machine for a while. */
    @Test
    void hundredThousandKeys_areReadInPagesOfOneRevision() {
        parties.closing(party);
        operator.putMany(prefix, KEYS, VALUE);
        end(read()); // and Netty has most of its buffers
        assertThat(count).hasValue(KEYS);
        weigh();
        while (readings.size() < TRIES
                && !(readings.stream().anyMatch(Reading::isFast)
                        && readings.stream().anyMatch(Reading::isOnce))) {
            end(read());
        }
        operator.deleteBelow(prefix);
        assertThat(readings).anyMatch(Reading::isFast);
        assertThat(readings).anyMatch(Reading::isOnce);
        assertThat(readings).allMatch(reading -> reading.pages() >= PAGES);
    }
}
