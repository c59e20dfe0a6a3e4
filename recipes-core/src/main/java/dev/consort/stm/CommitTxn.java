/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.Store;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What an attempt comes to in etcd: if nothing came between, then all that was written, else the same reads again. They save the next
 * attempt its own, and tell which key it was.
 *
 * <p>Measured on etcd 3.5.30: a key that does not exist compares as one with mod revision 0, whether it never did or was
 * deleted, and so does a range without any key. A range compares true if it does so for each key that is in it now. So a key
 * that was deleted is found by its own comparison only, and one that was added by that of its range.
 */
final class CommitTxn {
    /** What etcd takes unless told otherwise. */
    static final int MAX_OPERATIONS_OF_ETCD = 128;

    /** The receipt takes one operation and one comparison for itself. */
    static final int MAX_WRITES = MAX_OPERATIONS_OF_ETCD - 1;

    static final int MAX_CHECKS = MAX_OPERATIONS_OF_ETCD - 1;

    /** 1.5 MiB, less what the receipt and etcd's own envelope take. */
    static final int MAX_BYTES = 1536 * 1024 - 2048;

    private final Attempt attempt;
    private final Store store;
    private final Reads reads;
    private final List<Compare> checks = new ArrayList<>();
    private final List<Read> again = new ArrayList<>();

    /** A read of the failure branch. */
    private record Read(Kind kind, ByteString key) {
        private enum Kind {
            KEY,
            PREFIX,
            WRITTEN_UNREAD
        }
    }

    /** Of an attempt whose body has returned. */
    CommitTxn(Attempt attempt, Store store) {
        this.attempt = attempt;
        this.store = store;
        this.reads = new Reads(store);
        if (attempt.isolation().checksReads()) {
            checkReads();
        }
        if (attempt.isolation().checksWrites() && attempt.snapshot() != 0) {
            checkWrites();
        }
    }

    private void checkReads() {
        boolean prefixes = attempt.isolation().readsSnapshot();
        attempt.read().keys().forEach((key, version) -> {
            boolean inside = attempt.read().isInside(key);
            if (!(inside && prefixes && version.revision() == 0)) { // That one the range tells.
                checks.add(compare(key, Compare.CompareResult.EQUAL, version.revision())
                        .build());
            }
            if (!inside) {
                again.add(new Read(Read.Kind.KEY, key));
            }
        });
        attempt.read().prefixes().forEach((prefix, read) -> {
            if (prefixes) {
                checks.add(compare(prefix, Compare.CompareResult.LESS, read.revision() + 1)
                        .setRangeEnd(store.key(StmKeys.end(prefix)))
                        .build());
            }
            again.add(new Read(Read.Kind.PREFIX, prefix));
        });
    }

    private void checkWrites() {
        for (ByteString key : attempt.writes().keySet()) {
            if (attempt.read().version(key) == null) {
                checks.add(compare(key, Compare.CompareResult.LESS, attempt.snapshot() + 1)
                        .build());
                again.add(new Read(Read.Kind.WRITTEN_UNREAD, key));
            }
        }
    }

    private Compare.Builder compare(ByteString key, Compare.CompareResult result, long revision) {
        return Compare.newBuilder()
                .setKey(store.key(key))
                .setTarget(Compare.CompareTarget.MOD)
                .setResult(result)
                .setModRevision(revision);
    }

    boolean writes() {
        return !attempt.writes().isEmpty();
    }

    /** Whether what was read has to be looked at again though nothing is written. */
    boolean validates() {
        return !checks.isEmpty()
                && !attempt.isolation().readsSnapshot()
                && !attempt.read().isOfOneRevision();
    }

    /** A key to tell in errors. */
    String key() {
        ByteString key = writes()
                ? attempt.writes().firstKey()
                : attempt.read().keys().keySet().stream().findFirst().orElse(ByteString.EMPTY);
        return key.toStringUtf8();
    }

