/* SPDX-License-Identifier: Apache-2.0 */
/** Contenders: the Lock and Election services that etcd itself offers, through jetcd. */
@NullMarked
package dev.consort.benchmarks.etcdrpc;

import org.jspecify.annotations.NullMarked;
