/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.Store;
import io.etcd.jetcd.api.TxnRequest;

/** How deliveries of a queue end; each is to be guarded by the hold. Immutable. */
final class WorkTxns {
    private final Store store;
    private final QueueLayout layout;
    private final DeadLetterBox deadLetters;

    WorkTxns(Store store, QueueLayout layout, DeadLetterBox deadLetters) {
        this.store = store;
        this.layout = layout;
        this.deadLetters = deadLetters;
    }

    ByteString hold(Item item) {
        return store.key(layout.holds() + item.suffix());
    }

    TxnRequest.Builder acknowledge(Item item) {
        return TxnRequest.newBuilder()
                .addSuccess(QueueTxns.delete(store.key(layout.items() + item.suffix())))
                .addSuccess(QueueTxns.delete(hold(item)));
    }

    TxnRequest giveBack(Item item) {
        return TxnRequest.newBuilder().addSuccess(QueueTxns.delete(hold(item))).build();
    }

    /** The hold stays, as nobody's. */
    TxnRequest rest(Item item, long untilMillis) {
        return TxnRequest.newBuilder()
                .addSuccess(QueueTxns.put(hold(item), ByteString.copyFromUtf8(String.valueOf(untilMillis))))
                .build();
    }

    TxnRequest putAside(Taken taken, String reason, long attempts) {
        TxnRequest.Builder txn = acknowledge(taken.item());
        deadLetters.operations(taken.item(), taken.value(), reason, attempts).forEach(txn::addSuccess);
        return txn.build();
    }
}
