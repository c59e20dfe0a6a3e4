/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import dev.consort.testkit.EtcdMember;
import dev.consort.testkit.EtcdProcess;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/** Faults of a cluster and of its networks, one at a time, each until it is felt. For one thread. */
final class Troubles {
    private static final Duration FELT_WITHIN = Duration.ofSeconds(6);
    private static final long REST_MILLIS = 400;

    /** What may go wrong. */
    private enum Trouble {
        KILL_LEADER,
        KILL_FOLLOWER,
        PAUSE_LEADER,
        PAUSE_FOLLOWER,
        RESET_NETWORK,
        SILENCE_ONE_WAY,
        SILENCE_NETWORK,
        LOSE_QUORUM
    }

    private final EtcdProcess cluster;
    private final List<Network> networks;
    private final LongSupplier felt;
    private final Random random;
    private final int kinds;
    private int next;

    /** How much is felt somebody tells. With loss of the quorum or without: that takes longer than all else. */
    Troubles(EtcdProcess cluster, List<Network> networks, LongSupplier felt, long seed, boolean quorum) {
        this.cluster = cluster;
        this.networks = networks;
        this.felt = felt;
        this.random = new Random(seed);
        this.kinds = Trouble.values().length - (quorum ? 0 : 1);
        this.next = random.nextInt(kinds);
    }

    /** Causes one, each kind in turn, lets it be felt, ends it, and returns its name. */
    String one() {
        Trouble trouble = Trouble.values()[next++ % kinds];
        int leader = cluster.leader();
        EtcdMember leading = cluster.member(leader);
        EtcdMember following = cluster.member((leader + 1 + random.nextInt(2)) % 3);
        Network network = networks.get(random.nextInt(networks.size()));
        switch (trouble) {
            case KILL_LEADER -> killed(trouble, leading);
            case KILL_FOLLOWER -> killed(trouble, following);
            case PAUSE_LEADER -> felt(trouble, leading::pause, 1000 + random.nextInt(1500), leading::resume);
            case PAUSE_FOLLOWER -> felt(trouble, following::pause, 1000 + random.nextInt(1000), following::resume);
            case RESET_NETWORK -> felt(trouble, network::reset, 200, () -> {});
            case SILENCE_ONE_WAY ->
                felt(
                        trouble,
                        () -> network.to(following.index()).stopForwarding(),
                        1500,
                        () -> network.to(following.index()).resumeForwarding());
            case SILENCE_NETWORK -> felt(trouble, network::silence, 1500 + random.nextInt(3000), network::heal);
            case LOSE_QUORUM -> felt(trouble, () -> pause(leader), 1500 + random.nextInt(2500), () -> resume(leader));
        }
        Chaos.pause(REST_MILLIS);
        return trouble.name();
    }

    private void pause(int leader) {
        cluster.member(leader).pause();
        cluster.member((leader + 1) % 3).pause();
    }

    private void resume(int leader) {
        cluster.member(leader).resume();
        cluster.member((leader + 1) % 3).resume();
    }

    /** Where no call was under way and no watch stood, that the connections broke is all that there is to feel. */
    private void killed(Trouble trouble, EtcdMember member) {
        felt(
                trouble,
                member::kill,
                600,
                member::restart,
                () -> networks.stream()
                        .allMatch(network -> network.to(member.index()).openConnections() == 0));
    }

    private void felt(Trouble trouble, Runnable begin, long millis, Runnable end) {
        felt(trouble, begin, millis, end, () -> false);
    }

    private void felt(Trouble trouble, Runnable begin, long millis, Runnable end, BooleanSupplier seen) {
        long before = felt.getAsLong();
        begin.run();
        try {
            Chaos.pause(millis);
            Chaos.within(FELT_WITHIN, trouble + " is felt", () -> felt.getAsLong() > before || seen.getAsBoolean());
        } finally {
            end.run();
        }
    }
}
