/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import dev.consort.core.Codec;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What holds of dead letters, whatever server is behind them. */
abstract class DeadLettersContract {
    private final Server server = server();
    private final Peer here = server.peer();
    private final Peer there = server.peer();
    private final String name = Server.freshName();
    private final WorkQueue<String> twice =
            Work.builder(here, name).maxAttempts(2).build();
    private final WorkQueue<String> once =
            Work.builder(there, name).maxAttempts(1).build();

    abstract Server server();

    @AfterEach
    void leave() {
        there.close();
        here.close();
    }

    private DeadLetter only() {
        await().untilAsserted(() -> assertThat(twice.deadLetters().size()).isEqualTo(1));
        return twice.deadLetters().list(1000).get(0);
    }

    private List<String> values() {
        return twice.deadLetters().list(1000).stream()
                .map(letter -> new String(letter.value(), UTF_8))
                .toList();
    }

    private void die(String value) throws InterruptedException {
        assertThat(Work.next(once, value, 1).nack(Duration.ZERO, "of " + value)).isTrue();
    }

    @Test
    void nackAtTheLastAttempt_putsItAside_sayingWhy() throws Exception {
        twice.offerAll(List.of("a", "b"));
        assertThat(Work.next(twice, "a", 1).nack(Duration.ZERO, "first")).isTrue();
        assertThat(twice.deadLetters().size()).isZero();
        assertThat(Work.next(twice, "a", 2).nack(Duration.ofHours(1), "too hard"))
                .isTrue();
        DeadLetter letter = only();
        assertThat(letter.value()).isEqualTo("a".getBytes(UTF_8));
        assertThat(letter.reason()).isEqualTo("too hard");
        assertThat(letter.attempts()).isEqualTo(2);
        assertThat(letter).asString().contains("too hard").contains("1 bytes").contains(letter.id());
        Work.next(twice, "b", 1);
        assertThat(server.values(name)).containsExactly("b");
        assertThat(server.holds(name)).hasSize(1);
    }

    @Test
    void nackWithoutAReason_saysThatItWasGivenBack_andALongOneIsCut() throws Exception {
        once.offerAll(List.of("a", "b"));
        assertThat(Work.next(once, "a", 1).nack(Duration.ZERO)).isTrue();
        assertThat(only().reason()).contains("given back").contains("last attempt");
        assertThat(Work.next(once, "b", 1).nack(Duration.ZERO, "x".repeat(5000)))
                .isTrue();
        assertThat(twice.deadLetters().list(2).get(1).reason()).isEqualTo("x".repeat(1024));
    }

    /** Nobody gave it back: whoever would deliver it once more puts it aside. */
    @Test
    void deathAtTheLastAttempt_putsItAside_andTheNextIsDelivered() throws Exception {
        twice.offerAll(List.of("a", "b"));
        Delivery<String> first = Work.next(twice, "a", 1);
        here.session().close();
        assertThat(first.isHeld()).isFalse();
        Work.next(once, "b", 1);
        DeadLetters letters = once.deadLetters();
        await().untilAsserted(() -> assertThat(letters.size()).isEqualTo(1));
        DeadLetter letter = letters.list(1).get(0);
        assertThat(letter.value()).isEqualTo("a".getBytes(UTF_8));
        assertThat(letter.reason()).contains("not acknowledged within 1 deliver");
        assertThat(letter.attempts()).isEqualTo(1);
        assertThat(server.values(name)).containsExactly("b");
    }

