/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.Session;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** What may be the name of a lock or an election: segments with single slashes between them. */
public final class Names {
    /** In bytes of UTF-8; far below etcd's limit for a request. */
    private static final int MAX_BYTES = 4096;

    private Names() {}

    /**
     * Returns the name if it can be used with a session.
     *
     * @throws IllegalArgumentException with the name and what is wrong with it
     */
    public static String checked(String recipe, String name, Session session) {
        return apart(recipe, checked(recipe, name), session);
    }

    /**
     * Returns the name or key if it does not nest with the keys of sessions.
     *
     * @throws IllegalArgumentException if it does
     */
    public static String apart(String recipe, String name, Session session) {
        EtcdSession engine = EtcdSession.of(session);
        String sessions = engine.text(engine.sessionPrefix());
        if ((name + "/").startsWith(sessions) || sessions.startsWith(name + "/")) {
            throw bad(recipe, name, "nests with the sessions' own keys below '" + sessions + "'");
        }
        return name;
    }

    /**
     * Returns the name if it can be used where no session is known.
     *
     * @throws IllegalArgumentException with the name and what is wrong with it
     */
    public static String checked(String recipe, String name) {
        Objects.requireNonNull(name, "name");
        if (name.isEmpty()) {
            throw bad(recipe, name, "is empty");
        }
        if (name.startsWith("/") || name.endsWith("/")) {
            throw bad(recipe, name, "has a leading or trailing slash");
        }
        if (name.contains("//")) {
            throw bad(recipe, name, "has an empty segment");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
            throw bad(recipe, name, "is not valid Unicode, so that different names would share a key");
        }
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_BYTES) {
            throw bad(recipe, name.substring(0, 64) + "...", "has " + bytes + " bytes, more than " + MAX_BYTES);
        }
        return name;
    }

    private static IllegalArgumentException bad(String recipe, String name, String why) {
        return new IllegalArgumentException(recipe + " name '" + name + "' " + why
                + ": give segments with single slashes between them, such as orders/reindex");
    }
}
