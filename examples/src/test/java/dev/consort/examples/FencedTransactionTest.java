/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.core.FencingToken;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FencedTransactionTest {
    private final FencingToken earlier = new FencingToken(7, 0);
    private final FencingToken later = new FencingToken(7, 1);
    private Connection sql;

    @BeforeEach
    void create() throws SQLException {
        sql = DriverManager.getConnection("jdbc:h2:mem:");
        execute(FencedTransaction.SCHEMA);
        execute("INSERT INTO fence (name) VALUES ('orders/reindex')");
        execute("CREATE TABLE orders (id INT PRIMARY KEY)");
    }

    @AfterEach
    void close() throws SQLException {
        sql.close();
    }

    private void execute(String statement) throws SQLException {
        try (Statement any = sql.createStatement()) {
            any.execute(statement);
        }
    }

    private boolean insert(int id, FencingToken token) throws SQLException {
        return FencedTransaction.commit(
                sql, "orders/reindex", token, same -> execute("INSERT INTO orders VALUES (" + id + ")"));
    }

    private int rows() throws SQLException {
        try (Statement count = sql.createStatement();
                ResultSet found = count.executeQuery("SELECT COUNT(*) FROM orders")) {
            found.next();
            return found.getInt(1);
        }
    }

    @Test
    void commit_sameTokenAgain_isApplied() throws SQLException {
        assertThat(insert(1, earlier)).isTrue();
        assertThat(insert(2, earlier)).isTrue();
        assertThat(rows()).isEqualTo(2);
    }

    /** No row of the later holder's is the one that the earlier one writes. */
    @Test
    void commit_afterALaterHolder_writesNothing() throws SQLException {
        assertThat(insert(1, later)).isTrue();
        assertThat(insert(2, earlier)).isFalse();
        assertThat(rows()).isEqualTo(1);
    }

    @Test
    void commit_failing_leavesTheFenceAsItWas() throws SQLException {
        assertThatThrownBy(() -> FencedTransaction.commit(
                        sql, "orders/reindex", later, same -> execute("INSERT INTO nothing VALUES (1)")))
                .isInstanceOf(SQLException.class);
        assertThat(insert(1, earlier)).isTrue();
    }
}
