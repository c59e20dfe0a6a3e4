/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import org.junit.jupiter.api.Test;

class CardTest {
    private final Card first = Card.last(1, 3).at(10);

    @Test
    void text_isReadAsItWasWritten() {
        Card kept = first.less(2, 2).at(12);
        for (Card card : new Card[] {first, kept, Card.last(3, 0).at(13)}) {
            assertThat(Card.of(card.modified(), card.value())).isEqualTo(card);
        }
        assertThat(kept.value().toStringUtf8()).isEqualTo("2 2 10");
    }

    @Test
    void next_standsAtTheEnd() {
        Card next = Card.last(3, 5).at(20);
        assertThat(next).isEqualTo(new Card(20, 3, 5, 0));
        assertThat(next.place()).isEqualTo(20);
    }

    @Test
    void less_standsWhereItStood_howeverOften() {
        Card less = first.less(2, 2).at(12);
        assertThat(less).isEqualTo(new Card(12, 2, 2, 10));
        assertThat(less.place()).isEqualTo(10);
        assertThat(less.less(3, 1).at(14).place()).isEqualTo(10);
    }

    @Test
    void less_none_givesThePlaceUp() {
        assertThat(first.less(2, 0).at(12)).isEqualTo(new Card(12, 2, 0, 0));
    }

    @Test
    void at_isTheSameCard() {
        assertThat(first.at(99)).isEqualTo(new Card(99, 1, 3, 0));
    }

    @Test
    void foreignText_standsInNoLine() {
        for (String text :
                new String[] {"", "x", "1", "1 2", "1 2 3 4", "1 x 0", "x 1 0", "1 1 x", "1 99999999999 0"}) {
            assertThat(Card.of(7, ByteString.copyFromUtf8(text))).as(text).isEqualTo(new Card(7, 0, 0, 0));
        }
        assertThat(Card.of(7, ByteString.copyFromUtf8("4 -5 0")).count()).isZero();
    }
}
