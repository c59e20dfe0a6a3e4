/* SPDX-License-Identifier: Apache-2.0 */
/** Real etcd processes, a fault proxy and interceptors for tests of code that uses etcd. */
@NullMarked
package dev.consort.testkit;

import org.jspecify.annotations.NullMarked;
