/* SPDX-License-Identifier: Apache-2.0 */
/** Queues on etcd that lose nothing: FIFO, by priority, by delay, and work queues with acknowledgement. */
@NullMarked
package dev.consort.queue;

import org.jspecify.annotations.NullMarked;
