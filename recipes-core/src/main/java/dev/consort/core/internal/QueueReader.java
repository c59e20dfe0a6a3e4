/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.QueueReport;
import dev.consort.core.QueueReport.Claim;
import dev.consort.core.QueueReport.ForeignKey;
import dev.consort.core.QueueReport.NamedQueue;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeResponse;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Reads the queues below a prefix for people; decides nothing. For a single use by one thread. */
public final class QueueReader {
    private static final String RECIPE = "QueueReport";
    private static final int MAX_BYTES = 4096;

    /** A read of many pages can be overtaken by a compaction, and is then begun anew. */
    private static final int ATTEMPTS = 3;

    private static final Comparator<KeyValue> IN_ORDER = Comparator.comparingLong(KeyValue::getCreateRevision);

    private final EtcdConnection connection;
    private final String prefix;
    private final SessionKeys sessions;

    public QueueReader(EtcdConnection connection, String prefix, String sessionPrefix) {
        this.connection = connection;
        this.prefix = checked(prefix);
        this.sessions = new SessionKeys(
                connection.key(ByteString.copyFromUtf8(EtcdSessionBuilder.checkedPrefix(sessionPrefix))));
    }

    private static String checked(String prefix) {
        Objects.requireNonNull(prefix, "prefix");
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(prefix)) {
            throw new IllegalArgumentException("prefix '" + prefix + "' is not valid Unicode");
        }
        int bytes = prefix.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "prefix '" + prefix.substring(0, 64) + "...' has " + bytes + " bytes, more than " + MAX_BYTES);
        }
        return prefix.isEmpty() || prefix.endsWith("/") ? prefix : prefix + "/";
    }

    /** All of it at one revision. */
    public QueueReport read() throws InterruptedException {
        connection.checkOpen();
        try {
            for (int attempt = 1; ; attempt++) {
                try {
                    return readOnce();
                } catch (CallFailure failure) {
                    if (failure.code() != Status.Code.OUT_OF_RANGE || attempt == ATTEMPTS) {
                        throw failure;
                    }
                }
            }
        } catch (CallFailure failure) {
            throw connection.failure(RECIPE, prefix, connection.calls().requestTimeout(), failure);
        }
    }

    private QueueReport readOnce() throws InterruptedException {
        Calls calls = connection.calls();
        PageCursor cursor = new PageCursor(connection.key(ByteString.copyFromUtf8(prefix)));
        List<KeyValue> keys = new ArrayList<>();
        RangeResponse page;
        do {
            page = Await.within(
                    connection.timing(),
                    calls.range(cursor.request(), calls.forTheRequestTimeout()),
                    calls.requestTimeout());
            page.getKvsList()
                    .forEach(kv -> keys.add(kv.toBuilder()
                            .setKey(connection.relative(kv.getKey()))
                            .build()));
        } while (cursor.advance(page));
        List<KeyValue> foreign = new ArrayList<>();
        Map<ByteString, Found> queues = queuesIn(keys, foreign);
        LeaseReader leases = new LeaseReader(connection, sessions, cursor.revision());
        leases.read(queues.values().stream()
                .flatMap(queue -> queue.claims.stream())
                .map(KeyValue::getLease)
                .distinct()
                .toList());
        Instant now = connection.timing().instants().instant();
        return new QueueReport(
                cursor.revision(),
                queues.values().stream().map(queue -> queue(queue, leases, now)).toList(),
                foreign(foreign));
    }

    /** Sorts the keys into queues, and adds those that belong to none to the list. */
    private static Map<ByteString, Found> queuesIn(List<KeyValue> keys, List<KeyValue> foreign) {
        Map<ByteString, Found> queues = new TreeMap<>(ByteString.unsignedLexicographicalComparator());
        for (KeyValue kv : keys) {
            QueueKeys.queueOf(kv)
                    .ifPresent(queue ->
                            queues.computeIfAbsent(queue, Found::new).claims.add(kv));
        }
        for (KeyValue kv : keys) {
            Optional<Found> marked = QueueKeys.queueOfMark(kv)
                    .map(queues::get)
                    .filter(queue -> kv.getLease() == 0
                            || queue.claims.stream().anyMatch(claim -> claim.getLease() == kv.getLease()));
            marked.ifPresent(queue -> queue.marks.add(kv));
            boolean limit = QueueKeys.queueOfLimit(kv).isPresent(); // also of a semaphore that nobody uses now
            if (marked.isEmpty() && !limit && QueueKeys.queueOf(kv).isEmpty() && !SessionKeys.isOwn(kv)) {
                foreign.add(kv);
            }
            ByteString own = marked.map(queue -> queue.range)
                    .or(() -> QueueKeys.queueOf(kv))
                    .orElse(ByteString.EMPTY);
            for (ByteString range : QueueKeys.rangesWith(kv.getKey())) {
                Found queue = range.equals(own) ? null : queues.get(range);
                if (queue != null) {
                    queue.foreign.add(kv);
                }
            }
        }
        return queues;
    }

    private static NamedQueue queue(Found found, LeaseReader leases, Instant now) {
        return new NamedQueue(
                found.range.substring(0, found.range.size() - 1).toStringUtf8(),
                found.claims.stream()
                        .sorted(IN_ORDER)
                        .map(kv -> claim(kv, leases, now))
                        .toList(),
                foreign(found.foreign),
                found.granted());
    }

    private static Claim claim(KeyValue kv, LeaseReader leases, Instant now) {
        Optional<OwnerText> owner = OwnerText.read(kv.getValue());
        return new Claim(
                kv.getKey().toStringUtf8(),
                kv.getCreateRevision(),
                kv.getLease(),
                leases.hasSession(kv.getLease()),
                ByteSequence.from(kv.getValue()),
                owner.map(OwnerText::host),
                owner.map(OwnerText::process),
                owner.flatMap(OwnerText::since).map(since -> age(since, now)),
                leases.remaining(kv.getLease()));
    }

    /** That host's clock may be ahead of ours. */
    private static Duration age(Instant since, Instant now) {
        return since.isBefore(now) ? Duration.between(since, now) : Duration.ZERO;
    }

    private static List<ForeignKey> foreign(List<KeyValue> keys) {
        return keys.stream()
                .sorted(IN_ORDER)
                .map(kv -> new ForeignKey(kv.getKey().toStringUtf8(), kv.getCreateRevision(), kv.getLease()))
                .toList();
    }

    /** What belongs to one queue, in the order of keys. */
    private static final class Found {
        final ByteString range;
        final List<KeyValue> claims = new ArrayList<>();
        final List<KeyValue> marks = new ArrayList<>();
        final List<KeyValue> foreign = new ArrayList<>();

        Found(ByteString range) {
            this.range = range;
        }

        /** How many of its first claims are granted, as far as no foreign key is before them. */
        int granted() {
            long first = foreign.stream()
                    .mapToLong(KeyValue::getCreateRevision)
                    .min()
                    .orElse(Long.MAX_VALUE);
            List<KeyValue> known = Stream.concat(
                            claims.stream().filter(claim -> claim.getCreateRevision() <= first), marks.stream())
                    .toList();
            ClaimRule rule = QueueKeys.ruleOf(QueuedClaim.inOrder(claims, range).get(0));
            List<QueuedClaim> inOrder = rule.claims(QueuedClaim.inOrder(known, range));
            // A semaphore's limit counts as one of them.
            return Math.max(
                    0,
                    rule.granted(inOrder)
                            - (int) rule.condition(inOrder).stream().count());
        }
    }
}
