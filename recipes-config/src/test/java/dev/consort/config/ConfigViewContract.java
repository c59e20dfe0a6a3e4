/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.consort.config.ConfigView.Observation;
import dev.consort.core.Codec;
import dev.consort.core.RecipeException;
import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallMatcher;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a view of the configuration does, on any server. */
abstract class ConfigViewContract {
    private static final Duration LONG = Duration.ofSeconds(10);

    private final Server server = server();
    private final Party party = server.join();
    private final String root = Server.freshName();
    private final List<ConfigView<?>> open = new ArrayList<>();

    record Pool(int size, String name) {
        Pool {
            if (size < 1) {
                throw new IllegalArgumentException("a pool of " + size);
            }
        }

        static Pool of(Map<String, String> all) {
            return new Pool(Integer.parseInt(all.getOrDefault("size", "1")), all.getOrDefault("name", "none"));
        }
    }

    /** What a listener was told. */
    static final class Told<T> implements ConfigListener<T> {
        final BlockingQueue<ConfigChange<? extends T>> changes = new LinkedBlockingQueue<>();
        final BlockingQueue<RecipeException> problems = new LinkedBlockingQueue<>();

        @Override
        public void onChange(ConfigChange<? extends T> change) {
            changes.add(change);
        }

        @Override
        public void onProblem(RecipeException why) {
            problems.add(why);
        }

        ConfigChange<? extends T> next() throws InterruptedException {
            ConfigChange<? extends T> change = changes.poll(10, TimeUnit.SECONDS);
            assertThat(change).as("a change").isNotNull();
            return change;
        }

        RecipeException problem() throws InterruptedException {
            RecipeException why = problems.poll(10, TimeUnit.SECONDS);
            assertThat(why).as("a problem").isNotNull();
            return why;
        }
    }

    abstract Server server();

    @BeforeEach
    void others() {
        server.put(root + "-2/size", "of another root");
        server.put(root, "the root itself is no key below it");
    }

    @AfterEach
    void leave() {
        open.forEach(ConfigView::close);
        party.close();
    }

    private <T> ConfigView<T> opened(ConfigView.Builder<T> builder) {
        ConfigView<T> view = builder.open();
        open.add(view);
        return view;
    }

    private ConfigView.Builder<SortedMap<String, String>> texts() {
        return ConfigView.of(party.connection, root);
    }

    private long putAll(Map<String, String> values) {
        Op[] puts = values.entrySet().stream()
                .map(each -> Op.put(
                        Server.bytes(root + "/" + each.getKey()), Server.bytes(each.getValue()), PutOption.DEFAULT))
                .toArray(Op[]::new);
        return Server.answer(party.client.getKVClient().txn().Then(puts).commit())
                .getHeader()
                .getRevision();
    }

