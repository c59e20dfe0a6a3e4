/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.Compare.CompareResult;
import io.etcd.jetcd.api.Compare.CompareTarget;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeResponse;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a single name should be. Immutable.
 *
 * @param value that of the key, or null
 * @param revision without a value, that at which the key was last written; 0: it is absent
 */
record Expectation(String name, @Nullable ByteString value, long revision) {
    Compare compare(ByteString key) {
        Compare.Builder compare = Compare.newBuilder().setKey(key).setResult(CompareResult.EQUAL);
        return value == null
                ? compare.setTarget(CompareTarget.MOD).setModRevision(revision).build()
                : compare.setTarget(CompareTarget.VALUE).setValue(value).build();
    }

    /** What is there instead, if it does not hold. */
    Optional<WriteConflict> missed(RangeResponse answer) {
        KeyValue found = answer.getKvsCount() == 0 ? KeyValue.getDefaultInstance() : answer.getKvs(0);
        long there = found.getModRevision();
        if (value == null ? there == revision : there != 0 && found.getValue().equals(value)) {
            return Optional.empty();
        }
        Optional<String> text =
                there == 0 ? Optional.empty() : Optional.of(found.getValue().toStringUtf8());
        return Optional.of(new WriteConflict(name, expected(), there, text));
    }

    private String expected() {
        if (value != null) {
            return "of the value that was given";
        }
        return revision == 0 ? "absent" : "of revision " + revision;
    }
}
