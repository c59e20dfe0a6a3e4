/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.api.Test;

class NamesInUseTest {
    private final NamesInUse names = new NamesInUse();

    private void claim(String recipe, String name) {
        names.enter(recipe, name, "EXCLUSIVE", Map.of());
    }

    private void job(String name) {
        names.enter("Job", name, "a job", Map.of(name + "/leader", "Election", name + "/job", "Job"));
    }

    private static void refused(Runnable entering, String... parts) {
        assertThatIllegalArgumentException()
                .isThrownBy(entering::run)
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
    }

    @Test
    void equalNames_ofOtherKeys_areRefusedWhoeverComesFirst() {
        claim("Mutex", "a/b");
        refused(() -> names.enter("Barrier", "a/b"), "Barrier name 'a/b' is that of a Mutex");
        names.leave("Mutex", "a/b");
        names.enter("Barrier", "a/b");
        refused(() -> claim("Mutex", "a/b"), "Mutex name 'a/b' is that of a Barrier");
    }

    @Test
    void namesThatNest_areRefusedWhoeverComesFirst() {
        claim("Mutex", "a/b");
        for (String other : new String[] {"a", "a/b/c", "a/b/c/d"}) {
            refused(() -> claim("Mutex", other), "Mutex name '" + other + "' nests with 'a/b' of a Mutex");
            refused(() -> names.enter("Barrier", other), "Barrier name '" + other + "' nests with 'a/b' of a Mutex");
        }
        for (String other : new String[] {"a/bb", "a/b0", "a/b-c", "ab", "b"}) {
            claim("Mutex", other);
            names.leave("Mutex", other);
        }
        assertThat(names.count()).isEqualTo(1);
    }

    /** A key alone finds no others among its own, but stands in the way of those that look at what is below their name. */
    @Test
    void oneKey_standsAboveOthers_notBelow() {
        names.enter("SharedValue", "a/b", NamesInUse.ONE_KEY, Map.of());
        names.enter("AtomicCounter", "a/b/c", NamesInUse.ONE_KEY, Map.of());
        claim("Mutex", "a/b/d");
        refused(() -> claim("Mutex", "a"), "Mutex name 'a' nests with 'a/b'");
        refused(() -> claim("Mutex", "a/b"), "Mutex name 'a/b' is that of a SharedValue");
        refused(
                () -> names.enter("SharedValue", "a/b/d/e", NamesInUse.ONE_KEY, Map.of()),
                "SharedValue name 'a/b/d/e' nests with 'a/b/d' of a Mutex");
    }

    @Test
    void likeKeys_areShared_andForgottenWithTheLastRecipe() {
        claim("Mutex", "a");
        claim("Election", "a");
        claim("Mutex", "a");
        names.leave("Mutex", "a");
        names.leave("Mutex", "a");
        refused(() -> names.enter("Barrier", "a"), "that of a Election");
        names.leave("Mutex", "a"); // once too often
        assertThat(names.count()).isEqualTo(1);
        names.leave("Election", "a");
        assertThat(names.count()).isZero();
        names.enter("Barrier", "a");
    }

    @Test
    void parts_areFreeForTheirRecipesOnly() {
        job("a");
        claim("Election", "a/leader");
        names.enter("Job", "a/job");
        refused(() -> claim("Mutex", "a/leader"), "Mutex name 'a/leader' nests with 'a' of a Job");
        refused(() -> claim("Election", "a/leader/x"), "'a/leader/x' nests with 'a");
        refused(() -> claim("Election", "a/job"), "'a/job'");
        refused(() -> claim("Election", "a/x"), "nests with 'a' of a Job");
        refused(() -> names.enter("Job", "a"), "is that of a Job"); // for what is below it, as a whole
        job("a");
        names.leave("Job", "a");
        refused(() -> claim("Mutex", "a/leader"), "nests with 'a' of a Job");
    }

    @Test
    void parts_thatOthersUse_areRefused() {
        claim("Election", "a/leader");
        claim("Mutex", "a/leader");
        refused(() -> job("a"), "Job name 'a' nests with 'a/leader' of a ");
        names.leave("Mutex", "a/leader");
        job("a");
        job("b/job");
        refused(() -> job("b"), "Job name 'b' nests with 'b/job' of a Job");
        refused(() -> job("a/job"), "Job name 'a/job' nests with 'a' of a Job");
    }
}
