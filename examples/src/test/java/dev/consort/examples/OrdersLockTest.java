/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import dev.consort.core.Session;
import dev.consort.lock.Mutex;
import dev.consort.testkit.EtcdTest;
import dev.consort.testkit.EtcdTest.Endpoints;
import dev.consort.testkit.LockContract;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.AfterEach;

/** A lock of a user's own would stand in the place of the mutex. */
@EtcdTest
class OrdersLockTest extends LockContract {
    private final Session session;

    OrdersLockTest(@Endpoints String[] endpoints) {
        session = Session.connect(endpoints);
    }

    @AfterEach
    void close() {
        session.close();
    }

    @Override
    protected Lock lock() {
        return Mutex.create(session, "orders/lock").asLock();
    }

    @Override
    protected boolean hasConditions() {
        return false;
    }
}
