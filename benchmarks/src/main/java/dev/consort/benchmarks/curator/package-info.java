/* SPDX-License-Identifier: Apache-2.0 */
/** Contenders: Curator's recipes on ZooKeeper. */
@NullMarked
package dev.consort.benchmarks.curator;

import org.jspecify.annotations.NullMarked;
