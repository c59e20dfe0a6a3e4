/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** What may be a key or a part of one. */
final class LayoutKeys {
    private static final int MAX_KEY = 4096;
    private static final int MAX_VALUE = 1 << 20;
    private static final int SHOWN = 64;

    private LayoutKeys() {}

    /** With a slash at its end, so that no other service begins alike. */
    static String prefix(String text) {
        if (Objects.requireNonNull(text, "prefix").isEmpty() || text.equals("/")) {
            throw new IllegalArgumentException(
                    "prefix '" + text + "' names no service: give one such as services/orders");
        }
        return text.endsWith("/") ? text : text + "/";
    }

    static String segment(String what, String text) {
        if (Objects.requireNonNull(text, what).isEmpty() || text.contains("/")) {
            throw new IllegalArgumentException(what + " '" + shown(text) + "' "
                    + (text.isEmpty() ? "is empty" : "has a slash") + ": give one segment");
        }
        return text;
    }

    /** A key that an instancer of the layout finds. */
    static String key(ServiceLayout<?> layout, String key) {
        String prefix = layout.prefix();
        if (Objects.requireNonNull(key, "key").isEmpty()) {
            throw new IllegalArgumentException("no key provided: give one below '" + prefix + "'");
        }
        if (!key.startsWith(prefix) || key.length() == prefix.length()) {
            throw new IllegalArgumentException(
                    "key '" + shown(key) + "' is not below '" + prefix + "', so nobody would find it there");
        }
        return bounded("key '" + shown(key) + "'", key, MAX_KEY);
    }

    /** What it says is for those who look for the service: no message shows it. */
    static String value(String key, String value) {
        if (Objects.requireNonNull(value, "value").isEmpty()) {
            throw new IllegalArgumentException("no value provided for key '" + shown(key) + "'");
        }
        return bounded("the value of key '" + shown(key) + "'", value, MAX_VALUE);
    }

    private static String bounded(String which, String text, int most) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException(which + " is not valid Unicode");
        }
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > most) {
            throw new IllegalArgumentException(which + " has " + bytes + " bytes of UTF-8: give up to " + most);
        }
        return text;
    }

    private static String shown(String text) {
        return text.length() > SHOWN ? text.substring(0, SHOWN) + "..." : text;
    }
}
