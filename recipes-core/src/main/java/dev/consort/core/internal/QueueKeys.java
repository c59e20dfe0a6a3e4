/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The keys of a claim and its queue: {@code <name>/<what the rule says of the lease>}.
 *
 * @param name as the user knows it, without the namespace
 * @param prefixSize how much of its own claim's key is the prefix of all
 * @param own this session's claim, with the namespace
 * @param rule when that is granted
 */
record QueueKeys(String name, int prefixSize, ByteString own, ClaimRule rule) {
    private static final ByteString SLASH = ByteString.copyFromUtf8("/");

    static QueueKeys of(EtcdConnection connection, String name, long lease, ClaimRule rule) {
        ByteString prefix = connection.key(ByteString.copyFromUtf8(name + "/"));
        return new QueueKeys(name, prefix.size(), prefix.concat(rule.suffix(lease)), rule);
    }

    /** The queue's range in etcd, with the namespace. Not kept beside what begins with it, for there may be many queues. */
    ByteString prefix() {
        return own.substring(0, prefixSize);
    }

    /**
     * The range of the queue that a key is a claim in, with the slash at its end; empty if it is none: a claim's last
     * segment is its own lease, with a kind before it where there are several. What other layouts there will be is to be
     * told here.
     */
    static Optional<ByteString> queueOf(KeyValue kv) {
        return Stream.of(ByteString.EMPTY, ReadWriteRule.READ.kind(), ReadWriteRule.WRITE.kind())
                .flatMap(kind -> queueOf(kv, kind).stream())
                .findFirst()
                .or(() -> lastSegment(kv)
                        .filter(claim -> SemaphoreRule.leaseOf(claim).equals(OptionalLong.of(kv.getLease())))
                        .map(claim -> without(kv, claim)));
    }

    private static Optional<QueuedClaim> lastSegment(KeyValue kv) {
        int slash = lastSlash(kv.getKey());
        return slash < 0
                ? Optional.empty()
                : Optional.of(new QueuedClaim(kv.getKey().substring(slash + 1), kv.getCreateRevision()));
    }

    private static int lastSlash(ByteString key) {
        int last = key.size() - 1;
        while (last >= 0 && key.byteAt(last) != '/') {
            last--;
        }
        return last;
    }

    private static ByteString without(KeyValue kv, QueuedClaim claim) {
        return kv.getKey().substring(0, kv.getKey().size() - claim.suffix().size());
    }

    /** The range of the queue that a key is a mark of a claim in. */
    static Optional<ByteString> queueOfMark(KeyValue kv) {
        return queueOf(kv, ReadWriteRule.KEPT).or(() -> queueOfLimit(kv));
    }

    /** The range of the queue that a key is the limit of. */
    static Optional<ByteString> queueOfLimit(KeyValue kv) {
        return kv.getLease() != 0
                ? Optional.empty()
                : lastSegment(kv)
                        .filter(key -> SemaphoreRule.limit(key).isPresent())
                        .map(key -> without(kv, key));
    }

    private static Optional<ByteString> queueOf(KeyValue kv, ByteString kind) {
        ByteString key = kv.getKey();
        ByteString claim = SLASH.concat(kind).concat(SessionKeys.hex(kv.getLease()));
        return kv.getLease() != 0 && key.size() > claim.size() && key.endsWith(claim)
                ? Optional.of(key.substring(0, key.size() - claim.size() + 1))
                : Optional.empty();
    }

    /** The rule of a queue, by one of its claims. */
    static ClaimRule ruleOf(QueuedClaim claim) {
        if (SemaphoreRule.permits(claim) > 0) {
            return new SemaphoreRule(0, 1);
        }
        boolean shared = Stream.of(ReadWriteRule.READ, ReadWriteRule.WRITE)
                .anyMatch(rule -> claim.suffix().startsWith(rule.kind()));
        return shared ? ReadWriteRule.READ : ExclusiveRule.INSTANCE;
    }

    /** The ranges that a key is in, of whatever queues there may be. */
    static List<ByteString> rangesWith(ByteString key) {
        List<ByteString> ranges = new ArrayList<>();
        for (int i = 0; i < key.size(); i++) {
            if (key.byteAt(i) == '/') {
                ranges.add(key.substring(0, i + 1));
            }
        }
        return ranges;
    }

    /** The claims of a range over the queue, in the order in which they are granted. */
    List<QueuedClaim> inOrder(RangeResponse range) {
        return rule.claims(QueuedClaim.inOrder(range.getKvsList(), prefix()));
    }

    ByteString key(QueuedClaim claim) {
        return prefix().concat(claim.suffix());
    }
}
