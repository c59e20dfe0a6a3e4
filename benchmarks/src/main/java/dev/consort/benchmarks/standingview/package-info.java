/* SPDX-License-Identifier: Apache-2.0 */
/** Contenders: a lock whose waiters each follow its whole queue, which is another way to do without late watches. */
@NullMarked
package dev.consort.benchmarks.standingview;

import org.jspecify.annotations.NullMarked;
