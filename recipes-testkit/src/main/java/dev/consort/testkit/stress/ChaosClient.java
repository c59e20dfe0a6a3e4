/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import dev.consort.testkit.CallLog;
import dev.consort.testkit.history.History;
import dev.consort.testkit.history.Outcome;
import dev.consort.testkit.history.Ownership;
import dev.consort.testkit.history.Ownership.Acquired;
import dev.consort.testkit.history.Ownership.Lost;
import dev.consort.testkit.history.Ownership.Released;
import dev.consort.testkit.history.Ownership.Written;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A client with a session, and a thread that owns one name after another until it is told to end. */
final class ChaosClient implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final Duration ANSWER_TIME = Duration.ofSeconds(30);

    private final int id;
    private final CallLog log = CallLog.create();
    private final Client client;
    private final Function<Client, Contender> opener;
    private final List<ChaosName> names;
    private final AtomicLong losses = new AtomicLong();
    private final Thread thread;
    private volatile boolean ending; // told by another thread
    private @Nullable Contender contender; // confined to the thread until it has ended

    ChaosClient(int id, List<String> endpoints, Function<Client, Contender> opener, List<ChaosName> names) {
        this.id = id;
        this.client = Client.builder()
                .endpoints(endpoints.toArray(String[]::new))
                .interceptor(log)
                .build();
        this.opener = opener;
        this.names = names;
        this.thread = new Thread(this::play, "consort-chaos-" + id);
        this.thread.setDaemon(true);
    }

    void begin() {
        thread.start();
    }

    void stop() {
        ending = true;
    }

    /** Ends the thread and its session. */
    void end() {
        stop();
        try {
            thread.join(ANSWER_TIME.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
        if (thread.isAlive()) {
            throw new AssertionError("client " + id + " does not come to its end");
        }
        if (contender != null) {
            contender.close();
        }
    }

    long losses() {
        return losses.get();
    }

    long troubles() {
        return Companion.felt(log.counts());
    }

    private void play() {
        for (int round = 0; !ending; round++) {
            ChaosName name = names.get((id + round) % names.size());
            try {
                Contender now = contender;
                if (now == null || !now.isAlive()) {
                    contender = null;
                    if (now != null) {
                        now.close();
                    }
                    now = opener.apply(client);
                    contender = now;
                }
                own(now, name);
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                // No server, or a session that was lost meanwhile: again.
                Chaos.pause(20);
            }
        }
    }

    private void own(Contender now, ChaosName name) throws InterruptedException {
        History<Ownership> history = name.history();
        long invoked = history.moment();
        Optional<? extends Tenure> granted = now.tryAcquire(name.key(), "client " + id, PATIENCE);
        if (granted.isEmpty()) {
            return;
        }
        Tenure tenure = granted.get();
        long token = tenure.token();
        history.ended(id, invoked, new Acquired(token, tenure.value()), Outcome.OK);
        name.granted();
        var unused = tenure.lost().thenAccept(reason -> {
            losses.incrementAndGet();
            history.ended(id, invoked, new Lost(token), Outcome.OK);
        });
        long writing = history.moment();
        Outcome written = outcome(tenure.writeAsync(name.register(), Long.toString(token)));
        history.ended(id, writing, new Written(token), written);
        Chaos.pause(3);
        long releasing = history.moment();
        Outcome released = outcome(tenure.releaseAsync());
        if (released == Outcome.FAILED) {
            history.ended(id, invoked, new Lost(token), Outcome.OK);
        }
        history.ended(id, releasing, new Released(token), released);
    }

    private static Outcome outcome(CompletableFuture<Boolean> answer) throws InterruptedException {
        try {
            return answer.get(ANSWER_TIME.toSeconds(), TimeUnit.SECONDS) ? Outcome.OK : Outcome.FAILED;
        } catch (ExecutionException | TimeoutException e) {
            return Outcome.UNKNOWN;
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
