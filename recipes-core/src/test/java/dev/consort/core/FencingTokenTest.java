/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class FencingTokenTest {
    private static final long LAST_REVISION = (1L << 43) - 1;

    @Test
    void toLong_revisionAndSequence_areShiftedTogether() {
        assertThat(new FencingToken(1, 0).toLong()).isEqualTo(1_048_576);
        assertThat(new FencingToken(5, 3).toLong()).isEqualTo(5 * 1_048_576L + 3);
    }

    @Test
    void toLong_largestToken_isTheLargestPositiveLong() {
        assertThat(new FencingToken(LAST_REVISION, FencingToken.MAX_SEQUENCE).toLong())
                .isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void compareTo_revisionComesBeforeSequence() {
        assertThat(new FencingToken(6, 0)).isGreaterThan(new FencingToken(5, FencingToken.MAX_SEQUENCE));
        assertThat(new FencingToken(5, 1)).isGreaterThan(new FencingToken(5, 0));
        assertThat(new FencingToken(5, 1)).isEqualByComparingTo(new FencingToken(5, 1));
    }

    @Test
    void toString_isTheNumberThatIsStored() {
        assertThat(new FencingToken(2, 1)).hasToString("2097153");
    }

    @Test
    void new_outOfRange_namesTheValueAndTheRange() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new FencingToken(0, 0))
                .withMessage("revision 0 is not within 1..8796093022207");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new FencingToken(LAST_REVISION + 1, 0))
                .withMessageContaining("8796093022208");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new FencingToken(1, -1))
                .withMessage("sequence -1 is not within 0..1048575");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new FencingToken(1, FencingToken.MAX_SEQUENCE + 1))
                .withMessageContaining("1048576");
    }
}
