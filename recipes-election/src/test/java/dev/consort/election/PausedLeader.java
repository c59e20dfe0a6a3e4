/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.time.Duration;

/**
 * A process that leads, to be paused from outside. It answers each line of its input with what a leader that knows nothing
 * of its pause would do, and ends with its input.
 */
final class PausedLeader {
    private PausedLeader() {}

    /** Endpoint, name of the election, key of the register that the leader writes. */
    public static void main(String[] args) throws IOException, InterruptedException {
        try (Connection connection = Connection.to(args[0]).open();
                Session session =
                        Session.builder(connection).ttl(Duration.ofSeconds(2)).open();
                Leadership leadership = LeaderElection.create(session, args[1]).campaign("paused");
                BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8))) {
            say("leads " + leadership.token().revision());
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                // What was held a moment ago is not asked again before the write.
                boolean held = leadership.isHeld();
                boolean written = leadership.guard().txn().put(args[2], line).commit();
                boolean proclaimed = leadership.proclaim(line);
                say(line + " held=" + held + " written=" + written + " proclaimed=" + proclaimed);
            }
        }
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
