/* SPDX-License-Identifier: Apache-2.0 */
/** Service discovery on etcd: registration, live sets of instances, load balancing. */
@NullMarked
package dev.consort.discovery;

import org.jspecify.annotations.NullMarked;
