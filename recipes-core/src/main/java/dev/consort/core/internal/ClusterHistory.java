/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import io.etcd.jetcd.api.LeaseKeepAliveResponse;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.ResponseHeader;
import io.etcd.jetcd.api.TxnResponse;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Of which cluster, and up to which revision, a connection has seen the history. Every answer's header is compared with
 * that. A cluster that was restored from a backup keeps its id, but what a linearizable read or a transaction says is then
 * below what had been seen before it was sent; another cluster at the same address has another id.
 *
 * <p>Headers of renewals and of watches say what one member has applied, which may lag: they raise what was seen, and
 * give cause to ask, but prove nothing.
 *
 * <p>Thread-safe, without locks. An answer costs two volatile reads, and a compare-and-set if the revision has grown.
 */
final class ClusterHistory {
    /** Who finds out what a header means, and acts upon it. Called on gRPC's transport thread. */
    interface Listener {
        Listener NONE = new Listener() {
            @Override
            public void onCause() {}

            @Override
            public void onFall(Epoch epoch, long seen, long answered) {}

            @Override
            public void onOtherCluster(Epoch epoch, long cluster) {}
        };

        /** The history may have changed unseen: ask. */
        void onCause();

        /** A revision that was seen is above what was answered later. */
        void onFall(Epoch epoch, long seen, long answered);

        /** Another cluster has answered. */
        void onOtherCluster(Epoch epoch, long cluster);
    }

    /** One history, from its first answer to the notice that it is no more. */
    static final class Epoch {
        private final AtomicLong cluster = new AtomicLong(); // 0: nothing was answered yet
        private final AtomicLong revision = new AtomicLong();

        /** The highest revision seen. What is asked now must not be answered by less. */
        long revision() {
            return revision.get();
        }

        long cluster() {
            return cluster.get();
        }

        private boolean isOf(long id) {
            return cluster.get() == id || cluster.compareAndSet(0, id);
        }

        private void raise(long seen) {
            if (seen > revision.get()) {
                revision.accumulateAndGet(seen, Math::max);
            }
        }
    }

    private final AtomicReference<Epoch> present = new AtomicReference<>(new Epoch());
    private volatile Listener listener = Listener.NONE; // set once, by the connection

    void tell(Listener owner) {
        listener = owner;
    }

    Epoch present() {
        return Objects.requireNonNull(present.get());
    }

    /** The history is no more; what is seen from now on belongs to another one. False if that was known. */
    boolean end(Epoch epoch) {
        return present.compareAndSet(epoch, new Epoch());
    }

    /** A connection broke and is made again, as it is by a restore, too. */
    void reconnected() {
        listener.onCause();
    }

    /**
     * A call was answered.
     *
     * @param epoch the present one when it was sent: late answers say nothing about a later one
     * @param seen the epoch's revision when it was sent
     */
    void answered(Epoch epoch, long seen, Object request, Object answer) {
        if (answer instanceof TxnResponse txn) {
            linearizable(epoch, seen, txn.getHeader());
        } else if (answer instanceof RangeResponse range) {
            if (request instanceof RangeRequest asked && asked.getSerializable()) {
                passing(epoch, range.getHeader());
            } else {
                linearizable(epoch, seen, range.getHeader());
            }
        } else if (answer instanceof LeaseKeepAliveResponse renewal) {
            passing(epoch, renewal.getHeader());
            if (isPresent(epoch, renewal.getHeader()) && renewal.getHeader().getRevision() < seen) {
                listener.onCause();
            }
        }
    }

    private void linearizable(Epoch epoch, long seen, ResponseHeader header) {
        passing(epoch, header);
        if (isPresent(epoch, header) && header.getRevision() < seen) {
            listener.onFall(epoch, seen, header.getRevision());
        }
    }

    /** A header of what one member says by itself. */
    void passing(Epoch epoch, ResponseHeader header) {
        if (!isPresent(epoch, header)) {
            return;
        }
        if (epoch.isOf(header.getClusterId())) {
            epoch.raise(header.getRevision());
        } else {
            listener.onOtherCluster(epoch, header.getClusterId());
        }
    }

    /** Every server sets the cluster's id. */
    private boolean isPresent(Epoch epoch, ResponseHeader header) {
        return header.getClusterId() != 0 && epoch == present.get();
    }
}
