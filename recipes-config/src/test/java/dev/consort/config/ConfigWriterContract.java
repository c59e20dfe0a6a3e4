/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.consort.config.ConfigViewContract.Told;
import dev.consort.config.ConfigWriter.Change;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.Handing;
import dev.consort.core.internal.Store;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a change of several settings promises, whatever server is behind it. */
abstract class ConfigWriterContract {
    private final Server server = server();
    private final Party here = server.join();
    private final Party there = server.join();
    private final String root = Server.freshName();
    private final ConfigWriter mine = ConfigWriter.create(here.connection, root);
    private final ConfigWriter theirs = ConfigWriter.create(there.connection, root);

    abstract Server server();

    @AfterEach
    void leave() {
        there.close();
        here.close();
        server.endLeases();
        assertThat(Thread.interrupted()).isFalse();
    }

    private static <T> T soon(Future<T> future) throws Exception {
        return future.get(10, TimeUnit.SECONDS);
    }

    private String text(String name) {
        return server.text(root + "/" + name);
    }

    /** Commits what must not be refused. */
    private static long committed(Change change) {
        WriteOutcome outcome = change.commit();
        assertThat(outcome.committed()).as("%s", outcome).isTrue();
        return outcome.revision();
    }

    /** Commits what must be refused, and leave no trace. */
    private List<WriteConflict> refused(Change change) {
        long before = server.revision();
        WriteOutcome outcome = change.commit();
        assertThat(outcome.committed()).as("%s", outcome).isFalse();
        assertThat(server.revision()).isEqualTo(before);
        return outcome.conflicts();
    }

    @Test
    void change_isOneRevision_whichAViewSeesAsOneBatch() throws Exception {
        committed(mine.change().put("size", "3").put("old", "x"));
        try (ConfigView<SortedMap<String, String>> view =
                ConfigView.of(there.connection, root).open()) {
            Told<SortedMap<String, String>> told = new Told<>();
            view.listen(told);
            long before = server.revision();
            long revision = committed(mine.change()
                    .put("size", "4")
                    .put("db/url", "\u00e4")
                    .delete("old")
                    .because("ann", "Black Friday"));
            assertThat(revision).isEqualTo(before + 1).isEqualTo(server.revision());
            assertThat(told.next())
                    .isEqualTo(new ConfigChange<>(
                            new TreeMap<>(Map.of("size", "3", "old", "x")),
                            new TreeMap<>(Map.of("size", "4", "db/url", "\u00e4")),
                            revision,
                            Set.of("size", "db/url", "old")));
            assertThat(told.changes).isEmpty();
        }
        assertThat(server.get(root + "/size").orElseThrow().getModRevision())
                .isEqualTo(mine.audit(1).get(0).revision());
        assertThat(mine.root()).isEqualTo(root);
    }

    @Test
    void expectation_thatDoesNotHold_isToldAndNothingIsWritten() {
        long first = committed(mine.change().put("a", "1").put("b", "1"));
        long second = committed(theirs.change()
                .put("b", "2")
                .expect("b", "1")
                .expectRevision("a", first)
                .expectAbsent("c")
                .because("bob", "raises b"));
        assertThat(refused(mine.change().put("a", "9").expect("b", "1").because("ann", "too late")))
                .containsExactly(new WriteConflict("b", "of the value that was given", second, Optional.of("2")));
        assertThat(refused(mine.change()
                        .put("new", "9")
                        .expect("a", "1")
                        .expectRevision("b", first)
                        .expect("none", "")
                        .expectRevision("none/2", 7)))
                .containsExactly(
                        new WriteConflict("b", "of revision " + first, second, Optional.of("2")),
                        new WriteConflict("none", "of the value that was given", 0, Optional.empty()),
                        new WriteConflict("none/2", "of revision 7", 0, Optional.empty()));
        assertThat(refused(mine.change().delete("a").expectAbsent("a")))
                .containsExactly(new WriteConflict("a", "absent", first, Optional.of("1")));
        assertThat(text("a") + text("b") + text("new")).isEqualTo("12absent");
        assertThat(mine.audit(10)).extracting(AuditEntry::who).containsExactly("bob");
    }

