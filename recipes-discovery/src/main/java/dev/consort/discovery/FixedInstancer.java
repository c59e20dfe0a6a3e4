/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/** Instances that stay the same. Thread-safe. */
final class FixedInstancer<I> implements Instancer<I> {
    private final InstanceSet<I> set;

    private FixedInstancer(InstanceSet<I> set) {
        this.set = set;
    }

    static <I extends Comparable<? super I>> FixedInstancer<I> of(List<? extends I> instances) {
        return new FixedInstancer<>(InstanceSet.of(instances.stream()
                .distinct()
                .sorted(Comparator.<I>naturalOrder())
                .toList()));
    }

    @Override
    public InstanceSet<I> current() {
        return set;
    }

    @Override
    public Subscription subscribe(InstanceListener<? super I> listener) {
        tell(Objects.requireNonNull(listener, "listener"));
        return () -> {};
    }

    private <T> void tell(InstanceListener<T> listener) {
        @SuppressWarnings("unchecked") // of a list that cannot be changed
        InstanceSet<T> told = (InstanceSet<T>) set;
        listener.onInstances(told);
    }

    @Override
    public void close() {}

    @Override
    public String toString() {
        return "Instancer of " + set + " that stay the same";
    }
}
