/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.Handing;
import dev.consort.core.internal.Store;
import dev.consort.core.internal.Store.Outcome;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** The dead letters of a queue: below one prefix their values, below another the reasons. Immutable. */
final class DeadLetterBox implements DeadLetters {
    private static final int MOST = 1000;
    private static final int MAX_REASON = 1024;

    private final Store store;
    private final QueueLayout layout;
    private final Handing handing;

    DeadLetterBox(Store store, QueueLayout layout) {
        this.store = store;
        this.layout = layout;
        this.handing = Handing.of(store, layout.name());
    }

    /** What is told of a failure, cut to a length that does not matter. */
    static String why(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return cause.toString().lines().findFirst().orElse("");
    }

    /** Writes one whose item is gone already. */
    CompletableFuture<Outcome> put(Item item, ByteString value, String reason, long attempts) {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        operations(item, value, reason, attempts).forEach(txn::addSuccess);
        return store.commit(txn.build());
    }

    /** What writes one: by the key that puts it back at its place, where it would else come after all of its order. */
    List<RequestOp> operations(Item item, ByteString value, String reason, long attempts) {
        String text = attempts + " " + reason.substring(0, Math.min(reason.length(), MAX_REASON));
        String id = item.suffixPutBack();
        return List.of(
                QueueTxns.put(store.key(layout.dead() + id), value),
                QueueTxns.put(store.key(layout.reasons() + id), ByteString.copyFromUtf8(text)));
    }

    @Override
    public List<DeadLetter> list(int most) {
        if (most < 1 || most > MOST) {
            throw new IllegalArgumentException(
                    "most " + most + " of the dead letters of '" + layout.name() + "' is not within 1.." + MOST);
        }
        List<DeadLetter> letters = new ArrayList<>();
        for (KeyValue kv : handing.await(
                        store.range(below(layout.dead()).setLimit(most).build()))
                .getKvsList()) {
            String id = store.relative(kv.getKey())
                    .toStringUtf8()
                    .substring(layout.dead().length());
            letters.add(letter(id, kv.getValue()));
        }
        return List.copyOf(letters);
    }

    private DeadLetter letter(String id, ByteString value) {
        String text = handing
                .await(store.range(RangeRequest.newBuilder()
                        .setKey(store.key(layout.reasons() + id))
                        .build()))
                .getKvsList()
                .stream()
                .map(kv -> kv.getValue().toStringUtf8())
                .collect(Collectors.joining());
        int space = text.indexOf(' ');
        boolean isOurs = space > 0 && text.substring(0, space).chars().allMatch(Character::isDigit);
        return new DeadLetter(
                id,
                value.toByteArray(),
                isOurs ? text.substring(space + 1) : text,
                isOurs && space < 18 ? Long.parseLong(text.substring(0, space)) : 0);
    }

    private RangeRequest.Builder below(String folder) {
        return RangeRequest.newBuilder().setKey(store.key(folder)).setRangeEnd(store.key(QueueTxns.after(folder)));
    }

    @Override
    public long size() {
        return handing.await(store.range(below(layout.dead()).setCountOnly(true).build()))
                .getCount();
    }

    @Override
    public boolean requeue(String id) {
        return end(id, true);
    }

    @Override
    public boolean purge(String id) {
        return end(id, false);
    }

    private boolean end(String id, boolean again) {
        ByteString key = store.key(layout.dead() + Objects.requireNonNull(id, "id"));
        List<KeyValue> found = handing.await(
                        store.range(RangeRequest.newBuilder().setKey(key).build()))
                .getKvsList();
        if (found.isEmpty()) {
            return false;
        }
        TxnRequest.Builder txn = TxnRequest.newBuilder()
                .addCompare(QueueTxns.modified(key, found.get(0).getModRevision()))
                .addSuccess(QueueTxns.delete(key))
                .addSuccess(QueueTxns.delete(store.key(layout.reasons() + id)));
        if (again) {
            txn.addSuccess(QueueTxns.put(
                            store.key(layout.items() + id), found.get(0).getValue()))
                    .addSuccess(QueueTxns.put(store.key(layout.ahead()), ByteString.EMPTY));
        }
        return handing.await(store.commit(txn.build())).applied();
    }
}
