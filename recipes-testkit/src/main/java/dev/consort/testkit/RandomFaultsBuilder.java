/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.CheckReturnValue;
import dev.consort.testkit.RandomFaults.Kind;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/** What {@link RandomFaults} shall choose from, how often and for how long. Not threadsafe. */
@CheckReturnValue
public final class RandomFaultsBuilder {
    private static final int DEFAULT_ONE_IN = 20;
    private static final Duration DEFAULT_DELAY = Duration.ofMillis(20);

    private final long seed;
    private final Function<RandomFaultsBuilder, RandomFaults> starter;
    private final Map<Kind, Integer> weights = new EnumMap<>(Kind.class);
    private CallMatcher among = CallMatcher.any();
    private int oneIn = DEFAULT_ONE_IN;
    private int calls = Integer.MAX_VALUE;
    private Duration longestDelay = DEFAULT_DELAY;

    RandomFaultsBuilder(long seed, Function<RandomFaultsBuilder, RandomFaults> starter) {
        this.seed = seed;
        this.starter = starter;
    }

    /**
     * Chooses this kind, too; if none is named, every kind is chosen with its usual weight.
     *
     * @param weight how often in proportion to the others, 1 or more
     */
    @CanIgnoreReturnValue
    public RandomFaultsBuilder with(Kind kind, int weight) {
        if (weight < 1) {
            throw new IllegalArgumentException("the weight must be 1 or more: " + weight);
        }
        weights.put(Objects.requireNonNull(kind), weight);
        return this;
    }

    /** Chooses these kinds, too, with their usual weights. */
    @CanIgnoreReturnValue
    public RandomFaultsBuilder with(Kind... kinds) {
        for (Kind kind : kinds) {
            weights.put(kind, kind.weight());
        }
        return this;
    }

    /** Only these calls count and are struck; all unary ones if not set. */
    @CanIgnoreReturnValue
    public RandomFaultsBuilder among(CallMatcher matcher) {
        among = Objects.requireNonNull(matcher);
        return this;
    }

    /** On average one call in so many is struck, 1 or more; 20 if not set. */
    @CanIgnoreReturnValue
    public RandomFaultsBuilder oneIn(int many) {
        if (many < 1) {
            throw new IllegalArgumentException("it must be one call in 1 or more: " + many);
        }
        oneIn = many;
        return this;
    }

    /** Only the next so many calls may be struck, 1 or more; until closed if not set. */
    @CanIgnoreReturnValue
    public RandomFaultsBuilder forCalls(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("calls must be 1 or more: " + count);
        }
        calls = count;
        return this;
    }

    /** The longest delay of those kinds that have one, positive; 20 ms if not set. */
    @CanIgnoreReturnValue
    public RandomFaultsBuilder delayUpTo(Duration longest) {
        if (longest.isNegative() || longest.isZero()) {
            throw new IllegalArgumentException("the delay must be positive: " + longest);
        }
        longestDelay = longest;
        return this;
    }

    /** Begins. It ends at its close, or with others by {@link EmbeddedFaults#clear}. */
    public RandomFaults start() {
        return starter.apply(this);
    }

    long seed() {
        return seed;
    }

    Map<Kind, Integer> weights() {
        if (!weights.isEmpty()) {
            return new EnumMap<>(weights);
        }
        Map<Kind, Integer> all = new EnumMap<>(Kind.class);
        for (Kind kind : Kind.values()) {
            all.put(kind, kind.weight());
        }
        return all;
    }

    CallMatcher among() {
        return among;
    }

    int oneIn() {
        return oneIn;
    }

    int calls() {
        return calls;
    }

    Duration longestDelay() {
        return longestDelay;
    }
}
