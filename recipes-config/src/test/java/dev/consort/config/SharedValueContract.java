/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.consort.config.SharedValue.Subscription;
import dev.consort.core.Codec;
import dev.consort.core.RecipeException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a shared value promises, whatever server is behind it. */
abstract class SharedValueContract {
    private final Server server = server();
    private final Party here = server.join();
    private final Party there = server.join();
    private final Threads threads = new Threads();
    private final String name = Server.freshName();
    private final SharedValue<String> mine = SharedValue.create(here.connection, name, Codec.utf8());
    private final SharedValue<String> theirs = SharedValue.create(there.connection, name, Codec.utf8());

    abstract Server server();

    @AfterEach
    void leave() {
        threads.close();
        there.close();
        here.close();
        assertThat(Thread.interrupted()).isFalse();
    }

    private static <T> T soon(Future<T> future) throws Exception {
        return future.get(10, TimeUnit.SECONDS);
    }

    @Test
    void valueIsReadAsItWasWritten_withItsRevision() throws Exception {
        assertThat(mine.get()).isEmpty();
        Versioned<String> first = mine.set("one");
        assertThat(server.get(name).orElseThrow().getModRevision()).isEqualTo(first.revision());
        assertThat(theirs.get()).contains(first);
        Versioned<String> second = soon(theirs.setAsync("two \u00e4"));
        assertThat(second.revision()).isGreaterThan(first.revision());
        assertThat(soon(mine.getAsync())).contains(second);
        assertThat(server.text(name)).isEqualTo("two \u00e4");
        assertThat(mine.name()).isEqualTo(name);
    }

    @Test
    void compareAndSet_onlyOfWhatWasRead() throws Exception {
        Versioned<String> first = mine.compareAndSet(0, "one").orElseThrow();
        assertThat(theirs.compareAndSet(0, "uno")).isEmpty();
        Versioned<String> second =
                soon(theirs.compareAndSetAsync(first.revision(), "two")).orElseThrow();
        assertThat(mine.compareAndSet(first.revision(), "drei")).isEmpty();
        assertThat(mine.get()).contains(second);
        assertThat(mine.compareAndDelete(first.revision())).isFalse();
        assertThat(mine.compareAndDelete(second.revision())).isTrue();
        assertThat(mine.compareAndDelete(second.revision())).isFalse();
        assertThat(mine.get()).isEmpty();
        assertThat(mine.compareAndSet(second.revision(), "three")).isEmpty();
        assertThat(mine.compareAndSet(0, "three")).isPresent();
    }

