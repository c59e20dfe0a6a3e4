/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.PrefixView.Entry;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The layout: {@code <name>} with the user's value as it is, so that other clients and etcdctl can take part, and {@code
 * <name>/owner} with the owner, put in the same transaction. An owner that was not put with the value, and a value that was
 * written over since, are somebody else's.
 *
 * @param name as the user knows it
 */
record SetNxKeys(String name) {
    String ownerName() {
        return name + "/owner";
    }

    ByteString value() {
        return ByteString.copyFromUtf8(name);
    }

    ByteString owner() {
        return ByteString.copyFromUtf8(ownerName());
    }

    /** Whether nobody has written over a value since it was put with this create revision; then both are the same. */
    static boolean isUntouched(Entry value) {
        return value.modRevision() == value.createRevision();
    }

    /** Who put the value, if that is known. */
    static Optional<String> ownerOf(Entry value, @Nullable Entry owner) {
        return owner != null && isUntouched(value) && owner.modRevision() == value.createRevision()
                ? Optional.of(owner.value().toStringUtf8())
                : Optional.empty();
    }
}
