/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

/** Several names on a real etcd. */
class MultiMutexIT extends MultiMutexContract {
    @Override
    Party join() {
        return Party.join();
    }

    @Override
    EtcdLook look() {
        return Etcd.look;
    }
}
