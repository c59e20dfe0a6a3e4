/* SPDX-License-Identifier: Apache-2.0 */
/** Random schedules of operations and faults, and chaos on a cluster, for recipes that one owner at a time holds. */
@NullMarked
package dev.consort.testkit.stress;

import org.jspecify.annotations.NullMarked;
