/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.Connection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * A live view of a service's instances. Needs no session. Thread-safe.
 *
 * <p><b>Guarantees.</b> Every set was that of the service in etcd at one revision, sorted and without duplicates. Subscribers
 * are told the set of the time they subscribe, and then each other one; a set equal to the last one is not told again. While
 * etcd is not to be reached the last set stays, with an error; when it is back a full set without an error follows. A value
 * that cannot be read is left out and reported, and takes no other one with it.
 *
 * <p><b>Not guaranteed.</b> That an instance of the set is alive: it may have died up to its TTL ago. That a subscriber which is
 * slow is told every set: beyond 16 that it has not taken yet it is told the newer ones.
 *
 * <p><b>When a session is lost</b> nothing changes: looking needs the connection only.
 *
 * @param <I> what describes an instance
 */
public interface Instancer<I> extends AutoCloseable {
    /**
     * Looks at a service, and waits for its first set as long as a request may take. If etcd does not answer in time, or refuses to
     * be read, there is an error in place of a set, and the set follows when it can be had. However many look at one prefix on one
     * connection, it costs one watch.
     *
     * @param connection stays the caller's to close
     * @param layout where the service is, and how its instances are written
     * @param <I> what describes an instance
     * @return to be closed
     * @throws IllegalStateException if the connection is closed
     */
    static <I> Instancer<I> open(Connection connection, ServiceLayout<I> layout) {
        return EtcdInstancer.open(connection, layout, null);
    }

    /**
     * The same, for listeners that run elsewhere than on the connection's callback threads.
     *
     * @param connection stays the caller's to close
     * @param layout where the service is, and how its instances are written
     * @param executor runs the listeners; stays the caller's to shut down
     * @param <I> what describes an instance
     * @return to be closed
     * @throws IllegalStateException if the connection is closed
     */
    static <I> Instancer<I> open(Connection connection, ServiceLayout<I> layout, Executor executor) {
        return EtcdInstancer.open(connection, layout, executor);
    }

    /**
     * The same as {@link #open(Connection, ServiceLayout)} without blocking, for those who look at many services: they are read side by
     * side.
     *
     * @param connection stays the caller's to close
     * @param layout where the service is, and how its instances are written
     * @param <I> what describes an instance
     * @return completes on a callback thread of the connection; if somebody else fails or cancels it before, the instancer is closed
     * @throws IllegalStateException if the connection is closed
     */
    static <I> CompletableFuture<Instancer<I>> openAsync(Connection connection, ServiceLayout<I> layout) {
        return EtcdInstancer.openAsync(connection, layout);
    }

    /**
     * Instances that stay the same, for tests and for services that are not in etcd.
     *
     * @param instances in any order
     * @param <I> what describes an instance
     * @return tells its subscribers once, on the thread that subscribes
     */
    static <I extends Comparable<? super I>> Instancer<I> fixed(List<? extends I> instances) {
        return FixedInstancer.of(instances);
    }

    /**
     * What is known now.
     *
     * @return the newest set; empty with an error while etcd has not answered yet
     */
    InstanceSet<I> current();

    /**
     * What is below the prefix now and cannot be read, which is logged as well when it comes.
     *
     * @return one for each key, in the order of keys; not to be changed
     */
    default List<InvalidInstanceException> invalid() {
        return List.of();
    }

    /**
     * Tells a listener the current state first, and then each change, one call at a time.
     *
     * @param listener what it throws is logged, and the next call comes all the same; the sets it is told are immutable
     * @return ends it
     * @throws IllegalStateException if this or its connection is closed
     */
    Subscription subscribe(InstanceListener<? super I> listener);

    /** Ends it with all its subscriptions; the last set stays to be had. Idempotent; does not wait. */
    @Override
    void close();
}
