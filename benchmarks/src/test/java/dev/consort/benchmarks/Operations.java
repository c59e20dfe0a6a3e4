/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import dev.consort.config.AtomicCounter;
import dev.consort.config.ConfigWriter;
import dev.consort.config.IdGenerator;
import dev.consort.config.SetNx;
import dev.consort.config.SharedValue;
import dev.consort.core.Acquirable;
import dev.consort.core.Codec;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.election.LeaderElection;
import dev.consort.election.Leadership;
import dev.consort.lock.DistributedSemaphore;
import dev.consort.lock.MultiMutex;
import dev.consort.lock.Mutex;
import dev.consort.lock.ReadWriteLock;
import dev.consort.queue.DistributedQueue;
import dev.consort.queue.WorkQueue;
import dev.consort.stm.Stm;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The operations of the table, each by one thread of one session that is alone. */
final class Operations {
    private static final int SECONDS = 10;

    private Operations() {}

    static List<Operation> all() {
        return List.of(
                new Operation("Mutex: acquire, release", (session, name) -> held(Mutex.create(session, name))),
                new Operation("Mutex: 10 hand-overs within the process", Operations::handOver),
                new Operation("Mutex: guarded put", Operations::guardedPut),
                new Operation(
                        "MultiMutex: acquire, release of 2",
                        (session, name) -> held(MultiMutex.create(session, List.of(name + "-a", name + "-b")))),
                new Operation(
                        "ReadWriteLock: read lock, release",
                        (session, name) ->
                                held(ReadWriteLock.create(session, name).readLock())),
                new Operation(
                        "ReadWriteLock: write lock, release",
                        (session, name) ->
                                held(ReadWriteLock.create(session, name).writeLock())),
                new Operation(
                        "DistributedSemaphore: acquire, release",
                        (session, name) -> held(DistributedSemaphore.create(session, name, 3))),
                new Operation("LeaderElection: campaign, resign", Operations::lead),
                new Operation("LeaderElection: proclaim", Operations::proclaim),
                new Operation("DistributedQueue: offer, take", Operations::queue),
                new Operation("DistributedQueue: offerAll of 100", Operations::batch),
                new Operation("WorkQueue: offer, receive, ack", Operations::work),
                new Operation("SharedValue: set", (session, name) -> {
                    SharedValue<String> value = SharedValue.create(session.connection(), name, Codec.utf8());
                    return () -> expect(value.set("v").revision() > 0);
                }),
                new Operation("SharedValue: get", (session, name) -> {
                    SharedValue<String> value = SharedValue.create(session.connection(), name, Codec.utf8());
                    expect(value.set("v").revision() > 0);
                    return () -> expect(value.get().isPresent());
                }),
                new Operation("AtomicCounter: increment", (session, name) -> {
                    AtomicCounter counter = AtomicCounter.create(session.connection(), name);
                    return () -> expect(counter.increment() > 0);
                }),
                new Operation("IdGenerator: 100 ids, of blocks of 100", (session, name) -> {
                    IdGenerator ids = IdGenerator.create(session.connection(), name, 100);
                    return () -> {
                        for (int i = 0; i < 100; i++) {
                            expect(ids.next() >= 0);
                        }
                    };
                }),
                new Operation("SetNx: trySet, release", (session, name) -> {
                    SetNx key = SetNx.boundTo(session, name);
                    return () -> expect(key.release(key.trySet("v").token()));
                }),
                new Operation("ConfigWriter: change of 2 keys", (session, name) -> {
                    ConfigWriter writer = ConfigWriter.create(session.connection(), name);
                    return () -> expect(
                            writer.change().put("a", "1").put("b", "2").commit().committed());
                }),
                new Operation("Stm: read and write of one key", (session, name) -> {
                    Stm stm = Stm.on(session.connection());
                    return () ->
                            stm.runWithoutResult(tx -> tx.put(name, tx.get(name).orElse("") + ""));
                }));
    }

    /** Allocates nothing. */
    private static void expect(boolean condition) {
        Must.hold(condition, "an operation has failed");
    }

    private static Operation.Step held(Acquirable<? extends Grant> lock) {
        return () -> expect(lock.acquire().release());
    }

    private static Operation.Step handOver(Session session, String name) throws InterruptedException {
        Mutex mutex = Mutex.create(session, name);
        Grant[] holder = {mutex.acquire()};
        return () -> {
            for (int i = 0; i < 10; i++) {
                CompletableFuture<Grant> next = mutex.acquireAsync();
                expect(holder[0].release());
                holder[0] = next.get(SECONDS, TimeUnit.SECONDS);
            }
        };
    }

    private static Operation.Step guardedPut(Session session, String name) throws InterruptedException {
        Grant grant = Mutex.create(session, name).acquire();
        return () -> expect(grant.guard().txn().put(name + "-state", "v").commit());
    }

    private static Operation.Step lead(Session session, String name) {
        LeaderElection election = LeaderElection.create(session, name);
        return () -> expect(election.campaign("v").resign());
    }

    private static Operation.Step proclaim(Session session, String name) throws InterruptedException {
        Leadership leadership = LeaderElection.create(session, name).campaign("v");
        return () -> expect(leadership.proclaim("w"));
    }

    private static Operation.Step queue(Session session, String name) {
        DistributedQueue<String> queue = DistributedQueue.create(session, name, Codec.utf8());
        return () -> {
            expect(queue.offer("item"));
            expect(queue.take().equals("item"));
        };
    }

    private static Operation.Step batch(Session session, String name) {
        DistributedQueue<String> queue = DistributedQueue.create(session, name, Codec.utf8());
        List<String> items = Collections.nCopies(100, "item");
        return () -> expect(queue.offerAll(items));
    }

    private static Operation.Step work(Session session, String name) {
        WorkQueue<String> queue = WorkQueue.create(session, name, Codec.utf8());
        return () -> {
            expect(queue.offer("job"));
            expect(queue.receive().ack());
        };
    }
}
