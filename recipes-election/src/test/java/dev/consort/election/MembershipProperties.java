/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static dev.consort.election.Peer.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.Session;
import dev.consort.core.SessionFactory;
import dev.consort.core.SessionLostException;
import dev.consort.election.Seat.State;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.EmbeddedEtcd;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.awaitility.Awaitility;

/**
 * Whatever is done, lost, late and harmed: an id is that of one process at a time, observers are told the truth at each
 * revision, all are back in the end, and nothing is left of those who have left.
 */
@Tag("property")
class MembershipProperties {
    private static final CallMatcher WRITES = CallMatcher.method("KV/Txn");
    private static final List<String> IDS = List.of("a", "aa", "b");
    private static final int PROCESSES = 3;

    private enum Act {
        JOIN,
        UPDATE,
        CLOSE,
        EXPIRE,
        ORPHAN,
        DELETE,
        COMPACT,
        LOSE_REQUEST,
        LOSE_REPLY,
        DUPLICATE,
        DELAY,
        LAND_LATE,
        BREAK_WATCH,
        PAUSE
    }

    private static final List<Act> ACTS = new ArrayList<>(List.of(Act.values()));
    private static final Map<Act, Integer> done = new EnumMap<>(Act.class);
    private static final List<Host> processes = new ArrayList<>();
    private static final AtomicInteger joined = new AtomicInteger();
    private static final AtomicInteger refused = new AtomicInteger();
    private static final AtomicInteger cameBack = new AtomicInteger();
    private static final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    private static final ExecutorService threads = Executors.newCachedThreadPool();

    /** A process, whose leases are known. */
    private static final class Host implements SessionFactory {
        private final int number;
        private final Peer peer = Peer.through(etcd.endpoint(), Peer.LONG);
        private final SessionFactory sessions =
                SessionFactory.of(Session.builder(peer.connection).ttl(Peer.LONG));
        private final Map<Long, Integer> owners;

        Host(int number, Map<Long, Integer> owners) {
            this.number = number;
            this.owners = owners;
        }

        @Override
        public Session session() {
            Session session = sessions.session();
            owners.put(session.leaseId(), number);
            return session;
        }

        @Override
        public void close() {
            sessions.close();
            peer.close();
        }
    }

    private static final Map<Long, Integer> owners = new ConcurrentHashMap<>();
    private static int known; // entries of etcd's log
    private static long lastCompaction;

