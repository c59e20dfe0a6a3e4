/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.config.SetNx.Answer;
import dev.consort.config.SetNx.Answer.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elsewhere what is to prove ownership also holds for who only tried: here an answer's token is its owner's alone. */
class F13_NotYetMineIT {
    private final Party party = Server.embedded().join();
    private final String name = Server.freshName();
    private final SetNx mine = SetNx.permanent(party.connection, name);

    @AfterEach
    void leave() {
        party.close();
    }

    @Test
    void tokenOfAnother_isGoodForNothing() {
        Answer theirs = mine.as("them").trySet("v");
        Answer held = mine.trySet("w");
        assertThat(held.status()).isEqualTo(Status.HELD_BY_ANOTHER);
        assertThat(held.token()).isEqualTo(theirs.token());
        assertThat(mine.refresh(held.token())).isFalse();
        assertThat(mine.release(held.token())).isFalse();
        assertThat(mine.as("them").refresh(theirs.token())).isTrue();
        assertThat(mine.as("them").release(theirs.token())).isTrue();
    }

    /** What one name's owner was given says nothing of another name. */
    @Test
    void tokenOfAnotherName_isGoodForNothing() {
        Answer here = mine.trySet("v");
        SetNx other = SetNx.permanent(party.connection, name + "-other");
        Answer there = other.trySet("v");
        assertThat(other.release(here.token())).isFalse();
        assertThat(mine.release(there.token())).isFalse();
        assertThat(mine.release(here.token())).isTrue();
    }
}
