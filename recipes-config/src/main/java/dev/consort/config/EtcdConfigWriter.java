/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.core.Connection;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.Handing;
import dev.consort.core.internal.SnapshotReads;
import dev.consort.core.internal.Store;
import dev.consort.core.internal.Store.Outcome;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeRequest.SortOrder;
import io.etcd.jetcd.api.RangeRequest.SortTarget;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.TxnRequest;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A writer of the keys below a root.
 *
 * <p>Immutable. Who waits computes on his own thread between two requests, and needs none of the connection's; the executor
 * does so for the others.
 */
final class EtcdConfigWriter implements ConfigWriter {
    static final String RECIPE = "ConfigWriter";

    private static final Logger log = LoggerFactory.getLogger(EtcdConfigWriter.class);
    private static final AtomicLong entries = new AtomicLong();
    private static final int MOST_ENTRIES = 1_000;

    private final EtcdConnection connection;
    private final WriterKeys keys;
    private final Handing handing;
    private final InstantSource clock;

    EtcdConfigWriter(Connection connection, String root) {
        this(connection, root, EtcdConnection.of(connection).timing().instants());
    }

    EtcdConfigWriter(Connection connection, String root, InstantSource clock) {
        this.connection = EtcdConnection.of(connection);
        Store store = Store.of(connection, RECIPE);
        this.keys = WriterKeys.of(store, root);
        this.handing = Handing.of(store, root);
        this.clock = Objects.requireNonNull(clock, "clock");
    }

    @Override
    public String root() {
        return keys.root();
    }

    // Changes

    @Override
    public Change change() {
        return new EtcdConfigChange(this);
    }

    WriterKeys keys() {
        return keys;
    }

    /** With a key that no other one has, and the time of now. */
    Draft.Entry entry(Because because, Map<ByteString, Optional<ByteString>> writes, OptionalLong rolledBackTo) {
        return new Draft.Entry(
                keys.audit(connection.id() + "-" + Long.toHexString(entries.incrementAndGet())),
                because.entry(clock.instant(), writes, rolledBackTo));
    }

    WriteOutcome commit(Draft draft) {
        TxnRequest request = draft.request();
        if (draft.base() != 0) {
            checkReached("basedOn", draft.base(), handing.await(present()));
        }
        return written(draft, request);
    }

    CompletableFuture<WriteOutcome> commitAsync(Draft draft) {
        TxnRequest request = draft.request();
        return handing.async(
                draft.base() == 0
                        ? writtenAsync(draft, request)
                        : present().thenCompose(now -> {
                            checkReached("basedOn", draft.base(), now);
                            return writtenAsync(draft, request);
                        }));
    }

    /** The revision by now. A base beyond it would hold whatever was written: it is of another history. */
    private CompletableFuture<Long> present() {
        return keys.store()
                .range(RangeRequest.newBuilder().setKey(keys.head()).build())
                .thenApply(answer -> answer.getHeader().getRevision());
    }

    private void checkReached(String what, long revision, long now) {
        if (revision > now) {
            throw new RecipeException(
                    RECIPE,
                    keys.root(),
                    what + " revision " + revision + ", which is still to come: etcd is at " + now
                            + "; nothing was written. It is of another cluster, or etcd was restored from a backup",
                    null);
        }
    }

    private WriteOutcome written(Draft draft, TxnRequest request) {
        Outcome outcome = handing.await(send(draft, request));
        if (outcome.applied() || draft.base() == 0) {
            return settled(draft, outcome, new Meanwhile(null, null));
        }
        try {
            return settled(draft, outcome, handing.await(Meanwhile.of(draft, outcome)));
        } catch (OutcomeUnknownException late) {
            return settled(draft, outcome, new Meanwhile(null, null)); // this reading was late, and nothing else
        }
    }

    private CompletableFuture<WriteOutcome> writtenAsync(Draft draft, TxnRequest request) {
        return send(draft, request)
                .thenComposeAsync(
                        outcome -> (outcome.applied() || draft.base() == 0
                                        ? CompletableFuture.completedFuture(new Meanwhile(null, null))
                                        : Meanwhile.of(draft, outcome))
                                .thenApplyAsync(meanwhile -> settled(draft, outcome, meanwhile), handing.executor()),
                        handing.executor());
    }

    private static WriteOutcome settled(Draft draft, Outcome outcome, Meanwhile meanwhile) {
        return outcome.applied() ? new WriteOutcome(outcome.revision(), List.of()) : meanwhile.outcome(draft, outcome);
    }

    /** Once, with a known outcome. */
    private CompletableFuture<Outcome> send(Draft draft, TxnRequest request) {
        List<Runnable> taken = new ArrayList<>();
        Runnable giveBack = () -> taken.forEach(Runnable::run);
        return Handing.whileTaken(giveBack, () -> {
            for (ByteString name : draft.writes().keySet()) {
                taken.add(connection.takeKey(RECIPE, keys.root() + "/" + name.toStringUtf8()));
            }
            return keys.store().commit(request);
        });
    }

