/* SPDX-License-Identifier: Apache-2.0 */
/** Arbitraries for properties with jqwik 1.9. Only who uses this package needs jqwik. */
@NullMarked
package dev.consort.testkit.jqwik;

import org.jspecify.annotations.NullMarked;
