/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import org.h2.tools.Server;

/**
 * An H2 database in this process, served to others on the loopback interface. It counts what the workers wrote by
 * itself: they are not asked. Not thread-safe.
 */
final class Database implements AutoCloseable {
    private static final String[] SCHEMA = {
        "CREATE TABLE job (id INT PRIMARY KEY, work_millis INT NOT NULL, token BIGINT DEFAULT 0 NOT NULL, result BIGINT)",
        "CREATE TABLE plan (planned INT NOT NULL, term BIGINT NOT NULL)",
        "INSERT INTO plan VALUES (0, 0)",
        "CREATE TABLE accepted (job INT NOT NULL, token BIGINT NOT NULL)",
        "CREATE TRIGGER accepted_results AFTER UPDATE ON job FOR EACH ROW CALL '" + ResultAudit.class.getName() + "'"
    };

    private final String name = "demo-" + UUID.randomUUID();
    private final String password = UUID.randomUUID().toString();
    private final Server server;
    private final Connection sql;

    /** Starts an empty database on a free port. */
    Database() throws SQLException {
        // H2 reads this once, when it is first used.
        System.setProperty("h2.bindAddress", "127.0.0.1");
        sql = DriverManager.getConnection("jdbc:h2:mem:" + name, "sa", password);
        for (String statement : SCHEMA) {
            run(statement);
        }
        server = Server.createTcpServer("-tcpPort", "0", "-tcpDaemon").start();
    }

    /** Lets a worker read and write the tables, and do nothing else. */
    void addUser(String worker) throws SQLException {
        run("CREATE USER " + worker + " PASSWORD '" + password() + "'");
        run("GRANT SELECT, INSERT, UPDATE ON SCHEMA PUBLIC TO " + worker);
    }

    /** Where workers connect to. */
    String url() {
        return "jdbc:h2:tcp://127.0.0.1:" + server.getPort() + "/mem:" + name;
    }

    /** The password of all workers, which is good for one run. */
    String password() {
        return new StringBuilder(password).reverse().toString();
    }

    /** How many jobs have a result. */
    int done() throws SQLException {
        return count("SELECT COUNT(*) FROM job WHERE result IS NOT NULL");
    }

    /** How many writes of a result were accepted beyond the first one of each job. */
    int duplicated() throws SQLException {
        return count("SELECT COUNT(*) - COUNT(DISTINCT job) FROM accepted");
    }

    /** Whether the job has no result yet. */
    boolean isOpen(int job) throws SQLException {
        return count("SELECT COUNT(*) FROM job WHERE result IS NULL AND id = " + job) == 1;
    }

    /** Whether a statement of this worker is being executed. */
    boolean hasStatementOf(String worker) throws SQLException {
        return count("SELECT COUNT(*) FROM INFORMATION_SCHEMA.SESSIONS WHERE EXECUTING_STATEMENT IS NOT NULL"
                        + " AND USER_NAME = UPPER('" + worker + "')")
                > 0;
    }

    private void run(String statement) throws SQLException {
        try (Statement once = sql.createStatement()) {
            once.execute(statement);
        }
    }

    private int count(String query) throws SQLException {
        try (PreparedStatement statement = sql.prepareStatement(query);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getInt(1);
        }
    }

    /** Ends the server, and the database with it. */
    @Override
    public void close() throws SQLException {
        server.stop();
        sql.close();
    }
}
