/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.Acquirable;
import dev.consort.core.Grant;

/** The two sides of a read-write lock. */
enum ReadOrWrite {
    READ {
        @Override
        Acquirable<Grant> of(ReadWriteLock lock) {
            return lock.readLock();
        }

        @Override
        ReadOrWrite opposite() {
            return WRITE;
        }
    },
    WRITE {
        @Override
        Acquirable<Grant> of(ReadWriteLock lock) {
            return lock.writeLock();
        }

        @Override
        ReadOrWrite opposite() {
            return READ;
        }
    };

    abstract Acquirable<Grant> of(ReadWriteLock lock);

    /** What it cannot be granted beside. */
    abstract ReadOrWrite opposite();

    Acquirable<Grant> of(Party party, String name) {
        return of(ReadWriteLock.create(party.session, name));
    }

    /** The key of a party's claim on a name. */
    String claim(Party party, String name) {
        return name + (this == READ ? "/read:" : "/write:") + Long.toHexString(party.session.leaseId());
    }
}
