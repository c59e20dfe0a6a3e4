/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Codec;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.Session;
import dev.consort.core.SessionLostException;
import dev.consort.testkit.history.FifoQueueCall;
import dev.consort.testkit.history.FifoQueueCall.Dequeued;
import dev.consort.testkit.history.FifoQueueCall.Enqueued;
import dev.consort.testkit.history.FifoQueueCall.FoundEmpty;
import dev.consort.testkit.history.FifoQueueModel;
import dev.consort.testkit.history.History;
import dev.consort.testkit.history.Linearizability;
import dev.consort.testkit.history.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;

/** Whatever is lost or late, and whoever ends: no item is lost or comes twice, and all are taken in the order that is promised. */
@Tag("property")
class QueueProperties {
    private static final int SHIFTS = 4;
    private static final int FIFO_SHIFTS = 12; // what was wrong once was so in one of 600 schedules
    private static final int NAMES = 18;
    private static final int STEPS = 6;
    private static final Instant PAST = Instant.EPOCH.plusSeconds(1_000_000);

    private static final AtomicInteger taken = new AtomicInteger();
    private static final AtomicInteger empty = new AtomicInteger();
    private static final AtomicInteger unknown = new AtomicInteger();
    private static final AtomicInteger judged = new AtomicInteger();
    private static final AtomicInteger ended = new AtomicInteger();
    private static final List<Peer> peers = List.of(
            Server.embedded().peer(Duration.ofMinutes(10)), Server.embedded().peer(Duration.ofMinutes(10)));
    private static final ExecutorService threads = Executors.newCachedThreadPool();

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void close() {
        threads.shutdownNow();
        peers.forEach(Peer::close);
        System.out.println("QueueProperties: schedules = " + (FIFO_SHIFTS + 2 * SHIFTS) * NAMES + ", taken: " + taken
                + ", found empty: " + empty + ", unknown: " + unknown + ", histories judged: " + judged
                + ", sessions ended: " + ended);
        assertThat(List.of(taken, empty)).allMatch(count -> count.get() > 100);
        assertThat(unknown).hasValueLessThan(taken.get() / 10);
        assertThat(judged).hasValueGreaterThan(FIFO_SHIFTS * NAMES);
        assertThat(ended).hasValue(SHIFTS);
        assertThat(QueueTrouble.caused().values()).allMatch(count -> count.get() > 10);
    }

    private static void atOnce(Stream<Runnable> clients) {
        clients.map(client -> CompletableFuture.runAsync(client, threads))
                .toList()
                .forEach(CompletableFuture::join);
    }

    private static void heal() {
        peers.forEach(peer -> peer.faults.clear());
    }

    private static void trouble(Random random) {
        if (random.nextInt(3) == 0) {
            QueueTrouble.any(peers.get(random.nextInt(2)), random);
        }
    }

    /** Sessions of each of the processes; when they are closed, nobody watches any more. */
    private record Sessions(List<Session> each) implements AutoCloseable {
        static Sessions open() {
            return new Sessions(peers.stream()
                    .map(peer -> Session.builder(peer.connection)
                            .ttl(Duration.ofMinutes(10))
                            .open())
                    .toList());
        }

        Session of(int process) {
            return each.get(process);
        }

        @Override
        public void close() {
            each.forEach(Session::close);
        }
    }

    // First in, first out

    /** Each try is a schedule for each of several names, which the same processes use at once. */
    @Property(
            tries = FIFO_SHIFTS,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void fifo_anySchedule_isLinearizable(@ForAll long seed) {
        Random random = new Random(seed);
        try (Sessions sessions = Sessions.open()) {
            List<Trial> trials = Stream.generate(() -> new Trial(sessions, random.nextLong()))
                    .limit(NAMES)
                    .toList();
            atOnce(trials.stream().flatMap(Trial::clients));
            heal();
            trials.forEach(Trial::judge);
        }
    }

    /** One name, and four who offer and take, of whom each two are threads of a process. */
    private static final class Trial {
        private final String name = Server.freshName();
        private final long seed;
        private final History<FifoQueueCall> history = new History<>();
        private final AtomicBoolean isUnknown = new AtomicBoolean();
        private final List<DistributedQueue<String>> queues;

        Trial(Sessions sessions, long seed) {
            this.seed = seed;
            this.queues = sessions.each().stream()
                    .map(session -> DistributedQueue.create(session, name, Codec.utf8()))
                    .toList();
        }

        Stream<Runnable> clients() {
            return IntStream.range(0, 4).mapToObj(client -> () -> {
                Random random = new Random(seed + client);
                for (int i = 0; i < STEPS; i++) {
                    trouble(random);
                    step(client, random, client + "-" + i);
                }
            });
        }

        private void step(int client, Random random, String item) {
            DistributedQueue<String> queue = queues.get(client / 2);
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    long invoked = history.moment();
                    assertThat(queue.offer(item)).isTrue();
                    history.ended(client, invoked, new Enqueued(item), Outcome.OK);
                }
                case 2 -> {
                    long invoked = history.moment();
                    assertThat(queue.offerAll(List.of(item + "a", item + "b"))).isTrue();
                    for (String each : List.of(item + "a", item + "b")) {
                        history.ended(client, invoked, new Enqueued(each), Outcome.OK);
                    }
                }
                case 3 -> poll(client, queue, Duration.ofMillis(random.nextInt(10)));
                default -> poll(client, queue, Duration.ZERO);
            }
        }

