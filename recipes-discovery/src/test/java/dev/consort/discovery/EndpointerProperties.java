/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.RecipeException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;
import org.jspecify.annotations.Nullable;

/** Instances that come, go and flap, outages, and time: what there is, is what a model says, and nothing is left open. */
@Tag("property")
class EndpointerProperties {
    private static final int SCHEDULES = 200;
    private static final int STEPS = 40;
    private static final Duration INVALID = Duration.ofSeconds(10);
    private static final List<String> NAMES = List.of("a", "b", "c", "d", "e", "f");
    private static final AtomicInteger invalidated = new AtomicInteger();
    private static final AtomicInteger recovered = new AtomicInteger();
    private static final AtomicInteger ejected = new AtomicInteger();
    private static final AtomicInteger returned = new AtomicInteger();

    /** A run counts only if everything in it happened. */
    @AfterContainer
    static void count() {
        System.out.println("EndpointerProperties: schedules = " + 2 * SCHEDULES + ", invalidated: " + invalidated
                + ", recovered: " + recovered + ", ejected: " + ejected + ", returned: " + returned);
        assertThat(List.of(invalidated, recovered, ejected, returned)).allMatch(number -> number.get() > 100);
    }

    /** Some of the names, sorted; now and then one of them twice. */
    private static List<String> some(Random random) {
        List<String> some = new ArrayList<>(
                NAMES.stream().filter(name -> random.nextInt(3) > 0).toList());
        if (!some.isEmpty() && random.nextInt(4) == 0) {
            some.add(some.get(random.nextInt(some.size())));
            Collections.sort(some);
        }
        return some;
    }

