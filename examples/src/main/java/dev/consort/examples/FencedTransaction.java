/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.FencingToken;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/** Fences a transaction of any number of rows: one row for the lock is written first, and holds the largest token. */
final class FencedTransaction {
    static final String SCHEMA = """
            CREATE TABLE fence (
              name  VARCHAR(200) PRIMARY KEY,
              token BIGINT NOT NULL DEFAULT 0
            )
            """;

    private static final String RAISE = """
            UPDATE fence SET token = ? WHERE name = ? AND token <= ?
            """;

    private FencedTransaction() {}

    /** The writes of one transaction. */
    interface Writes {
        void run(Connection sql) throws SQLException;
    }

    /** Commits the writes, or returns false if a later holder has been here; the lock's row must exist. */
    static boolean commit(Connection sql, String lock, FencingToken token, Writes writes) throws SQLException {
        sql.setAutoCommit(false);
        try (PreparedStatement raise = sql.prepareStatement(RAISE)) {
            raise.setLong(1, token.toLong());
            raise.setString(2, lock);
            raise.setLong(3, token.toLong());
            boolean first = raise.executeUpdate() == 1; // keeps the row locked until the commit
            if (first) {
                writes.run(sql);
                sql.commit();
            }
            return first;
        } finally {
            sql.rollback(); // what is not committed by now
            sql.setAutoCommit(true);
        }
    }
}
