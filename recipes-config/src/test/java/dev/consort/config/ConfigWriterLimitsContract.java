/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.config.ConfigWriter.Change;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What etcd takes is written, and one more is refused before etcd is asked, whatever server is behind it. */
abstract class ConfigWriterLimitsContract {
    private final Server server = server();
    private final Party here = server.join();
    private final String root = Server.freshName();
    private final ConfigWriter mine = ConfigWriter.create(here.connection, root);

    abstract Server server();

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

    private static Change each(Change change, int from, int count, UnaryOperator<String> value) {
        for (int i = from; i < from + count; i++) {
            change.put("key-" + i, value.apply("" + i));
        }
        return change;
    }

    @Test
    void changeOfAsManyKeysAsEtcdTakes_isWritten_andOneMoreIsRefusedBefore() {
        committed(each(mine.change(), 0, 126, i -> i));
        committed(each(mine.change(), 0, 125, i -> i).because("ann", "many"));
        Change change = mine.change().put("a", "1");
        Change based = mine.change().put("a", "2");
        for (int i = 0; i < 127; i++) {
            change.expectAbsent("none-" + i);
            if (i < 125) {
                based.expectAbsent("none-" + i);
            }
        }
        committed(change);
        committed(based.basedOn(server.revision()));
        based = mine.change().put("a", "2").basedOn(server.revision());
        change = mine.change().put("a", "1");
        for (int i = 0; i < 128; i++) {
            change.expectAbsent("none-" + i);
            if (i < 126) {
                based.expectAbsent("none-" + i);
            }
        }
        assertTooLarge(each(mine.change(), 0, 127, i -> i), "127 keys", "more than 126", "128 operations");
        assertTooLarge(each(mine.change(), 0, 126, i -> i).because("ann", "w"), "126 keys", "more than 125");
        assertTooLarge(change, "128 expectations", "more than 127");
        assertTooLarge(based, "126 expectations", "more than 125");
    }

    @Test
    void changeOfAsManyBytesAsEtcdTakes_isWritten_andOneMoreIsRefusedBefore() {
        String large = "x".repeat(1_600_000);
        String message =
                String.valueOf(assertTooLarge(mine.change().put("a", "1").put("large", large), "'large'")
                        .getMessage());
        Matcher numbers = Pattern.compile("of (\\d+) bytes, more than (\\d+):.* with 1600000")
                .matcher(message);
        assertThat(numbers.find()).as(message).isTrue();
        int fits = large.length() - Integer.parseInt(numbers.group(1)) + Integer.parseInt(numbers.group(2));
        assertTooLarge(mine.change().put("a", "1").put("large", large.substring(0, fits + 1)), "1.5 MiB");
        committed(mine.change().put("a", "1").put("large", large.substring(0, fits)));
    }

    private ChangeTooLargeException assertTooLarge(Change change, String... words) {
        long before = server.revision();
        ChangeTooLargeException[] thrown = new ChangeTooLargeException[1];
        var calls = here.log.counts();
        assertThatExceptionOfType(ChangeTooLargeException.class)
                .isThrownBy(change::commit)
                .withMessageContaining(root)
                .withMessageContaining("nothing was written")
                .satisfies(e -> assertThat(e.getMessage()).contains(words))
                .satisfies(e -> thrown[0] = e);
        assertThat(here.log.counts().since(calls).unaryCalls("KV/Txn")).isZero();
        assertThat(server.revision()).isEqualTo(before);
        return thrown[0];
    }
}
