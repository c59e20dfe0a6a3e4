/* SPDX-License-Identifier: Apache-2.0 */
/** Connections, sessions, grants, fencing tokens and the exceptions that all recipes share. */
@NullMarked
package dev.consort.core;

import org.jspecify.annotations.NullMarked;
