/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.api.RequestOp;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The writes of a guarded transaction, checked as they come. Confined to its user's thread. */
final class Writes {
    private static final int MAX_WRITES = 100;

    private final EtcdSession session;
    private final List<RequestOp> operations = new ArrayList<>();
    private final Set<ByteString> written = new HashSet<>();

    Writes(EtcdSession session) {
        this.session = session;
    }

    List<RequestOp> operations() {
        return operations;
    }

    void put(String key, String value) {
        put(ByteSequence.from(key, StandardCharsets.UTF_8), ByteSequence.from(value, StandardCharsets.UTF_8), false);
    }

    void put(ByteSequence key, ByteSequence value, boolean leased) {
        operations.add(
                ClaimTxns.put(checked(key), ByteString.copyFrom(value.getBytes()), leased ? session.leaseId() : 0));
    }

    void delete(ByteSequence key) {
        operations.add(ClaimTxns.delete(checked(key)));
    }

    private ByteString checked(ByteSequence key) {
        ByteString bytes = ByteString.copyFrom(key.getBytes());
        if (bytes.isEmpty()) {
            throw new IllegalArgumentException("key is empty");
        }
        if (!written.add(bytes)) {
            throw new IllegalArgumentException(
                    "key '" + key + "' is written twice: etcd takes a key once in a transaction");
        }
        if (written.size() > MAX_WRITES) {
            throw new IllegalArgumentException("more than " + MAX_WRITES + " writes: commit in several transactions");
        }
        return session.key(bytes);
    }
}
