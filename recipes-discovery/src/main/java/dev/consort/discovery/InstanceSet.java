/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.RecipeException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What is known of a service's instances. Immutable, as far as the instances are.
 *
 * @param instances sorted, each of them once; while there is an error those that were known last
 * @param error why they may be out of date, if so
 * @param <I> what describes an instance
 */
public record InstanceSet<I>(List<I> instances, Optional<RecipeException> error) {
    /**
     * Copies the instances, and keeps their order.
     *
     * @param instances as above
     * @param error as above
     */
    public InstanceSet {
        instances = List.copyOf(instances);
        Objects.requireNonNull(error, "error");
    }

    /**
     * Instances of which nothing says that they are out of date.
     *
     * @param instances sorted
     * @param <I> what describes an instance
     * @return without an error
     */
    public static <I> InstanceSet<I> of(List<? extends I> instances) {
        return new InstanceSet<>(List.copyOf(instances), Optional.empty());
    }

    /**
     * The same instances, which may be out of date from now on.
     *
     * @param why they may be
     * @return with this error in place of any before
     */
    public InstanceSet<I> withError(RecipeException why) {
        return new InstanceSet<>(instances, Optional.of(why));
    }

    /** How many, and the error; not what they are, which is not for logs. */
    @Override
    public String toString() {
        return instances.size() + " instances"
                + error.map(why -> ", " + why.getMessage()).orElse("");
    }
}