        /** An item that comes too late is put back in two steps, so that nothing can be said about the order. */
        private boolean poll(int client, DistributedQueue<String> queue, Duration timeout) {
            long invoked = history.moment();
            try {
                Optional<String> item = queue.poll(timeout);
                history.ended(
                        client, invoked, item.<FifoQueueCall>map(Dequeued::new).orElseGet(FoundEmpty::new), Outcome.OK);
                (item.isPresent() ? taken : empty).incrementAndGet();
                return item.isPresent();
            } catch (OutcomeUnknownException late) {
                isUnknown.set(true);
                unknown.incrementAndGet();
                return true;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        void judge() {
            boolean more = true;
            for (int i = 0; more; i++) {
                more = poll(9, queues.get(i % 2), Duration.ZERO);
            }
            if (!isUnknown.get()) {
                judged.incrementAndGet();
                assertThat(Linearizability.violation(name, new FifoQueueModel(), history.operations()))
                        .isEmpty();
            }
        }
    }

    // Sessions that end

    @Property(
            tries = SHIFTS,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void fifo_sessionsEnd_itemsAreTakenOnceAtMost_andOnlyThoseOfTheEndedAreMissing(@ForAll long seed) {
        Random random = new Random(seed);
        try (Sessions mortal = Sessions.open();
                Sessions others = Sessions.open()) {
            List<MortalTrial> trials = Stream.generate(() -> new MortalTrial(mortal.of(0), others, random.nextLong()))
                    .limit(NAMES)
                    .toList();
            atOnce(Stream.concat(trials.stream().flatMap(MortalTrial::clients), Stream.of(() -> {
                for (int i = random.nextInt(20); i > 0; i--) {
                    Server.embedded().revision();
                }
                mortal.of(0).close();
                ended.incrementAndGet();
            })));
            heal();
            trials.forEach(MortalTrial::judge);
        }
    }

    /** One name, and three who take, one of them by a session that ends. */
    private static final class MortalTrial {
        private final String name = Server.freshName();
        private final long seed;
        private final List<DistributedQueue<String>> queues = new ArrayList<>();
        private final Queue<String> offered = new ConcurrentLinkedQueue<>();
        private final Queue<String> found = new ConcurrentLinkedQueue<>();
        private final AtomicInteger missing = new AtomicInteger();

        MortalTrial(Session mortal, Sessions others, long seed) {
            this.seed = seed;
            for (Session session : List.of(mortal, others.of(0), others.of(1))) {
                queues.add(DistributedQueue.create(session, name, Codec.utf8()));
            }
        }

        Stream<Runnable> clients() {
            return IntStream.range(0, 3).mapToObj(client -> () -> {
                Random random = new Random(seed + client);
                for (int i = 0; i < STEPS; i++) {
                    trouble(random);
                    if (random.nextInt(2) == 0) {
                        String item = client + "-" + i;
                        assertThat(queues.get(client).offer(item)).isTrue();
                        offered.add(item);
                    } else {
                        poll(client, Duration.ofMillis(random.nextInt(10)));
                    }
                }
            });
        }

        private boolean poll(int client, Duration timeout) {
            try {
                Optional<String> item = queues.get(client).poll(timeout);
                item.ifPresent(found::add);
                return item.isPresent();
            } catch (OutcomeUnknownException late) {
                unknown.incrementAndGet(); // it is put back, unless the session ends first
                missing.addAndGet(client == 0 ? 1 : 0);
                return true;
            } catch (SessionLostException over) {
                missing.incrementAndGet();
                return false;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        void judge() {
            long late = System.nanoTime() + Duration.ofSeconds(5).toNanos();
            do { // what is put back may still be on its way
                while (poll(1, Duration.ZERO) || poll(2, Duration.ZERO)) {}
            } while (found.size() + missing.get() < offered.size() && System.nanoTime() < late);
            assertThat(found).doesNotHaveDuplicates().isSubsetOf(offered);
            assertThat(offered.size() - found.size()).isBetween(0, missing.get());
        }
    }

    // By priority, by due time

    /**
     * What two offer at once is found by others who look meanwhile, or later; and what is left is taken by one after the other, in
     * the order of what it goes by and then of each one's offers.
     */
    @Property(
            tries = SHIFTS,
            shrinking = ShrinkingMode.OFF,
            edgeCases = EdgeCasesMode.NONE,
            afterFailure = AfterFailureMode.RANDOM_SEED)
    void ordered_anySchedule_isTakenInOrder(@ForAll long seed) {
        Random random = new Random(seed);
        try (Sessions sessions = Sessions.open()) {
            List<OrderedTrial> trials = IntStream.range(0, NAMES)
                    .mapToObj(i -> new OrderedTrial(sessions, i % 2 == 0, random.nextLong()))
                    .toList();
            atOnce(trials.stream().flatMap(trial -> Stream.concat(trial.offerers(), trial.lookers())));
            trials.forEach(OrderedTrial::judgeLooks);
            atOnce(trials.stream().map(trial -> trial::take));
            heal();
        }
    }

    private static final class OrderedTrial {
        /** One that was offered. */
        record Item(int by, int client, int number) {
            static Item of(String text) {
                String[] parts = text.split(" ", -1);
                return new Item(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
            }

            String text() {
                return by + " " + client + " " + number;
            }
        }

        /** One that asked for an item, when it began and ended. */
        record Look(long from, long to, Optional<Item> found) {}

        private final long seed;
        private final List<Offerer> offerers = new ArrayList<>();
        private final List<Taker> takers = new ArrayList<>();
        private final AtomicLong moment = new AtomicLong();
        private final Map<Item, Long> offered = new ConcurrentHashMap<>(); // and when that was answered
        private final Queue<Look> looks = new ConcurrentLinkedQueue<>();
        private final AtomicBoolean isUnknown = new AtomicBoolean();

        /** Offers one by what it goes by. */
        private interface Offerer {
            void offer(List<String> items, int by);
        }

        /** Takes one. */
        private interface Taker {
            Optional<String> poll(Duration timeout) throws InterruptedException;
        }

        OrderedTrial(Sessions sessions, boolean byPriority, long seed) {
            this.seed = seed;
            String name = Server.freshName();
            for (Session session : sessions.each()) {
                if (byPriority) {
                    var queue = DistributedPriorityQueue.create(session, name, Codec.utf8());
                    offerers.add(queue::offerAll);
                    takers.add(queue::poll);
                } else {
                    var queue = DistributedDelayQueue.create(session, name, Codec.utf8());
                    offerers.add((items, by) -> items.forEach(item -> queue.offerAt(item, PAST.plusMillis(by))));
                    takers.add(queue::poll);
                }
            }
        }

        Stream<Runnable> offerers() {
            return IntStream.range(0, 2).mapToObj(client -> () -> {
                Random random = new Random(seed + client);
                for (int i = 0; i < STEPS; i++) {
                    trouble(random);
                    int by = random.nextInt(3);
                    List<Item> items = List.of(new Item(by, client, 2 * i), new Item(by, client, 2 * i + 1));
                    offerers.get(client).offer(items.stream().map(Item::text).toList(), by);
                    items.forEach(item -> offered.put(item, moment.incrementAndGet()));
                }
            });
        }

        Stream<Runnable> lookers() {
            return IntStream.range(0, 3).mapToObj(client -> () -> {
                Random random = new Random(seed + 5 + client);
                for (int i = 0; i < STEPS; i++) {
                    trouble(random);
                    long from = moment.incrementAndGet();
                    Optional<Item> found =
                            poll(client % 2, Duration.ofMillis(random.nextBoolean() ? random.nextInt(10) : 0));
                    looks.add(new Look(from, moment.incrementAndGet(), found));
                }
            });
        }

        private Optional<Item> poll(int client, Duration timeout) {
            try {
                Optional<Item> found = takers.get(client).poll(timeout).map(Item::of);
                (found.isPresent() ? taken : empty).incrementAndGet();
                return found;
            } catch (OutcomeUnknownException late) {
                isUnknown.set(true);
                unknown.incrementAndGet();
                return Optional.empty();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        /** None that was there before one looked, and that nobody else was about to take, was missed. */
        void judgeLooks() {
            if (isUnknown.get()) {
                return;
            }
            Map<Item, Long> takenFrom = new HashMap<>();
            for (Look look : looks) {
                look.found()
                        .ifPresent(item -> assertThat(takenFrom.put(item, look.from()))
                                .as("%s was taken before", item)
                                .isNull());
            }
            for (Look look : looks) {
                assertThat(offered)
                        .as("%s though there was one", look)
                        .noneSatisfy((item, since) -> assertThat(look.found().isEmpty()
                                        && since < look.from()
                                        && takenFrom.getOrDefault(item, Long.MAX_VALUE) > look.to())
                                .isTrue());
            }
        }

        void take() {
            Random random = new Random(seed + 9);
            looks.forEach(look -> look.found().ifPresent(offered::remove));
            List<Item> all = new ArrayList<>();
            while (all.size() < offered.size() && !isUnknown.get()) {
                trouble(random);
                poll(random.nextInt(2), Duration.ZERO).ifPresent(all::add);
            }
            boolean isEmpty = poll(0, Duration.ZERO).isEmpty();
            if (isUnknown.get()) {
                return;
            }
            judged.incrementAndGet();
            assertThat(isEmpty).isTrue();
            assertThat(all).containsExactlyInAnyOrderElementsOf(offered.keySet());
            assertThat(all).isSortedAccordingTo(Comparator.comparingInt(Item::by));
            for (int client = 0; client < 2; client++) {
                int so = client;
                assertThat(all.stream().filter(item -> item.client() == so))
                        .isSortedAccordingTo(Comparator.comparingInt(Item::by).thenComparing(Item::number));
            }
        }
    }
}
