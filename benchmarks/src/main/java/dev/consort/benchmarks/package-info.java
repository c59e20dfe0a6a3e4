/* SPDX-License-Identifier: Apache-2.0 */
/** Contenders in turn, in one run on one machine: what is measured, how, and how it is reported. */
@NullMarked
package dev.consort.benchmarks;

import org.jspecify.annotations.NullMarked;
