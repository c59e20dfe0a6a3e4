/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.Codec;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A whole properties file in one value, in the format of {@link Properties}, as UTF-8. Thread-safe.
 *
 * <p>Written sorted and without a date, so that equal maps are equal bytes.
 */
public final class PropertiesCodec implements Codec<SortedMap<String, String>> {
    /** Creates a codec. */
    public PropertiesCodec() {}

    @Override
    public byte[] encode(SortedMap<String, String> value) {
        StringBuilder text = new StringBuilder();
        value.forEach((key, each) -> text.append(line(key, each)));
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** As {@link Properties} escapes it, but for the comment with the date. */
    private static String line(String key, String value) {
        Properties one = new Properties();
        one.setProperty(key, value);
        StringWriter text = new StringWriter();
        try {
            one.store(text, null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString()
                        .lines()
                        .filter(line -> !line.startsWith("#"))
                        .findFirst()
                        .orElseThrow() + "\n";
    }

    @Override
    public SortedMap<String, String> decode(byte[] bytes) {
        Properties all = new Properties();
        try {
            all.load(new StringReader(Codec.utf8().decode(bytes)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        SortedMap<String, String> sorted = new TreeMap<>();
        for (Map.Entry<Object, Object> each : all.entrySet()) {
            sorted.put((String) each.getKey(), (String) each.getValue());
        }
        return Collections.unmodifiableSortedMap(sorted);
    }
}
