/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.consort.core.Connection;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.options.DeleteOption;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;

/** Where the demo plays: etcd, the database and the worker processes; and nothing of it stays. Thread-safe. */
final class Stage implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(4);

    /** Every key of this run is below it, those of the sessions too. */
    private final String namespace = "consort-demo/" + UUID.randomUUID() + "/";

    private final EventLog log;
    private final Path folder;
    private final DemoEtcd server;
    private final Connection etcd;
    private final Database database;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, WorkerProcess> workers = new LinkedHashMap<>();

    @GuardedBy("lock")
    private boolean closed;

    /**
     * Makes everything ready for the first worker.
     *
     * @param server the etcd to play on, which is closed with this
     * @param folder for the workers' logs
     */
    Stage(DemoEtcd server, EventLog log, Path folder) throws SQLException {
        this.log = log;
        this.folder = folder;
        this.server = server;
        etcd = Connection.to(server.endpoints().toArray(String[]::new)).open();
        log.note("", "etcd at " + String.join(", ", server.endpoints()) + ", " + server.kind());
        database = new Database();
        log.note("", "database at " + database.url());
    }

    Database database() {
        return database;
    }

    /** Starts one more worker, w1 being the first. */
    WorkerProcess startWorker() throws IOException, SQLException, DemoFailedException {
        lock.lock();
        try {
            if (closed) {
                throw new DemoFailedException("the demo is being ended");
            }
            String name = "w" + (workers.size() + 1);
            database.addUser(name);
            Worker.Setup setup =
                    new Worker.Setup(name, namespace, database.url(), database.password(), etcd.endpoints());
            WorkerProcess worker = WorkerProcess.start(setup, log, folder);
            workers.put(name, worker);
            return worker;
        } finally {
            lock.unlock();
        }
    }

    /** A worker by its name. */
    WorkerProcess worker(String name) {
        lock.lock();
        try {
            WorkerProcess worker = workers.get(name);
            if (worker == null) {
                throw new IllegalArgumentException("no worker is called " + name);
            }
            return worker;
        } finally {
            lock.unlock();
        }
    }

    /** Lets the workers end by themselves, which gives back what they hold in etcd. */
    void endWorkers() throws InterruptedException, DemoFailedException {
        List<WorkerProcess> all = all();
        all.forEach(WorkerProcess::askToEnd);
        for (WorkerProcess worker : all) {
            if (!worker.awaitEnd(PATIENCE)) {
                throw new DemoFailedException(worker.name() + " was asked to end and still runs");
            }
        }
    }

    private List<WorkerProcess> all() {
        lock.lock();
        try {
            return List.copyOf(workers.values());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Removes what is below this run's prefix.
     *
     * @return how many keys there were
     */
    private long removeKeys() {
        ByteSequence prefix = ByteSequence.from(namespace, StandardCharsets.UTF_8);
        DeleteOption all = DeleteOption.builder().isPrefix(true).build();
        try {
            return etcd.client()
                    .getKVClient()
                    .delete(prefix, all)
                    .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                    .getDeleted();
        } catch (ExecutionException | TimeoutException e) {
            log.note("", "keys below " + namespace + " may be left: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            log.note("", "keys below " + namespace + " may be left: interrupted");
        }
        return -1;
    }

    /** Kills what still runs, and leaves no process and no key behind. Idempotent. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            for (WorkerProcess worker : workers.values()) {
                worker.kill();
            }
            for (WorkerProcess worker : workers.values()) {
                worker.awaitEnd(PATIENCE);
            }
            log.note("", "keys left in etcd, and removed: " + removeKeys());
            database.close();
        } catch (SQLException e) {
            log.note("", "the database did not close: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            etcd.close();
            server.close();
            lock.unlock();
        }
    }
}
