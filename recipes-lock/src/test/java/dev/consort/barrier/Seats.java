/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import static org.awaitility.Awaitility.await;

import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/** Where the processes of a schedule sit, and the trouble that they have. For one thread. */
final class Seats {
    /** What goes wrong on the way to etcd, and a moment's pause. */
    enum Trouble {
        LOSE_REQUEST,
        LOSE_REPLY,
        DUPLICATE,
        DELAY,
        BREAK_WATCH,
        PAUSE
    }

    private static final CallMatcher WRITES = CallMatcher.method("KV/Txn");
    private static final int COUNT = 3;

    private final List<Party> parties = new ArrayList<>();
    private final List<CallFault> copies = new ArrayList<>();

    void open() {
        for (int i = 0; i < COUNT; i++) {
            parties.add(Server.EMBEDDED.join());
        }
    }

    void close() {
        parties.forEach(Party::close);
    }

    /** The party at a seat; the first one again after the last. */
    Party at(int number) {
        return parties.get(number % COUNT);
    }

    Party any(Random random) {
        return parties.get(random.nextInt(COUNT));
    }

    /** The session of a party is ended by etcd, and another one takes its seat. */
    void replace(Party party) {
        Server.EMBEDDED.revoke(party.session.leaseId());
        await().until(() -> party.session.state().isFinal());
        party.close();
        Collections.replaceAll(parties, party, Server.EMBEDDED.join());
    }

    void trouble(Party party, Trouble trouble, Random random) {
        switch (trouble) {
            case LOSE_REQUEST -> party.faults.loseNextRequest(WRITES);
            case LOSE_REPLY -> party.faults.loseNextReply(WRITES);
            case DUPLICATE -> copies.add(party.faults.duplicateNext(WRITES));
            case DELAY -> party.faults.delayNext(WRITES, Duration.ofMillis(random.nextInt(10)));
            case BREAK_WATCH -> party.faults.breakStreams("Watch/Watch");
            case PAUSE -> LockSupport.parkNanos(random.nextInt(8_000_000));
        }
    }

    /** Until the copies of all that was sent twice have landed. */
    void awaitCopies() {
        await().until(() -> copies.stream()
                .allMatch(copy -> copy.hits() == 0 || copy.landed().isDone()));
    }

    /** Until nothing is on its way: who was cancelled has withdrawn, and does not come after all. */
    void awaitQuiet() {
        await().during(Duration.ofMillis(5))
                .until(() ->
                        parties.stream().allMatch(party -> party.log.counts().unaryCallsOpen() == 0));
    }

    /** No more of that. */
    void heal() {
        parties.forEach(party -> party.faults.clear());
        copies.clear();
    }
}
