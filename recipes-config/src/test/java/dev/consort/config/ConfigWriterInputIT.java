/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.consort.config.ConfigWriter.Change;
import dev.consort.core.RecipeException;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What no change can be made of is refused with what is wrong with it. */
@Isolated("counts revisions")
class ConfigWriterInputIT {
    private final Server server = Server.countedEmbedded();
    private final Party here = server.join();
    private final String root = Server.freshName();
    private final ConfigWriter mine = ConfigWriter.create(here.connection, root);

    @AfterEach
    void leave() {
        here.close();
        server.endLeases();
    }

    private static long committed(Change change) {
        WriteOutcome outcome = change.commit();
        assertThat(outcome.committed()).as("%s", outcome).isTrue();
        return outcome.revision();
    }

    private static ThrowingCallable of(ThrowingCallable call) {
        return call;
    }

    @Test
    void badInput_isRefusedNamingIt() {
        long before = server.revision();
        for (String bad : List.of("", "/a", "a//b", "a/", "a\ud800")) {
            for (ThrowingCallable call : List.of(
                    of(() -> ConfigWriter.create(here.connection, bad)),
                    of(() -> mine.change().put(bad, "1")),
                    of(() -> mine.change().delete(bad)),
                    of(() -> mine.change().expect(bad, "1")),
                    of(() -> mine.change().expectAbsent(bad)))) {
                assertThatIllegalArgumentException().isThrownBy(call).withMessageContaining("'" + bad + "'");
            }
        }
        for (String own : List.of("consort", "consort/session")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ConfigWriter.create(here.connection, own))
                    .withMessageContaining("'" + own + "'");
        }
        Change change = mine.change().put("a", "1").delete("b").expect("c", "1");
        for (ThrowingCallable call : List.of(
                of(() -> change.put("a", "2")),
                of(() -> change.delete("a")),
                of(() -> change.put("b", "2")),
                of(() -> change.expectAbsent("c")))) {
            assertThatIllegalArgumentException().isThrownBy(call).withMessageMatching(".*'" + root + "'.*'[abc]'.*");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> change.expectRevision("d", -1))
                .withMessageContaining("-1");
        assertThatIllegalArgumentException().isThrownBy(() -> change.basedOn(0)).withMessageContaining("revision 0");
        for (ThrowingCallable call :
                List.of(of(() -> change.because(" ", "why")), of(() -> mine.rollBack(1, "", "why")))) {
            assertThatIllegalArgumentException().isThrownBy(call).withMessageContaining("who");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> change.because("who", "\ud800"))
                .withMessageContaining("why");
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> change.put("e", "\ud800"))
                .withMessageContaining(root + "/e");
        assertThatIllegalArgumentException().isThrownBy(() -> mine.audit(0)).withMessageContaining("limit 0");
        assertThatIllegalArgumentException().isThrownBy(() -> mine.audit(1001)).withMessageContaining("1001");
        assertThatIllegalArgumentException().isThrownBy(() -> mine.audit(1, 0)).withMessageContaining("revision 0");
        assertThatIllegalStateException()
                .isThrownBy(() -> mine.change().expectAbsent("a").commit())
                .withMessageContaining("writes nothing");
        assertThat(server.revision()).isEqualTo(before);
        committed(mine.change().put("a", "1"));
        Change once = mine.change().put("b", "1");
        committed(once);
        assertThatIllegalStateException().isThrownBy(once::commit).withMessageContaining("committed before");
    }

    @Test
    void nothing_isRefused() {
        Change change = mine.change();
        for (ThrowingCallable call : List.of(
                of(() -> change.put(nothing(), "1")),
                of(() -> change.put("a", nothing())),
                of(() -> change.delete(nothing())),
                of(() -> change.expect("a", nothing())),
                of(() -> change.because(nothing(), "why")),
                of(() -> mine.rollBack(1, "who", nothing())),
                of(() -> ConfigWriter.create(here.connection, nothing())),
                of(() -> ConfigWriter.create(here.connection, root, nothing())))) {
            assertThatNullPointerException().isThrownBy(call);
        }
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // what the compiler forbids careful users
    private static <T> T nothing() {
        return null;
    }
}
