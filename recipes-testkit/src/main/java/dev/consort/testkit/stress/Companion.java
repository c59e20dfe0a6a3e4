/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import dev.consort.testkit.CallCounts;
import io.etcd.jetcd.Client;
import java.util.List;

/**
 * What runs on the cluster of a {@link Chaos} besides its contenders, under the same faults, and judges itself: for recipes
 * that are not owned in turn. Called by one thread.
 */
public interface Companion extends AutoCloseable {
    /** Makes one. */
    interface Opener {
        /**
         * Called when the cluster stands, before any fault.
         *
         * @param networks the endpoints of each network, for clients that are to feel the faults
         * @param operator feels those of the members only
         * @return what has begun to run
         */
        Companion open(List<List<String>> networks, Client operator);
    }

    /**
     * How much of the faults it has felt so far, such as calls that failed and streams that were opened again: a fault lasts
     * until somebody feels it. 0 if others are there to tell, as contenders are.
     */
    default long troubles() {
        return 0;
    }

    /**
     * How much of the faults a client has felt: calls that failed, and watch streams that were opened.
     *
     * @param counts of the client
     */
    static long felt(CallCounts counts) {
        return counts.unaryFailures("KV/Txn") + counts.streamsOpened("Watch/Watch") + counts.unaryFailures("KV/Range");
    }

    /** Whether it runs, so that faults may come; bounded by the run. */
    boolean isUnderWay();

    /** Whether it has made progress since the first call, which comes when the faults have ended. */
    boolean hasResumed();

    /**
     * Ends it, looks at what happened, and deletes every key of it.
     *
     * @return what was done, in words
     * @throws AssertionError if what must hold does not
     */
    String judge();

    /** Ends it, if it was not judged. */
    @Override
    void close();
}
