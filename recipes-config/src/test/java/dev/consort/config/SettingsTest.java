/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.consort.core.Codec;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SettingsTest {
    private static final List<String> LEVELS = List.of("defaults/", "env/prod/", "host/a/");

    private final Settings<String> settings = new Settings<>("config/", LEVELS, Codec.utf8());

    private static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }

    private Optional<String> put(String key, String value) {
        return settings.set(bytes(key), bytes(value));
    }

    private Optional<String> delete(String key) {
        return settings.set(bytes(key), null);
    }

    @Test
    void set_severalLevels_theLastOneCounts() {
        assertThat(put("config/env/prod/pool", "20")).contains("pool");
        assertThat(put("config/defaults/pool", "10")).contains("pool");
        assertThat(settings.effective()).isEqualTo(Map.of("pool", "20"));
        put("config/host/a/pool", "30");
        assertThat(settings.effective()).isEqualTo(Map.of("pool", "30"));
        delete("config/host/a/pool");
        delete("config/env/prod/pool");
        assertThat(settings.effective()).isEqualTo(Map.of("pool", "10"));
        delete("config/defaults/pool");
        assertThat(settings.effective()).isEmpty();
    }

    @Test
    void set_ofNoLevel_isIgnored() {
        assertThat(put("config/host/b/pool", "1")).isEmpty();
        assertThat(put("config/pool", "1")).isEmpty();
        assertThat(put("config2/defaults/pool", "1")).isEmpty();
        assertThat(settings.set(ByteString.copyFrom(new byte[] {'c', (byte) 0xff}), bytes("x")))
                .isEmpty();
        assertThat(settings.effective()).isEmpty();
    }

    @Test
    void set_theSameAgain_isNoChange() {
        put("config/defaults/pool", "1");
        assertThat(put("config/defaults/pool", "1")).isEmpty();
        assertThat(delete("config/defaults/other")).isEmpty();
    }

    @Test
    void set_undecodable_spoilsWhileItIsInEffect() {
        ByteString bad = ByteString.copyFrom(new byte[] {(byte) 0xff});
        settings.set(bytes("config/defaults/pool"), bad);
        assertThat(settings.undecodable())
                .hasValueSatisfying(why -> assertThat(why)
                        .hasMessageContaining("config/defaults/pool")
                        .hasCauseInstanceOf(IllegalArgumentException.class));
        put("config/host/a/pool", "1");
        assertThat(settings.undecodable()).isEmpty();
        delete("config/host/a/pool");
        assertThat(settings.undecodable()).isPresent();
        put("config/defaults/pool", "2");
        assertThat(settings.undecodable()).isEmpty();
        assertThat(settings.effective()).isEqualTo(Map.of("pool", "2"));
    }

    @Test
    void differentFrom_saysWhichNames() {
        Settings<String> other = new Settings<>("config/", LEVELS, Codec.utf8());
        put("config/defaults/same", "1");
        other.set(bytes("config/host/a/same"), bytes("1"));
        put("config/defaults/new", "1");
        other.set(bytes("config/defaults/old"), bytes("1"));
        put("config/defaults/other", "1");
        other.set(bytes("config/defaults/other"), bytes("2"));
        assertThat(settings.differentFrom(other)).containsExactlyInAnyOrder("new", "old", "other");
    }

    /** Step by step the same as merging everything anew, which is what it must amount to. */
    @Test
    void set_manyChanges_isWhatMergingAllWouldGive() {
        Random random = new Random(8);
        Map<String, String> written = new TreeMap<>();
        for (int i = 0; i < 5000; i++) {
            String key = "config/" + LEVELS.get(random.nextInt(3)) + "k" + random.nextInt(5);
            if (random.nextInt(3) == 0) {
                written.remove(key);
                delete(key);
            } else {
                written.put(key, "v" + i);
                put(key, "v" + i);
            }
            Map<String, String> merged = new TreeMap<>();
            for (String level : LEVELS) {
                written.forEach((path, value) -> {
                    if (path.startsWith("config/" + level)) {
                        merged.put(path.substring(("config/" + level).length()), value);
                    }
                });
            }
            assertThat(settings.effective()).isEqualTo(merged);
            assertThat(settings.bytes()).hasSameSizeAs(written);
        }
    }
}
