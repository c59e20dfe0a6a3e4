/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.testkit.CallCounts;
import dev.consort.testkit.CallLog;
import dev.consort.testkit.EtcdProcess;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;
import org.assertj.core.api.SoftAssertions;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * What operations cost, beside a checked-in table: a regression shows without a clock, on a busy machine too. {@code
 * -Dconsort.costs.renew=true} writes the table anew, also where something has become cheaper.
 *
 * <p>Bytes are those of the compiler, class library and settings that {@code ./verify} tests with on JDK 17. Other JDKs allocate
 * otherwise, so there all but the bytes is compared.
 */
@Isolated("measures")
class OperationCostIT {
    private static final Path TABLE = Path.of("src/test/resources/operations.tsv");
    private static final String HEADER = "operation\trequests\tcommits\twatches\tevents\tbytes";
    private static final boolean RENEW = Boolean.getBoolean("consort.costs.renew");

    private static final int WARM_UP = 60;
    private static final int BATCHES = 15;
    private static final int BATCH = 5;

    private static final Offset<Double> COUNT = Offset.offset(0.1);

    /** Runs on a busy machine were within 2.5 % of each other. */
    private static final double SHARE_OF_BYTES = 0.05;

    private static final long BYTES = 500;

    private static final Duration LATEST_WATCH = Duration.ofMillis(200);

    private final EtcdProcess etcd = EtcdProcess.builder().unsafeNoFsync().start();
    private final CallLog log = CallLog.create();
    private final Client client =
            Client.builder().endpoints(etcd.endpoints().get(0)).interceptor(log).build();
    private final Client past =
            Client.builder().endpoints(etcd.endpoints().get(0)).build();
    private final ExecutorService worker = Executors.newSingleThreadExecutor();
    private Session session;

    /** Long enough that no renewal, which does other work too, falls into a test. */
    @BeforeEach
    void open() {
        session = Session.builder(Connection.of(client))
                .ttl(Duration.ofMinutes(10))
                .open();
    }

    @AfterEach
    void close() {
        session.close();
        worker.shutdownNow();
        client.close();
        past.close();
        etcd.close();
    }

    @Test
    void operations_costWhatTheTableSays() throws Exception {
        Map<String, Cost> costs = new LinkedHashMap<>();
        for (Operation operation : Operations.all()) {
            costs.put(operation.name(), measure(operation, "cost-" + costs.size()));
        }
        costs.forEach((name, cost) -> System.out.println(name + "\t" + cost.cells()));
        if (RENEW) {
            write(costs);
        }
        Map<String, Cost> table = read();
        assertThat(costs.keySet()).containsExactlyElementsOf(table.keySet());
        SoftAssertions all = new SoftAssertions();
        costs.forEach((name, cost) -> compare(all, name, cost, Objects.requireNonNull(table.get(name))));
        all.assertAll();
    }

    private static void compare(SoftAssertions all, String name, Cost cost, Cost expected) {
        all.assertThat(cost.requests()).as("%s: requests", name).isCloseTo(expected.requests(), COUNT);
        all.assertThat(cost.commits()).as("%s: commits", name).isCloseTo(expected.commits(), COUNT);
        all.assertThat(cost.watches()).as("%s: watches", name).isCloseTo(expected.watches(), COUNT);
        all.assertThat(cost.events()).as("%s: events", name).isCloseTo(expected.events(), COUNT);
        if (Runtime.version().feature() == 17) {
            all.assertThat(cost.bytes())
                    .as("%s: bytes allocated; if that is as it should be, renew the table", name)
                    .isCloseTo(expected.bytes(), Offset.offset(BYTES + Math.round(SHARE_OF_BYTES * expected.bytes())));
        }
    }

    /**
     * A low batch, for each figure, but not the lowest: what a timer does, or is done once, only ever adds to some of them. Events come
     * when they come, so those of all batches are counted.
     */
    private Cost measure(Operation operation, String name) throws Exception {
        Operation.Step step = operation.opening().open(session, name);
        repeat(step, WARM_UP);
        awaitWatches();
        List<Cost> batches = new ArrayList<>();
        CallCounts start = log.counts();
        for (int i = 0; i < BATCHES; i++) {
            CallCounts counts = log.counts();
            long revision = revision();
            Usage usage = Usage.now();
            repeat(step, BATCH);
            long bytes = Usage.now().bytesSince(usage);
            CallCounts spent = log.counts().since(counts);
            batches.add(new Cost(
                    perOperation(spent.unaryCalls()),
                    perOperation(revision() - revision),
                    perOperation(spent.watchCreates()),
                    0,
                    bytes / BATCH));
        }
        return new Cost(
                low(batches, Cost::requests),
                low(batches, Cost::commits),
                low(batches, Cost::watches),
                perOperation(log.counts().since(start).watchEvents()) / BATCHES,
                Math.round(low(batches, Cost::bytes)));
    }

    /** Some watches are opened a moment after what they are for. */
    private void awaitWatches() {
        AtomicLong opened = new AtomicLong(-1);
        await().pollDelay(Duration.ZERO)
                .pollInterval(LATEST_WATCH)
                .until(() -> opened.getAndSet(log.counts().watchCreates())
                        == log.counts().watchCreates());
    }

    private static double perOperation(long count) {
        return (double) count / BATCH;
    }

    private static double low(List<Cost> batches, ToDoubleFunction<Cost> figure) {
        return batches.stream()
                .mapToDouble(figure)
                .sorted()
                .skip(BATCHES / 4)
                .findFirst()
                .orElseThrow();
    }

    /** On another thread, so that this one's measuring is not measured. */
    private void repeat(Operation.Step step, int times) throws Exception {
        Boolean done = worker.submit(() -> {
                    for (int i = 0; i < times; i++) {
                        step.run();
                    }
                    return true;
                })
                .get(60, TimeUnit.SECONDS);
        assertThat(done).isTrue();
    }

    private long revision() {
        return Must.answer(past.getKVClient().get(ByteSequence.from("no such key", StandardCharsets.UTF_8)))
                .getHeader()
                .getRevision();
    }

    private static Map<String, Cost> read() throws IOException {
        Map<String, Cost> table = new LinkedHashMap<>();
        for (String line : Files.readAllLines(TABLE)) {
            if (!line.equals(HEADER)) {
                String[] cells = line.split("\t", 2);
                table.put(cells[0], Cost.parse(cells[1].split("\t", -1)));
            }
        }
        return table;
    }

    private static void write(Map<String, Cost> costs) throws IOException {
        List<String> lines = new ArrayList<>(List.of(HEADER));
        costs.forEach((name, cost) -> lines.add(name + "\t" + cost.cells()));
        Files.createDirectories(TABLE.getParent());
        Files.write(TABLE, lines);
    }
}
