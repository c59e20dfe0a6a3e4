/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Tokens, which live for a time since their last use. Confined to the server's lock. */
final class AuthTokens {
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private static final int LENGTH = 16;

    private static final class Token {
        private final String user;
        private long expiry;

        Token(String user) {
            this.user = user;
        }
    }

    private final ServerClock clock;
    private final Random random;
    private final Duration ttl;
    private final Map<String, Token> tokens = new HashMap<>();

    AuthTokens(ServerClock clock, Random random, Duration ttl) {
        this.clock = clock;
        this.random = random;
        this.ttl = ttl;
    }

    String create(String user, long index) {
        StringBuilder name = new StringBuilder();
        for (int i = 0; i < LENGTH; i++) {
            name.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        String token = name + "." + index;
        Token created = new Token(user);
        created.expiry = clock.nanos() + ttl.toNanos();
        tokens.put(token, created);
        return token;
    }

    /** Whose it is, if it has not expired; it then lives on. */
    @Nullable
    String user(String name) {
        Token token = tokens.get(name);
        if (token == null) {
            return null;
        }
        if (clock.nanos() - token.expiry > 0) {
            tokens.remove(name);
            return null;
        }
        token.expiry = clock.nanos() + ttl.toNanos();
        return token.user;
    }

    void removeOf(String user) {
        tokens.values().removeIf(token -> token.user.equals(user));
    }

    void clear() {
        tokens.clear();
    }
}
