/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.config.SetNx;
import dev.consort.config.SetNx.Answer;
import dev.consort.core.Connection;
import java.time.Duration;

/** A file that is to be imported once, whichever importer comes first. */
public final class ImportOnce {
    private ImportOnce() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     */
    public static void main(String... arguments) {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(endpoints).open()) {
            System.out.println(run(connection, "importer-1"));
            System.out.println(run(connection, "importer-2"));
            System.out.println(run(connection, "importer-1"));
            SetNx once = SetNx.permanent(connection, "imports/monday").as("importer-1");
            System.out.println(
                    "released: " + once.release(once.current().orElseThrow().token()));
        }
    }

    private static String run(Connection connection, String importer) {
        SetNx once = SetNx.expiring(connection, "imports/monday", Duration.ofMinutes(10));
        Answer answer = once.as(importer).trySet("running");
        if (!answer.isMine()) {
            return importer + ": taken by " + answer.owner().orElse("somebody");
        }
        return importer + ": " + answer.status();
    }
}
