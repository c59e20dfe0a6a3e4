/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.consort.core.Codec;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Values as JSON, by the user's Jackson: needs {@code jackson-databind} on the class path, which no module of ours brings
 * along. Thread-safe.
 *
 * @param <T> the type of the values
 */
public final class JacksonCodec<T> implements Codec<T> {
    private final ObjectReader reader;
    private final ObjectWriter writer;

    private JacksonCodec(ObjectReader reader, ObjectWriter writer) {
        this.reader = reader;
        this.writer = writer;
    }

    /**
     * With Jackson's defaults, by which an unknown property is an error.
     *
     * @param type of the values, such as a record
     * @param <T> of the values
     * @return the codec
     */
    public static <T> JacksonCodec<T> of(Class<T> type) {
        return of(new ObjectMapper(), type);
    }

    /**
     * With the user's settings as they are now.
     *
     * @param mapper not changed, and not looked at again
     * @param type of the values
     * @param <T> of the values
     * @return the codec
     */
    public static <T> JacksonCodec<T> of(ObjectMapper mapper, Class<T> type) {
        JavaType full = mapper.constructType(type);
        return new JacksonCodec<>(mapper.readerFor(full), mapper.writerFor(full));
    }

    @Override
    public byte[] encode(T value) {
        try {
            return writer.writeValueAsBytes(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public T decode(byte[] bytes) {
        try {
            return reader.readValue(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
