/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class MessageProperties {
    @Provide
    Arbitrary<List<Message>> messages() {
        Arbitrary<QueuedClaim> claims = Combinators.combine(
                        Arbitraries.bytes().array(byte[].class).ofMaxSize(40),
                        Arbitraries.longs().greaterOrEqual(1))
                .as((suffix, revision) -> new QueuedClaim(ByteString.copyFrom(suffix), revision));
        Arbitrary<String> names = Arbitraries.strings()
                .withCharRange(Character.MIN_VALUE, (char) (Character.MIN_SURROGATE - 1))
                .withCharRange((char) (Character.MAX_SURROGATE + 1), Character.MAX_VALUE)
                .ofMinLength(1)
                .ofMaxLength(80);
        return Combinators.combine(
                        names,
                        Arbitraries.longs().greaterOrEqual(1),
                        claims.list().ofMaxSize(Message.MAX_FOLLOWING))
                .as(Message::new)
                .flatMap(granted -> Arbitraries.longs()
                        .greaterOrEqual(0)
                        .map(number -> number % 2 == 0
                                ? granted
                                : Message.stepBack(
                                        granted.queue(),
                                        granted.revision(),
                                        new Message.Request(number, granted.revision()))))
                .list()
                .ofMaxSize(5);
    }

    @Property(tries = 500)
    void decode_whatWasEncoded_isTheSame(@ForAll("messages") List<Message> messages) throws IOException {
        assertThat(Message.decode(Message.encode(messages))).isEqualTo(messages);
    }

    /** Whoever may write the prefix may write anything: it must be refused, not crash the session. */
    @Property(tries = 2000)
    void decode_anyBytes_eitherReadsOrRefuses(@ForAll byte[] bytes) {
        assertReadsOrRefuses(ByteString.copyFrom(bytes));
    }

    @Property(tries = 2000)
    void decode_encodedThenSpoilt_eitherReadsOrRefuses(
            @ForAll("messages") List<Message> messages,
            @ForAll @IntRange(max = 1_000_000) int where,
            @ForAll byte spoilt,
            @ForAll boolean cut) {
        byte[] bytes = Message.encode(messages).toByteArray();
        int at = where % bytes.length;
        bytes[at] = spoilt;
        assertReadsOrRefuses(ByteString.copyFrom(bytes, 0, cut ? at : bytes.length));
    }

    private static void assertReadsOrRefuses(ByteString bytes) {
        assertThatCode(() -> {
                    try {
                        Message.decode(bytes);
                    } catch (IOException refused) {
                        // as it should be
                    }
                })
                .doesNotThrowAnyException();
    }
}
