/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.job;

import dev.consort.core.Connection;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.core.internal.Rendezvous;
import dev.consort.core.internal.Step;
import dev.consort.core.internal.ThisProcess;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads and writes the keys of jobs. Immutable. */
final class EtcdClusteredJobs implements ClusteredJobs {
    private final EtcdConnection connection;

    EtcdClusteredJobs(Connection connection) {
        this.connection = EtcdConnection.of(connection);
    }

    /** What is below a name or a prefix of names. */
    private Rendezvous<Map<String, Job>> below(String name) {
        return new Rendezvous<>(connection, JobKeys.RECIPE, name, (entries, revision) -> jobs(entries));
    }

    private static Map<String, Job> jobs(Collection<Entry> entries) {
        Map<String, List<Entry>> states = new TreeMap<>(); // by the name of the job
        Map<String, Entry> leaders = new TreeMap<>();
        for (Entry entry : entries) {
            String key = entry.key().toStringUtf8();
            String parent = parent(key);
            if (parent.endsWith(JobKeys.JOB)) {
                states.computeIfAbsent(parent(parent), name -> new ArrayList<>())
                        .add(entry);
            } else if (parent.endsWith(JobKeys.LEADER)) {
                leaders.merge(parent(parent), entry, EtcdClusteredJobs::earlier);
            }
        }
        Map<String, Job> jobs = new TreeMap<>();
        states.forEach((name, its) -> {
            if (its.stream().anyMatch(entry -> entry.key().toStringUtf8().equals(new JobKeys(name).state()))) {
                jobs.put(name, job(name, its, Optional.ofNullable(leaders.get(name))));
            }
        });
        return jobs;
    }

    private static String parent(String key) {
        return key.substring(0, Math.max(0, key.lastIndexOf('/')));
    }

    private static Entry earlier(Entry one, Entry other) {
        return Comparator.comparingLong(Entry::createRevision).compare(one, other) <= 0 ? one : other;
    }

    private static Job job(String name, List<Entry> its, Optional<Entry> leader) {
        JobKeys.View view = new JobKeys(name).read(its);
        JobState state = view.state().orElseThrow();
        return new Job(
                name,
                state.schedule(),
                view.paused(),
                leader.map(entry -> entry.value().toStringUtf8()),
                state.due().or(() -> state.waiting().map(JobState.Waiting::due)),
                state.attempt(),
                state.last(),
                state.outcome(),
                state.ended(),
                state.by(),
                Schedule.read(state.schedule()).flatMap(schedule -> schedule.after(state.last())));
    }

    @Override
    public List<Job> list(String prefix) {
        return List.copyOf(below(Names.checked(JobKeys.RECIPE, prefix)).now().values());
    }

    @Override
    public Optional<Job> find(String name) {
        return Optional.ofNullable(below(JobKeys.checked(name)).now().get(name));
    }

    @Override
    public boolean pause(String name) {
        JobKeys keys = new JobKeys(JobKeys.checked(name));
        JobKeys.View view = existing(keys);
        String text = said();
        Step.Answer answer = at(keys).answer(Step.on(connection)
                .ifCreated(keys.paused(), 0)
                .put(keys.paused(), text)
                .otherwiseRead(keys.paused()));
        return !view.paused() && (answer.applied() || answer.says(text));
    }

    @Override
    public boolean resume(String name) {
        JobKeys keys = new JobKeys(JobKeys.checked(name));
        JobKeys.View view = existing(keys);
        if (view.paused()) {
            var unused = at(keys).answer(Step.on(connection)
                    .ifCreated(keys.paused(), view.pause())
                    .delete(keys.paused()));
        }
        return view.paused();
    }

    /** If somebody else does so at the same time, that is enough. */
    @Override
    public void trigger(String name) {
        JobKeys keys = new JobKeys(JobKeys.checked(name));
        JobKeys.View view = existing(keys);
        var unused = at(keys).answer(Step.on(connection)
                .ifModified(keys.trigger(), view.trigger())
                .put(keys.trigger(), said()));
    }

    private String said() {
        return connection.timing().instants().instant() + " " + ThisProcess.text();
    }

    private Rendezvous<JobKeys.View> at(JobKeys keys) {
        return new Rendezvous<>(connection, JobKeys.RECIPE, keys.job(), (entries, revision) -> keys.read(entries));
    }

    private JobKeys.View existing(JobKeys keys) {
        JobKeys.View view = at(keys).now();
        if (view.state().isEmpty()) {
            throw none(keys.name());
        }
        return view;
    }

    private static RecipeException none(String name) {
        return new RecipeException(
                JobKeys.RECIPE,
                name,
                "there is no such job; one is known as soon as a process has led it, and ClusteredJobs.list(prefix)"
                        + " lists them",
                null);
    }
}
