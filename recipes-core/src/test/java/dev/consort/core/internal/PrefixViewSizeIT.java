/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CallCounts;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;

/** What a large prefix costs. Alone, since it weighs the heap. */
@Isolated
class PrefixViewSizeIT {
    private static final int KEYS = 100_000;
    private static final int PAGE = 2_000;

    @RegisterExtension
    final Parties parties = new Parties();

    private static long usedHeap() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** In under 5 s on loopback, and in under 200 bytes a key beside what the key and the value are. */
    @Test
    void hundredThousandKeys_areReadInPagesOfOneRevision() {
        Operator operator = SharedEtcd.operator();
        String prefix = Parties.name() + "/";
        String value = "0123456789";
        operator.putMany(prefix, KEYS, value);
        Party party = parties.join();
        CallCounts before = party.log.counts();
        long heap = usedHeap();
        long[] count = new long[1];
        long start = System.nanoTime();
        PrefixView.Subscription view = PrefixView.open(
                party.connection, "Test", prefix, party.connection.callbacks(), new PrefixView.Listener() {
                    @Override
                    public void onSnapshot(PrefixView.Snapshot snapshot) {
                        count[0] = snapshot.entries().size();
                    }

                    @Override
                    public void onChanges(long revision, List<PrefixView.Change> changes) {
                        count[0] += changes.size();
                    }
                });
        get(view.ready());
        long millis = Waits.since(start).toMillis();
        operator.put(prefix + "another", value); // what the snapshot shared is garbage after a change
        soon(() -> assertThat(count[0]).isEqualTo(KEYS + 1));
        int data = prefix.length() + 5 + value.length();
        long perKey = (usedHeap() - heap) / KEYS - data;
        System.out.println("view of " + KEYS + " keys: " + millis + " ms, " + perKey + " bytes a key beside its data");
        assertThat(millis).isLessThan(5_000);
        assertThat(perKey).isLessThan(200);
        assertThat(party.log.counts().since(before).unaryCalls("KV/Range")).isEqualTo(KEYS / PAGE);
        view.close();
        operator.deleteBelow(prefix);
        soon(() -> assertThat((usedHeap() - heap) / KEYS).isLessThan(20));
    }
}
