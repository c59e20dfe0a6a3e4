/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import com.google.protobuf.ByteString;
import dev.consort.core.Grant;
import dev.consort.core.internal.ClaimSpec;
import dev.consort.core.internal.ClaimSpec.Mode;
import dev.consort.core.internal.EtcdGrant;
import dev.consort.testkit.stress.VirtualClock;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Readers and writers, and those who become the other, to be stressed. Thread-safe. */
final class ReadWriteContender extends SessionContender {
    ReadWriteContender(Client client, VirtualClock clock, Duration ttl) {
        super(client, clock, ttl);
    }

    /** What a client wants, by the number that its value ends with. */
    private enum Wish {
        READ,
        WRITE,
        READ_AGAIN,
        READ_AFTER_WRITING,
        WRITE_AFTER_READING;

        static Wish of(String value) {
            int number = Integer.parseInt(value.replaceAll("\\D", ""));
            return values()[number % values().length];
        }

        ReadOrWrite first() {
            return this == WRITE || this == READ_AFTER_WRITING ? ReadOrWrite.WRITE : ReadOrWrite.READ;
        }

        /** As what it begins, or with a mode, as what it goes on. */
        Optional<Mode> then() {
            return switch (this) {
                case READ, WRITE, READ_AGAIN -> Optional.empty();
                case READ_AFTER_WRITING -> Optional.of(Mode.READ);
                case WRITE_AFTER_READING -> Optional.of(Mode.WRITE);
            };
        }
    }

    @Override
    public List<String> claims(String name) {
        String lease = Long.toHexString(leaseId());
        return List.of(name + "/read:" + lease, name + "/write:" + lease);
    }

    @Override
    public Queued acquireAsync(String name, String value) {
        Wish wish = Wish.of(value);
        CompletableFuture<Grant> grant =
                wish.first().of(ReadWriteLock.create(session, name)).acquireAsync();
        return new Queued(grant.thenCompose(first -> exchange(first, name, wish)), () -> grant.cancel(false));
    }

    @Override
    public Optional<GrantTenure> tryAcquire(String name, String value) {
        Wish wish = Wish.of(value);
        return wish.first()
                .of(ReadWriteLock.create(session, name))
                .tryAcquire()
                .map(grant -> new GrantTenure(grant, wish.first() == ReadOrWrite.READ));
    }

    @Override
    public Optional<GrantTenure> tryAcquire(String name, String value, Duration timeout) throws InterruptedException {
        Wish wish = Wish.of(value);
        return wish.first()
                .of(ReadWriteLock.create(session, name))
                .tryAcquire(timeout)
                .map(grant -> new GrantTenure(grant, wish.first() == ReadOrWrite.READ));
    }

    /** The other grant, or the same if that is not to be had; if nobody can say so, none. */
    private static CompletableFuture<GrantTenure> exchange(Grant grant, String name, Wish wish) {
        boolean reads = wish.first() == ReadOrWrite.READ;
        if (wish.then().isEmpty()) {
            return CompletableFuture.completedFuture(new GrantTenure(grant, reads));
        }
        Mode mode = wish.then().get();
        ClaimSpec spec = new ClaimSpec("ReadWriteLock", name, () -> ByteString.EMPTY, false, mode);
        CompletableFuture<GrantTenure> held = new CompletableFuture<>();
        var unused = ((EtcdGrant) grant).exchangeAsync(spec).whenComplete((other, failure) -> {
            if (failure == null) {
                held.complete(
                        other.map(now -> new GrantTenure(now, !reads)).orElseGet(() -> new GrantTenure(grant, reads)));
            } else {
                var unusedToo = grant.releaseAsync().whenComplete((was, late) -> held.completeExceptionally(failure));
            }
        });
        return held;
    }
}
