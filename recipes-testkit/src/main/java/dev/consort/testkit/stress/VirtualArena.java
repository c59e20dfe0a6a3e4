/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import dev.consort.testkit.history.ServerHistory.Change;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.RangeRequest;
import io.grpc.Channel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Where schedules are run one after another in virtual time: on one {@link dev.consort.testkit.EmbeddedEtcd} and by one
 * thread, with sessions and a prefix of their own for each, in milliseconds.
 *
 * <pre>{@code
 * try (VirtualArena arena = VirtualArena.open(Duration.ofSeconds(6), MyContender::open)) {
 *     arena.run(schedule);
 * }
 * }</pre>
 *
 * <p>Messages take 50 to 500 microseconds each way, in an order that the schedule's seed and number decide; timers, waits
 * and callbacks happen when it is their turn, one at a time. So a schedule that fails does so again. Nothing waits for real
 * time, and how fast the machine is decides nothing.
 *
 * <p>After the schedule the faults end, and the same must hold as in an {@link Arena}. Moreover, at no moment may two
 * believe that they own the same unless it was taken from one of them by force, no session may run out that was
 * not kept from renewing, and when the sessions have been closed no lease and no call may be left.
 *
 * <p>What cannot be had here: going back to an earlier revision, since histories are judged by rising revisions. Not
 * threadsafe.
 */
public final class VirtualArena implements AutoCloseable {
    private static final int SEATS = 4;
    private static final String PREFIX = "arena/";
    private static final Duration GREATEST_GAP = Duration.ofNanos(400_000);

    /** So that the server's history, which it keeps for ever, does not fill the memory. */
    private static final int MOST_COMMITS = 100_000;

    /** Opens sessions of the recipe under test. */
    @FunctionalInterface
    public interface Opener {
        /**
         * Opens one.
         *
         * @param client a client of jetcd, for code that makes calls of its own on its channel; jetcd's calls are
         *     completed on threads of its own, and so cannot be used here
         * @param channel the same way to the server, for gRPC's stubs
         * @param clock what time and blocking are to be measured by
         */
        Contender open(Client client, Channel channel, VirtualClock clock);
    }

    private final Duration ttl;
    private final Opener opener;
    private final VirtualTime time = new VirtualTime();
    private final Stage stage = new VirtualStage();
    private final Map<Step.Kind, Long> done = new EnumMap<>(Step.Kind.class);
    private final Map<Step.Kind, Long> hits = new EnumMap<>(Step.Kind.class);
    private VirtualServer server;
    private List<VirtualSeat> seats;
    private @Nullable ScheduleRun running;
    private int schedules;
    private long granted;
    private long lost;

    private VirtualArena(Duration ttl, Opener opener) {
        this.ttl = ttl;
        this.opener = opener;
        this.server = new VirtualServer(time, schedules);
        this.seats = seats(server);
    }

    /**
     * Opens an arena.
     *
     * @param ttl the TTL of the sessions, in whole seconds
     * @param opener opens a session of that TTL
     */
    public static VirtualArena open(Duration ttl, Opener opener) {
        return new VirtualArena(ttl, opener);
    }

    private List<VirtualSeat> seats(VirtualServer of) {
        List<VirtualSeat> list = new ArrayList<>();
        for (int i = 0; i < SEATS; i++) {
            list.add(new VirtualSeat(time, of, opener));
        }
        return list;
    }

    /**
     * Runs a schedule.
     *
     * @throws AssertionError if what must hold does not, with the schedule and the history
     */
    public void run(Schedule schedule) {
        if (server.commits() > MOST_COMMITS) {
            renew();
        }
        schedules++;
        List<VirtualSeat> taking = seats.subList(0, schedule.sessions());
        ScheduleRun run = new ScheduleRun(
                stage, PREFIX + "q" + schedules, PREFIX + "rq" + schedules, List.copyOf(taking), schedule);
        running = run;
        seats.forEach(Seat::forgetHarms);
        time.begin(new Random(schedule.seed() * 31 + schedule.number()), this::check);
        server.begin();
        boolean passed = false;
        try {
            run.run();
            checkNothingIsLeft(schedule, taking);
            passed = true;
        } finally {
            running = null;
            if (!passed) {
                renew();
            }
        }
    }

    private void check() {
        if (running != null) {
            running.checkOwners();
        }
    }

    private void checkNothingIsLeft(Schedule schedule, List<VirtualSeat> taking) {
        List<Long> ended = taking.stream()
                .map(VirtualSeat::end)
                .flatMapToLong(OptionalLong::stream)
                .boxed()
                .toList();
        time.pass(ttl.dividedBy(4));
        List<String> left = new ArrayList<>();
        server.etcd().leases().stream()
                .filter(ended::contains)
                .forEach(lease -> left.add("until its TTL, lease " + Long.toHexString(lease)));
        time.pass(ttl.multipliedBy(3));
        server.etcd().leases().forEach(lease -> left.add("lease " + Long.toHexString(lease)));
        taking.forEach(seat -> left.addAll(seat.link().open()));
        if (!left.isEmpty()) {
            throw new AssertionError("left behind: " + left + "\n" + schedule);
        }
    }

    /** A server and clients that know nothing of what was. */
    private void renew() {
        closeAll();
        server = new VirtualServer(time, schedules);
        seats = seats(server);
    }

