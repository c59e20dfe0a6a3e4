/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OwnerTextTest {
    private static final Instant SINCE = Instant.parse("2026-11-21T09:00:00.123456Z");

    @Test
    void read_whatThisProcessWrites_isUnderstood() {
        assertThat(OwnerText.read(OwnerText.of(SINCE))).hasValueSatisfying(owner -> {
            assertThat(owner.host()).isNotBlank();
            assertThat(owner.process()).isEqualTo(ProcessHandle.current().pid());
            assertThat(owner.since()).contains(SINCE);
        });
    }

    @Test
    void read_whatALeaderLoopProposes_hasNoTime() {
        assertThat(OwnerText.read(ByteString.copyFromUtf8(ThisProcess.text()))).hasValueSatisfying(owner -> {
            assertThat(owner.process()).isEqualTo(ProcessHandle.current().pid());
            assertThat(owner.since()).isEmpty();
        });
    }

    @Test
    void of_isTheTextThatPeopleRead() {
        assertThat(OwnerText.of(SINCE).toStringUtf8()).matches("host=\\S+ pid=\\d+ since=2026-11-21T09:00:00.123456Z");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "web-1:8080",
                "since=2026-11-21T09:00:00Z",
                "pid=1 host=a since=2026-11-21T09:00:00Z",
                "host=a pid=1 since=yesterday",
                "host=a pid=1 ",
                "host=a",
                "host=a pid=99999999999999999999 since=2026-11-21T09:00:00Z",
                "host=a pid=1 since=2026-11-21T09:00:00Z and more"
            })
    void read_anythingElse_isNoOwner(String value) {
        assertThat(OwnerText.read(ByteString.copyFromUtf8(value))).isEmpty();
    }

    @Test
    void read_longValue_isNotLookedInto() {
        String value = "host=" + "a".repeat(5000) + " pid=1 since=2026-11-21T09:00:00Z";
        assertThat(OwnerText.read(ByteString.copyFromUtf8(value))).isEmpty();
    }
}