    @BeforeContainer
    static void open() {
        Awaitility.setDefaultPollInterval(Duration.ofMillis(2));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        ACTS.addAll(List.of(Act.JOIN, Act.JOIN, Act.UPDATE, Act.CLOSE, Act.PAUSE));
        FirstSession.on(etcd.endpoint());
        for (int i = 0; i < PROCESSES; i++) {
            processes.add(new Host(i, owners));
        }
    }

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        processes.forEach(Host::close);
        threads.shutdownNow();
        etcd.close();
        assertThat(done).containsKeys(Act.values());
        assertThat(joined).hasPositiveValue();
        assertThat(refused).hasPositiveValue();
        assertThat(cameBack).hasPositiveValue();
    }

    @Property(
            tries = 200,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void group_anySchedule_isWhatEtcdSays(@ForAll long seed) {
        new Run(new Random(seed)).run();
    }

    /** The place is free again in its process when all that was sent for it has been answered. */
    private static void awaitWithdrawn(Place place) {
        await().ignoreException(SessionLostException.class).until(() -> {
            Membership group = Membership.create(place.host(), place.group());
            group.join(place.id(), "last", Duration.ofSeconds(10)).close();
            return true;
        });
    }

    /** Where somebody could not join. */
    private record Place(Host host, String group, String id) {}

    /** One schedule. */
    private static final class Run {
        private final Random random;
        private final String name = Group.newName();
        private final List<Rosters> seen = new ArrayList<>();
        private final List<MembershipObservation> observations = new ArrayList<>();
        private final List<CompletableFuture<?>> calls = new ArrayList<>();
        private final List<CallFault> faults = new ArrayList<>();
        private final List<Seat> seats = new CopyOnWriteArrayList<>();
        private final Set<Place> failed = ConcurrentHashMap.newKeySet();
        private boolean compacted;
        private int values;

        Run(Random random) {
            this.random = random;
        }

        void run() {
            known += etcd.logAfter(known).size();
            for (Host process : processes) {
                Rosters rosters = new Rosters();
                seen.add(rosters);
                observations.add(Membership.observe(process.peer.connection, name, rosters));
            }
            observations.forEach(each -> now(each.ready().toCompletableFuture()));
            int acts = 5 + random.nextInt(30);
            for (int i = 0; i < acts; i++) {
                Act act = ACTS.get(random.nextInt(ACTS.size()));
                done.merge(act, 1, Integer::sum);
                act(act, processes.get(random.nextInt(PROCESSES)));
            }
            heal();
            allLeave();
            GroupTruth truth = new GroupTruth(name, etcd.logAfter(known));
            truth.assertNobodyTookAKey(owners);
            for (Rosters rosters : seen) {
                // What was compacted away may come to nothing in the end.
                await().until(() -> compacted ? rosters.members().isEmpty() : truth.isAllTold(rosters.all()));
                truth.assertTold(rosters.all(), !compacted);
                rosters.assertConsistent();
            }
            observations.forEach(MembershipObservation::close);
        }

        private void act(Act act, Host process) {
            String id = IDS.get(random.nextInt(IDS.size()));
            switch (act) {
                case JOIN -> join(process, id, Duration.ofMillis(random.nextInt(3) * 5L));
                case UPDATE -> {
                    String value = "value " + values++;
                    any().forEach(seat -> call(() -> update(seat, value)));
                }
                case CLOSE -> any().forEach(seat -> call(seat::close));
                case EXPIRE -> {
                    if (etcd.leases().contains(process.session().leaseId())) {
                        etcd.faults().expireLease(process.session().leaseId());
                    }
                }
                case ORPHAN -> process.session().orphan();
                case DELETE -> process.peer.delete(name + "/" + id);
                case COMPACT -> {
                    compacted = true;
                    compact();
                }
                case LOSE_REQUEST -> process.peer.faults.loseNextRequest(WRITES);
                case LOSE_REPLY -> process.peer.faults.loseNextReply(WRITES);
                case DUPLICATE -> faults.add(process.peer.faults.next(WRITES).duplicateAfter(millis(20)));
                case DELAY -> process.peer.faults.delayNext(WRITES, millis(10));
                case LAND_LATE -> faults.add(process.peer.faults.next(WRITES).landLate(millis(30)));
                case BREAK_WATCH -> process.peer.faults.breakStreams("Watch/Watch");
                case PAUSE -> LockSupport.parkNanos(millis(8).toNanos());
            }
        }

        private void compact() {
            long revision = etcd.revision();
            if (revision > lastCompaction) {
                lastCompaction = revision;
                etcd.faults().compact(revision);
            }
        }

        private Duration millis(int bound) {
            return Duration.ofMillis(random.nextInt(bound));
        }

        private List<Seat> any() {
            return seats.isEmpty() ? List.of() : List.of(seats.get(random.nextInt(seats.size())));
        }

        private void call(Runnable call) {
            calls.add(CompletableFuture.runAsync(call, threads));
        }

        private void join(Host process, String id, Duration timeout) {
            call(() -> {
                try {
                    Seat seat = Membership.create(process, name).join(id, "new", timeout);
                    seats.add(seat);
                    joined.incrementAndGet();
                    List<State> states = new ArrayList<>();
                    seat.onState(state -> {
                        states.add(state);
                        if (state == State.JOINED && states.contains(State.REJOINING)) {
                            cameBack.incrementAndGet();
                        }
                    });
                } catch (MemberIdInUseException inUse) {
                    failed.add(new Place(process, name, id));
                    refused.incrementAndGet();
                } catch (SessionLostException | EtcdUnavailableException lost) {
                    failed.add(new Place(process, name, id)); // by an act, or its time was over before an answer
                } catch (InterruptedException e) {
                    throw new CompletionException(e);
                }
            });
        }

        private static void update(Seat seat, String value) {
            try {
                boolean unused = seat.update(value);
            } catch (IllegalStateException closed) {
                assertThat(seat.state()).isEqualTo(State.CLOSED);
            }
        }

        /** What was lost is over, and so are the leases of those that are no more. */
        private void heal() {
            processes.forEach(process -> process.peer.faults.clear());
            calls.forEach(Peer::now);
            calls.clear();
            List<Long> present = processes.stream()
                    .flatMap(process -> Stream.of(process.session().leaseId(), process.peer.session.leaseId()))
                    .toList();
            etcd.leases().stream()
                    .filter(lease -> !present.contains(lease))
                    .forEach(lease -> etcd.faults().expireLease(lease));
        }

        /** One of each id is back, and when it leaves the next one that wants it. */
        private void allLeave() {
            for (int round = 0; round < PROCESSES; round++) {
                await("those who are open are members").untilAsserted(() -> {
                    List<Seat> open = open();
                    List<String> ids = open.stream().map(Seat::id).distinct().toList();
                    List<Seat> members = open.stream()
                            .filter(seat -> seat.state() == State.JOINED)
                            .toList();
                    assertThat(members).extracting(Seat::id).containsExactlyInAnyOrderElementsOf(ids);
                    assertThat(Membership.members(processes.get(0).peer.connection, name))
                            .extracting(Membership.Member::id, Membership.Member::value)
                            .containsExactlyInAnyOrderElementsOf(members.stream()
                                    .map(seat -> tuple(seat.id(), seat.value()))
                                    .toList());
                });
                open().stream().filter(seat -> seat.state() == State.JOINED).forEach(Seat::close);
            }
            assertThat(open()).isEmpty();
            faults.stream().filter(fault -> fault.hits() > 0).forEach(fault -> now(fault.landed()));
            failed.forEach(MembershipProperties::awaitWithdrawn);
            assertThat(Membership.members(processes.get(0).peer.connection, name))
                    .isEmpty();
        }

        private List<Seat> open() {
            return seats.stream().filter(seat -> seat.state() != State.CLOSED).toList();
        }
    }
}