    private void closeAll() {
        for (VirtualSeat seat : seats) {
            for (Step.Kind kind : Step.Kind.values()) {
                if (seat.hits(kind) > 0) {
                    hits.merge(kind, seat.hits(kind), Long::sum);
                }
            }
            seat.close();
        }
        server.close();
    }

    /** What all schedules together did: grants, losses, and how often each fault had its effect. */
    public Map<String, Long> tally() {
        Map<String, Long> tally = new TreeMap<>();
        tally.put("schedules", (long) schedules);
        tally.put("granted", granted);
        tally.put("lost", lost);
        done.forEach((kind, times) -> tally.put(kind.name(), times));
        for (Step.Kind kind : Step.Kind.values()) {
            long all = hits.getOrDefault(kind, 0L)
                    + seats.stream().mapToLong(seat -> seat.hits(kind)).sum();
            if (all > 0) {
                tally.put(kind.name(), all);
            }
        }
        return tally;
    }

    @Override
    public void close() {
        closeAll();
        time.close();
    }

    private final class VirtualStage implements Stage {
        @Override
        public void count(Step.Kind kind) {
            done.merge(kind, 1L, Long::sum);
        }

        @Override
        public void countGrant() {
            granted++;
        }

        @Override
        public void countLoss() {
            lost++;
        }

        @Override
        public Executor threads(Seat seat) {
            return ((VirtualSeat) seat).process().threads();
        }

        @Override
        public long nanoTime() {
            return time.nanoTime();
        }

        @Override
        public void pass(Duration howLong) {
            time.pass(howLong);
        }

        @Override
        public void passUntilAny(List<CompletableFuture<?>> pending, Duration atMost) {
            boolean unused = time.passUntil(() -> pending.stream().anyMatch(CompletableFuture::isDone), atMost);
        }

        @Override
        public void afterStep() {
            time.pass(Duration.ofNanos(time.random(GREATEST_GAP.toNanos())));
        }

        @Override
        public boolean isAwake(Seat seat) {
            return !((VirtualSeat) seat).process().isStalled();
        }

        @Override
        public boolean isReal() {
            return false;
        }

        @Override
        public void take(Step step, Seat anySeat, long moment) {
            VirtualSeat seat = (VirtualSeat) anySeat;
            Duration howLong = duration(step.amount());
            switch (step.kind()) {
                case PASS -> time.pass(howLong);
                case STALL -> {
                    seat.harm(moment);
                    seat.process().stall(howLong);
                }
                case SILENCE -> {
                    seat.harm(moment);
                    seat.link().silence(howLong);
                }
                case DEAFEN -> {
                    seat.harm(moment);
                    seat.link().holdReplies(howLong);
                }
                case SEVER -> {
                    int unused = seat.link().breakAll();
                }
                case CUT_STREAM -> {
                    var unused = server.etcd().faults().cutStream("Watch/Watch", 1 + step.amount());
                }
                case EXPIRE -> {
                    seat.rob(moment, revision());
                    server.expire(seat.contender().leaseId());
                }
                case PAUSE_SERVER -> {
                    seats.forEach(each -> each.harm(moment));
                    server.process().stall(howLong);
                }
                case CHANGE_LEADER -> {
                    int unused = server.etcd().faults().changeLeader();
                }
                case NO_SPACE -> server.noSpace();
                case SPACE -> server.space();
                default -> throw new IllegalArgumentException(step.toString());
            }
        }

        /** Short ones, just past a renewal, past half of the TTL, just before and after its end, and long after. */
        private Duration duration(int amount) {
            Duration moment = Duration.ofMillis(10);
            return switch (amount % 9) {
                case 0 -> moment;
                case 1 -> moment.multipliedBy(10);
                case 2 -> moment.multipliedBy(50);
                case 3 -> ttl.dividedBy(3).plus(moment);
                case 4 -> ttl.dividedBy(2).plus(moment);
                case 5 -> ttl.multipliedBy(19).dividedBy(20).minus(moment);
                case 6 -> ttl.plus(moment);
                case 7 -> ttl.multipliedBy(3).dividedBy(2);
                default -> ttl.multipliedBy(5).dividedBy(2);
            };
        }

        @Override
        public long revision() {
            return server.etcd().revision();
        }

        @Override
        public void revoke(long lease) {
            server.revoke(lease);
        }

        @Override
        public void delete(String key) {
            var unused = KVGrpc.newBlockingStub(server.channel())
                    .deleteRange(DeleteRangeRequest.newBuilder()
                            .setKey(ByteString.copyFromUtf8(key))
                            .build());
        }

        @Override
        public void compact() {
            server.compact();
        }

        @Override
        public List<String> keysBelow(String prefix) {
            return KVGrpc.newBlockingStub(server.channel())
                    .range(RangeRequest.newBuilder()
                            .setKey(ByteString.copyFromUtf8(prefix))
                            .setRangeEnd(ByteString.copyFromUtf8(prefix.substring(0, prefix.length() - 1)
                                    + (char) (prefix.charAt(prefix.length() - 1) + 1)))
                            .setKeysOnly(true)
                            .build())
                    .getKvsList()
                    .stream()
                    .map(kv -> kv.getKey().toString(UTF_8))
                    .toList();
        }

        @Override
        public void heal() {
            server.heal();
        }

        @Override
        public List<Change> changesBelow(String prefix) {
            return server.changes().stream()
                    .filter(change -> change.key().startsWith(prefix))
                    .toList();
        }

        @Override
        public void forgetChanges() {
            server.forget();
        }
    }
}
