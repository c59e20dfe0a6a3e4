/* SPDX-License-Identifier: Apache-2.0 */
/** Barriers and latches on etcd: processes that wait for each other. */
@NullMarked
package dev.consort.barrier;

import org.jspecify.annotations.NullMarked;
