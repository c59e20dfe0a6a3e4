/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import dev.consort.core.internal.Codecs;

/**
 * How values of one type are written as the bytes that etcd keeps, and read back. Implement it for a type of your own: JSON
 * through the library you use, or a few bytes by hand. One instance serves all threads, so it must be thread-safe.
 *
 * <p>{@code decode(encode(value))} must equal the value, since recipes read back what they wrote, and so may other processes with
 * another version of the codec. A codec that throws, or returns null, makes the operation of the recipe fail with a
 * {@link RecipeException} that names the key and has what it threw as its cause; nothing is written then. Recipes never put
 * values into messages, and a codec should not put them into its own.
 *
 * @param <T> the type of the values, which are never null
 */
public interface Codec<T> {
    /**
     * Text as UTF-8.
     *
     * @return a codec that refuses, as {@link #decode}, bytes which are no UTF-8, and, as {@link #encode}, text with half of a
     *     surrogate pair, rather than to replace what it cannot express
     */
    static Codec<String> utf8() {
        return Codecs.UTF_8;
    }

    /**
     * Bytes as they are.
     *
     * @return a codec that copies both ways, so that a change of an array changes nothing that was read or is to be written
     */
    static Codec<byte[]> bytes() {
        return Codecs.BYTES;
    }

    /**
     * Writes a value.
     *
     * @param value what to write
     * @return its bytes, not changed afterwards by anyone
     */
    byte[] encode(T value);

    /**
     * Reads a value.
     *
     * @param bytes what etcd has, which somebody else may have written; the codec's to keep
     * @return the value
     * @throws RuntimeException of any kind if these bytes are no value of this type
     */
    T decode(byte[] bytes);
}
