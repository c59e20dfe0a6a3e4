/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What a subscriber was told. */
final class Told<I> implements InstanceListener<I> {
    final List<InstanceSet<I>> all = new CopyOnWriteArrayList<>();
    private final BlockingQueue<InstanceSet<I>> news = new LinkedBlockingQueue<>();

    @Override
    public void onInstances(InstanceSet<I> set) {
        all.add(set);
        news.add(set);
    }

    InstanceSet<I> next() throws InterruptedException {
        InstanceSet<I> set = news.poll(20, TimeUnit.SECONDS);
        assertThat(set).as("a set").isNotNull();
        return set;
    }

    /** The next one, which must be without an error. */
    List<I> nextGood() throws InterruptedException {
        InstanceSet<I> set = next();
        assertThat(set.error()).isEmpty();
        return set.instances();
    }

    /** Goes on until it has been told so. */
    void awaitGood(List<I> instances) throws InterruptedException {
        InstanceSet<I> set = next();
        while (set.error().isPresent() || !set.instances().equals(instances)) {
            set = next();
        }
    }
}
