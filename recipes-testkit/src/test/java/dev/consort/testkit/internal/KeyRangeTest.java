/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KeyRangeTest {
    /** Short keys of few bytes, so that some are alike and many begin alike. */
    @Test
    void order_isThatOfUnsignedBytes() {
        Random random = new Random(5);
        byte[] bytes = {0, 1, 'a', 0x7f, (byte) 0x80, (byte) 0xff};
        List<ByteString> keys = new ArrayList<>(List.of(ByteString.EMPTY));
        for (int i = 0; i < 200; i++) {
            byte[] key = new byte[random.nextInt(4)];
            for (int at = 0; at < key.length; at++) {
                key[at] = bytes[random.nextInt(bytes.length)];
            }
            keys.add(ByteString.copyFrom(key));
        }
        Comparator<ByteString> expected = ByteString.unsignedLexicographicalComparator();
        for (ByteString one : keys) {
            for (ByteString other : keys) {
                assertThat(Integer.signum(KeyRange.ORDER.compare(one, other)))
                        .as("%s and %s", one, other)
                        .isEqualTo(Integer.signum(expected.compare(one, other)));
            }
        }
    }
}
