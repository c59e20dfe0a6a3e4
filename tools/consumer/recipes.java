/* SPDX-License-Identifier: Apache-2.0 */

import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.election.LeaderElection;
import dev.consort.election.Leadership;
import dev.consort.lock.Mutex;

/** A user's first program on the recipes. */
public final class Main {
    private Main() {}

    public static void main(String[] endpoints) throws InterruptedException {
        try (Session session = Session.connect(endpoints);
                Grant grant = Mutex.create(session, "consumer/lock").acquire();
                Leadership leadership = LeaderElection.create(session, "consumer/election").campaign("me")) {
            System.out.println("tokens " + grant.token() + " and " + leadership.token());
        }
    }
}
