/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.core.RecipeException;
import java.util.List;
import org.junit.jupiter.api.Test;

class TailTest {
    @Test
    void text_isReadBack() {
        for (Tail tail : List.of(
                new Tail(1, 0, 7), new Tail(17, 5, 8), new Tail(9_999_999_999_999_999L, Integer.MAX_VALUE, 9))) {
            assertThat(Tail.parse("Q", "q/tail", tail.text(), tail.modRevision()))
                    .isEqualTo(tail);
        }
        assertThat(new Tail(17, 5, 8).text()).isEqualTo("17 5");
    }

    @Test
    void parse_foreignText_isRefusedNamingKeyAndText() {
        for (String foreign : List.of(
                "",
                "17",
                "17 ",
                " 17 0",
                "17 0 ",
                "17  0",
                "17 -1",
                "0 0",
                "01 0",
                "1 00",
                "x 0",
                "17 0\n",
                "10000000000000000 0",
                "1 2147483648",
                "1 99999999999",
                "\u0661 0")) {
            assertThatExceptionOfType(RecipeException.class)
                    .as(foreign)
                    .isThrownBy(() -> Tail.parse("Q", "q/tail", foreign, 7))
                    .withMessageContaining("Q 'q/tail'")
                    .withMessageContaining("'" + foreign + "'");
        }
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> Tail.parse("Q", "q/tail", "x".repeat(1_000), 7))
                .withMessageContaining("'" + "x".repeat(32) + "'");
    }

    @Test
    void movedOn_isNotWrittenYet() {
        assertThat(Tail.ABSENT.isAbsent()).isTrue();
        Tail next = Tail.ABSENT.movedOn(1, 0).at(5);
        assertThat(next).isEqualTo(new Tail(1, 0, 5));
        assertThat(next.isAbsent()).isFalse();
        assertThat(next.movedOn(3, 7)).isEqualTo(new Tail(4, 7, 0));
    }
}