    @Test
    void basedOn_holdsUntilAnythingBelowTheRootChanges() {
        long base = committed(mine.change().put("a", "1").put("b", "1").put("c", "1"));
        ConfigWriter.create(here.connection, root + "-2").change().put("a", "1").commit();
        server.put(root, "not below it");
        long second = committed(mine.change().put("a", "2").basedOn(base));
        assertThat(refused(theirs.change().put("b", "9").basedOn(base)))
                .containsExactly(new WriteConflict("a", "unchanged since revision " + base, second, Optional.empty()));
        long foreign = server.put(root + "/new", "by another client");
        assertThat(refused(theirs.change().put("b", "9").basedOn(second).expect("b", "0")))
                .extracting(WriteConflict::name, WriteConflict::revision)
                .containsExactly(tuple("b", base), tuple("new", foreign));
        assertThat(refused(theirs.change().put("b", "9").basedOn(second)))
                .containsExactly(
                        new WriteConflict("new", "unchanged since revision " + second, foreign, Optional.empty()));
        committed(mine.change().delete("c").basedOn(foreign));
        assertThat(refused(theirs.change().put("b", "9").basedOn(foreign)))
                .containsExactly(new WriteConflict("c", "unchanged since revision " + foreign, 0, Optional.empty()));
        server.put(root + "-beside", "so that there is something to compact");
        server.compact();
        assertThat(refused(theirs.change().put("b", "9").basedOn(foreign)))
                .containsExactly(new WriteConflict("", "unchanged since revision " + foreign, 0, Optional.empty()));
        assertThat(refused(theirs.change().put("b", "9").basedOn(base)))
                .extracting(WriteConflict::name)
                .containsExactly("a", "new");
        assertThat(text("b")).isEqualTo("1");
        committed(theirs.change().put("b", "9").basedOn(server.revision()));
    }

