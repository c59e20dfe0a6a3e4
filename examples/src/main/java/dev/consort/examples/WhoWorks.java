/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.election.MemberIdInUseException;
import dev.consort.election.Membership;
import dev.consort.election.Membership.Change;
import dev.consort.election.Membership.Member;
import dev.consort.election.Membership.Roster;
import dev.consort.election.MembershipObservation;
import dev.consort.election.Seat;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** Workers that know of each other, and share twelve shelves: start it in several terminals with ids of their own. */
public final class WhoWorks {
    private static final int SHELVES = 12;

    private WhoWorks() {}

    /**
     * Runs the example.
     *
     * @param arguments an endpoint of etcd, {@code http://127.0.0.1:2379} by default, and the id of this worker, {@code
     *     web-1} by default
     * @throws InterruptedException if interrupted while waiting for its id
     */
    public static void main(String... arguments) throws InterruptedException {
        String endpoint = arguments.length > 0 ? arguments[0] : "http://127.0.0.1:2379";
        String id = arguments.length > 1 ? arguments[1] : "web-1";
        CountDownLatch shared = new CountDownLatch(1);
        try (Connection connection = Connection.to(endpoint).open();
                MembershipObservation observation = Membership.observe(connection, "shop/workers", roster -> {
                    roster.changes().forEach(WhoWorks::print);
                    System.out.println("my shelves: " + shelvesOf(id, roster));
                    shared.countDown();
                });
                SessionFactory sessions = SessionFactory.of(Session.builder(connection))) {
            work(Membership.create(sessions, "shop/workers"), id);
            shared.await();
            System.out.println("up to date: " + observation.isCurrent());
        }
    }

    private static void work(Membership workers, String id) throws InterruptedException {
        // If it was killed a moment ago, its id is free when its former session has ended: after the TTL of 10 s.
        try (Seat seat = workers.join(id, "10.0.0.1:8080", Duration.ofSeconds(11))) {
            System.out.println(
                    "there: " + workers.members().stream().map(Member::id).toList());
            seat.update("10.0.0.1:8081");
            joinTwice(workers, id);
        }
    }

    private static void joinTwice(Membership workers, String id) throws InterruptedException {
        try (Seat unexpected = workers.join(id, "10.0.0.2:8080")) {
            System.out.println("there twice: " + unexpected.id());
        } catch (MemberIdInUseException refused) {
            System.out.println("refused: " + id);
        }
    }

    private static void print(Change change) {
        System.out.println(change.kind() + " " + change.member().id() + " "
                + change.member().value());
    }

    /** All workers see the same members in the same order, so that each can work out its own share. */
    private static long shelvesOf(String id, Roster roster) {
        List<String> ids = roster.members().stream().map(Member::id).toList();
        int place = ids.indexOf(id);
        return place < 0 ? 0 : (SHELVES - place + ids.size() - 1) / ids.size();
    }
}
