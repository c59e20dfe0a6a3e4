/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.StoredClaim;
import dev.consort.core.internal.ThisProcess;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The layout of a mutex claim's value, which nobody but people reads: {@code host=<name> pid=<id> since=<instant>}.
 * {@code etcdctl get} prints it as it is.
 */
final class OwnerText {
    private OwnerText() {}

    static ByteString of(Instant since) {
        return ByteString.copyFromUtf8(ThisProcess.text() + " since=" + since);
    }

    static LockOwner read(StoredClaim claim) {
        Map<String, String> fields = new HashMap<>();
        for (String field : claim.value().toStringUtf8().split(" ", -1)) {
            int equals = field.indexOf('=');
            if (equals > 0) {
                fields.put(field.substring(0, equals), field.substring(equals + 1));
            }
        }
        return new LockOwner(
                claim.key(),
                claim.revision(),
                claim.leaseId(),
                Optional.ofNullable(fields.get("host")),
                Optional.ofNullable(fields.get("pid")).flatMap(parsed(Long::valueOf)),
                Optional.ofNullable(fields.get("since")).flatMap(parsed(Instant::parse)));
    }

    /** Another client may have put anything there. */
    private static <T> Function<String, Optional<T>> parsed(Function<String, T> parser) {
        return text -> {
            try {
                return Optional.of(parser.apply(text));
            } catch (NumberFormatException | DateTimeException foreign) {
                return Optional.empty();
            }
        };
    }
}
