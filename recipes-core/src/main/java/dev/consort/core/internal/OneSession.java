/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import java.util.Objects;

/** A session after which there is no other. Immutable. */
public record OneSession(Session session) implements SessionFactory {
    public OneSession {
        Objects.requireNonNull(session, "session");
    }

    /** It is not ours to close. */
    @Override
    public void close() {}
}
