/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.consort.queue.Offering.Result;
import dev.consort.testkit.CallFault;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The pause between two attempts of an offer, for which a closed connection has no timer any more. */
class OfferPauseIT {
    private final Server server = Server.embedded();
    private final String name = Server.freshName();
    private final Party mine = server.join();
    private final Party other = server.join();

    @AfterEach
    void leave() {
        mine.close();
        other.close();
    }

    /** Each large batch moves the tail, which what was held back does not know. */
    private void moveTailMeanwhile(CallFault held) throws Exception {
        Party.soon(held.hit());
        Party.offer(other.offering(name), Collections.nCopies(17, "theirs").toArray(new String[0]));
    }

    @Test
    void offer_connectionClosedWhileItPauses_isTold() throws Exception {
        Offering offering = mine.offering(name);
        Party.offer(offering, "first");
        CallFault once = mine.faults.next(Party.offersOf(name)).hold();
        CompletableFuture<Result> offered = offering.offer(Party.bytes("late"), 0, null);
        moveTailMeanwhile(once);
        CallFault twice = mine.faults.next(Party.offersOf(name)).hold();
        once.release();
        moveTailMeanwhile(twice);
        mine.timing.neverFire(Duration.ofMillis(50));
        twice.release();
        await().until(() -> mine.timing.endless() > 0);
        mine.connection.close();
        assertThat(offered)
                .failsWithin(10, TimeUnit.SECONDS)
                .withThrowableThat()
                .withMessageContaining("its connection was closed");
        assertThat(server.items(name)).hasSize(35);
    }
}
