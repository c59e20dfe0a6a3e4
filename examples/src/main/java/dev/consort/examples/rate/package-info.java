/* SPDX-License-Identifier: Apache-2.0 */
/** How many hand-overs a second, beside the Lock service of etcd. */
@NullMarked
package dev.consort.examples.rate;

import org.jspecify.annotations.NullMarked;
