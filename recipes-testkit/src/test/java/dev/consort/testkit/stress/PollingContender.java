/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.consort.testkit.history.ClaimLives;
import dev.consort.testkit.history.Ownership.Seen;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A lock as one would write it in an hour, for one client a session: it polls, and gives its session up at the first
 * failure. Also one that forgets to wait, to see that it is caught. Thread-safe.
 */
final class PollingContender implements Contender {
    private final Client client;
    private final KV kv;
    private final boolean waits;
    private final long lease;
    private final CompletableFuture<String> lost = new CompletableFuture<>();

    PollingContender(Client client, boolean waits) {
        this.client = client;
        this.kv = client.getKVClient();
        this.waits = waits;
        this.lease = answer(client.getLeaseClient().grant(60)).getID();
    }

    private <T> T answer(CompletableFuture<T> call) {
        try {
            return call.get(2, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            lost.complete("a call failed");
            throw new CompletionException(e);
        } catch (InterruptedException e) {
            lost.complete("interrupted");
            throw new CompletionException(e);
        }
    }

    @Override
    public long leaseId() {
        return lease;
    }

    @Override
    public boolean isAlive() {
        return !lost.isDone();
    }

    @Override
    public Queued acquireAsync(String name, String value) {
        AtomicBoolean wanted = new AtomicBoolean(true);
        // A thread for each: pollers would starve one another in a shared pool of as many threads as processors.
        CompletableFuture<Held> held = CompletableFuture.supplyAsync(
                () -> acquire(name, value, wanted, Long.MAX_VALUE).orElseThrow(), task -> {
                    Thread poller = new Thread(task, "poller");
                    poller.setDaemon(true);
                    poller.start();
                });
        return new Queued(held, () -> wanted.set(false));
    }

    @Override
    public Optional<Held> tryAcquire(String name, String value) {
        return tryAcquire(name, value, Duration.ZERO);
    }

    @Override
    public Optional<Held> tryAcquire(String name, String value, Duration timeout) {
        return acquire(name, value, new AtomicBoolean(true), timeout.toNanos());
    }

    private Optional<Held> acquire(String name, String value, AtomicBoolean wanted, long nanos) {
        long start = System.nanoTime();
        ByteSequence key = bytes(name + "/" + Long.toHexString(lease));
        PutOption leased = PutOption.builder().withLeaseId(lease).build();
        TxnResponse put = answer(kv.txn()
                .If(new Cmp(key, Cmp.Op.EQUAL, CmpTarget.createRevision(0)))
                .Then(Op.put(key, bytes(value), leased))
                .commit());
        if (!put.isSucceeded()) {
            return Optional.empty();
        }
        long created = put.getHeader().getRevision();
        GetOption first = GetOption.builder()
                .isPrefix(true)
                .withSortField(GetOption.SortTarget.CREATE)
                .withSortOrder(GetOption.SortOrder.ASCEND)
                .withLimit(1)
                .build();
        while (true) {
            if (!isAlive()) {
                throw new IllegalStateException("the session has ended");
            }
            var now = answer(kv.get(bytes(name + "/"), first)).getKvs();
            if (!waits || (!now.isEmpty() && now.get(0).getCreateRevision() == created)) {
                return Optional.of(new Held(key, created, value));
            }
            if (!wanted.get() || System.nanoTime() - start >= nanos) {
                var unused = guarded(key, created, Op.delete(key, DeleteOption.DEFAULT));
                return Optional.empty();
            }
        }
    }

    private boolean guarded(ByteSequence key, long created, Op op) {
        return answer(kv.txn()
                        .If(new Cmp(key, Cmp.Op.EQUAL, CmpTarget.createRevision(created)))
                        .Then(op)
                        .commit())
                .isSucceeded();
    }

    @Override
    public Seen seen(String name) {
        GetOption all = GetOption.builder()
                .isPrefix(true)
                .withSortField(GetOption.SortTarget.CREATE)
                .withSortOrder(GetOption.SortOrder.ASCEND)
                .build();
        for (KeyValue first : answer(kv.get(bytes(name + "/"), all)).getKvs()) {
            return new Seen(
                    first.getCreateRevision() << ClaimLives.SEQUENCE_BITS,
                    first.getValue().toString(UTF_8));
        }
        return new Seen(0, "");
    }

    @Override
    public void orphan() {
        lost.complete("CLOSED");
    }

    @Override
    public void close() {
        lost.complete("CLOSED");
        var unused = client.getLeaseClient()
                .revoke(lease)
                .orTimeout(10, TimeUnit.SECONDS)
                .handle((revoked, failure) -> true)
                .join();
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    /** Holding it. */
    private final class Held implements Tenure {
        private final ByteSequence key;
        private final long created;
        private final String value;

        Held(ByteSequence key, long created, String value) {
            this.key = key;
            this.created = created;
            this.value = value;
        }

        @Override
        public long token() {
            return created << ClaimLives.SEQUENCE_BITS;
        }

        @Override
        public String value() {
            return value;
        }

        @Override
        public CompletionStage<String> lost() {
            return lost;
        }

        @Override
        public CompletableFuture<Boolean> releaseAsync() {
            // Not what was called lost before.
            return CompletableFuture.supplyAsync(
                    () -> guarded(key, created, Op.delete(key, DeleteOption.DEFAULT)) && isAlive());
        }

        @Override
        public CompletableFuture<Boolean> writeAsync(String register, String written) {
            return CompletableFuture.supplyAsync(
                    () -> guarded(key, created, Op.put(bytes(register), bytes(written), PutOption.DEFAULT)));
        }

        @Override
        public CompletableFuture<Boolean> proclaimAsync(String proclaimed) {
            PutOption leased = PutOption.builder().withLeaseId(lease).build();
            return CompletableFuture.supplyAsync(() -> guarded(key, created, Op.put(key, bytes(proclaimed), leased)));
        }
    }
}
