/* SPDX-License-Identifier: Apache-2.0 */
/** The engine behind the recipes; no part of the public API. */
@NullMarked
package dev.consort.core.internal;

import org.jspecify.annotations.NullMarked;
