/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.Commit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What became of the items of one work queue, revision by revision, as etcd has it; told by values, which are unique. An item is
 * acknowledged together with a put of {@code <name>-done/<value>}.
 */
final class WorkHistory {
    private final String name;
    private final Map<String, String> values = new HashMap<>(); // by the end of the key
    private final Map<String, TreeMap<Long, Integer>> deliveries = new HashMap<>(); // by value: revision and number
    private final Set<String> held = new HashSet<>();
    private final Set<String> there = new HashSet<>();
    private final Map<String, String> done = new HashMap<>();
    private final Set<String> dead = new HashSet<>();

    /** Reads it, and sees to it that nobody has what another one has, and nothing goes that is not done with. */
    WorkHistory(String name, List<Commit> log) {
        this.name = name;
        log.forEach(this::read);
    }

    private void read(Commit commit) {
        Set<String> gone = new HashSet<>();
        Set<String> accounted = new HashSet<>();
        for (Commit.Change change : commit.changes()) {
            String key = change.key().toString(UTF_8);
            String value = change.value().toString(UTF_8);
            if (key.startsWith(name + "/q/i/")) {
                item(key.substring((name + "/q/i/").length()), change, value, gone);
            } else if (key.startsWith(name + "/q/h/")) {
                hold(key.substring((name + "/q/h/").length()), change, commit.revision());
            } else if (key.startsWith(name + "-done/")) {
                assertThat(change.version()).as("acknowledgements of %s", key).isEqualTo(1);
                done.put(key.substring((name + "-done/").length()), value);
                accounted.add(key.substring((name + "-done/").length()));
            } else if (key.startsWith(name + "/dead/")) {
                assertThat(dead.add(value))
                        .as("dead for the first time: %s", key)
                        .isTrue();
                accounted.add(value);
            }
        }
        assertThat(accounted)
                .as("at %d: what goes is done or dead, and what is that goes", commit.revision())
                .isEqualTo(gone);
    }

    private void item(String suffix, Commit.Change change, String value, Set<String> gone) {
        if (change.deleted()) {
            String was = values.get(suffix);
            assertThat(there.remove(was)).as("was there: %s", suffix).isTrue();
            gone.add(was);
        } else {
            String before = values.put(suffix, value);
            assertThat(before == null || before.equals(value))
                    .as("stays as it is: %s", suffix)
                    .isTrue();
            there.add(value);
        }
    }

    private void hold(String suffix, Commit.Change change, long revision) {
        if (change.deleted() || change.lease() == 0) {
            held.remove(suffix);
            return;
        }
        String value = values.get(suffix);
        assertThat(there).as("delivered at %d", revision).contains(value);
        assertThat(held.add(suffix))
                .as("nobody has what is delivered at %d: %s", revision, value)
                .isTrue();
        TreeMap<Long, Integer> before = deliveries.computeIfAbsent(value, first -> new TreeMap<>());
        before.put(revision, before.size() + 1);
    }

    /** Which delivery of an item was made at a revision; 0 for none. */
    int deliveryAt(String value, long revision) {
        return deliveries.getOrDefault(value, new TreeMap<>()).getOrDefault(revision, 0);
    }

    /** How often an item was delivered. */
    int deliveriesOf(String value) {
        return deliveries.getOrDefault(value, new TreeMap<>()).size();
    }

    Set<String> offered() {
        return Set.copyOf(values.values());
    }

    Set<String> there() {
        return there;
    }

    /** The acknowledged items, and what was written with their acknowledgement. */
    Map<String, String> done() {
        return done;
    }

    Set<String> dead() {
        return dead;
    }
}
