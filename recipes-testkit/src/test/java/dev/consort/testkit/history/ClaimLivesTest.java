/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.history.Ownership.Acquired;
import dev.consort.testkit.history.Ownership.Proclaimed;
import dev.consort.testkit.history.Ownership.Written;
import dev.consort.testkit.history.ServerHistory.Change;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClaimLivesTest {
    private final List<Change> claims = new ArrayList<>();
    private final List<Change> writes = new ArrayList<>();
    private final History<Ownership> history = new History<>();

    private void claim(String key, long at, String value) {
        claims.add(new Change(key, at, false, at, 1, value));
    }

    private void rewritten(String key, long created, long at, String value) {
        claims.add(new Change(key, at, false, created, 1, value));
    }

    private void gone(String key, long at) {
        claims.add(new Change(key, at, true, 0, 0, ""));
    }

    private void write(long at, long token) {
        writes.add(new Change("r", at, false, 1, 0, Long.toString(token)));
    }

    private void told(Ownership what) {
        history.ended(0, history.moment(), what, Outcome.OK);
    }

    private static long token(long revision, int sequence) {
        return revision << ClaimLives.SEQUENCE_BITS | sequence;
    }

    private List<String> violations() {
        return ClaimLives.violations(claims, writes, history.operations());
    }

    @Test
    void handOver_writesWhileFirst_isGood() {
        claim("a", 10, "");
        claim("b", 12, "");
        write(13, token(10, 0));
        write(14, token(10, 1));
        gone("a", 15);
        write(16, token(12, 0));
        gone("b", 17);
        told(new Acquired(token(10, 0), ""));
        told(new Acquired(token(10, 1), ""));
        told(new Written(token(10, 1)));
        told(new Acquired(token(12, 0), ""));
        assertThat(violations()).isEmpty();
    }

    /** Readers write beside each other, also beside a writer that has become one, and then a writer. */
    @Test
    void readers_writeWhileNoWriterIsBefore_isGood() {
        claim("n/write:a", 10, "");
        claim("n/read:b", 11, "");
        claim("n/write:c", 12, "");
        write(13, token(10, 0));
        rewritten("n/write:a", 10, 14, "");
        claim("n/kept:a", 14, "");
        write(15, token(11, 0));
        write(16, token(10, 1));
        gone("n/write:a", 17);
        gone("n/kept:a", 17);
        write(18, token(11, 0));
        gone("n/read:b", 19);
        write(20, token(12, 0));
        told(new Acquired(token(10, 0), ""));
        told(new Acquired(token(11, 0), "", true));
        told(new Acquired(token(12, 0), ""));
        assertThat(violations()).isEmpty();
    }

    @Test
    void readerBehindAWriter_thatWrites_isFound() {
        claim("n/write:a", 10, "");
        claim("n/read:b", 11, "");
        write(12, token(11, 0));
        assertThat(violations()).singleElement().asString().contains("written at 12");
    }

    @Test
    void writerBehindAReader_thatWrites_isFound() {
        claim("n/write:a", 10, "");
        claim("n/read:b", 11, "");
        claim("n/write:c", 12, "");
        gone("n/write:a", 13);
        write(14, token(12, 0));
        assertThat(violations()).singleElement().asString().contains("written at 14");
    }

    @Test
    void readerGranted_whileAWriterWasBeforeItAllTheTime_isFound() {
        claim("n/write:a", 10, "");
        claim("n/read:b", 11, "");
        gone("n/read:b", 12);
        told(new Acquired(token(11, 0), "", true));
        assertThat(violations()).singleElement().asString().contains("never the first");
    }

    @Test
    void writeWhileWaiting_isFound() {
        claim("a", 10, "");
        claim("b", 12, "");
        write(13, token(12, 0));
        assertThat(violations()).singleElement().asString().contains("written at 13");
    }

    @Test
    void writeAfterTheClaimIsGone_isFound() {
        claim("a", 10, "");
        gone("a", 11);
        write(12, token(10, 0));
        assertThat(violations()).hasSize(1);
    }

    @Test
    void olderTokenAfterANewerOne_isFound() {
        claim("a", 10, "");
        write(12, token(10, 3));
        write(13, token(10, 2));
        assertThat(violations()).singleElement().asString().contains("after the newer");
    }

    @Test
    void grantWithoutAClaim_isFound() {
        told(new Acquired(token(10, 0), ""));
        assertThat(violations()).singleElement().asString().contains("no such claim");
    }

    @Test
    void grantOfAClaimThatWasNeverFirst_isFound() {
        claim("a", 10, "");
        claim("b", 12, "");
        gone("b", 13);
        gone("a", 14);
        told(new Acquired(token(12, 0), ""));
        assertThat(violations()).singleElement().asString().contains("never the first");
    }

    @Test
    void tokenGrantedTwice_isFound() {
        claim("a", 10, "");
        told(new Acquired(token(10, 0), ""));
        told(new Acquired(token(10, 0), ""));
        assertThat(violations()).singleElement().asString().contains("twice");
    }

    @Test
    void valuesAndWritesThatTheServerNeverHad_areFound() {
        claim("a", 10, "v");
        rewritten("a", 10, 11, "w");
        told(new Acquired(token(10, 0), "v"));
        told(new Proclaimed(token(10, 0), "w"));
        assertThat(violations()).isEmpty();
        told(new Proclaimed(token(10, 0), "x"));
        told(new Written(token(10, 0)));
        told(new Acquired(token(10, 1), "y"));
        assertThat(violations()).hasSize(3);
    }
}
