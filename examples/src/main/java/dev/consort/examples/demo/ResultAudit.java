/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.h2.tools.TriggerAdapter;

/** Runs inside the database: one row in {@code accepted} for each accepted write of a result, whoever made it. */
public final class ResultAudit extends TriggerAdapter {
    @Override
    public void fire(Connection sql, ResultSet before, ResultSet after) throws SQLException {
        after.getLong("result");
        if (after.wasNull()) {
            return; // A job was begun.
        }
        try (PreparedStatement insert = sql.prepareStatement("INSERT INTO accepted (job, token) VALUES (?, ?)")) {
            insert.setInt(1, after.getInt("id"));
            insert.setLong(2, after.getLong("token"));
            insert.executeUpdate();
        }
    }
}
