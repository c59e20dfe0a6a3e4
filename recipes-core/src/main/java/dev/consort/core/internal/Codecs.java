/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.Codec;
import dev.consort.core.RecipeException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The codecs that come along, and what recipes do with any codec: a failure of the user's code tells recipe and key. */
public final class Codecs {
    public static final Codec<String> UTF_8 = new Utf8();
    public static final Codec<byte[]> BYTES = new Bytes();

    private Codecs() {}

    /** A value's bytes, or a RecipeException if the codec throws or gives none. */
    public static <T> ByteString encode(Codec<T> codec, T value, String recipe, String key) {
        byte @Nullable [] bytes;
        try {
            bytes = codec.encode(value);
        } catch (RuntimeException e) {
            throw new RecipeException(recipe, key, "the codec could not encode the value; nothing was written", e);
        }
        if (bytes == null) {
            throw new RecipeException(recipe, key, "the codec encoded the value as null; nothing was written", null);
        }
        return ByteString.copyFrom(bytes);
    }

    /** The value of bytes, or a RecipeException if the codec throws or gives none. */
    public static <T> T decode(Codec<T> codec, ByteString bytes, String recipe, String key) {
        @Nullable T value;
        try {
            value = codec.decode(bytes.toByteArray());
        } catch (RuntimeException e) {
            throw new RecipeException(
                    recipe, key, "the codec could not decode what etcd has there, " + bytes.size() + " bytes", e);
        }
        if (value == null) {
            throw new RecipeException(recipe, key, "the codec decoded what etcd has there as null", null);
        }
        return value;
    }

    private static final class Utf8 implements Codec<String> {
        @Override
        public byte[] encode(String value) {
            try {
                ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value));
                byte[] result = new byte[bytes.remaining()];
                bytes.get(result);
                return result;
            } catch (CharacterCodingException e) {
                throw new IllegalArgumentException("text with half of a surrogate pair", e);
            }
        }

        @Override
        public String decode(byte[] bytes) {
            try {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes))
                        .toString();
            } catch (CharacterCodingException e) {
                throw new IllegalArgumentException("bytes that are no UTF-8", e);
            }
        }

        @Override
        public String toString() {
            return "utf8";
        }
    }

    private static final class Bytes implements Codec<byte[]> {
        @Override
        public byte[] encode(byte[] value) {
            return value.clone();
        }

        @Override
        public byte[] decode(byte[] bytes) {
            return bytes.clone();
        }

        @Override
        public String toString() {
            return "bytes";
        }
    }
}
