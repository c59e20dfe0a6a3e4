/* SPDX-License-Identifier: Apache-2.0 */
/** What all contenders that use jetcd directly need of it. */
@NullMarked
package dev.consort.benchmarks.jetcd;

import org.jspecify.annotations.NullMarked;
