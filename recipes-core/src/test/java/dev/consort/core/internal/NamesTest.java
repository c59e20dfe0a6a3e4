/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
    private final Client client = new ScriptedServer().client();
    private final EtcdSession session = new EtcdSession(
            new EtcdConnection(
                    client, false, List.of(), Duration.ofSeconds(5), Duration.ofSeconds(5), new ManualTiming()),
            false,
            new SessionKeys(ByteString.copyFromUtf8("consort/session/")),
            Runnable::run,
            new EtcdSession.Lease(1, Duration.ofSeconds(10), 0));

    @AfterEach
    void close() {
        client.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "orders/reindex", "a b", "ä/€/𝄞", "-", "a/.", "consort/sessions", "consorts"})
    void checked_segmentsOfAnyText_areAccepted(String name) {
        assertThat(check(name)).isEqualTo(name);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            ""                  | is empty
            "/a"                | has a leading or trailing slash
            "a/"                | has a leading or trailing slash
            "/"                 | has a leading or trailing slash
            "a//b"              | has an empty segment
            "consort"           | nests with the sessions' own keys
            "consort/session"   | nests with the sessions' own keys
            "consort/session/x" | nests with the sessions' own keys
            """)
    void checked_badName_isRefusedWithNameReasonAndAdvice(String name, String why) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> check(name))
                .withMessageStartingWith("Mutex name '" + name + "' " + why)
                .withMessageContaining("such as orders/reindex");
    }

    @Test
    void checked_halfASurrogatePair_isRefusedSinceNamesWouldShareAKey() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> check("a\uD800"))
                .withMessageContaining("not valid Unicode");
    }

    @Test
    void checked_tooLong_isCountedInBytesAndNotEchoed() {
        assertThat(check("x".repeat(4096))).hasSize(4096);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> check("x".repeat(4097)))
                .withMessageContainingAll("has 4097 bytes, more than 4096", "x...")
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(300));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> check("€".repeat(2000)))
                .withMessageContaining("has 6000 bytes");
    }

    @Test
    void checked_null_saysWhichArgument() {
        assertThatNullPointerException()
                .isThrownBy(() -> check(Missing.value()))
                .withMessage("name");
        assertThatNullPointerException()
                .isThrownBy(() -> Names.checked("Mutex", "a", Missing.value()))
                .withMessage("session");
    }

    private String check(String name) {
        return Names.checked("Mutex", name, session);
    }
}
