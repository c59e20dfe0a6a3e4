/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;

/**
 * A claim as it stands in etcd.
 *
 * @param key as the user knows it, without the namespace
 * @param value what the recipe put there
 * @param revision its create revision
 * @param leaseId the lease it is bound to
 */
public record StoredClaim(String key, ByteString value, long revision, long leaseId) {}
