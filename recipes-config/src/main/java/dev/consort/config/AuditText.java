/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The value of an audit entry: lines of field, equals sign and text, readable by {@code etcdctl get}. A line break of a text is
 * written {@code \n}, a carriage return {@code \r}, a backslash twice. Fields that are not known are passed over, and what is
 * missing or malformed is left empty: an entry that somebody else has spoilt must not hide the others.
 */
final class AuditText {
    private AuditText() {}

    /** Its revision is that of its key. */
    static ByteString of(AuditEntry entry) {
        StringBuilder text = new StringBuilder();
        line(text, "who", entry.who());
        line(text, "why", entry.why());
        entry.when().ifPresent(when -> line(text, "when", when.toString()));
        entry.rolledBackTo().ifPresent(revision -> line(text, "rolled-back-to", Long.toString(revision)));
        entry.put().forEach(name -> line(text, "put", name));
        entry.deleted().forEach(name -> line(text, "deleted", name));
        return ByteString.copyFromUtf8(text.toString());
    }

    private static void line(StringBuilder text, String field, String value) {
        text.append(field)
                .append('=')
                .append(value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r"))
                .append('\n');
    }

    static AuditEntry read(KeyValue kv) {
        String who = "";
        String why = "";
        Optional<Instant> when = Optional.empty();
        OptionalLong rolledBackTo = OptionalLong.empty();
        List<String> put = new ArrayList<>();
        List<String> deleted = new ArrayList<>();
        for (String line : kv.getValue().toStringUtf8().split("\n", -1)) {
            String text = unescaped(line.substring(line.indexOf('=') + 1));
            switch (line.substring(0, Math.max(0, line.indexOf('=')))) {
                case "who" -> who = text;
                case "why" -> why = text;
                case "when" -> when = instant(text);
                case "rolled-back-to" -> rolledBackTo = number(text);
                case "put" -> put.add(text);
                case "deleted" -> deleted.add(text);
                default -> {} // of a later version
            }
        }
        return new AuditEntry(kv.getModRevision(), who, why, when, put, deleted, rolledBackTo);
    }

    private static String unescaped(String text) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char next = text.charAt(i);
            if (next == '\\' && i + 1 < text.length()) {
                i++;
                next = switch (text.charAt(i)) {
                    case 'n' -> '\n';
                    case 'r' -> '\r';
                    default -> text.charAt(i);
                };
            }
            plain.append(next);
        }
        return plain.toString();
    }

    private static Optional<Instant> instant(String text) {
        try {
            return Optional.of(Instant.parse(text));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private static OptionalLong number(String text) {
        try {
            return OptionalLong.of(Long.parseLong(text));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }
}
