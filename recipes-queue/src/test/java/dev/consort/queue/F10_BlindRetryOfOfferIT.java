/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static dev.consort.queue.Party.offer;
import static dev.consort.queue.Party.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.queue.Offering.Result;
import dev.consort.testkit.CallFault;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere an offer that is sent again is made again: what was taken and done with comes back. */
class F10_BlindRetryOfOfferIT {
    private final Server server = Server.embedded();
    private final Party party = server.join();
    private final String name = Server.freshName();

    @AfterEach
    void leave() {
        party.close();
    }

    /** The second copy of the request lands when the items have been taken, and nothing else has changed. */
    @Test
    void offer_landsAgainAfterItsItemsWereTaken_bringsThemNotBack() throws Exception {
        for (Orders how : Orders.values()) {
            String queue = name + "-" + how;
            Offering mine = party.offering(queue, how, 0);
            for (int i = 0; i < 2; i++) { // the first one moves the tail, and the second does not
                CallFault copy = party.faults.next(Party.offersOf(queue)).duplicateOnRelease();
                assertThat(offer(mine, "a", "b")).isEqualTo(Result.OFFERED);
                server.items(queue).forEach(item -> server.delete(item.key()));
                copy.release();
                var unused = soon(copy.landed());
                assertThat(server.items(queue)).as(queue).isEmpty();
            }
        }
    }

    /** Also when its id is not remembered any more. */
    @Test
    void offerById_landsAgainAfterTheWindow_bringsThemNotBack() throws Exception {
        Offering mine = party.offering(name);
        offer(mine, "first");
        CallFault copy = party.faults.next(Party.offersOf(name)).duplicateOnRelease();
        assertThat(offer(mine, 0, "id", "a")).isEqualTo(Result.OFFERED);
        server.items(name).forEach(item -> server.delete(item.key()));
        server.delete(name + "/id/id");
        copy.release();
        var unused = soon(copy.landed());
        assertThat(server.items(name)).isEmpty();
        assertThat(server.text(name + "/id/id")).isEqualTo("absent");
    }
}
