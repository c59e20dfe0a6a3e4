/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class MessageTest {
    private static final QueuedClaim CLAIM = new QueuedClaim(ByteString.copyFromUtf8("694d"), 9);

    @Test
    void decode_emptyMailbox_hasNoMessage() throws IOException {
        assertThat(Message.decode(ByteString.EMPTY)).isEmpty();
    }

    @Test
    void new_moreFollowingThanAMessageCarries_keepsTheFirst() {
        Message message = new Message("a", 1, Collections.nCopies(Message.MAX_FOLLOWING + 1, CLAIM));
        assertThat(message.following()).hasSize(Message.MAX_FOLLOWING);
    }

    /** What is written must be the same in every version that shares a queue. */
    @Test
    void encode_oneMessage_hasTheseBytes() {
        ByteString bytes = Message.encode(List.of(new Message("a/b", 300, List.of(CLAIM))));
        assertThat(bytes.toByteArray())
                .containsExactly(3, 1, 3, 'a', '/', 'b', 0xAC - 256, 2, 1, 1, 4, '6', '9', '4', 'd', 9);
    }

    @Test
    void encode_thatAClaimIsToLook_hasTheseBytes() throws IOException {
        Message look = Message.look("a", 5);
        assertThat(Message.encode(List.of(look)).toByteArray()).containsExactly(3, 1, 1, 'a', 5, 0, 0);
        assertThat(Message.decode(Message.encode(List.of(look)))).containsExactly(look);
    }

    @Test
    void encode_thatAClaimIsToStepBack_hasTheseBytes() throws IOException {
        Message request = Message.stepBack("a", 5, new Message.Request(7, 9));
        assertThat(Message.encode(List.of(request)).toByteArray()).containsExactly(3, 1, 1, 'a', 5, 2, 7, 9, 0);
        assertThat(Message.decode(Message.encode(List.of(request)))).containsExactly(request);
    }

    @Test
    void decode_unknownVersionOrKind_isRefused() {
        assertThatThrownBy(() -> Message.decode(bytes(2, 0)))
                .isInstanceOf(IOException.class)
                .hasMessage("version 2 is not known");
        assertThatThrownBy(() -> Message.decode(bytes(3, 1, 1, 'a', 5, 3, 0)))
                .isInstanceOf(IOException.class)
                .hasMessage("kind 3 is not known");
    }

    @Test
    void decode_impossibleCounts_areRefusedBeforeAnythingIsAllocated() {
        assertThatThrownBy(() -> Message.decode(bytes(3, 0xFF, 0xFF, 0xFF, 0xFF, 0x07)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not within 0..128");
        assertThatThrownBy(() -> Message.decode(bytes(3, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("count -1");
        assertThatThrownBy(() -> Message.decode(bytes(3, 1, 1, 'a', 5, 1, 65)))
                .isInstanceOf(IOException.class)
                .hasMessage("count 65 is not within 0..64");
    }

    @Test
    void decode_aStringLongerThanTheBytes_isRefused() {
        assertThatThrownBy(() -> Message.decode(bytes(3, 1, 100, 'a'))).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> Message.decode(bytes(3, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 'a')))
                .isInstanceOf(IOException.class);
    }

    @Test
    void decode_aQueueThatIsNoText_isRefused() {
        assertThatThrownBy(() -> Message.decode(bytes(3, 1, 1, 0xC3, 5, 1, 0))).isInstanceOf(IOException.class);
    }

    private static ByteString bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return ByteString.copyFrom(bytes);
    }
}
