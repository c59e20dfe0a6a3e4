/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The items that come first, without their values, and which of them are held: all that a consumer keeps of a queue, however
 * long that is. It is complete up to some order, so that what is beyond may be read later. Not thread-safe.
 */
final class Window {
    /** How many are read at once. */
    static final int PAGE = 256;

    private static final int MOST = 2 * PAGE;
    private static final int LOW = PAGE / 4;

    private final boolean timed;
    private final TreeSet<Item> items = new TreeSet<>();
    private final Map<String, Item> bySuffix = new HashMap<>();
    private final Map<String, Hold> holds = new HashMap<>();
    private @Nullable String through; // the last order of which all items are here; null if there are none beyond
    private int held; // of those here: by consumers, or until a time that may have come

    /**
     * An empty one.
     *
     * @param timed whether the order of an item is when it is due
     */
    Window(boolean timed) {
        this.timed = timed;
    }

    void clear() {
        items.clear();
        bySuffix.clear();
        holds.clear();
        through = null;
        held = 0;
    }

    /** Items that were read, after those that are here. */
    void page(List<Item> read, @Nullable String completeThrough) {
        through = null; // or they would be beyond it
        read.forEach(this::put);
        if (through == null) {
            through = completeThrough;
        }
    }

    /** Where to read on: beyond this order. */
    Optional<String> through() {
        return Optional.ofNullable(through);
    }

    /** Whether more should be read before so many are looked for, of whom those that are far behind wait until they are nearer. */
    boolean runsLow(int needed) {
        return through != null && items.size() - held < Math.max(LOW, Math.min(needed, PAGE));
    }

    /** What was offered or delivered; news may be older than what is known. */
    void put(Item item) {
        if (through != null && (item.order() + "/").compareTo(through + "/") > 0) {
            return; // it is found when that is read
        }
        Item before = bySuffix.get(item.suffix());
        if (before != null && before.modified() >= item.modified()) {
            return;
        }
        remove(before);
        items.add(item);
        bySuffix.put(item.suffix(), item);
        held += isHeld(item) ? 1 : 0;
        while (items.size() - held > MOST && isEnoughWithoutLastOrder()) {
            forgetLastOrder();
        }
    }

    /** Or it would be read again at once. */
    private boolean isEnoughWithoutLastOrder() {
        String last = items.last().order();
        return items.stream()
                .filter(item -> !isHeld(item))
                .skip(PAGE - 1)
                .findFirst()
                .filter(item -> !item.order().equals(last))
                .isPresent();
    }

    private void forgetLastOrder() {
        String last = items.last().order();
        while (items.last().order().equals(last)) {
            remove(items.last());
        }
        through = items.last().order();
    }

    /** What was taken or acknowledged at a revision. */
    void delete(String suffix, long at) {
        Item before = bySuffix.get(suffix);
        if (before != null && before.modified() < at) {
            remove(before);
        }
    }

    private void remove(@Nullable Item item) {
        if (item != null) {
            items.remove(item);
            bySuffix.remove(item.suffix());
            held -= isHeld(item) ? 1 : 0;
        }
    }

    void hold(String suffix, Hold hold) {
        change(suffix, hold);
    }

    void free(String suffix, long at) {
        Hold before = holds.get(suffix);
        if (before != null && before.modified() < at) {
            change(suffix, null);
        }
    }

    private void change(String suffix, @Nullable Hold hold) {
        Item item = bySuffix.get(suffix);
        held -= item != null && isHeld(item) ? 1 : 0;
        if (hold == null) {
            holds.remove(suffix);
        } else {
            holds.put(suffix, hold);
        }
        held += item != null && isHeld(item) ? 1 : 0;
    }

    /** (!) Also one that only rests: others that may be taken now would not be looked for behind many of these. */
    private boolean isHeld(Item item) {
        return holds.containsKey(item.suffix());
    }

    Optional<Hold> holdOf(Item item) {
        return Optional.ofNullable(holds.get(item.suffix()));
    }

    /** Some of those that may be taken now, in order: as many as are asked for, after so many others. */
    List<Item> available(long now, int after, int most) {
        List<Item> found = new ArrayList<>();
        int passed = 0;
        for (Item item : items) {
            if (found.size() == most || (timed && item.number() > now)) {
                break; // all others are due later
            }
            if (due(item) <= now && passed++ >= after) {
                found.add(item);
            }
        }
        return found;
    }

    private long due(Item item) {
        Hold hold = holds.get(item.suffix());
        return Math.max(timed ? item.number() : 0, hold == null ? 0 : hold.until());
    }

    /** When the next one may be taken that may not yet, and is not held by a consumer. */
    OptionalLong nextDue(long now) {
        if (!timed && holds.isEmpty()) {
            return OptionalLong.empty();
        }
        Stream<Item> some =
                timed ? items.stream().filter(item -> item.number() > now).limit(1) : items.stream();
        return some.mapToLong(this::due)
                .filter(due -> due > now && due != Long.MAX_VALUE)
                .min();
    }
}