    /** It would hold whatever was written, and mean nothing: as after a restore of etcd. */
    @Test
    void basedOn_revisionThatIsStillToCome_isRefused() {
        long base = committed(mine.change().put("a", "1"));
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> mine.change().put("a", "2").basedOn(base + 1).commit())
                .withMessageContaining("revision " + (base + 1))
                .withMessageContaining("etcd is at " + base)
                .withMessageContaining(root);
        assertThat(mine.change().put("a", "2").basedOn(base + 1).commitAsync())
                .failsWithin(10, TimeUnit.SECONDS)
                .withThrowableThat()
                .withCauseInstanceOf(RecipeException.class);
        assertThat(text("a")).isEqualTo("1");
    }

    @Test
    void audit_isPagedNewestFirst_eachRootByItself() throws Exception {
        List<Long> revisions = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            ConfigWriter writer = i % 2 == 0 ? mine : theirs;
            revisions.add(0, committed(writer.change().put("n", "" + i).because("who-" + i, "why\n\\n=\r" + i)));
        }
        ConfigWriter nested = ConfigWriter.create(here.connection, root + "/audit");
        committed(nested.change().put("m", "1").because("nested", "another root"));
        committed(mine.change().put("n", "without an entry"));
        List<AuditEntry> first = mine.audit(2);
        List<AuditEntry> second = mine.audit(2, first.get(1).revision());
        List<AuditEntry> third = soon(mine.auditAsync(2, second.get(1).revision()));
        List<AuditEntry> all = new ArrayList<>(first);
        all.addAll(second);
        all.addAll(third);
        assertThat(all).extracting(AuditEntry::revision).containsExactlyElementsOf(revisions);
        assertThat(all).extracting(AuditEntry::who).containsExactly("who-4", "who-3", "who-2", "who-1", "who-0");
        assertThat(all.get(0).why()).isEqualTo("why\n\\n=\r4");
        assertThat(all.get(0).put()).containsExactly("n");
        assertThat(all.get(0).deleted()).isEmpty();
        assertThat(all.get(0).when()).isPresent();
        assertThat(all.get(0).rolledBackTo()).isEmpty();
        assertThat(mine.audit(2, third.get(0).revision())).isEmpty();
        assertThat(mine.audit(2, 1)).isEmpty();
        assertThat(nested.audit(10)).extracting(AuditEntry::who).containsExactly("nested");
        server.put(
                "consort/config/" + root + "//audit/foreign",
                "who=eve\nno field\nwhen=once\nrolled-back-to=x\nlater=1");
        assertThat(mine.audit(2))
                .extracting(AuditEntry::who, AuditEntry::why)
                .containsExactly(tuple("eve", ""), tuple("who-4", "why\n\\n=\r4"));
    }

    @Test
    void async_andListenersThatBlock_getTheirAnswers() throws Exception {
        long base = soon(mine.change().put("a", "1").commitAsync()).revision();
        assertThat(soon(mine.change().put("a", "2").basedOn(base).commitAsync()).committed())
                .isTrue();
        assertThat(soon(mine.change().put("a", "3").basedOn(base).commitAsync()).conflicts())
                .extracting(WriteConflict::name)
                .containsExactly("a");
        assertThat(soon(mine.change().put("a", "3").expectAbsent("a").commitAsync())
                        .conflicts())
                .extracting(WriteConflict::name)
                .containsExactly("a");
        List<WriteOutcome> answers = new CopyOnWriteArrayList<>();
        List<CompletableFuture<Void>> blocking = new ArrayList<>();
        for (int i = 0; i < 8; i++) { // more than the connection has threads
            blocking.add(CompletableFuture.runAsync(
                    () -> {
                        answers.add(mine.change().put("a", "4").basedOn(base).commit());
                        answers.add(mine.rollBack(base, "ann", "all at once"));
                    },
                    EtcdConnection.of(here.connection).callbacks()));
        }
        for (CompletableFuture<Void> each : blocking) {
            soon(each);
        }
        assertThat(answers).hasSize(16);
        assertThat(text("a")).isEqualTo("1");
    }

    // Trouble

    @Test
    void interruptedThread_keepsItsFlagAndGetsItsAnswer() {
        Thread.currentThread().interrupt();
        long revision = committed(mine.change().put("a", "1").basedOn(1));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(server.get(root + "/a").orElseThrow().getModRevision()).isEqualTo(revision);
    }

    /** Nobody waits for an answer of a connection that is closed (S38). */
    @Test
    void closedConnection_leavesNobodyWaiting() throws Exception {
        long then = committed(mine.change().put("a", "1"));
        committed(mine.change().put("a", "2"));
        CallFault writes = here.faults.next(2, CallMatcher.method("KV/Txn")).hold();
        CompletableFuture<WriteOutcome> back = mine.rollBackAsync(then, "ann", "why");
        CompletableFuture<WriteOutcome> change = mine.change().put("a", "3").commitAsync();
        await().until(() -> writes.hits() == 2);
        CallFault reads = here.faults.next(2, CallMatcher.method("KV/Range")).hold();
        CompletableFuture<WriteOutcome> early = mine.rollBackAsync(then, "ann", "why");
        CompletableFuture<WriteOutcome> based =
                mine.change().put("a", "4").basedOn(then).commitAsync();
        await().until(() -> reads.hits() == 2);
        Handing late = Handing.of(Store.of(here.connection, "ConfigWriter"), root);
        here.connection.close();
        assertThat(late.async(CompletableFuture.completedFuture("answered just before")))
                .succeedsWithin(10, TimeUnit.SECONDS);
        // What follows is the user's code, and whoever answers may be one of gRPC's threads.
        assertThat(CompletableFuture.supplyAsync(Thread::currentThread, late.executor())
                        .get(10, TimeUnit.SECONDS))
                .isNotEqualTo(Thread.currentThread());
        for (CompletableFuture<WriteOutcome> each : List.of(back, change, early, based)) {
            assertThat(each).failsWithin(10, TimeUnit.SECONDS).withThrowableOfType(ExecutionException.class);
        }
        assertThatIllegalStateException()
                .isThrownBy(() -> mine.change().put("a", "5").commit())
                .withMessageContaining("closed");
        assertThat(text("a")).isEqualTo("2");
    }

    /** A setting below a lock's name would be a claim in its queue, and block it (S39). */
    @Test
    void nameBelowALock_isRefusedWhileThatIsInUse() {
        long then = committed(mine.change().put("lock/a", "1"));
        committed(mine.change().put("lock/a", "2"));
        Runnable giveBack = EtcdConnection.of(here.connection).takeName("Mutex", root + "/lock");
        long before = server.revision();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> mine.change().put("a", "1").delete("lock/a").commit())
                .withMessageContaining("'" + root + "/lock/a'")
                .withMessageContaining("Mutex");
        assertThatIllegalArgumentException().isThrownBy(() -> mine.rollBack(then, "ann", "why"));
        assertThat(server.revision()).isEqualTo(before);
        giveBack.run();
        committed(mine.change().put("a", "1").put("lock/a", "3"));
        Runnable next = EtcdConnection.of(here.connection).takeName("Mutex", root); // nobody uses it any more
        next.run();
    }
}
