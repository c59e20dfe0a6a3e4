/* SPDX-License-Identifier: Apache-2.0 */
/** The first programs: what tutorials of etcd teach. */
@NullMarked
package dev.consort.examples.basics;

import org.jspecify.annotations.NullMarked;
