/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

/**
 * What came of a run.
 *
 * @param jobs how many there were
 * @param done how many have a result
 * @param duplicated how many results were written beyond the first one of each job
 * @param staleWritesRejected how many late writes the token kept out
 * @param failoverMillis from the kill of a leader to its successor's first confirmed leadership; -1 if there was none
 * @param asPlanned whether everything happened that was to happen
 */
record Result(int jobs, int done, int duplicated, int staleWritesRejected, long failoverMillis, boolean asPlanned) {
    /** The lease of the one that was killed has to end first, of which etcd takes notice within half a second. */
    static final long LONGEST_FAILOVER_MILLIS = Worker.TTL.plusSeconds(1).toMillis();

    int lost() {
        return jobs - done;
    }

    /** Whether the run showed what it is there to show. */
    boolean holds() {
        return asPlanned
                && lost() == 0
                && duplicated == 0
                && staleWritesRejected >= 1
                && failoverMillis >= 0
                && failoverMillis <= LONGEST_FAILOVER_MILLIS;
    }

    /** The demo's last line. */
    String line() {
        return "RESULT jobs=%d done=%d lost=%d duplicated=%d stale_writes_rejected=%d failover_ms=%d"
                .formatted(jobs, done, lost(), duplicated, staleWritesRejected, failoverMillis);
    }
}
