/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.consort.config.ConfigViewContract.Told;
import dev.consort.config.ConfigWriter.Change;
import dev.consort.core.RecipeException;
import dev.consort.testkit.CallFault;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a roll-back of settings promises, whatever server is behind it. */
abstract class RollBackContract {
    private static final Instant NOON = Instant.parse("2026-11-22T12:00:00Z");

    private final Server server = server();
    private final Party here = server.join();
    private final Party there = server.join();
    private final String root = Server.freshName();
    private final ConfigWriter writer = ConfigWriter.create(here.connection, root, InstantSource.fixed(NOON));

    abstract Server server();

    @AfterEach
    void leave() {
        there.close();
        here.close();
        server.endLeases();
    }

    private static <T> T soon(Future<T> future) throws Exception {
        return future.get(10, TimeUnit.SECONDS);
    }

    private static long committed(WriteOutcome outcome) {
        assertThat(outcome.committed()).as("%s", outcome).isTrue();
        return outcome.revision();
    }

    private long write(int from, int count, String value) {
        Change change = writer.change();
        for (int i = from; i < from + count; i++) {
            change.put("key-" + i, value);
        }
        return committed(change.commit());
    }

    private WriteOutcome back(long revision) {
        return writer.rollBack(revision, "ann", "it was better");
    }

    /** Whatever is tried, until it is released: an attempt that is held for a second is followed by another one. */
    private CallFault heldBack() {
        return here.faults
                .every(Calls.putting("consort/config/" + root + "//head"))
                .hold();
    }

    private SortedMap<String, String> settings() {
        try (ConfigView<SortedMap<String, String>> view =
                ConfigView.of(there.connection, root).open()) {
            return view.get();
        }
    }

    @Test
    void rollBack_restoresEverythingInOneRevision_andSaysWho() throws Exception {
        Map<String, String> before = Map.of("same", "1", "changed", "1", "deleted", "1", "back", "1");
        Change change = writer.change();
        before.forEach(change::put);
        long then = committed(change.commit());
        long changed = committed(writer.change()
                .put("changed", "2")
                .put("created", "2")
                .delete("deleted")
                .put("back", "2")
                .commit());
        server.put(root + "/back", "1");
        server.put(root + "/by/another", "client");
        server.put(root, "not below it");
        server.put(root + "-2/size", "of another root");
        try (ConfigView<SortedMap<String, String>> view =
                ConfigView.of(there.connection, root).open()) {
            SortedMap<String, String> with = view.get();
            Told<SortedMap<String, String>> told = new Told<>();
            view.listen(told);
            long last = server.revision();
            long revision = committed(back(then));
            assertThat(revision).isEqualTo(last + 1).isEqualTo(server.revision());
            assertThat(told.next())
                    .isEqualTo(new ConfigChange<>(
                            with,
                            new TreeMap<>(before),
                            revision,
                            Set.of("changed", "created", "deleted", "by/another")));
            AuditEntry entry = writer.audit(10).get(0);
            assertThat(entry.put()).containsExactlyInAnyOrder("changed", "deleted");
            assertThat(entry.deleted()).containsExactlyInAnyOrder("created", "by/another");
            assertThat(new AuditEntry(
                            revision,
                            "ann",
                            "it was better",
                            Optional.of(NOON),
                            entry.put(),
                            entry.deleted(),
                            OptionalLong.of(then)))
                    .isEqualTo(entry);
            assertThat(writer.audit(10)).hasSize(1);
            assertThat(committed(soon(writer.rollBackAsync(changed, "bob", "no, it was not"))))
                    .isEqualTo(revision + 1);
            assertThat(told.next().after()).containsEntry("created", "2").doesNotContainKey("deleted");
        }
        assertThat(server.text(root) + server.text(root + "-2/size")).isEqualTo("not below itof another root");
    }

    @Test
    void rollBack_toWhatIsThere_writesNothing() throws Exception {
        long then = write(0, 2, "1");
        server.put(root + "-beside", "1");
        long now = server.revision();
        assertThat(committed(back(then))).isEqualTo(now);
        assertThat(committed(back(now))).isEqualTo(now);
        now = write(0, 2, "1"); // written anew, and still the same
        assertThat(committed(back(then))).isEqualTo(now);
        assertThat(committed(soon(writer.rollBackAsync(then, "ann", "why")))).isEqualTo(now);
        assertThat(server.revision()).isEqualTo(now);
        assertThat(writer.audit(1)).isEmpty();
    }

    @Test
    void rollBack_beforeAnythingWasThere_deletesAll() {
        long nothing = server.revision();
        write(0, 3, "1");
        committed(back(nothing));
        assertThat(settings()).isEmpty();
        assertThat(writer.audit(1).get(0).deleted()).containsExactlyInAnyOrder("key-0", "key-1", "key-2");
    }

