/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The layout of a lock claim's value, which nobody but people reads: {@code host=<name> pid=<id> since=<instant>}.
 * {@code etcdctl get} prints it as it is. What a leader loop proposes by itself is the same without a time.
 *
 * @param since when it claimed, by that host's wall clock
 */
public record OwnerText(String host, long process, Optional<Instant> since) {
    private static final Pattern LAYOUT = Pattern.compile("host=(.*) pid=(\\d+)(?: since=(\\S+))?");

    /** Ours are a tenth of it; an election's proposal, which is no such text, may be a megabyte. */
    private static final int MAX_BYTES = 4096;

    /** The text of this process. */
    public static ByteString of(Instant since) {
        return ByteString.copyFromUtf8(ThisProcess.text() + " since=" + since);
    }

    /** Empty if the value is anything else: another client, or another recipe, may put there what it likes. */
    public static Optional<OwnerText> read(ByteString value) {
        Matcher text = LAYOUT.matcher(value.size() > MAX_BYTES ? "" : value.toStringUtf8());
        if (!text.matches()) {
            return Optional.empty();
        }
        try {
            Optional<Instant> since = Optional.ofNullable(text.group(3)).map(Instant::parse);
            return Optional.of(new OwnerText(text.group(1), Long.parseLong(text.group(2)), since));
        } catch (NumberFormatException | DateTimeException foreign) {
            return Optional.empty();
        }
    }
}
