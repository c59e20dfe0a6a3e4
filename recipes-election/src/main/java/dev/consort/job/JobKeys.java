/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import dev.consort.core.RecipeException;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.PrefixView.Entry;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/**
 * The layout of a job: {@code <name>/leader/..}, the claims of those who want to lead it, and below {@code <name>/job/} three
 * keys that stay: {@code state}, which the leader writes, and {@code paused} and {@code trigger}, which operators do.
 */
record JobKeys(String name) {
    static final String RECIPE = "ClusteredJob";
    static final String LEADER = "/leader";
    static final String JOB = "/job";

    /** Room for what is below the name. */
    static String checked(String name) {
        Names.checked(RECIPE, name);
        Names.checked(RECIPE, name + JOB + "/trigger");
        return name;
    }

    /**
     * What is below {@code <name>/job/}.
     *
     * @param text of the state
     * @param pause the create revision of the key that says so; 0 if it is not paused
     * @param trigger the mod revision of the last one; 0 if it was never triggered
     */
    record View(Optional<JobState> state, Optional<String> text, long pause, long trigger) {
        boolean paused() {
            return pause != 0;
        }

        /** Whether operators ask for the same. */
        boolean asks(View other) {
            return paused() == other.paused() && trigger == other.trigger;
        }
    }

    String leader() {
        return name + LEADER;
    }

    String job() {
        return name + JOB;
    }

    /** The names below this one that other recipes use for it. */
    Map<String, String> parts() {
        return Map.of(leader(), "LeaderElection", job(), RECIPE);
    }

    String state() {
        return job() + "/state";
    }

    String paused() {
        return job() + "/paused";
    }

    String trigger() {
        return job() + "/trigger";
    }

    View read(Collection<Entry> entries) {
        Optional<JobState> state = Optional.empty();
        Optional<String> text = Optional.empty();
        long pause = 0;
        long trigger = 0;
        for (Entry entry : entries) {
            String key = entry.key().toStringUtf8();
            if (key.equals(state())) {
                text = Optional.of(entry.value().toStringUtf8());
                state = JobState.read(text.get());
                if (state.isEmpty()) {
                    throw foreign(key, "does not say the state of a job");
                }
            } else if (key.equals(paused())) {
                pause = entry.createRevision();
            } else if (key.equals(trigger())) {
                trigger = entry.modRevision();
            } else {
                throw foreign(key, "is none of a job's");
            }
        }
        return new View(state, text, pause, trigger);
    }

    private RecipeException foreign(String key, String what) {
        return new RecipeException(
                RECIPE,
                name,
                "the key '" + key + "' " + what + "; delete that key, or give the job a name that nobody else uses",
                null);
    }
}
