/* SPDX-License-Identifier: Apache-2.0 */
/** Services in etcd as targets of grpc-java channels. Needs {@code grpc-api} on the class path. */
@NullMarked
package dev.consort.discovery.grpc;

import org.jspecify.annotations.NullMarked;
