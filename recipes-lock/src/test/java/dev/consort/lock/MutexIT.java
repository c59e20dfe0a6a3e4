/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

/** The mutex on a real etcd. */
class MutexIT extends MutexContract {
    @Override
    Party join() {
        return Party.join();
    }

    @Override
    EtcdLook look() {
        return Etcd.look;
    }
}
