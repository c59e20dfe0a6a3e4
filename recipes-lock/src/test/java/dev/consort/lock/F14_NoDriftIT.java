/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import static dev.consort.testkit.Times.LATE;
import static dev.consort.testkit.Times.bestOfThree;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.core.Connection;
import dev.consort.core.Grant;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.Session;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.FaultProxy;
import dev.consort.testkit.MatchedCalls;
import dev.consort.testkit.Times;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere an ambiguous answer to a release leaves this side free and the server's held, or the reverse. */
@SuppressWarnings("LockNotBeforeTry")
class F14_NoDriftIT {
    private final Party party = Party.join();
    private final Party there = Party.join();
    private final String name = Etcd.freshName();
    private final Mutex mutex = party.mutex(name);

    @AfterEach
    void leave() {
        there.close();
        party.close();
    }

    private void releaseUnder(Function<MatchedCalls, CallFault> fault, int times) throws Exception {
        Grant grant = mutex.acquire();
        CallFault caused = fault.apply(party.faults.next(times, Calls.releasing(party.claim(name))));
        assertThat(grant.release()).isTrue();
        assertThat(caused.hit()).succeedsWithin(Duration.ofSeconds(10));
        assertFreeOnBothSides(grant);
    }

    private void assertFreeOnBothSides(Grant grant) throws InterruptedException {
        assertThat(grant.isHeld()).isFalse();
        assertThat(grant.release()).isFalse();
        assertThat(Etcd.claims(name)).isEmpty();
        Grant theirs = there.mutex(name).tryAcquire().orElseThrow();
        assertThat(mutex.tryAcquire()).isEmpty();
        theirs.close();
        try (Grant again = mutex.acquire()) {
            assertThat(again.token()).isGreaterThan(theirs.token());
        }
    }

    @Test
    void release_requestLost_isSentAgain() throws Exception {
        releaseUnder(MatchedCalls::loseRequest, 3);
    }

    @Test
    void release_answersLost_isFreeOnBothSides() throws Exception {
        releaseUnder(MatchedCalls::loseReply, 3);
    }

    @Test
    void release_answerNeverComes_isFreeOnBothSides() throws Exception {
        releaseUnder(MatchedCalls::hangReply, 1);
    }

    /** The copy that is answered may be the one that found nothing left to do. */
    @Test
    void release_sentTwice_isFreeOnBothSides() throws Exception {
        Grant grant = mutex.acquire();
        CallFault twice = party.faults.duplicateNext(Calls.releasing(party.claim(name)));
        grant.close();
        assertThat(twice.landed()).succeedsWithin(Duration.ofSeconds(10));
        assertFreeOnBothSides(grant);
    }

    @Test
    void unlock_answersLost_isFreeOnBothSides() {
        Lock lock = mutex.asLock();
        lock.lock();
        CallFault lost =
                party.faults.next(2, Calls.releasing(party.claim(name))).loseReply();
        lock.unlock();
        assertThat(lost.hits()).isPositive();
        assertThat(there.mutex(name).tryAcquire()).isPresent();
        assertThat(lock.tryLock()).isFalse();
    }

    /** Neither side is right to say how it stands, until etcd answers. */
    @Test
    void release_etcdOutOfReach_isUnknownAndSettledWhenItIsBack() throws Exception {
        bestOfThree(times -> releaseOutOfReach(Etcd.freshName(), times));
    }

    private static void releaseOutOfReach(String name, Times times) throws Exception {
        Duration timeout = Duration.ofMillis(800);
        try (FaultProxy proxy = FaultProxy.to(Etcd.process.endpoints().get(0));
                Connection connection =
                        Connection.to(proxy.endpoint()).requestTimeout(timeout).open();
                Session session = Session.builder(connection).open()) {
            Mutex behind = Mutex.create(session, name);
            Grant grant = behind.acquire();
            Lock lock = Mutex.create(session, name + "-view").asLock();
            lock.lock();
            proxy.stopForwarding();

            times.atMost(
                    timeout.plus(LATE),
                    () -> assertThatExceptionOfType(OutcomeUnknownException.class)
                            .isThrownBy(grant::release)
                            .withMessageContaining(name));
            assertThat(grant.isHeld()).isFalse();
            grant.close();
            lock.unlock(); // logs what release throws
            var again = behind.acquireAsync();

            proxy.resumeForwarding();
            Grant next = again.get(10, TimeUnit.SECONDS);
            assertThat(next.token()).isGreaterThan(grant.token());
            assertThat(Etcd.claims(name))
                    .singleElement()
                    .satisfies(claim -> assertThat(claim.getCreateRevision())
                            .isEqualTo(next.token().revision()));
            next.close();
            Etcd.awaitClaims(name + "-view", 0);
        }
    }
}