    /** A foreign deletion, too, of a key that is as it should be. */
    @Test
    void rollBack_whileOthersWrite_isRefusedAndSaysWhatItWas() throws Exception {
        long then = committed(writer.change().put("a", "1").put("same", "1").commit());
        committed(writer.change().put("a", "2").put("created", "2").commit());
        ConfigWriter theirs = ConfigWriter.create(there.connection, root);
        for (String name : List.of("a", "created", "same", "new", "ours", "deleted")) {
            CallFault held = heldBack();
            long now = server.revision();
            CompletableFuture<WriteOutcome> back = writer.rollBackAsync(then, "ann", "why");
            soon(held.hit());
            long theirRevision = switch (name) {
                case "ours" -> theirs.change().put("ours", "3").commit().revision();
                case "deleted" -> server.delete(root + "/same");
                default -> server.put(root + "/" + name, "3");
            };
            held.stop();
            held.release();
            WriteOutcome outcome = soon(back);
            assertThat(outcome.conflicts())
                    .as(name)
                    .containsExactly(
                            name.equals("deleted")
                                    ? new WriteConflict("same", "unchanged since revision " + now, 0, Optional.empty())
                                    : new WriteConflict(
                                            name, "unchanged since revision " + now, theirRevision, Optional.empty()));
            assertThat(server.revision()).isEqualTo(theirRevision);
        }
        assertThat(writer.audit(1)).isEmpty();
        committed(back(then));
        assertThat(settings()).isEqualTo(Map.of("a", "1", "same", "1"));
    }

    /** The condition on the head tells of what the keys that fit into the comparisons do not. */
    @Test
    void rollBack_ofALargeRoot_readsPages_andNoticesADeletion() throws Exception {
        for (int from = 0; from < 1_100; from += 100) {
            write(from, 100, "1");
        }
        long then = server.revision();
        write(990, 40, "2"); // on both pages
        SortedMap<String, String> changed = new TreeMap<>(settings());
        CallFault held = heldBack();
        CompletableFuture<WriteOutcome> late = writer.rollBackAsync(then, "ann", "why");
        soon(held.hit());
        ConfigWriter.create(there.connection, root).change().delete("key-1").commit();
        held.stop();
        held.release();
        assertThat(soon(late).conflicts()).extracting(WriteConflict::name).containsExactly("key-1");
        changed.remove("key-1");
        assertThat(settings()).isEqualTo(changed);
        committed(back(then));
        assertThat(settings()).hasSize(1_100).containsValue("1").doesNotContainValue("2");
        assertThat(writer.audit(1).get(0).put()).hasSize(41);
    }

    // Refused

    @Test
    void rollBack_toWhatIsCompactedOrStillToCome_isRefused() {
        long first = write(0, 1, "1");
        long second = write(0, 1, "2");
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> back(second + 1))
                .withMessageContaining("revision " + (second + 1))
                .withMessageContaining("etcd is at " + second);
        assertThat(writer.rollBackAsync(second + 1, "ann", "why"))
                .failsWithin(10, TimeUnit.SECONDS)
                .withThrowableThat()
                .withMessageContaining("still to come");
        server.compact();
        assertThatExceptionOfType(RevisionCompactedException.class)
                .isThrownBy(() -> back(first))
                .withMessageContaining(root)
                .satisfies(e -> assertThat(e.revision()).isEqualTo(first));
        assertThat(writer.rollBackAsync(first, "ann", "why"))
                .failsWithin(10, TimeUnit.SECONDS)
                .withThrowableThat()
                .withCauseInstanceOf(RevisionCompactedException.class);
        for (long bad : new long[] {0, -1}) {
            assertThatIllegalArgumentException().isThrownBy(() -> back(bad)).withMessageContaining("revision " + bad);
        }
        assertThat(server.revision()).isEqualTo(second);
    }

    @Test
    void rollBack_ofMoreThanEtcdTakes_saysSoBefore() throws Exception {
        long empty = server.revision();
        write(0, 125, "1");
        committed(back(empty));
        write(0, 100, "1");
        long last = write(100, 26, "1");
        assertTooLarge(empty, "126 keys to write and delete", "more than 125", "128 operations");
        committed(writer.change().delete("key-0").commit());
        committed(back(last));
        write(0, 3, "x".repeat(400_000));
        long large = write(3, 3, "x".repeat(400_000));
        write(0, 6, "2");
        assertTooLarge(large, "2400000 bytes", "more than 1570816", "1.5 MiB");
        assertThat(writer.rollBackAsync(large, "ann", "why"))
                .failsWithin(10, TimeUnit.SECONDS)
                .withThrowableThat()
                .withCauseInstanceOf(ChangeTooLargeException.class);
    }

    private void assertTooLarge(long revision, String... words) {
        long now = server.revision();
        assertThatExceptionOfType(ChangeTooLargeException.class)
                .isThrownBy(() -> back(revision))
                .withMessageContaining(root)
                .withMessageContaining("nothing was written")
                .satisfies(e -> assertThat(e.getMessage()).contains(words));
        assertThat(server.revision()).isEqualTo(now);
    }
}
