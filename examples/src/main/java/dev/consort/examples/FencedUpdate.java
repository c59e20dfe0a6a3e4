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
    private FencedUpdate() {}

    /**
     * Runs the example.
     *
     * @param endpoints of etcd, such as {@code http://127.0.0.1:2379}, which is also the default
     * @throws InterruptedException if interrupted while waiting for the lock
     * @throws SQLException if the database fails
     */
    public static void main(String... endpoints) throws InterruptedException, SQLException {
        String[] etcd = endpoints.length > 0 ? endpoints : new String[] {"http://127.0.0.1:2379"};
        try (Session session = Session.connect(etcd); // one for each process, opened at start
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

    private static int update(Connection sql, String state, FencingToken token) throws SQLException {
        try (PreparedStatement update =
                sql.prepareStatement("UPDATE orders SET state = ?, token = ? WHERE id = ? AND token <= ?")) {
            update.setString(1, state);
            update.setLong(2, token.toLong());
            update.setInt(3, 1);
            update.setLong(4, token.toLong());
            return update.executeUpdate();
        }
    }

    private static void create(Connection sql) throws SQLException {
        try (Statement statement = sql.createStatement()) {
            statement.execute("CREATE TABLE orders (id INT PRIMARY KEY, state VARCHAR, token BIGINT NOT NULL)");
            statement.execute("INSERT INTO orders VALUES (1, 'new', 0)");
        }
    }
}
