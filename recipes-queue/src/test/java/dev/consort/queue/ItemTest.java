/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ItemTest {
    private static Item item(String suffix, long created) {
        return Item.of(suffix, created, created, 1).orElseThrow();
    }

    private static String segment(long number) {
        return QueueLayout.segment(number);
    }

    @Test
    void suffix_isReadAsItWasWritten() {
        Item item = Item.of("0000000000000007/a-b/c", 5, 6, 2).orElseThrow();
        assertThat(item).isEqualTo(new Item("0000000000000007", "a-b/c", 5, 6, 2));
        assertThat(item.suffix()).isEqualTo("0000000000000007/a-b/c");
    }

    @Test
    void foreignSuffix_isNoItem() {
        assertThat(Stream.of("", "/", "x", "/x", "x/").map(suffix -> Item.of(suffix, 1, 1, 1)))
                .allMatch(item -> item.isEmpty());
    }

    @Test
    void order_isByOrder_thenByCreation_thenByWhatIsUnique() {
        List<Item> sorted = List.of(
                item(segment(1) + "/z", 9),
                item(segment(2) + "/c", 3),
                item(segment(2) + "/a", 4),
                item(segment(2) + "/b", 4),
                item(segment(10) + "/a", 1));
        for (int i = 0; i < sorted.size(); i++) {
            for (int k = 0; k < sorted.size(); k++) {
                assertThat(Integer.signum(sorted.get(i).compareTo(sorted.get(k))))
                        .as("%s to %s", sorted.get(i), sorted.get(k))
                        .isEqualTo(Integer.compare(i, k));
            }
        }
    }

    /** As an item comes before all that were offered after it, it does so again. */
    @Test
    void putBack_standsBeforeTheOthersOfItsOrder_inTheOrderOfTheirCreation() {
        Item early = item(item(segment(2) + "/z", 8).suffixPutBack(), 99);
        Item late = item(item(segment(2) + "/a", 12).suffixPutBack(), 98);
        List<Item> all = List.of(
                item(segment(2) + "/a", 5), late, item(segment(3) + "/a", 13), early, item(segment(1) + "/a", 2));
        assertThat(all.stream().sorted().map(Item::suffix))
                .containsExactly(
                        segment(1) + "/a",
                        segment(2) + "!" + segment(8) + "!z/z",
                        segment(2) + "!" + segment(12) + "!a/a",
                        segment(2) + "/a",
                        segment(3) + "/a");
        // and so do their keys, by which etcd gives them out page by page
        assertThat(all.stream().sorted().map(Item::suffix)).isSorted();
    }

    @Test
    void putBackTwice_keepsItsPlace() {
        String once = item(segment(2) + "/z", 8).suffixPutBack();
        assertThat(item(once, 99).suffixPutBack()).isEqualTo(once);
    }

    @Test
    void putBack_keepsPriorityAndDueTime() {
        Item due = item(item(QueueLayout.due(1234) + "/z", 8).suffixPutBack(), 99);
        assertThat(due.number()).isEqualTo(1234);
        Item urgent = item(item(QueueLayout.segment(4, 9) + "/z", 8).suffixPutBack(), 99);
        assertThat(urgent.number()).isEqualTo(4);
        assertThat(urgent).isLessThan(item(QueueLayout.segment(4, 9) + "/a", 1));
        assertThat(urgent).isGreaterThan(item(QueueLayout.segment(3, 10) + "/a", 100));
    }

    @Test
    void number_ofAForeignOrder_isZero() {
        assertThat(Stream.of("x", "x1", "9999999999999999999")
                        .map(order -> item(order + "/a", 1).number()))
                .containsOnly(0L);
    }
}
