/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class HandingTest {
    private final List<String> happened = new ArrayList<>();
    private final CompletableFuture<String> work = new CompletableFuture<>();

    private void begin() {
        var unused = Handing.whileTaken(() -> happened.add("given back"), () -> work)
                .whenComplete((value, failure) -> happened.add(failure == null ? value : failure.getMessage()));
        assertThat(happened).isEmpty();
    }

    @Test
    void whileTaken_isGivenBackBeforeAnybodyIsTold() {
        begin();
        work.complete("done");
        assertThat(happened).containsExactly("given back", "done");
    }

    @Test
    void whileTaken_workFails_isGivenBackBeforeAnybodyIsTold() {
        begin();
        work.completeExceptionally(new IllegalStateException("failed"));
        assertThat(happened).containsExactly("given back", "failed");
    }

    @Test
    void whileTaken_workCannotBegin_isGivenBack() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Handing.whileTaken(() -> happened.add("given back"), () -> {
                    throw new IllegalStateException("cannot begin");
                }));
        assertThat(happened).containsExactly("given back");
    }
}
