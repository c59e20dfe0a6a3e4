/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.FencingToken;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.lock.Mutex;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * From zero to a fenced critical section: takes a lock, and sends its token along with the write. What comes late, from
 * a holder that was paused and whose lock somebody else has by now, the table refuses by itself.
 */
public final class FencedUpdate {
    private static final String SCHEMA = """
            CREATE TABLE orders (
              id    INT PRIMARY KEY,
              state VARCHAR(100) NOT NULL,
              token BIGINT NOT NULL DEFAULT 0
            )
            """;

    private static final String UPDATE = """
            UPDATE orders SET state = ?, token = ? WHERE id = ? AND token <= ?
            """;

    private FencedUpdate() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted while waiting for the lock
     * @throws SQLException if the database fails
     */
    public static void main(String... arguments) throws InterruptedException, SQLException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Session session = Session.connect(endpoints); // one for each process, opened at start
                Connection sql = DriverManager.getConnection("jdbc:h2:mem:")) {
            create(sql);
            FencingToken earlier;
            try (Grant grant = Mutex.create(session, "orders/reindex").acquire()) {
                System.out.println("first holder: " + update(sql, "indexed by the first", grant.token()) + " row");
                earlier = grant.token();
            }
            try (Grant grant = Mutex.create(session, "orders/reindex").acquire()) {
                System.out.println("second holder: " + update(sql, "indexed by the second", grant.token()) + " row");
            }
            // As if the first holder had been paused before its write, and had gone on only now:
            System.out.println("first holder, late: " + update(sql, "indexed too late", earlier) + " rows");
        }
    }

    /** How many rows it wrote; none if somebody with a later token has written already. */
    private static int update(Connection sql, String state, FencingToken token) throws SQLException {
        try (PreparedStatement update = sql.prepareStatement(UPDATE)) {
            update.setString(1, state);
            update.setLong(2, token.toLong());
            update.setInt(3, 1);
            update.setLong(4, token.toLong());
            return update.executeUpdate();
        }
    }

    private static void create(Connection sql) throws SQLException {
        try (Statement statement = sql.createStatement()) {
            statement.execute(SCHEMA);
            statement.execute("INSERT INTO orders (id, state) VALUES (1, 'new')");
        }
    }
}