    @Property(tries = SCHEDULES, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
    void endpoints_anySchedule_areThoseOfTheModel(@ForAll long seed) {
        Random random = new Random(seed);
        AtomicLong clock = new AtomicLong(random.nextLong());
        ToldInstancer<String> instancer = new ToldInstancer<>(some(random));
        Client.Maker maker = new Client.Maker();
        Endpointer<String, Client> endpointer = new EndpointerBuilder<String, Client>(instancer, maker)
                .nanoTime(clock::get)
                .invalidateAfter(INVALID)
                .build();
        CacheModel model = new CacheModel(maker.bad);
        model.set(instancer.current().instances());
        for (int step = 0; step < STEPS; step++) {
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    List<String> changed = some(random);
                    instancer.tell(changed);
                    model.set(changed);
                }
                case 2 -> {
                    String why = "error " + step;
                    instancer.fail(why);
                    model.fail(why, clock.get(), instancer.current().instances());
                }
                case 3, 4 -> clock.addAndGet(random.nextLong(INVALID.toNanos()));
                default -> {
                    String name = NAMES.get(random.nextInt(NAMES.size()));
                    if (!maker.bad.remove(name)) {
                        maker.bad.add(name);
                    }
                }
            }
            check(endpointer, model, clock.get());
            assertThat(maker.made).allMatch(client -> client.closings().get() <= 1);
            assertThat(maker.open()).extracting(Client::instance).containsExactlyInAnyOrderElementsOf(model.kept());
        }
        endpointer.close();
        assertThat(maker.open()).isEmpty();
    }

    private static void check(Endpointer<String, Client> endpointer, CacheModel model, long now) {
        Optional<String> error = model.errorAt(now);
        try {
            List<Endpoint<String, Client>> endpoints = endpointer.endpoints();
            assertThat(error).isEmpty();
            assertThat(endpoints).extracting(Endpoint::instance).containsExactlyElementsOf(model.kept());
            assertThat(endpoints)
                    .allMatch(endpoint -> endpoint.target().instance().equals(endpoint.instance()));
        } catch (RecipeException e) {
            assertThat(error).hasValueSatisfying(why -> assertThat(e).hasMessageEndingWith(": " + why));
        }
    }

    /** go-kit's endpoint cache, put simply. */
    private static final class CacheModel {
        private final Set<String> bad;
        private List<String> kept = List.of();
        private @Nullable String error;
        private long since;
        private boolean invalid;

        CacheModel(Set<String> bad) {
            this.bad = bad;
        }

        void set(List<String> instances) {
            if (invalid) {
                recovered.incrementAndGet();
            }
            error = null;
            invalid = false;
            keep(instances);
        }

        private void keep(List<String> instances) {
            List<String> before = kept;
            kept = instances.stream()
                    .distinct()
                    .filter(name -> before.contains(name) || !bad.contains(name))
                    .toList();
        }

        void fail(String why, long now, List<String> known) {
            if (error == null) {
                error = why;
                since = now;
            }
            if (!known.isEmpty() && now - since < INVALID.toNanos()) {
                keep(known);
            }
        }

        Optional<String> errorAt(long now) {
            if (error == null || now - since < INVALID.toNanos()) {
                return Optional.empty();
            }
            if (!invalid) {
                invalidated.incrementAndGet();
            }
            invalid = true;
            kept = List.of();
            return Optional.of(error);
        }

        List<String> kept() {
            return kept;
        }
    }

    // EJECTION

    @Property(tries = SCHEDULES, shrinking = ShrinkingMode.OFF, edgeCases = EdgeCasesMode.NONE)
    void ejection_anySchedule_isThatOfTheModel(@ForAll long seed) {
        Random random = new Random(seed);
        AtomicLong clock = new AtomicLong(random.nextLong());
        ToldInstancer<String> instancer = new ToldInstancer<>(NAMES);
        Endpointer<String, String> below =
                Endpointer.<String, String>of(instancer, instance -> instance).build();
        int after = 1 + random.nextInt(3);
        double share = random.nextDouble();
        EjectingEndpointer<String, String> endpointer = new EjectionBuilder<>(below)
                .nanoTime(clock::get)
                .after(after)
                .mostEjected(share)
                .pause(Duration.ofSeconds(1), Duration.ofSeconds(4))
                .build();
        EjectionModel model = new EjectionModel(after, share);
        for (int step = 0; step < 2 * STEPS; step++) {
            clock.incrementAndGet(); // of two that are to come back at the same time either may be the first
            switch (random.nextInt(8)) {
                case 0 -> {
                    List<String> changed = some(random);
                    instancer.tell(changed);
                    model.set(changed.stream().distinct().toList(), clock.get());
                }
                case 1 -> clock.addAndGet(random.nextLong(Duration.ofSeconds(2).toNanos()));
                case 2 ->
                    pick(below, random).ifPresent(endpoint -> {
                        endpointer.succeeded(endpoint);
                        model.succeeded(endpoint.instance());
                    });
                default ->
                    pick(below, random).ifPresent(endpoint -> {
                        endpointer.failed(endpoint, new IOException("refused"));
                        model.failed(endpoint.instance(), clock.get());
                    });
            }
            List<String> out = model.out(clock.get());
            List<String> all =
                    instancer.current().instances().stream().distinct().toList();
            assertThat(endpointer.ejected()).extracting(Endpoint::instance).containsExactlyInAnyOrderElementsOf(out);
            assertThat(endpointer.endpoints())
                    .extracting(Endpoint::instance)
                    .containsExactlyElementsOf(
                            all.stream().filter(name -> !out.contains(name)).toList());
            assertThat(out.size()).isLessThanOrEqualTo((int) (all.size() * share));
            assertThat(endpointer.endpoints().isEmpty()).isEqualTo(all.isEmpty());
        }
    }

    private static Optional<Endpoint<String, String>> pick(Endpointer<String, String> below, Random random) {
        List<Endpoint<String, String>> all = below.endpoints();
        return all.isEmpty() ? Optional.empty() : Optional.of(all.get(random.nextInt(all.size())));
    }

    /** Each name's failures and time; looked at after each step, so that nothing is made at once that is made later. */
    private static final class EjectionModel {
        private final int after;
        private final double share;
        private List<String> all = NAMES;
        private final Map<String, Integer> failures = new HashMap<>();
        private final Map<String, Integer> times = new HashMap<>();
        private final Map<String, Long> until = new LinkedHashMap<>();

        EjectionModel(int after, double share) {
            this.after = after;
            this.share = share;
        }

        private int allowed() {
            return Math.max(0, Math.min(all.size() - 1, (int) (all.size() * share)));
        }

        void set(List<String> changed, long now) {
            all = changed;
            Stream.of(failures, times, until).forEach(map -> map.keySet().retainAll(changed));
            var unused = out(now);
        }

        void succeeded(String name) {
            if (!until.containsKey(name)) {
                failures.remove(name);
                times.remove(name);
            }
        }

        void failed(String name, long now) {
            var unused = out(now);
            if (until.containsKey(name)) {
                return;
            }
            int failed = failures.merge(name, 1, Integer::sum);
            if (failed >= after && until.size() < allowed()) {
                int before = times.merge(name, 1, Integer::sum) - 1;
                until.put(
                        name,
                        now + Duration.ofSeconds(Math.min(4, 1L << before)).toNanos());
                ejected.incrementAndGet();
            }
        }

        List<String> out(long now) {
            List<Map.Entry<String, Long>> order = new ArrayList<>(until.entrySet());
            order.sort(Comparator.comparingLong(entry -> entry.getValue() - now));
            for (Map.Entry<String, Long> entry : order) {
                if (now - entry.getValue() >= 0 || until.size() > allowed()) {
                    back(entry.getKey());
                }
            }
            return List.copyOf(until.keySet());
        }

        private void back(String name) {
            until.remove(name);
            failures.put(name, after - 1);
            returned.incrementAndGet();
        }
    }
}