    @Test
    void update_byManyAtOnce_losesNone() throws Exception {
        List<Future<Versioned<String>>> updates = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            SharedValue<String> value = i % 2 == 0 ? mine : theirs;
            updates.add(threads.start(() -> value.update(now -> now.orElse("") + "x")));
        }
        for (Future<Versioned<String>> update : updates) {
            assertThat(soon(update).value()).matches("x+");
        }
        assertThat(mine.get().orElseThrow().value()).isEqualTo("x".repeat(16));
    }

    @Test
    void update_thatNeverWins_saysSo() {
        AtomicInteger calls = new AtomicInteger();
        assertThatExceptionOfType(UpdateConflictException.class)
                .isThrownBy(() -> mine.update(now -> {
                    server.put(name, "theirs " + calls.incrementAndGet());
                    return "mine";
                }))
                .withMessageContaining(name)
                .satisfies(e -> assertThat(e.attempts()).isEqualTo(32));
        assertThat(calls).hasValue(32);
        assertThat(server.text(name)).isEqualTo("theirs 32");
    }

    @Test
    void update_functionThatThrows_writesNothing() {
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> mine.update(now -> {
                    throw new IllegalStateException("no");
                }));
        assertThatNullPointerException().isThrownBy(() -> mine.update(now -> nothing()));
        assertThat(server.get(name)).isEmpty();
    }

    @Test
    void getAt_readsTheHistoryUntilItIsCompacted() {
        long before = server.revision();
        Versioned<String> first = mine.set("one");
        Versioned<String> second = mine.set("two");
        assertThat(mine.getAt(first.revision())).contains(first);
        assertThat(mine.getAt(second.revision())).contains(second);
        assertThat(mine.getAt(before)).isEmpty();
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> mine.getAt(second.revision() + 1_000_000))
                .withMessageContaining("future")
                .withMessageContaining(name);
        server.put(name + "-beside", "1");
        server.compact();
        assertThatExceptionOfType(RevisionCompactedException.class)
                .isThrownBy(() -> mine.getAt(first.revision()))
                .withMessageContaining(name)
                .satisfies(e -> assertThat(e.revision()).isEqualTo(first.revision()));
    }

    // Listening

    /** Keeps what it was told, as text. */
    private static final class Recorder implements SharedValue.Listener<String> {
        final List<String> told = new CopyOnWriteArrayList<>();

        @Override
        public void onValue(Optional<Versioned<String>> value) {
            told.add(value.map(Versioned::value).orElse("absent"));
            if (value.filter(now -> now.value().equals("bang")).isPresent()) {
                throw new IllegalStateException("a listener's own");
            }
        }

        @Override
        public void onFailure(RecipeException why) {
            told.add(String.valueOf(why.getMessage()).replaceAll(".*(could not decode).*", "$1"));
        }

        @Override
        public void onStale() {
            told.add("stale");
        }

        @Override
        public void onCurrent() {
            told.add("current");
        }

        void awaitLast(String text) {
            await().untilAsserted(() -> assertThat(told).endsWith(text));
        }
    }

    @Test
    void listener_isToldEachValueInOrder_alsoAfterItHasThrown() throws Exception {
        Recorder recorder = new Recorder();
        Subscription listening = theirs.listen(recorder);
        soon(listening.ready());
        Versioned<String> one = mine.set("one");
        assertThat(mine.compareAndDelete(one.revision())).isTrue();
        mine.set("bang");
        mine.set("two");
        recorder.awaitLast("two");
        assertThat(recorder.told).containsExactly("absent", "one", "absent", "bang", "two");
        there.faults.breakStreams("Watch/Watch");
        recorder.awaitLast("current");
        mine.set("three");
        recorder.awaitLast("three");
        listening.close();
        mine.set("four");
        Recorder second = new Recorder();
        try (Subscription again = theirs.listen(second)) {
            soon(again.ready());
            assertThat(second.told).containsExactly("four");
        }
        assertThat(recorder.told)
                .containsExactly("absent", "one", "absent", "bang", "two", "stale", "current", "three");
    }

    /** As many listeners as the connection has threads, and more, each of which asks. */
    @Test
    void listeners_thatBlock_getTheirAnswers() throws Exception {
        mine.set("one");
        List<String> answers = new CopyOnWriteArrayList<>();
        List<Subscription> listening = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            listening.add(
                    theirs.listen(now -> answers.add(theirs.get().orElseThrow().value())));
        }
        for (Subscription each : listening) {
            soon(each.ready());
            each.close();
        }
        assertThat(answers).hasSize(8).containsOnly("one");
    }

    /** What cannot be read does not end it, and is not told as a value. */
    @Test
    void listener_isToldOfWhatTheCodecCannotRead() throws Exception {
        Recorder recorder = new Recorder();
        SharedValue<String> digits = SharedValue.create(there.connection, name, new Digits());
        mine.set("1");
        try (Subscription listening = digits.listen(recorder)) {
            soon(listening.ready());
            mine.set("bad");
            recorder.awaitLast("could not decode");
            mine.set("2");
            recorder.awaitLast("2");
        }
        assertThat(recorder.told).containsExactly("1", "could not decode", "2");
        mine.set("bad");
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(digits::get)
                .withMessageContaining(name)
                .withCauseInstanceOf(NumberFormatException.class);
    }

    /** Reads and writes digits only. */
    private static final class Digits implements Codec<String> {
        @Override
        public byte[] encode(String value) {
            return String.valueOf(Integer.parseInt(value)).getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String decode(byte[] bytes) {
            return String.valueOf(Integer.parseInt(new String(bytes, StandardCharsets.UTF_8)));
        }
    }

    // Trouble

    @Test
    void write_answerLost_isKnownToBeWritten() {
        Versioned<String> first = mine.set("one");
        var lost = here.faults.loseNextReply(Calls.putting(name));
        Versioned<String> second = mine.compareAndSet(first.revision(), "two").orElseThrow();
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(theirs.get()).contains(second);
        lost = here.faults.loseNextReply(Calls.putting(name));
        Versioned<String> third = mine.set("three");
        assertThat(lost.hits()).isEqualTo(1);
        assertThat(theirs.get()).contains(third);
    }

    /** The copy of a write that was sent again lands after another one's. */
    @Test
    void write_landsAgain_isNotWrittenAgain() throws Exception {
        var copy = here.faults.next(Calls.putting(name)).duplicateOnRelease();
        Versioned<String> first = mine.set("one");
        theirs.set("two");
        copy.release();
        soon(copy.landed());
        assertThat(theirs.get().orElseThrow().value()).isEqualTo("two");
        assertThat(first.value()).isEqualTo("one");
    }

    @Test
    void interruptedThread_keepsItsFlagAndGetsItsAnswer() {
        Thread.currentThread().interrupt();
        assertThat(mine.update(now -> "one").value()).isEqualTo("one");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void badInput_isRefusedNamingIt() {
        for (String bad : List.of("", "/a", "a//b", "a/")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> SharedValue.create(here.connection, bad, Codec.utf8()))
                    .withMessageContaining("'" + bad + "'");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> mine.compareAndSet(-1, "v"))
                .withMessageContaining("-1");
        assertThatIllegalArgumentException().isThrownBy(() -> mine.getAt(0)).withMessageContaining("revision 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> mine.compareAndDelete(0))
                .withMessageContaining("0");
        assertThatNullPointerException().isThrownBy(() -> mine.set(nothing())).withMessageContaining("value");
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() ->
                        SharedValue.create(here.connection, name, new Digits()).set("no digits"))
                .withMessageContaining(name)
                .withCauseInstanceOf(NumberFormatException.class);
        assertThatExceptionOfType(RecipeException.class)
                .isThrownBy(() -> mine.set("x".repeat(2_000_000)))
                .withMessageContaining(name)
                .withMessageContaining("1.5 MiB");
        assertThat(server.get(name)).isEmpty();
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // what the compiler forbids careful users
    private static <T> T nothing() {
        return null;
    }
}
