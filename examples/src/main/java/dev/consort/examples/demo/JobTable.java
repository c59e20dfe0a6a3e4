/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import dev.consort.core.FencingToken;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.util.ArrayList;
import java.util.List;

/**
 * The jobs and their results in SQL, as a worker sees them. Each write is one statement of its own, committed at once,
 * and carries a fencing token in its condition: the table itself refuses what comes too late.
 *
 * <p>Not thread-safe: one for each thread.
 */
final class JobTable implements AutoCloseable {
    /**
     * A job to be done.
     *
     * @param id its number, from 1
     * @param workMillis how long it takes
     */
    record Job(int id, int workMillis) {}

    private static final int SHORT_MILLIS = 250;
    private static final int LONG_MILLIS = 1500;
    private static final int LONG_EVERY = 5;

    private final Connection sql;

    private JobTable(Connection sql) {
        this.sql = sql;
    }

    /** Connects, with autocommit as JDBC has it. */
    static JobTable connect(String url, String user, String password) throws SQLException {
        return new JobTable(DriverManager.getConnection(url, user, password));
    }

    /** Whether a job takes long. */
    static boolean isLong(int id) {
        return id % LONG_EVERY == 0;
    }

    /** How many jobs are planned; the leader goes on from there. */
    int planned() throws SQLException {
        try (PreparedStatement query = sql.prepareStatement("SELECT planned FROM plan");
                ResultSet row = query.executeQuery()) {
            row.next();
            return row.getInt(1);
        }
    }

    /**
     * Plans further jobs, which are the same whoever plans them: repeating it does no harm.
     *
     * @return false if a later leader has planned something; nothing is to be planned any more in this term
     */
    boolean plan(int from, int to, FencingToken term) throws SQLException {
        try (PreparedStatement insert = sql.prepareStatement("INSERT INTO job (id, work_millis) VALUES (?, ?)")) {
            for (int id = from; id <= to; id++) {
                insert.setInt(1, id);
                insert.setInt(2, isLong(id) ? LONG_MILLIS : SHORT_MILLIS);
                try {
                    insert.executeUpdate();
                } catch (SQLIntegrityConstraintViolationException alreadyPlanned) {
                    // By a leader that did not live to say so.
                }
            }
        }
        try (PreparedStatement update = sql.prepareStatement("UPDATE plan SET planned = ?, term = ? WHERE term <= ?")) {
            update.setInt(1, to);
            update.setLong(2, term.toLong());
            update.setLong(3, term.toLong());
            return update.executeUpdate() == 1;
        }
    }

    /** The jobs without a result, by number. */
    List<Job> open() throws SQLException {
        try (PreparedStatement query =
                        sql.prepareStatement("SELECT id, work_millis FROM job WHERE result IS NULL ORDER BY id");
                ResultSet row = query.executeQuery()) {
            List<Job> open = new ArrayList<>();
            while (row.next()) {
                open.add(new Job(row.getInt(1), row.getInt(2)));
            }
            return open;
        }
    }

    /**
     * Begins a job: from now on the table refuses every earlier holder of its lock.
     *
     * @return false if the job has its result already, or a later holder has begun it
     */
    boolean begin(Job job, FencingToken token) throws SQLException {
        try (PreparedStatement update =
                sql.prepareStatement("UPDATE job SET token = ? WHERE id = ? AND token <= ? AND result IS NULL")) {
            update.setLong(1, token.toLong());
            update.setInt(2, job.id());
            update.setLong(3, token.toLong());
            return update.executeUpdate() == 1;
        }
    }

    /**
     * Writes the result of a job.
     *
     * @return false if a later holder of its lock has begun it meanwhile: this write came too late and changed nothing
     */
    boolean write(Job job, long result, FencingToken token) throws SQLException {
        try (PreparedStatement update =
                sql.prepareStatement("UPDATE job SET result = ?, token = ? WHERE id = ? AND token <= ?")) {
            update.setLong(1, result);
            update.setLong(2, token.toLong());
            update.setInt(3, job.id());
            update.setLong(4, token.toLong());
            return update.executeUpdate() == 1;
        }
    }

    @Override
    public void close() throws SQLException {
        sql.close();
    }
}
