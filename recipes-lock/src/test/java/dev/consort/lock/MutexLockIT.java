/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.parallel.Isolated;

/** The mutex as a lock on a real etcd. */
@Isolated
class MutexLockIT extends MutexLockContract {
    private static final Party party = Party.join();

    @AfterAll
    static void leave() {
        party.close();
    }

    @Override
    Party party() {
        return party;
    }

    @Override
    Party join() {
        return Party.join();
    }

    @Override
    EtcdLook look() {
        return Etcd.look;
    }
}
