/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.SessionFactory;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.ThisProcess;
import java.time.Duration;
import java.util.Objects;

/** Checks what a loop is described by, and starts it. */
final class EtcdLeaderLoopBuilder implements LeaderLoop.Builder {
    private static final Duration FOREVER = Duration.ofDays(36_500); // in nanoseconds it must fit a long

    private final SessionFactory sessions;
    private final String name;
    private String value = ThisProcess.text();
    private int priority;
    private Duration pause = Duration.ofSeconds(1);
    private Duration closeTimeout = Duration.ofSeconds(5);

    EtcdLeaderLoopBuilder(SessionFactory sessions, String name) {
        this.sessions = Objects.requireNonNull(sessions, "sessions");
        this.name = Names.checked(EtcdLeaderElection.RECIPE, name);
    }

    @Override
    public LeaderLoop.Builder value(String newValue) {
        value = EtcdLeaderElection.proposal(newValue).toStringUtf8();
        return this;
    }

    @Override
    public LeaderLoop.Builder priority(int newPriority) {
        priority = EtcdLeaderElection.checked(newPriority);
        return this;
    }

    @Override
    public LeaderLoop.Builder pause(Duration newPause) {
        pause = notNegative("pause", newPause);
        return this;
    }

    @Override
    public LeaderLoop.Builder closeTimeout(Duration timeout) {
        closeTimeout = notNegative("closeTimeout", timeout);
        return this;
    }

    private static Duration notNegative(String what, Duration duration) {
        if (Objects.requireNonNull(duration, what).isNegative()) {
            throw new IllegalArgumentException(what + " " + duration + " is negative");
        }
        return duration.compareTo(FOREVER) < 0 ? duration : FOREVER;
    }

    @Override
    public LeaderLoop run(LeaderLoop.Task task) {
        Objects.requireNonNull(task, "task");
        EtcdLeaderLoop loop = new EtcdLeaderLoop(
                sessions, name, new EtcdLeaderLoop.Settings(value, priority, pause, closeTimeout), task);
        loop.start();
        return loop;
    }

    @Override
    public Candidacy stand(Candidacy.Listener listener) {
        return new EtcdCandidacy(this, Objects.requireNonNull(listener, "listener"));
    }
}
