/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.basics;

import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.lock.Mutex;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Two sessions, as if of two processes, that hand a lock over. */
public final class HandOver {
    private HandOver() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     * @throws InterruptedException if interrupted
     * @throws ExecutionException if etcd refuses a request
     * @throws TimeoutException if the lock is not handed over
     */
    public static void main(String... arguments) throws InterruptedException, ExecutionException, TimeoutException {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Session one = Session.connect(endpoints); // a lease, and its renewal until it is closed
                Session two = Session.connect(endpoints)) {
            Grant first = Mutex.create(one, "basics/lock").acquire();
            System.out.println("one has it, token " + first.token());

            Mutex theSame = Mutex.create(two, "basics/lock");
            System.out.println("two gets it at once: " + theSame.tryAcquire().isPresent());
            CompletableFuture<Grant> waiting = theSame.acquireAsync();
            System.out.println("one released it: " + first.release());
            try (Grant second = waiting.get(10, TimeUnit.SECONDS)) {
                System.out.println("two has it, token " + second.token());
                System.out.println(
                        "the greater token: " + (second.token().compareTo(first.token()) > 0 ? "two's" : "one's"));
            }
        }
    }
}
