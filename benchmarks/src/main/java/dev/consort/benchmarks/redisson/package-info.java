/* SPDX-License-Identifier: Apache-2.0 */
/** Contenders: Redisson's on Redis. */
@NullMarked
package dev.consort.benchmarks.redisson;

import org.jspecify.annotations.NullMarked;
