/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.MatchedCalls;
import java.time.Duration;

/** What may befall a party on its way to etcd. */
enum Trouble {
    LOSE_REPLY,
    LOSE_REQUEST,
    DELAY,
    DUPLICATE,
    BREAK_WATCH;

    private static final Duration LATE = Duration.ofMillis(5);

    /** Its next transaction has it, or its watches now. */
    void befall(Party party) {
        MatchedCalls next = party.faults.next(CallMatcher.method("KV/Txn"));
        var unused = switch (this) {
            case LOSE_REPLY -> next.loseReply();
            case LOSE_REQUEST -> next.loseRequest();
            case DELAY -> next.delay(LATE);
            case DUPLICATE -> next.duplicateAfter(LATE);
            case BREAK_WATCH -> party.faults.breakStreams("Watch/Watch");
        };
    }
}
