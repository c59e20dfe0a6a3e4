/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.testkit.EmbeddedEtcd;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;

/** Both sides of a read-write lock as locks, on the embedded server. */
class EmbeddedReadWriteViewIT {
    private static final EmbeddedEtcd etcd = EmbeddedEtcd.start();
    private static final Party party = Party.join(etcd);

    @AfterAll
    static void leave() {
        party.close();
        etcd.close();
    }

    /** A reader that others want to write beside. */
    @Nested
    class Reader extends ReadWriteViewContract {
        @Override
        Party party() {
            return party;
        }

        @Override
        ReadOrWrite side() {
            return ReadOrWrite.READ;
        }
    }

    /** A writer that others want to read beside. */
    @Nested
    class Writer extends ReadWriteViewContract {
        @Override
        Party party() {
            return party;
        }

        @Override
        ReadOrWrite side() {
            return ReadOrWrite.WRITE;
        }
    }
}
