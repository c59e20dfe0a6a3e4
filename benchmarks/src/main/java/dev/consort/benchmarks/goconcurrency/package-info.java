/* SPDX-License-Identifier: Apache-2.0 */
/** Contenders: the algorithms of etcd's Go packages, written plainly on jetcd. */
@NullMarked
package dev.consort.benchmarks.goconcurrency;

import org.jspecify.annotations.NullMarked;
