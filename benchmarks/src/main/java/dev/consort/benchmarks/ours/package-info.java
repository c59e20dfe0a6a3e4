/* SPDX-License-Identifier: Apache-2.0 */
/** Contenders: the recipes of this project, by their public API. */
@NullMarked
package dev.consort.benchmarks.ours;

import org.jspecify.annotations.NullMarked;
