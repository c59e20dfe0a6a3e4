/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

/** The semaphore on a real etcd. */
class SemaphoreIT extends SemaphoreContract {
    @Override
    Party join() {
        return Party.join();
    }

    @Override
    EtcdLook look() {
        return Etcd.look;
    }
}
