/* SPDX-License-Identifier: Apache-2.0 */
/** The server behind {@link dev.consort.testkit.EmbeddedEtcd}; not for use from outside the test kit. */
@NullMarked
package dev.consort.testkit.internal;

import org.jspecify.annotations.NullMarked;