    // Rolling back

    @Override
    public WriteOutcome rollBack(long revision, String who, String why) {
        Because because = checked(revision, who, why);
        RootKeys now = handing.await(RootKeys.at(keys, 0));
        checkReached("rollBack to", revision, now.revision());
        RollBack back = new RollBack(keys, now, kept(revision, RootKeys.at(keys, revision)));
        Map<ByteString, Optional<ByteString>> writes = kept(revision, back.writes());
        if (writes.isEmpty()) {
            return new WriteOutcome(back.seen(), List.of());
        }
        Draft draft = draft(back, writes, because);
        return told(revision, written(draft, draft.request()));
    }

    @Override
    public CompletableFuture<WriteOutcome> rollBackAsync(long revision, String who, String why) {
        Because because = checked(revision, who, why);
        return handing.async(RootKeys.at(keys, 0)
                .thenComposeAsync(
                        now -> {
                            checkReached("rollBack to", revision, now.revision());
                            return keptAsync(revision, RootKeys.at(keys, revision))
                                    .thenComposeAsync(
                                            then -> rolledBack(new RollBack(keys, now, then), because),
                                            handing.executor());
                        },
                        handing.executor()));
    }

    private CompletableFuture<WriteOutcome> rolledBack(RollBack back, Because because) {
        return keptAsync(back.revision(), back.writes())
                .thenComposeAsync(
                        writes -> {
                            if (writes.isEmpty()) {
                                return CompletableFuture.completedFuture(new WriteOutcome(back.seen(), List.of()));
                            }
                            Draft draft = draft(back, writes, because);
                            return writtenAsync(draft, draft.request())
                                    .thenApply(outcome -> told(back.revision(), outcome));
                        },
                        handing.executor());
    }

    private Draft draft(RollBack back, Map<ByteString, Optional<ByteString>> writes, Because because) {
        return back.draft(writes, entry(because, writes, OptionalLong.of(back.revision())));
    }

    private Because checked(long revision, String who, String why) {
        if (revision < 1) {
            throw new IllegalArgumentException(RECIPE + " '" + root() + "': revision " + revision + " is not positive");
        }
        return new Because(who, why);
    }

    private WriteOutcome told(long revision, WriteOutcome outcome) {
        if (outcome.committed()) {
            log.info(
                    "{} '{}': rolled back to revision {} at revision {}", RECIPE, root(), revision, outcome.revision());
        }
        return outcome;
    }

    /** Waits for a reading of the past. */
    private <T> T kept(long revision, CompletableFuture<T> reading) {
        try {
            return handing.await(reading);
        } catch (RecipeException e) {
            throw compacted(revision, e);
        }
    }

    private <T> CompletableFuture<T> keptAsync(long revision, CompletableFuture<T> reading) {
        return reading.exceptionallyCompose(failure -> CompletableFuture.failedFuture(
                keys.store().failure(Handing.unwrapped(failure), root()) instanceof RecipeException refused
                        ? compacted(revision, refused)
                        : failure));
    }

    /** It is not in the future, or would have been refused before. */
    private RecipeException compacted(long revision, RecipeException failure) {
        return SnapshotReads.isRevisionGone(failure)
                ? new RevisionCompactedException(RECIPE, root(), revision, failure)
                : failure;
    }

    // Audit

    @Override
    public List<AuditEntry> audit(int limit, long before) {
        return read(handing.await(page(limit, before)));
    }

    @Override
    public CompletableFuture<List<AuditEntry>> auditAsync(int limit, long before) {
        return handing.async(page(limit, before).thenApplyAsync(EtcdConfigWriter::read, handing.executor()));
    }

    /** Sorted by the server, which looks at all entries for it; never within a transaction. */
    private CompletableFuture<RangeResponse> page(int limit, long before) {
        if (limit < 1 || limit > MOST_ENTRIES) {
            throw new IllegalArgumentException(
                    RECIPE + " '" + root() + "': limit " + limit + " is not from 1 to " + MOST_ENTRIES);
        }
        if (before < 1) {
            throw new IllegalArgumentException(
                    RECIPE + " '" + root() + "': before revision " + before + " is not positive");
        }
        if (before == 1) {
            return CompletableFuture.completedFuture(RangeResponse.getDefaultInstance()); // for etcd 0 is no bound
        }
        return keys.store()
                .range(keys.allAudit()
                        .setMaxModRevision(before - 1)
                        .setSortTarget(SortTarget.MOD)
                        .setSortOrder(SortOrder.DESCEND)
                        .setLimit(limit)
                        .build());
    }

    private static List<AuditEntry> read(RangeResponse page) {
        return page.getKvsList().stream().map(AuditText::read).toList();
    }

    @Override
    public String toString() {
        return RECIPE + " '" + root() + "'";
    }
}
