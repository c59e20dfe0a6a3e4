/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

/** The read-write lock on a real etcd. */
class ReadWriteLockIT extends ReadWriteLockContract {
    @Override
    Party another() {
        return Party.join();
    }

    @Override
    EtcdLook look() {
        return Etcd.look;
    }
}
