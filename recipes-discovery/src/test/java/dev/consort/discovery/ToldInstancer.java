/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.RecipeException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** An instancer that knows what a test says. */
public final class ToldInstancer<I> implements Instancer<I> {
    private final List<InstanceListener<? super I>> listeners = new CopyOnWriteArrayList<>();
    private volatile InstanceSet<I> set;
    private volatile boolean closed;

    public ToldInstancer(List<I> instances) {
        this.set = InstanceSet.of(instances);
    }

    @SafeVarargs
    @SuppressWarnings("varargs") // only read
    public static <I> ToldInstancer<I> of(I... instances) {
        return new ToldInstancer<>(List.of(instances));
    }

    @SafeVarargs
    @SuppressWarnings("varargs") // only read
    public final void tell(I... instances) {
        tell(InstanceSet.of(List.of(instances)));
    }

    public void tell(List<I> instances) {
        tell(InstanceSet.of(instances));
    }

    public void fail(String why) {
        tell(set.withError(new RecipeException("Instancer", "test", why, null)));
    }

    public void tell(InstanceSet<I> changed) {
        set = changed;
        listeners.forEach(listener -> told(listener, changed));
    }

    private static <T> void told(InstanceListener<T> listener, InstanceSet<? extends T> changed) {
        listener.onInstances(new InstanceSet<>(List.copyOf(changed.instances()), changed.error()));
    }

    public int listeners() {
        return listeners.size();
    }

    @Override
    public InstanceSet<I> current() {
        return set;
    }

    @Override
    public Subscription subscribe(InstanceListener<? super I> listener) {
        if (closed) {
            throw new IllegalStateException("closed");
        }
        listeners.add(listener);
        told(listener, set);
        return () -> listeners.remove(listener);
    }

    @Override
    public void close() {
        closed = true;
        listeners.clear();
    }
}
