/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/** Who changes something, and why. Immutable. */
record Because(String who, String why) {
    /** Throws if there is nothing to read in one of them. */
    Because {
        check("who", who);
        check("why", why);
    }

    private static void check(String what, String text) {
        if (Objects.requireNonNull(text, what).isBlank()) {
            throw new IllegalArgumentException(EtcdConfigWriter.RECIPE + ": " + what + " '" + text + "' is blank");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException(
                    EtcdConfigWriter.RECIPE + ": " + what + " '" + text + "' is not valid Unicode");
        }
    }

    /** That of a change, before it is committed. */
    AuditEntry entry(Instant when, Map<ByteString, Optional<ByteString>> writes, OptionalLong rolledBackTo) {
        List<String> put = new ArrayList<>();
        List<String> deleted = new ArrayList<>();
        writes.forEach((name, value) -> (value.isPresent() ? put : deleted).add(name.toStringUtf8()));
        return new AuditEntry(0, who, why, Optional.of(when), put, deleted, rolledBackTo);
    }
}
