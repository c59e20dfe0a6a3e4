/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ConfigCodecsTest {
    record Pool(int size, String name) {}

    @Test
    void properties_thereAndBack() {
        PropertiesCodec codec = new PropertiesCodec();
        SortedMap<String, String> all =
                new TreeMap<>(Map.of("a key", " spaces = and: more ", "#b", "äöü\n\t", "c", "", "d", "日本"));
        byte[] bytes = codec.encode(all);
        assertThat(codec.decode(bytes)).isEqualTo(all);
        assertThat(new String(bytes, UTF_8).lines()).hasSize(4).noneMatch(line -> line.startsWith("#"));
        assertThat(codec.encode(new TreeMap<>(all))).isEqualTo(bytes);
        assertThat(codec.decode("# people write\npool = 10\n".getBytes(UTF_8))).isEqualTo(Map.of("pool", "10"));
    }

    @Test
    void properties_malformed_isRefused() {
        assertThatThrownBy(() -> new PropertiesCodec().decode("a=\\u12".getBytes(UTF_8)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new PropertiesCodec().decode(new byte[] {(byte) 0xff}))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void json_thereAndBack() {
        JacksonCodec<Pool> codec = JacksonCodec.of(Pool.class);
        assertThat(codec.decode(codec.encode(new Pool(3, "é")))).isEqualTo(new Pool(3, "é"));
        assertThat(new String(codec.encode(new Pool(3, "x")), UTF_8)).isEqualTo("{\"size\":3,\"name\":\"x\"}");
    }

    @Test
    void json_malformedOrUnknown_isRefused() {
        JacksonCodec<Pool> codec = JacksonCodec.of(Pool.class);
        assertThatThrownBy(() -> codec.decode("{\"size\":".getBytes(UTF_8))).isInstanceOf(UncheckedIOException.class);
        assertThatThrownBy(() -> codec.decode("{\"sise\":3}".getBytes(UTF_8))).isInstanceOf(UncheckedIOException.class);
    }
}
