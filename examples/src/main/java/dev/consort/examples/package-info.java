/* SPDX-License-Identifier: Apache-2.0 */
/** Runnable programs that show the recipes. */
@NullMarked
package dev.consort.examples;

import org.jspecify.annotations.NullMarked;
