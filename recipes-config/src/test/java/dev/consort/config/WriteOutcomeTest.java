/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What goes into logs says what happened, and no value. */
class WriteOutcomeTest {
    @Test
    void text_saysWhatHappened_withoutValues() {
        assertThat(new WriteOutcome(7, List.of())).hasToString("committed at revision 7");
        assertThat(new WriteOutcome(
                        8,
                        List.of(
                                new WriteConflict("a", "absent", 5, Optional.of("secret")),
                                new WriteConflict("b", "of revision 4", 0, Optional.empty()),
                                new WriteConflict("", "unchanged since revision 3", 0, Optional.empty()))))
                .hasToString(
                        "refused at revision 8: 'a' should be absent and is of revision 5; 'b' should be of revision 4 and"
                                + " is absent; a key that was deleted should be unchanged since revision 3 and is absent");
    }
}
