/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static dev.consort.core.internal.Waits.get;
import static dev.consort.core.internal.Waits.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.internal.PrefixView.Cause;
import dev.consort.testkit.Direction;
import dev.consort.testkit.FaultProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** S14: connections cut after every number of bytes that etcd sends on them, while it writes. */
class PrefixViewCutIT {
    private static final int FIRST_BYTES = 4_096;
    private static final int MOST_BYTES = 1 << 20;
    private static final long MANY_EVENTS = 1_000_000;

    /** A line gets nowhere while it is cut within the first bytes again and again. */
    private static final Duration CUT_SHORT = Duration.ofMinutes(3);

    @RegisterExtension
    final Parties parties = new Parties();

    private final Operator operator = UncompactedEtcd.operator();
    private final String prefix = Parties.name() + "/";
    private final List<Line> lines = new ArrayList<>();

    /** A process that looks at the prefix through a network of its own. */
    private final class Line {
        final FaultProxy proxy = parties.closing(
                FaultProxy.to(UncompactedEtcd.server().endpoints().get(0)));
        final EtcdConnection connection =
                parties.closing(EtcdConnection.of(new EtcdConnectionBuilder(List.of(proxy.endpoint()))
                        .connectTimeout(Duration.ofSeconds(20))
                        .open()));
        final ViewRecorder recorder = new ViewRecorder();

        Line() {
            get(PrefixView.open(connection, "Test", prefix, connection.callbacks(), recorder)
                    .ready());
        }

        /** Cuts the next connection after so many bytes from the server. */
        void cutAfter(long bytes) {
            proxy.refuse();
            proxy.reset();
            CompletableFuture<Void> cut = proxy.cutAfter(Direction.TO_CLIENT, bytes);
            proxy.accept();
            get(cut);
        }
    }

    /**
     * Writes until told to stop; each transaction is a revision of several events. Never so far ahead of a line that its
     * buffer could run over, since a snapshot would hide what was lost.
     */
    private CompletableFuture<Void> writing(AtomicBoolean done, int puts, int valueBytes) {
        return CompletableFuture.runAsync(() -> {
            String value = "x".repeat(valueBytes);
            long written = events() / lines.size();
            for (int n = 0; !done.get(); n++) {
                Map<String, String> values = new LinkedHashMap<>();
                for (int i = 0; i < puts; i++) {
                    values.put(prefix + (n + i) % 50, value + n);
                }
                operator.putAll(values);
                written += puts;
                if (n % 20 == 0) {
                    operator.delete(Operator.bytes(prefix + n % 50));
                    written++;
                }
                long seen = written - ViewSubscriber.BUFFER / 2;
                Waits.within(CUT_SHORT, () -> assertThat(lines).allMatch(line -> line.recorder.events() >= seen));
                Waits.pass(Duration.ofMillis(2));
            }
        });
    }

    private long events() {
        return lines.stream().mapToLong(line -> line.recorder.events()).sum();
    }

    /** Positions are shared out among the lines, and each is cut at one after the other. */
    private void cutAt(long[] positions) {
        ExecutorService threads = Executors.newFixedThreadPool(lines.size());
        try {
            List<CompletableFuture<Void>> cuts = new ArrayList<>();
            for (int i = 0; i < lines.size(); i++) {
                int first = i;
                cuts.add(CompletableFuture.runAsync(
                        () -> {
                            for (int n = first; n < positions.length; n += lines.size()) {
                                lines.get(first).cutAfter(positions[n]);
                            }
                        },
                        threads));
            }
            cuts.forEach(cut -> {
                try {
                    cut.get(20, TimeUnit.MINUTES);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
        } finally {
            threads.shutdown();
        }
    }

    private void open(int count) {
        for (int i = 0; i < count; i++) {
            lines.add(new Line());
        }
    }

    /** Everybody has seen everything, once and in order. */
    private void assertNothingLost() {
        operator.put(prefix + "last", "1");
        for (Line line : lines) {
            soon(() -> assertThat(line.recorder.state()).containsKey(prefix + "last"));
            assertThat(line.recorder.wrong()).isEmpty();
            assertThat(line.recorder.snapshots()).containsExactly(Cause.OPENED);
            assertThat(line.recorder.sizes()).isEqualTo(lines.get(0).recorder.sizes());
            assertThat(line.recorder.news()).contains("stale", "current");
        }
        System.out.println("events in all: " + events());
    }

    @Test
    void cutAmongTheFirstBytes_losesNothing() {
        open(8);
        AtomicBoolean done = new AtomicBoolean();
        CompletableFuture<Void> writer = writing(done, 5, 10);
        try {
            cutAt(LongStream.range(0, FIRST_BYTES).filter(n -> n % 29 == 0).toArray());
        } finally {
            done.set(true);
        }
        get(writer);
        assertNothingLost();
    }

    @Test
    @Tag("long")
    @Timeout(value = 45, unit = TimeUnit.MINUTES)
    void cutAtEachOfTheFirstBytesAndFarOn_losesNothingOfAMillionEvents() {
        open(16);
        AtomicBoolean done = new AtomicBoolean();
        CompletableFuture<Void> writer = writing(done, 5, 10);
        try {
            cutAt(LongStream.range(0, FIRST_BYTES).toArray());
        } finally {
            done.set(true);
        }
        get(writer);
        done.set(false);
        writer = writing(done, 20, 1_000);
        try {
            Random random = new Random(14);
            for (int round = 0; round < 200 && events() < MANY_EVENTS; round++) {
                cutAt(random.longs(lines.size(), 0, MOST_BYTES).toArray());
            }
        } finally {
            done.set(true);
        }
        get(writer);
        assertNothingLost();
        assertThat(events()).isGreaterThanOrEqualTo(MANY_EVENTS);
    }
}
