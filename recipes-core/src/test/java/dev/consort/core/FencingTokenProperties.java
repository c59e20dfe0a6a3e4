/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class FencingTokenProperties {
    @Property
    void toLong_sortsLikeTheToken(
            @ForAll @LongRange(min = 1, max = (1L << 43) - 1) long revision,
            @ForAll @IntRange(max = FencingToken.MAX_SEQUENCE) int sequence,
            @ForAll @LongRange(min = 1, max = (1L << 43) - 1) long otherRevision,
            @ForAll @IntRange(max = FencingToken.MAX_SEQUENCE) int otherSequence) {
        FencingToken token = new FencingToken(revision, sequence);
        FencingToken other = new FencingToken(otherRevision, otherSequence);
        int expected = revision != otherRevision
                ? Long.compare(revision, otherRevision)
                : Integer.compare(sequence, otherSequence);
        assertThat(token.toLong()).isPositive();
        assertThat(Long.signum(token.compareTo(other))).isEqualTo(expected);
        assertThat(Long.compare(token.toLong(), other.toLong())).isEqualTo(expected);
    }
}
