/* SPDX-License-Identifier: Apache-2.0 */
/** Jobs of a cluster of identical processes: each due time is run in one of them, and what was done is known to the next. */
@org.jspecify.annotations.NullMarked
package dev.consort.job;