    /** What to send; throws if etcd would not take it. */
    TxnRequest request() {
        if (checks.size() > MAX_CHECKS) {
            throw new TransactionTooLargeException(
                    key(),
                    checks.size() + " keys and prefixes to check at the commit, more than " + MAX_CHECKS
                            + ", which etcd does not take at once; nothing was written: read fewer keys, or use "
                            + Isolation.READ_COMMITTED);
        }
        TxnRequest.Builder txn = TxnRequest.newBuilder().addAllCompare(checks);
        attempt.writes().forEach((key, value) -> txn.addSuccess(operation(key, value)));
        TxnRequest bare = txn.build();
        checkSize(bare.getSerializedSize());
        again.forEach(read -> txn.addFailure(operation(read)));
        TxnRequest request = txn.build();
        if (request.getSerializedSize() > MAX_BYTES) { // They are only there to save time.
            again.clear();
            return bare;
        }
        return request;
    }

    private void checkSize(int bytes) {
        if (bytes > MAX_BYTES && writes()) {
            Map.Entry<ByteString, Optional<ByteString>> largest =
                    Collections.max(attempt.writes().entrySet(), Comparator.comparingInt(CommitTxn::size));
            throw new TransactionTooLargeException(
                    largest.getKey().toStringUtf8(),
                    "a request of " + bytes + " bytes, more than " + MAX_BYTES
                            + ", which etcd does not take at once; nothing was written: this key's value is the largest, with "
                            + size(largest) + " bytes");
        }
    }

    private static int size(Map.Entry<ByteString, Optional<ByteString>> write) {
        return write.getValue().map(ByteString::size).orElse(0);
    }

    private RequestOp operation(ByteString key, Optional<ByteString> value) {
        return value.map(bytes -> RequestOp.newBuilder()
                        .setRequestPut(
                                PutRequest.newBuilder().setKey(store.key(key)).setValue(bytes))
                        .build())
                .orElseGet(() -> RequestOp.newBuilder()
                        .setRequestDeleteRange(DeleteRangeRequest.newBuilder().setKey(store.key(key)))
                        .build());
    }

    private RequestOp operation(Read read) {
        return Reads.op(
                switch (read.kind()) {
                    case KEY -> reads.key(read.key());
                    case PREFIX -> reads.prefix(read.key());
                    case WRITTEN_UNREAD -> reads.key(read.key()).setKeysOnly(true);
                });
    }

    /**
     * Why a commit was refused, and what the next attempt may take as read.
     *
     * @param key one that somebody wrote; empty if that is not known
     * @param contents what the failure branch read
     * @param revision as of which that is so; 0 if it read nothing
     */
    record Conflict(String key, Contents contents, long revision) {
        /** Nothing is known; its contents are for one attempt to add to. */
        static Conflict unknown(String key) {
            return new Conflict(key, new Contents(), 0);
        }
    }

    /** Reads the answer of a request whose comparisons did not hold. */
    Conflict conflict(TxnResponse response) {
        if (again.isEmpty() || response.getResponsesCount() < again.size()) {
            return Conflict.unknown(key());
        }
        long revision = response.getHeader().getRevision();
        Contents contents = new Contents();
        Optional<ByteString> changed = Optional.empty();
        for (int i = 0; i < again.size(); i++) {
            ResponseOp answer = response.getResponses(i);
            Optional<ByteString> here = take(again.get(i), answer, revision, contents);
            changed = changed.isPresent() ? changed : here;
        }
        return new Conflict(changed.map(ByteString::toStringUtf8).orElseGet(this::key), contents, revision);
    }

    private Optional<ByteString> take(Read read, ResponseOp answer, long revision, Contents contents) {
        ByteString key = read.key();
        Version now = Version.of(answer.getResponseRange());
        switch (read.kind()) {
            case KEY -> {
                contents.add(key, now, revision);
                return differs(key, now) ? Optional.of(key) : Optional.empty();
            }
            case PREFIX -> {
                Contents.Prefix found = reads.found(answer.getResponseRange(), revision);
                Contents.Prefix before = Objects.requireNonNull(attempt.read().prefix(key));
                Optional<ByteString> changed = found.found().entrySet().stream()
                        .filter(entry -> differs(entry.getKey(), entry.getValue()))
                        .map(Map.Entry::getKey)
                        .findFirst()
                        .or(() -> before.found().keySet().stream()
                                .filter(known -> !found.found().containsKey(known))
                                .findFirst());
                contents.add(key, found);
                return changed;
            }
            default -> {
                return now.revision() > attempt.snapshot() ? Optional.of(key) : Optional.empty();
            }
        }
    }

    private boolean differs(ByteString key, Version now) {
        Version before = attempt.read().version(key);
        return before == null || before.revision() != now.revision();
    }
}
