/* SPDX-License-Identifier: Apache-2.0 */
/** Histories of what clients did and of what a server held, and checkers that judge them. */
@NullMarked
package dev.consort.testkit.history;

import org.jspecify.annotations.NullMarked;