    /** Whatever the codec throws. */
    @Test
    void itemThatCannotBeDecoded_isPutAside_andTheConsumerGoesOn() throws Exception {
        Codec<String> picky = new Codec<>() {
            @Override
            public byte[] encode(String value) {
                return value.getBytes(UTF_8);
            }

            @Override
            public String decode(byte[] bytes) {
                String value = new String(bytes, UTF_8);
                if (value.startsWith("bad")) {
                    throw new IllegalArgumentException("no " + value);
                } else if (value.equals("worse")) {
                    throw new NoClassDefFoundError("by the test");
                }
                return value;
            }
        };
        WorkQueue<String> queue = WorkQueue.create(here.session(), name, picky);
        queue.offerAll(List.of("bad", "bad too", "good", "bad", "better", "worse", "best"));
        Work.next(queue, "good", 1);
        CompletableFuture<Delivery<String>> async = queue.receiveAsync();
        assertThat(Party.soon(async).value()).isEqualTo("better");
        assertThat(Party.soon(queue.receiveAsync()).value()).isEqualTo("best");
        await().untilAsserted(() -> assertThat(values()).containsExactly("bad", "bad too", "bad", "worse"));
        List<DeadLetter> letters = twice.deadLetters().list(4);
        assertThat(letters).allMatch(letter -> letter.attempts() == 1);
        assertThat(letters.get(1).reason())
                .contains("cannot be decoded")
                .contains("IllegalArgumentException")
                .contains("no bad too");
        assertThat(letters.get(3).reason()).contains("cannot be decoded").contains("NoClassDefFoundError");
        assertThat(server.values(name)).containsExactly("good", "better", "best");
        assertThat(queue.receive(Duration.ofMillis(50))).isEmpty();
    }

    @Test
    void requeue_putsItBackAtItsPlace_asIfNeverDelivered() throws Exception {
        twice.offerAll(List.of("a", "b", "c", "d"));
        die("a");
        die("b");
        assertThat(values()).containsExactly("a", "b");
        DeadLetters letters = twice.deadLetters();
        DeadLetter a = letters.list(2).get(0);
        DeadLetter b = letters.list(2).get(1);
        assertThat(letters.requeue(b.id())).isTrue();
        assertThat(letters.requeue(a.id())).isTrue();
        assertThat(letters.requeue(a.id())).as("the second time").isFalse();
        assertThat(letters.purge(a.id())).as("one no more").isFalse();
        assertThat(letters.size()).isZero();
        assertThat(server.keys(name + "/why/")).isEmpty();
        die("a");
        Work.next(once, "b", 1);
        Work.next(twice, "c", 1);
        assertThat(values()).as("again").containsExactly("a");
        assertThat(letters.requeue(only().id())).isTrue();
        Work.next(twice, "a", 1);
    }

    @Test
    void requeue_wakesWhoWaits() throws Exception {
        once.offer("a");
        die("a");
        CompletableFuture<Delivery<String>> waiting = twice.receiveAsync();
        Work.inLine(server, name, here);
        assertThat(once.deadLetters().requeue(only().id())).isTrue();
        assertThat(Party.soon(waiting).value()).isEqualTo("a");
    }

    @Test
    void list_isInOrder_andPurgeDeletes() throws Exception {
        once.offerAll(List.of("a", "b", "c"));
        die("a");
        die("b");
        die("c");
        DeadLetters letters = twice.deadLetters();
        assertThat(letters.list(2)).extracting(DeadLetter::reason).containsExactly("of a", "of b");
        DeadLetter second = letters.list(3).get(1);
        assertThat(letters.purge(second.id())).isTrue();
        assertThat(letters.purge(second.id())).isFalse();
        assertThat(letters.requeue(second.id())).isFalse();
        assertThat(values()).containsExactly("a", "c");
        assertThat(letters.size()).isEqualTo(2);
        assertThat(server.keys(name + "/why/")).hasSize(2);
        assertThat(once.state().deadLetters()).isEqualTo(2);
    }

    @Test
    @SuppressWarnings("NullAway") // what is no @Nullable is refused
    void badInput_isRefused() {
        DeadLetters letters = twice.deadLetters();
        for (int bad : new int[] {0, -1, 1001}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> letters.list(bad))
                    .withMessageContaining("most " + bad + " ")
                    .withMessageContaining(name);
        }
        assertThat(letters.list(1000)).isEmpty();
        for (String none : List.of("", "none", "a/b", "/")) {
            assertThat(letters.requeue(none)).isFalse();
            assertThat(letters.purge(none)).isFalse();
        }
        assertThatNullPointerException().isThrownBy(() -> letters.requeue(null)).withMessage("id");
        assertThatNullPointerException().isThrownBy(() -> letters.purge(null)).withMessage("id");
    }

    /** What somebody else wrote there is told as it is. */
    @Test
    void foreignReason_isTold() {
        server.put(name + "/dead/0000000000000001/x", "v");
        assertThat(only().attempts()).isZero();
        server.put(name + "/why/0000000000000001/x", "because");
        assertThat(only().reason()).isEqualTo("because");
        assertThat(only().attempts()).isZero();
    }
}
