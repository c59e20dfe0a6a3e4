/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

/** How an operation ended, as its client was told. */
public enum Outcome {
    /** It took effect between its invocation and its completion. */
    OK,
    /** It certainly had no effect, for a reason that held at some time between its invocation and its completion. */
    FAILED,
    /** It took effect at any time after its invocation, or never will. */
    UNKNOWN
}
