/* SPDX-License-Identifier: Apache-2.0 */
/** Leader election on etcd. */
@NullMarked
package dev.consort.election;

import org.jspecify.annotations.NullMarked;
