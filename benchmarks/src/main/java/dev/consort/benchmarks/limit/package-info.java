/* SPDX-License-Identifier: Apache-2.0 */
/** Contenders: the fewest requests to etcd that could do an operation, as the limit for all others. */
@NullMarked
package dev.consort.benchmarks.limit;

import org.jspecify.annotations.NullMarked;
