/* SPDX-License-Identifier: Apache-2.0 */

import dev.consort.core.Session;

/** A user's first program on recipes-core alone. */
public final class Main {
    private Main() {}

    public static void main(String[] endpoints) {
        try (Session session = Session.connect(endpoints)) {
            System.out.println("session " + session.leaseId() + " with a TTL of " + session.ttl());
        }
    }
}
