/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WindowTest {
    private static final long NOW = 1_000;
    private static final Hold HELD = new Hold(50, Long.MAX_VALUE);
    private static final int MOST = 2 * Window.PAGE;

    private final Window window = new Window(false);

    /** One of a segment, of which the unique part is its creation. */
    private static Item item(long segment, long created) {
        return item(QueueLayout.segment(segment) + "/" + created, created);
    }

    private static Item item(String suffix, long at) {
        return Item.of(suffix, at, at, 1).orElseThrow();
    }

    private static Item due(long millis, long created) {
        return item(QueueLayout.due(millis) + "/" + created, created);
    }

    private static List<Item> items(long segment, int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> item(segment, i)).toList();
    }

    private List<Long> available(int after, int most) {
        return available(window, NOW, after, most);
    }

    private static List<Long> available(Window of, long now, int after, int most) {
        return of.available(now, after, most).stream().map(Item::created).toList();
    }

    // Order

    @Test
    void available_isInOrder_whateverOrderTheNewsCameIn() {
        window.put(item(2, 9));
        window.put(item(1, 8));
        window.put(item(2, 7));
        window.put(item(1, 10));
        assertThat(available(0, 9)).containsExactly(8L, 10L, 7L, 9L);
    }

    @Test
    void available_putBack_isBeforeTheOthersOfItsOrder() {
        window.put(item(1, 3));
        window.put(item(2, 6));
        window.put(item(item(2, 5).suffixPutBack(), 20));
        window.put(item(item(2, 4).suffixPutBack(), 21));
        assertThat(available(0, 9)).containsExactly(3L, 21L, 20L, 6L);
    }

    @Test
    void available_passesThoseOfOthers_andIsNoMoreThanAskedFor() {
        items(1, 1, 6).forEach(window::put);
        assertThat(available(0, 2)).containsExactly(1L, 2L);
        assertThat(available(2, 2)).containsExactly(3L, 4L);
        assertThat(available(4, 2)).containsExactly(5L);
        assertThat(available(5, 2)).isEmpty();
        assertThat(available(0, 0)).isEmpty();
    }

    // News that are older than what is known

    @Test
    void put_older_changesNothing() {
        Item later = Item.of(item(1, 5).suffix(), 5, 9, 3).orElseThrow();
        window.put(later);
        window.put(item(1, 5));
        assertThat(window.available(NOW, 0, 9)).containsExactly(later);
    }

    @Test
    void put_later_takesItsPlace() {
        window.put(item(1, 5));
        Item later = Item.of(item(1, 5).suffix(), 7, 9, 2).orElseThrow();
        window.put(later);
        assertThat(window.available(NOW, 0, 9)).containsExactly(later);
    }

    @Test
    void delete_older_changesNothing() {
        window.put(item(1, 5));
        window.delete(item(1, 5).suffix(), 5);
        window.delete(item(1, 5).suffix(), 4);
        assertThat(available(0, 9)).containsExactly(5L);
        window.delete(item(1, 5).suffix(), 6);
        assertThat(available(0, 9)).isEmpty();
        window.delete(item(1, 5).suffix(), 7);
    }

    @Test
    void free_older_changesNothing() {
        window.put(item(1, 5));
        window.hold(item(1, 5).suffix(), HELD);
        window.free(item(1, 5).suffix(), 49);
        assertThat(available(0, 9)).isEmpty();
        window.free(item(1, 5).suffix(), 51);
        assertThat(available(0, 9)).containsExactly(5L);
    }

    // Pages

    @Test
    void page_last_isComplete() {
        window.page(items(1, 1, 4), null);
        assertThat(window.through()).isEmpty();
        assertThat(window.runsLow(100)).isFalse();
        window.put(item(7, 9));
        assertThat(available(0, 9)).containsExactly(1L, 2L, 3L, 9L);
    }

    @Test
    void page_ofMore_leavesOutWhatIsBeyond_untilThatIsRead() {
        window.page(items(1, 1, 4), QueueLayout.segment(1));
        assertThat(window.through()).contains(QueueLayout.segment(1));
        window.put(item(2, 8)); // is not all there is between
        assertThat(available(0, 9)).containsExactly(1L, 2L, 3L);
        window.put(item(1, 7));
        window.put(item(item(1, 6).suffixPutBack(), 9));
        assertThat(available(0, 9)).containsExactly(9L, 1L, 2L, 3L, 7L);
        window.page(List.of(item(2, 5), item(2, 8)), null);
        assertThat(available(0, 9)).containsExactly(9L, 1L, 2L, 3L, 7L, 5L, 8L);
        assertThat(window.through()).isEmpty();
    }

    /** What was put back into the next segment comes after this one, though its key is like that of the segment. */
    @Test
    void put_putBackBeyond_isLeftOut() {
        window.page(items(1, 1, 4), QueueLayout.segment(1));
        window.put(item(item(2, 6).suffixPutBack(), 9));
        assertThat(available(0, 9)).containsExactly(1L, 2L, 3L);
    }

    @Test
    void runsLow_onlyIfThereIsMore_andFewAreFree() {
        int low = Window.PAGE / 4;
        window.page(items(1, 0, low), QueueLayout.segment(1));
        assertThat(window.runsLow(0)).isFalse();
        assertThat(window.runsLow(low)).isFalse();
        assertThat(window.runsLow(low + 1)).isTrue();
        window.hold(item(1, 3).suffix(), HELD);
        assertThat(window.runsLow(0)).as("one is held").isTrue();
        window.free(item(1, 3).suffix(), 60);
        assertThat(window.runsLow(0)).isFalse();
        window.hold(item(1, 3).suffix(), new Hold(70, NOW - 1));
        assertThat(window.runsLow(0)).as("one rests, or did").isTrue();
        window.free(item(1, 3).suffix(), 80);
        window.delete(item(1, 3).suffix(), 90);
        assertThat(window.runsLow(0)).as("one is gone").isTrue();
    }

    // Its bound

    @Test
    void put_more_forgetsTheLastOrder() {
        for (int segment = 1; segment <= 10; segment++) {
            items(segment, 100 * segment, 100 * segment + 100).forEach(window::put);
        }
        assertThat(available(0, 10_000)).hasSize(500);
        assertThat(window.through()).contains(QueueLayout.segment(5));
        assertThat(available(499, 1)).containsExactly(599L);
        // what was forgotten is found again beyond
        window.page(items(6, 600, 612), null);
        assertThat(available(500, 1)).containsExactly(600L);
        assertThat(window.through()).isEmpty();
    }

    /** What would run low without it is not forgotten, or it would be read again and again. */
    @Test
    void page_ofALargeOrder_isNotForgotten() {
        window.page(items(1, 1, 11), QueueLayout.segment(1));
        window.page(items(2, 11, 2_000), QueueLayout.segment(2));
        assertThat(available(10, 1)).containsExactly(11L);
        assertThat(window.runsLow(20)).isFalse();
        assertThat(window.through()).contains(QueueLayout.segment(2));
        window.put(item(1, 2_001));
        assertThat(available(10, 2)).containsExactly(2_001L, 11L);
    }

    /** Who is so far behind that the window does not reach there would read for ever. */
    @Test
    void runsLow_forOneFarBehind_isOverSomeTime() {
        for (int segment = 1; segment <= 10; segment++) {
            items(segment, 100 * segment, 100 * segment + 100).forEach(window::put);
        }
        assertThat(window.through()).isPresent();
        assertThat(window.runsLow(Integer.MAX_VALUE)).isFalse();
    }

    @Test
    void put_moreOfOneOrder_forgetsNone() {
        items(1, 1, 2 * MOST).forEach(window::put);
        assertThat(available(0, 10_000)).hasSize(2 * MOST - 1);
        window.put(item(2, 9_999));
        assertThat(window.through()).contains(QueueLayout.segment(1));
    }

    @Test
    void put_more_doesNotCountThoseThatAreHeld() {
        items(1, 1, 301).forEach(window::put);
        items(1, 1, 301).forEach(item -> window.hold(item.suffix(), HELD));
        items(2, 301, 801).forEach(window::put);
        assertThat(available(0, 10_000)).hasSize(500).startsWith(301L);
        assertThat(window.through()).isEmpty();
    }

    @Test
    void clear_leavesNothing() {
        window.page(items(1, 1, 4), QueueLayout.segment(1));
        window.hold(item(1, 3).suffix(), HELD);
        window.clear();
        assertThat(available(0, 9)).isEmpty();
        assertThat(window.through()).isEmpty();
        window.put(item(1, 3));
        assertThat(available(0, 9)).as("nor its hold").containsExactly(3L);
    }

    // Holds

    @Test
    void held_isNotAvailable_andHoldsNobodyUp() {
        items(1, 1, 5).forEach(window::put);
        window.hold(item(1, 1).suffix(), HELD);
        window.hold(item(1, 3).suffix(), HELD);
        assertThat(available(0, 9)).containsExactly(2L, 4L);
        assertThat(available(1, 9)).containsExactly(4L);
        assertThat(window.holdOf(item(1, 3))).contains(HELD);
        assertThat(window.holdOf(item(1, 2))).isEmpty();
    }

    /** The news of a hold may come before those of its item, if that was put back. */
    @Test
    void hold_beforeItsItem_counts() {
        window.hold(item(1, 3).suffix(), HELD);
        window.put(item(1, 3));
        assertThat(available(0, 9)).isEmpty();
    }

    @Test
    void resting_isAvailableInItsTime() {
        items(1, 1, 3).forEach(window::put);
        window.hold(item(1, 1).suffix(), new Hold(50, NOW + 10));
        assertThat(available(0, 9)).containsExactly(2L);
        assertThat(window.nextDue(NOW)).hasValue(NOW + 10);
        assertThat(available(window, NOW + 10, 0, 9)).containsExactly(1L, 2L);
        assertThat(window.nextDue(NOW + 10)).isEmpty();
    }

    /** Or they would be all that is known, while others could be taken. */
    @Test
    void resting_manyOfThem_othersAreReadBesides() {
        int low = Window.PAGE / 4;
        window.page(items(1, 0, 2 * low), QueueLayout.segment(1));
        assertThat(window.runsLow(1)).isFalse();
        items(1, 0, low).forEach(item -> window.hold(item.suffix(), new Hold(50, NOW + 10)));
        assertThat(window.runsLow(1)).isFalse();
        window.hold(item(1, low).suffix(), new Hold(51, NOW + 10));
        assertThat(window.runsLow(1)).isTrue();
    }

    @Test
    void nextDue_isTheEarliest_andNotThatOfAConsumer() {
        items(1, 1, 5).forEach(window::put);
        window.hold(item(1, 1).suffix(), new Hold(50, NOW + 30));
        window.hold(item(1, 2).suffix(), new Hold(50, NOW + 20));
        window.hold(item(1, 3).suffix(), HELD);
        assertThat(window.nextDue(NOW)).hasValue(NOW + 20);
        assertThat(window.nextDue(NOW + 20)).hasValue(NOW + 30);
        assertThat(window.nextDue(NOW + 30)).isEmpty();
    }

    // Due times

    @Test
    void timed_isAvailableWhenItIsDue_theEarliestFirst() {
        Window timed = new Window(true);
        timed.put(due(NOW + 20, 1));
        timed.put(due(NOW, 2));
        timed.put(due(NOW - 1, 3));
        timed.put(due(NOW + 10, 4));
        assertThat(available(timed, NOW, 0, 9)).containsExactly(3L, 2L);
        assertThat(available(timed, NOW - 1, 0, 9)).containsExactly(3L);
        assertThat(available(timed, NOW + 20, 1, 2)).containsExactly(2L, 4L);
        assertThat(timed.nextDue(NOW)).hasValue(NOW + 10);
        assertThat(timed.nextDue(NOW + 20)).isEmpty();
    }

    @Test
    void timed_putBack_isDueWhenItWas() {
        Window timed = new Window(true);
        timed.put(item(due(NOW + 5, 1).suffixPutBack(), 9));
        assertThat(available(timed, NOW + 4, 0, 9)).isEmpty();
        assertThat(timed.nextDue(NOW)).hasValue(NOW + 5);
        assertThat(available(timed, NOW + 5, 0, 9)).containsExactly(9L);
    }

    @Test
    void untimed_hasNoDueTimes() {
        items(1, 1, 3).forEach(window::put);
        assertThat(available(window, 0, 0, 9)).containsExactly(1L, 2L);
        assertThat(window.nextDue(0)).isEmpty();
    }
}
