/* SPDX-License-Identifier: Apache-2.0 */
/** Contenders: the fewest requests to etcd that could do an operation, or a lock without any, as the limit for all others. */
@NullMarked
package dev.consort.benchmarks.limit;

import org.jspecify.annotations.NullMarked;
