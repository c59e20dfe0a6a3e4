/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A loop's task that goes on until a test tells it how to end, or it is interrupted. Thread-safe. */
final class LoopTask implements LeaderLoop.Task {
    private final BlockingQueue<Leadership> started = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> ended = new LinkedBlockingQueue<>();
    private final BlockingQueue<LeaderLoop.Task> ends = new LinkedBlockingQueue<>();
    volatile Thread thread = Thread.currentThread(); // then the one that led last

    @Override
    public void lead(Leadership leadership) throws Exception {
        thread = Thread.currentThread();
        started.add(leadership);
        String how = "threw";
        try {
            ends.take().lead(leadership);
            how = "returned";
        } catch (InterruptedException e) {
            how = "interrupted";
            throw e;
        } finally {
            ended.add(how);
        }
    }

    /** The run that goes on, or the next one, ends like this. */
    void end(LeaderLoop.Task how) {
        ends.add(how);
    }

    void end() {
        end(leadership -> {});
    }

    Leadership awaitStart() throws InterruptedException {
        Leadership leadership = started.poll(20, TimeUnit.SECONDS);
        assertThat(leadership).as("the task is started").isNotNull();
        return leadership;
    }

    String awaitEnd() throws InterruptedException {
        return String.valueOf(ended.poll(20, TimeUnit.SECONDS));
    }

    boolean isIdle() {
        return started.isEmpty();
    }
}