    @Test
    void open_isWhatIsThere() {
        server.put(root + "/size", "3");
        long last = server.put(root + "/db/url", "x");
        ConfigView<SortedMap<String, String>> view = opened(texts());
        assertThat(view.get()).isEqualTo(Map.of("size", "3", "db/url", "x"));
        assertThat(view.get()).isSameAs(view.get());
        assertThat(view.snapshot().revision()).isGreaterThanOrEqualTo(last);
        assertThat(view.snapshot())
                .returns(false, ConfigSnapshot::stale)
                .returns(false, ConfigSnapshot::fromFile)
                .matches(now -> now.problem().isEmpty());
        assertThatThrownBy(() -> view.get().put("size", "4")).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void open_nothingThere_isEmpty() {
        assertThat(opened(texts()).get()).isEmpty();
        assertThat(opened(texts().whenAbsent(new java.util.TreeMap<>(Map.of("size", "1"))))
                        .get())
                .isEqualTo(Map.of("size", "1"));
    }

    @Test
    void change_isTakenOverAndTold() throws Exception {
        server.put(root + "/size", "3");
        ConfigView<Pool> view = opened(texts().map(Pool::of));
        Told<Pool> told = new Told<>();
        view.listen(told);
        long revision = putAll(Map.of("size", "4", "name", "x", "unknown", "y"));
        assertThat(told.next())
                .isEqualTo(new ConfigChange<>(
                        new Pool(3, "none"), new Pool(4, "x"), revision, java.util.Set.of("size", "name", "unknown")));
        assertThat(view.awaitRevision(revision, LONG))
                .returns(revision, ConfigSnapshot::revision)
                .returns(new Pool(4, "x"), ConfigSnapshot::value);
        long deleted = server.delete(root + "/name");
        assertThat(told.next())
                .returns(new Pool(4, "none"), ConfigChange::after)
                .returns(deleted, ConfigChange::revision);
        // What changes nothing is no change.
        long same = server.put(root + "/unknown", "z");
        view.awaitRevision(same, LONG);
        long last = server.put(root + "/size", "5");
        assertThat(told.next()).returns(last, ConfigChange::revision);
    }

    @Test
    void transactions_areNeverSeenInPart() throws Exception {
        server.put(root + "/a/n", "0");
        server.put(root + "/b/m", "0");
        ConfigView<SortedMap<String, String>> view =
                opened(texts().levels("a", "b").validate(all -> {
                    if (!all.getOrDefault("n", "0").equals(all.getOrDefault("m", "0"))) {
                        throw new IllegalStateException("in part: " + all);
                    }
                }));
        Told<SortedMap<String, String>> told = new Told<>();
        view.listen(told);
        long revision = 0;
        for (int i = 1; i <= 200; i++) {
            revision = putAll(Map.of("a/n", "" + i, "b/m", "" + i));
        }
        assertThat(view.awaitRevision(revision, LONG).value()).isEqualTo(Map.of("n", "200", "m", "200"));
        assertThat(told.problems).isEmpty();
        List<Long> revisions = new ArrayList<>(
                told.changes.stream().map(ConfigChange::revision).toList());
        assertThat(revisions).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void levels_theLastOneCounts() throws Exception {
        putAll(Map.of("defaults/size", "1", "defaults/name", "d", "env/prod/size", "2", "host/b/size", "9"));
        ConfigView<Pool> view =
                opened(texts().levels("defaults", "env/prod", "host/a").map(Pool::of));
        assertThat(view.get()).isEqualTo(new Pool(2, "d"));
        view.awaitRevision(server.put(root + "/host/a/size", "3"), LONG);
        assertThat(view.get()).isEqualTo(new Pool(3, "d"));
        long revision = server.delete(root + "/host/a/size");
        assertThat(view.awaitRevision(revision, LONG).value()).isEqualTo(new Pool(2, "d"));
    }

    @Test
    void refused_theLastGoodOneStaysUntilItIsMended() throws Exception {
        long good = server.put(root + "/size", "3");
        ConfigView<Pool> view = opened(texts().map(Pool::of));
        Told<Pool> told = new Told<>();
        view.listen(told);
        long bad = putAll(Map.of("size", "0", "name", "x"));
        assertThat(told.problem())
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining(root)
                .hasMessageContaining("a pool of 0")
                .hasCauseInstanceOf(IllegalArgumentException.class);
        ConfigSnapshot<Pool> now = view.awaitRevision(bad, LONG);
        assertThat(now.value()).isEqualTo(new Pool(3, "none"));
        assertThat(now.revision()).isBetween(good, bad - 1);
        assertThat(now.seen()).isEqualTo(bad);
        assertThat(now.problem()).isPresent();
        assertThat(now.stale()).isFalse();
        server.put(root + "/other", "still refused, and told already");
        long mended = server.put(root + "/size", "4");
        ConfigChange<? extends Pool> change = told.next();
        assertThat(change.before()).isEqualTo(new Pool(3, "none"));
        assertThat(change.after()).isEqualTo(new Pool(4, "x"));
        assertThat(change.keys()).containsExactlyInAnyOrder("size", "name", "other");
        assertThat(view.awaitRevision(mended, LONG).problem()).isEmpty();
        assertThat(told.problems).isEmpty();
    }

    @Test
    void undecodable_namesTheKey() throws Exception {
        server.put(root + "/size", "3");
        ConfigView<SortedMap<String, Integer>> view = opened(ConfigView.of(party.connection, root, new Numbers()));
        assertThat(view.get()).isEqualTo(Map.of("size", 3));
        Told<SortedMap<String, Integer>> told = new Told<>();
        view.listen(told);
        server.put(root + "/more", "three");
        assertThat(told.problem())
                .hasMessageContaining(root + "/more")
                .hasMessageNotContaining("three")
                .hasCauseInstanceOf(NumberFormatException.class);
        server.delete(root + "/more");
        server.put(root + "/size", "4");
        await().untilAsserted(() -> assertThat(view.get()).isEqualTo(Map.of("size", 4)));
    }

    private static final class Numbers implements Codec<Integer> {
        @Override
        public byte[] encode(Integer value) {
            return value.toString().getBytes(UTF_8);
        }

        @Override
        public Integer decode(byte[] bytes) {
            return Integer.valueOf(new String(bytes, UTF_8));
        }
    }

    @Test
    void openKey_oneDocument() throws Exception {
        String key = root + "/pool";
        server.put(key, "{\"size\":3,\"name\":\"x\"}");
        server.put(key + "s", "another key");
        server.put(key + "/sub", "another key");
        ConfigView<Pool> view = opened(ConfigView.ofKey(party.connection, key, JacksonCodec.of(Pool.class)));
        Told<Pool> told = new Told<>();
        view.listen(told);
        assertThat(view.get()).isEqualTo(new Pool(3, "x"));
        long revision = server.put(key, "{\"size\":4,\"name\":\"x\"}");
        assertThat(told.next())
                .isEqualTo(new ConfigChange<>(new Pool(3, "x"), new Pool(4, "x"), revision, java.util.Set.of()));
        server.put(key, "{\"size\":");
        assertThat(told.problem()).hasMessageContaining(key);
        server.delete(key);
        assertThat(told.problem()).hasMessageContaining("there is no such key");
        assertThat(view.get()).isEqualTo(new Pool(4, "x"));
        server.put(key, "{\"size\":5,\"name\":\"x\"}");
        assertThat(told.next()).returns(new Pool(5, "x"), ConfigChange::after);
    }

    @Test
    void openKey_absent_isRefusedUnlessSaid() {
        String key = root + "/pool";
        assertThatExceptionOfType(InvalidConfigException.class)
                .isThrownBy(() ->
                        ConfigView.ofKey(party.connection, key, Codec.utf8()).open())
                .withMessageContaining(key)
                .withMessageContaining("whenAbsent");
        assertThat(opened(ConfigView.ofKey(party.connection, key, Codec.utf8())
                                .whenAbsent("none")
                                .map(String::length))
                        .get())
                .isEqualTo(4);
    }

    @Test
    void open_refused_throwsAndLeavesNoWatch() {
        server.put(root + "/size", "0");
        assertThatExceptionOfType(InvalidConfigException.class)
                .isThrownBy(() -> texts().map(Pool::of).open())
                .withMessageContaining("a pool of 0");
        assertThatExceptionOfType(InvalidConfigException.class)
                .isThrownBy(() -> texts().map(all -> (Pool) null).open())
                .withMessageContaining("null");
        await().untilAsserted(() -> assertThat(party.log.counts().watchesOpen()).isZero());
    }

    @Test
    void openAsync_cancelled_leavesNoWatch() throws Exception {
        CallFault reading = party.faults.next(CallMatcher.method("KV/Range")).hold();
        CompletableFuture<ConfigView<SortedMap<String, String>>> opening = texts().openAsync();
        reading.hit().get(10, TimeUnit.SECONDS);
        assertThat(opening.cancel(false)).isTrue();
        reading.release();
        reading.landed().get(10, TimeUnit.SECONDS);
        try (ConfigView<SortedMap<String, String>> next = opened(texts())) {
            long later =
                    server().put(root + "/size", "4"); // what its watch tells, an earlier one of the stream would stand
            next.awaitRevision(later, Duration.ofSeconds(10));
        }
        await().untilAsserted(() -> assertThat(party.log.counts().watchesOpen()).isZero());
    }

    @Test
    void listener_slow_isToldTheNewestAndHoldsUpNobody() throws Exception {
        ConfigView<SortedMap<String, String>> view = opened(texts());
        CountDownLatch held = new CountDownLatch(1);
        Told<SortedMap<String, String>> slow = new Told<>();
        Told<SortedMap<String, String>> quick = new Told<>();
        view.listen(change -> {
            slow.onChange(change);
            awaitQuietly(held);
        });
        view.listen(quick);
        view.awaitRevision(server.put(root + "/a", "1"), LONG);
        slow.next();
        quick.next();
        for (String key : List.of("b", "c", "d")) {
            view.awaitRevision(server.put(root + "/" + key, "1"), LONG);
            quick.next();
        }
        assertThat(slow.changes).isEmpty();
        held.countDown();
        ConfigChange<? extends SortedMap<String, String>> all = slow.next();
        assertThat(all.before()).isEqualTo(Map.of("a", "1"));
        assertThat(all.after()).isEqualTo(view.get());
        assertThat(all.keys()).containsExactlyInAnyOrder("b", "c", "d");
        assertThat(slow.changes).isEmpty();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void listener_throws_isToldAgainAndOthersToo() throws Exception {
        ConfigView<SortedMap<String, String>> view = opened(texts());
        Told<SortedMap<String, String>> other = new Told<>();
        Told<SortedMap<String, String>> failing = new Told<>();
        view.listen(change -> {
            failing.onChange(change);
            throw new IllegalStateException("a listener");
        });
        Observation observation = view.listen(other);
        server.put(root + "/a", "1");
        failing.next();
        other.next();
        observation.close();
        observation.close();
        server.put(root + "/a", "2");
        failing.next();
        assertThat(other.changes).isEmpty();
    }

    @Test
    void awaitRevision_notSeen_timesOutAndKeepsTheInterrupt() {
        ConfigView<SortedMap<String, String>> view = opened(texts());
        long future = server.revision() + 1000;
        assertThatExceptionOfType(TimeoutException.class)
                .isThrownBy(() -> view.awaitRevision(future, Duration.ofMillis(20)))
                .withMessageContaining(String.valueOf(future));
        assertThatExceptionOfType(TimeoutException.class)
                .isThrownBy(() -> view.awaitRevision(future, Duration.ofMillis(-1)));
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class).isThrownBy(() -> view.awaitRevision(future, LONG));
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void close_theLastValueStaysAndIsStale() throws Exception {
        server.put(root + "/a", "1");
        ConfigView<SortedMap<String, String>> view = opened(texts());
        CompletableFuture<Object> waiting = CompletableFuture.supplyAsync(() -> outcome(view));
        view.close();
        view.close();
        assertThat(waiting.get(10, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class);
        assertThat(view.snapshot())
                .returns(true, ConfigSnapshot::stale)
                .returns(Map.of("a", "1"), ConfigSnapshot::value);
        assertThatThrownBy(() -> view.awaitRevision(Long.MAX_VALUE, LONG)).isInstanceOf(IllegalStateException.class);
        await().untilAsserted(() -> assertThat(party.log.counts().watchesOpen()).isZero());
    }

    private static Object outcome(ConfigView<?> view) {
        try {
            return view.awaitRevision(Long.MAX_VALUE, LONG);
        } catch (InterruptedException | TimeoutException | IllegalStateException e) {
            return e;
        }
    }

    @Test
    void connectionClosed_theViewIsStale() {
        ConfigView<SortedMap<String, String>> view = opened(texts());
        CompletableFuture<Object> waiting = CompletableFuture.supplyAsync(() -> outcome(view));
        party.connection.close();
        assertThat(waiting).succeedsWithin(LONG).isInstanceOf(IllegalStateException.class);
        assertThat(view.snapshot().stale()).isTrue();
        assertThat(view.get()).isEmpty();
        assertThatThrownBy(() -> texts().open()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void severalViewsOfARoot_shareAWatch() {
        opened(texts());
        ConfigView<Pool> second = opened(texts().map(Pool::of));
        assertThat(second.get()).isEqualTo(new Pool(1, "none"));
        await().untilAsserted(() -> assertThat(party.log.counts().watchesOpen()).isEqualTo(1));
        assertThat(party.log.counts().unaryCalls("KV/Range")).isLessThanOrEqualTo(2);
    }

    @Test
    void badInput_saysWhat() {
        for (String name : List.of("", "/a", "a/", "a//b")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ConfigView.of(party.connection, name))
                    .withMessageContaining("'" + name + "'");
            assertThatIllegalArgumentException().isThrownBy(() -> texts().levels("x", name));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> texts().levels("env", "env/prod"))
                .withMessageContaining("'env/prod' nests with level 'env'");
        assertThatIllegalArgumentException().isThrownBy(() -> texts().levels()).withMessageContaining("no levels");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        ConfigView.ofKey(party.connection, root, Codec.utf8()).levels("a"))
                .withMessageContaining(root);
        assertThatThrownBy(() -> texts().whenAbsent(nothing())).isInstanceOf(NullPointerException.class);
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // what the compiler forbids careful users
    private static <T> T nothing() {
        return null;
    }
}
