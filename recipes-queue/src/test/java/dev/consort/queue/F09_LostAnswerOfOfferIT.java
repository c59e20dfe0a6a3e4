/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static dev.consort.queue.Party.offer;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.queue.Offering.Result;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere an offer whose answer is lost is made again, and so twice, or is reported as failed though it was made (S9). */
class F09_LostAnswerOfOfferIT {
    private final Server server = Server.embedded();
    private final Party party = server.join();
    private final String name = Server.freshName();

    @AfterEach
    void leave() {
        party.close();
    }

    @Test
    void offer_answerLost_isMadeOnce() throws Exception {
        for (Orders how : Orders.values()) {
            String queue = name + "-" + how;
            Offering mine = party.offering(queue, how, 0);
            for (int i = 0; i < 3; i++) { // the first one moves the tail, and the others do not
                CallFault lost = party.faults.loseNextReply(Party.offersOf(queue));
                assertThat(offer(mine, i + "a", i + "b")).isEqualTo(Result.OFFERED);
                assertThat(lost.hits()).isEqualTo(1);
            }
            assertThat(server.values(queue)).containsExactly("0a", "0b", "1a", "1b", "2a", "2b");
            assertThat(server.items(queue)).allMatch(item -> item.version() == 1);
        }
    }

    @Test
    void offer_requestLost_isMadeOnce() throws Exception {
        Offering mine = party.offering(name);
        CallFault lost = party.faults.loseNextRequest(Party.offersOf(name));
        assertThat(offer(mine, "a")).isEqualTo(Result.OFFERED);
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(server.values(name)).containsExactly("a");
    }

    /** Its own id, found by the request that is sent again, is not somebody else's. */
    @Test
    void offerById_answerLost_isOfferedNotAlready() throws Exception {
        Offering mine = party.offering(name);
        CallFault grant = party.faults.loseNextReply(CallMatcher.method("Lease/LeaseGrant"));
        CallFault lost = party.faults.loseNextReply(Party.offersOf(name));
        assertThat(offer(mine, 0, "id", "a")).isEqualTo(Result.OFFERED);
        assertThat(grant.hits() + lost.hits()).isEqualTo(2);
        assertThat(offer(mine, 0, "id", "b")).isEqualTo(Result.ALREADY_OFFERED);
        assertThat(server.values(name)).containsExactly("a");
    }

    /** Nor does it take up room twice. */
    @Test
    void offerToALimitedQueue_answerLost_isCountedOnce() throws Exception {
        Offering mine = party.offering(name, Orders.FIFO, 3);
        for (int i = 0; i < 3; i++) {
            CallFault lost = party.faults.loseNextReply(Party.offersOf(name));
            assertThat(offer(mine, String.valueOf(i))).isEqualTo(Result.OFFERED);
            assertThat(lost.hits()).isEqualTo(1);
        }
        assertThat(offer(mine, "x")).isEqualTo(Result.FULL);
        assertThat(server.values(name)).containsExactly("0", "1", "2");
        assertThat(server.text(name + "/tail")).isEqualTo("3 3");
    }
}
