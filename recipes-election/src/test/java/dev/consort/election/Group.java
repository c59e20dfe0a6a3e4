/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.election.Membership.Member;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A process's side of a group, whose sessions come one after the other. */
final class Group implements AutoCloseable {
    private static final AtomicInteger names = new AtomicInteger();

    final Peer peer;
    final SessionFactory sessions;
    final Membership membership;
    private final Queue<Seat> seats = new ConcurrentLinkedQueue<>();

    Group(Peer peer, String name) {
        this.peer = peer;
        this.sessions = SessionFactory.of(Session.builder(peer.connection).ttl(Peer.LONG));
        this.membership = Membership.create(sessions, name);
    }

    /** A name that no other test uses. */
    static String newName() {
        return "groups/g" + names.incrementAndGet();
    }

    Seat join(String id, String value) throws InterruptedException {
        Seat seat = membership.join(id, value);
        seats.add(seat);
        return seat;
    }

    /** Joins, or waits to, on a thread of its own. */
    CompletableFuture<Seat> joining(String id, String value, Duration timeout) {
        return joining(membership, id, value, timeout);
    }

    static CompletableFuture<Seat> joining(Membership membership, String id, String value, Duration timeout) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return membership.join(id, value, timeout);
                    } catch (InterruptedException e) {
                        throw new CompletionException(e);
                    }
                },
                task -> {
                    Thread thread = new Thread(task, "joining");
                    thread.setDaemon(true);
                    thread.start();
                });
    }

    long lease() {
        return sessions.session().leaseId();
    }

    String key(String id) {
        return membership.group() + "/" + id;
    }

    List<String> ids() {
        return membership.members().stream().map(Member::id).toList();
    }

    List<String> values() {
        return membership.members().stream().map(Member::value).toList();
    }

    @Override
    public void close() {
        peer.faults.clear();
        seats.forEach(Seat::close);
        sessions.close();
        peer.close();
    }
}
