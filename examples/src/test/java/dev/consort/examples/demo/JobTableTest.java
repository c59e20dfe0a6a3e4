/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.FencingToken;
import dev.consort.examples.demo.JobTable.Job;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JobTableTest {
    private static final FencingToken EARLIER = new FencingToken(7, 0);
    private static final FencingToken LATER = new FencingToken(9, 0);
    private static final Job FIRST = new Job(1, 0);

    private Database database;
    private JobTable jobs;

    @BeforeEach
    void connect() throws SQLException {
        database = new Database();
        database.addUser("w1");
        jobs = JobTable.connect(database.url(), "w1", database.password());
    }

    @AfterEach
    void close() throws SQLException {
        jobs.close();
        database.close();
    }

    @Test
    void plan_again_addsNothing() throws SQLException {
        assertThat(jobs.plan(1, 10, EARLIER)).isTrue();
        assertThat(jobs.plan(1, 10, LATER)).isTrue();
        assertThat(jobs.open()).hasSize(10);
        assertThat(jobs.planned()).isEqualTo(10);
    }

    @Test
    void plan_inAnEarlierTerm_isRefused() throws SQLException {
        assertThat(jobs.plan(1, 20, LATER)).isTrue();
        assertThat(jobs.plan(1, 10, EARLIER)).isFalse();
        assertThat(jobs.planned()).isEqualTo(20);
    }

    @Test
    void write_afterALaterHolderBegan_changesNothing() throws SQLException {
        jobs.plan(1, 1, EARLIER);
        assertThat(jobs.begin(FIRST, EARLIER)).isTrue();
        assertThat(jobs.begin(FIRST, LATER)).isTrue();

        assertThat(jobs.write(FIRST, 1, EARLIER)).isFalse();
        assertThat(database.done()).isZero();

        assertThat(jobs.write(FIRST, 1, LATER)).isTrue();
        assertThat(database.done()).isEqualTo(1);
        assertThat(database.duplicated()).isZero();
    }

    @Test
    void begin_ofADoneJob_isRefused() throws SQLException {
        jobs.plan(1, 1, EARLIER);
        jobs.begin(FIRST, EARLIER);
        jobs.write(FIRST, 1, EARLIER);

        assertThat(jobs.begin(FIRST, LATER)).isFalse();
        assertThat(jobs.open()).isEmpty();
        assertThat(database.isOpen(1)).isFalse();
    }

    /** The count is not zero because nobody counts. */
    @Test
    void duplicated_afterASecondWrite_isCounted() throws SQLException {
        jobs.plan(1, 1, EARLIER);
        jobs.begin(FIRST, EARLIER);
        jobs.write(FIRST, 1, EARLIER);
        jobs.write(FIRST, 1, EARLIER);

        assertThat(database.duplicated()).isEqualTo(1);
    }
}
