/* SPDX-License-Identifier: Apache-2.0 */
/** Locks on etcd. */
@NullMarked
package dev.consort.lock;

import org.jspecify.annotations.NullMarked;
