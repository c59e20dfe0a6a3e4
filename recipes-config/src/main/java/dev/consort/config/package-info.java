/* SPDX-License-Identifier: Apache-2.0 */
/** Values, set-if-absent, counters and live configuration on etcd. */
@NullMarked
package dev.consort.config;

import org.jspecify.annotations.NullMarked;
