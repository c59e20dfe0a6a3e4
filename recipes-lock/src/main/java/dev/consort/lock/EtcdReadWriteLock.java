/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import com.google.protobuf.ByteString;
import dev.consort.core.Acquirable;
import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.core.internal.Acquirer;
import dev.consort.core.internal.BoundAcquirer;
import dev.consort.core.internal.ClaimReader;
import dev.consort.core.internal.ClaimSpec;
import dev.consort.core.internal.ClaimSpec.Mode;
import dev.consort.core.internal.EtcdGrant;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.OwnerText;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The read-write lock on the claim queue. Immutable. */
final class EtcdReadWriteLock implements ReadWriteLock {
    static final String RECIPE = "ReadWriteLock";

    private final EtcdSession session;
    private final ClaimSpec read;
    private final ClaimSpec write;
    private final BoundAcquirer<Grant> readLock;
    private final BoundAcquirer<Grant> writeLock;

    EtcdReadWriteLock(Session session, String name) {
        this.session = EtcdSession.of(session);
        String checked = Names.checked(RECIPE, name, session);
        Supplier<ByteString> owner = () -> OwnerText.of(this.session.now());
        this.read = new ClaimSpec(RECIPE, checked, owner, false, Mode.READ);
        this.write = new ClaimSpec(RECIPE, checked, owner, false, Mode.WRITE);
        Acquirer<Grant> acquirer = new Acquirer<>(this.session, grant -> grant);
        this.readLock = new BoundAcquirer<>(acquirer, read);
        this.writeLock = new BoundAcquirer<>(acquirer, write);
    }

    @Override
    public String name() {
        return read.name();
    }

    @Override
    public Acquirable<Grant> readLock() {
        return readLock;
    }

    @Override
    public Acquirable<Grant> writeLock() {
        return writeLock;
    }

    @Override
    public Optional<Grant> downgrade(Grant writing) {
        return EtcdGrant.exchange(writing, read).map(grant -> grant);
    }

    @Override
    public Optional<Grant> tryUpgrade(Grant reading) {
        return EtcdGrant.exchange(reading, write).map(grant -> grant);
    }

    @Override
    public java.util.concurrent.locks.ReadWriteLock asReadWriteLock() {
        return new ReadWriteView(this, readLock, writeLock, session.holds());
    }

    @Override
    public List<LockOwner> holders() {
        return ClaimReader.granted(session, read).stream().map(LockOwner::of).toList();
    }

    @Override
    public List<LockOwner> waiters() {
        return ClaimReader.waiting(session, read).stream().map(LockOwner::of).toList();
    }

    @Override
    public String toString() {
        return "ReadWriteLock '" + name() + "'";
    }
}
