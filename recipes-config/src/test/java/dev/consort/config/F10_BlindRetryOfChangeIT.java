/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CallFault;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere a change that is sent again undoes what came after it: here no second copy of it is applied. */
class F10_BlindRetryOfChangeIT {
    private final Server server = Server.embedded();
    private final Party here = server.join();
    private final Party there = server.join();
    private final String root = Server.freshName();
    private final ConfigWriter mine = ConfigWriter.create(here.connection, root);
    private final ConfigWriter theirs = ConfigWriter.create(there.connection, root);

    @AfterEach
    void leave() {
        there.close();
        here.close();
    }

    private CallFault copy() {
        return here.faults
                .next(Calls.putting("consort/config/" + root + "//head"))
                .duplicateOnRelease();
    }

    private void assertLandsWithoutEffect(CallFault copy) throws Exception {
        long before = server.get(root + "/a").orElseThrow().getModRevision();
        copy.release();
        var unused = copy.landed().get(10, TimeUnit.SECONDS);
        assertThat(server.get(root + "/a").orElseThrow().getModRevision()).isEqualTo(before);
        assertThat(mine.audit(10)).hasSize(1);
    }

    @Test
    void change_landsAgainAfterAnother_isNotMadeAgain() throws Exception {
        CallFault copy = copy();
        assertThat(mine.change().put("a", "1").because("ann", "why").commit().committed())
                .isTrue();
        theirs.change().put("a", "2").commit();
        assertLandsWithoutEffect(copy);
    }

    /** Everything is then as it was when it was asked for. */
    @Test
    void rollBack_landsAgainAfterAnother_isNotMadeAgain() throws Exception {
        long first = theirs.change().put("a", "1").commit().revision();
        theirs.change().put("a", "2").commit();
        CallFault copy = copy();
        assertThat(mine.rollBack(first, "ann", "why").committed()).isTrue();
        theirs.change().put("a", "2").commit();
        assertLandsWithoutEffect(copy);
    }
}
