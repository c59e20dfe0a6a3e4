/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.bytes;
import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Connection;
import dev.consort.core.RecipeException;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.testkit.history.ServerHistory;
import dev.consort.testkit.stress.Companion;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.options.DeleteOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A group of three that come, change and go in a cluster in trouble, and two that observe it: each report is true at its
 * revision, none is left out, and nobody's key is taken.
 */
final class GroupInTrouble implements Companion {
    private static final int MEMBERS = 3;
    private static final Duration TTL = Duration.ofSeconds(3);
    private static final String ROOT = "company/group/";
    private static final String NAME = ROOT + "workers";

    private final Client operator;
    private final long from;
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final List<Thread> threads = new ArrayList<>();
    private final List<Rosters> observers = new ArrayList<>();
    private final Map<Long, Integer> owners = new ConcurrentHashMap<>(); // the member of each lease
    private final AtomicLong updates = new AtomicLong();
    private final CountDownLatch ending = new CountDownLatch(1);
    private long resumed = -1;

    GroupInTrouble(List<List<String>> networks, Client operator) {
        this.operator = operator;
        this.from = now(operator.getKVClient().get(bytes(NAME))).getHeader().getRevision();
        for (List<String> network : networks) {
            Rosters rosters = new Rosters();
            observers.add(rosters);
            open.push(Membership.observe(connect(network), NAME, rosters));
        }
        for (int i = 0; i < MEMBERS; i++) {
            start(i, networks.get(i % networks.size()));
        }
    }

    private Connection connect(List<String> endpoints) {
        Client client =
                Client.builder().endpoints(endpoints.toArray(String[]::new)).build();
        open.push(client);
        Connection connection = Connection.of(client);
        open.push(connection);
        return connection;
    }

    private void start(int member, List<String> endpoints) {
        SessionFactory opened =
                SessionFactory.of(Session.builder(connect(endpoints)).ttl(TTL));
        open.push(opened);
        SessionFactory sessions = new SessionFactory() {
            @Override
            public Session session() {
                Session session = opened.session();
                owners.put(session.leaseId(), member);
                return session;
            }

            @Override
            public void close() {
                opened.close();
            }
        };
        Thread thread = new Thread(() -> play(member, Membership.create(sessions, NAME)), "consort-chaos-m" + member);
        thread.setDaemon(true);
        thread.start();
        threads.add(thread);
    }

    private void play(int member, Membership group) {
        while (ending.getCount() > 0) {
            try (Seat seat = group.join("m" + member, "new", Duration.ofSeconds(5))) {
                for (int i = 0; i < 20 && !ending.await(40, TimeUnit.MILLISECONDS); i++) {
                    seat.update(member + "-" + i);
                    updates.incrementAndGet();
                }
            } catch (InterruptedException e) {
                return;
            } catch (RecipeException e) {
                // In trouble: again.
            }
        }
    }

    @Override
    public boolean isUnderWay() {
        return updates.get() >= 10
                && observers.stream().noneMatch(seen -> seen.all().isEmpty());
    }

    @Override
    public boolean hasResumed() {
        if (resumed < 0) {
            resumed = updates.get();
        }
        return updates.get() > resumed + 10;
    }

    @Override
    public String judge() {
        ending.countDown();
        threads.forEach(this::join);
        GroupTruth truth;
        try (ServerHistory history = ServerHistory.since(operator, ROOT, from + 1)) {
            truth = new GroupTruth(NAME, history.commitsBelow(NAME + "/"));
        }
        observers.forEach(seen -> await().atMost(Duration.ofSeconds(15)).until(() -> truth.isAllTold(seen.all())));
        truth.assertNobodyTookAKey(owners);
        observers.forEach(seen -> {
            seen.assertConsistent();
            truth.assertTold(seen.all(), true);
            assertThat(seen.members()).isEmpty();
        });
        closeAll();
        var unused = now(operator.getKVClient()
                .delete(bytes(ROOT), DeleteOption.builder().isPrefix(true).build()));
        return observers.get(0).all().size() + " reports of " + updates.get() + " updates by " + owners.size()
                + " sessions";
    }

    private void join(Thread thread) {
        try {
            thread.join(20_000);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        assertThat(thread.isAlive()).as("%s has not come to its end", thread).isFalse();
    }

    private void closeAll() {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    @Override
    public void close() {
        ending.countDown();
        closeAll();
    }

    @Override
    public String toString() {
        return "Membership";
    }
}
