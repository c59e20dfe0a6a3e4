/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

/**
 * What becomes of due times that nobody ran in time: since no process was there, since etcd was out of reach, since the job
 * was paused, or since the run before took longer than the period.
 */
public enum CatchUp {
    /** They are made up for by one run, of the latest of them. */
    ONCE,
    /** Each of them is run, in order, one after the other. None is lost. */
    ALL,
    /** They are left out, but for the latest if it has been due for less than a minute. */
    SKIP
}
