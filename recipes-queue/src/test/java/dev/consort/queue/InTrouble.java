/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Connection;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.testkit.CallLog;
import dev.consort.testkit.Commit;
import dev.consort.testkit.history.ServerHistory;
import dev.consort.testkit.stress.Companion;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.options.DeleteOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Processes that use one queue until they are told to end, in a cluster in trouble. */
abstract class InTrouble implements Companion {
    private static final int MEMBERS = 4;
    private static final Duration TTL = Duration.ofSeconds(3);
    private static final int UNDER_WAY = 30;

    final String root;
    final String name;
    final List<Member> members = new ArrayList<>();
    private final Client operator;
    private final long from;
    private final AtomicInteger done = new AtomicInteger();
    private final CountDownLatch ending = new CountDownLatch(1);
    private final List<Thread> threads = new ArrayList<>();
    private int resumed = -1;

    /** One of them. */
    static final class Member implements AutoCloseable {
        final int number;
        final SessionFactory sessions;
        private final CallLog log = CallLog.create();
        private final Client client;
        private final Connection connection;

        Member(int number, List<String> endpoints) {
            this.number = number;
            client = Client.builder()
                    .endpoints(endpoints.toArray(String[]::new))
                    .interceptor(log)
                    .build();
            connection = Connection.of(client);
            sessions = SessionFactory.of(Session.builder(connection).ttl(TTL));
        }

        private long troubles() {
            return Companion.felt(log.counts());
        }

        @Override
        public void close() {
            sessions.close();
            connection.close();
            client.close();
        }
    }

    /** What a process does again and again. */
    interface Turn {
        /** Does something. */
        void go(Random random, int number) throws InterruptedException;
    }

    InTrouble(String root, List<List<String>> networks, Client operator) {
        this.root = root;
        this.name = root + "queue";
        this.operator = operator;
        this.from = answer(operator.getKVClient().get(bytes(name))).getHeader().getRevision();
        for (int i = 0; i < MEMBERS; i++) {
            members.add(new Member(i, networks.get(i % networks.size())));
        }
    }

    /** Begins what a process does. */
    final void play(Member member, Turn turn) {
        Random random = new Random(member.number);
        Thread thread = new Thread(
                () -> {
                    for (int i = 0; ending.getCount() > 0; i++) {
                        try {
                            turn.go(random, i);
                        } catch (InterruptedException e) {
                            return;
                        } catch (RecipeException e) {
                            // In trouble: the next turn.
                        }
                    }
                },
                "consort-chaos-" + name + member.number);
        thread.setDaemon(true);
        thread.start();
        threads.add(thread);
    }

    final void hasDone() {
        done.incrementAndGet();
    }

    @Override
    public final long troubles() {
        return members.stream().mapToLong(Member::troubles).sum();
    }

    @Override
    public final boolean isUnderWay() {
        return done.get() >= UNDER_WAY;
    }

    @Override
    public final boolean hasResumed() {
        if (resumed < 0) {
            resumed = done.get();
        }
        return done.get() > resumed + UNDER_WAY;
    }

    /** The others have ended: takes what is left, by a session that never dies. */
    abstract void drain(Member member) throws InterruptedException;

    /** Looks at what etcd has seen. */
    abstract String judge(List<Commit> log);

    @Override
    public final String judge() {
        ending.countDown();
        try {
            for (Thread thread : threads) {
                thread.join(20_000);
                assertThat(thread.isAlive())
                        .as("%s has not come to its end", thread)
                        .isFalse();
            }
            drain(members.get(0));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        members.forEach(Member::close);
        String verdict;
        try (ServerHistory history = ServerHistory.since(operator, root, from + 1)) {
            verdict = judge(history.commitsBelow(name));
        }
        var unused = answer(operator.getKVClient()
                .delete(bytes(root), DeleteOption.builder().isPrefix(true).build()));
        return verdict;
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    private static <T> T answer(CompletableFuture<T> call) {
        return call.orTimeout(20, TimeUnit.SECONDS).join();
    }

    @Override
    public final void close() {
        ending.countDown();
        members.forEach(Member::close);
    }

    @Override
    public final String toString() {
        return name + ", " + done + " done";
    }
}
