/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** The ways to pass a grant on to one who waits. Thread-safe. */
public final class Transferring {
    private static final Duration FOREVER = Duration.ofNanos(Long.MAX_VALUE);

    private Transferring() {}

    /** How a transfer ended. */
    public enum How {
        /** The chosen one has it. */
        PASSED,
        /** Its time was over, or it was given up; the grant is held. */
        KEPT,
        /** It cannot be done; the grant is held. */
        REFUSED,
        /** The grant had ended before, or ended meanwhile. */
        OVER
    }

    /**
     * The end of a transfer.
     *
     * @param how it ended
     * @param key what is in its way, if it was refused
     * @param why it was refused
     */
    public record End(How how, String key, String why) {
        static End of(How how) {
            return new End(how, "", "");
        }
    }

    /**
     * Without blocking. However the future is completed by somebody else, the transfer is given up if that can still be.
     *
     * @param timeout zero or less: only if nobody is between
     * @return completes on the session's executor
     * @throws IllegalArgumentException if that is no claim of another session in the same queue
     */
    public static CompletableFuture<End> async(EtcdGrant grant, StoredClaim to, Duration timeout) {
        Transfer transfer = begin(grant, to, timeout);
        CompletableFuture<End> result = new CompletableFuture<>();
        Completion.of(
                transfer.result(),
                (end, failure) -> grant.session().callback(() -> Completion.pass(end, failure, result)));
        Completion.of(result, (end, failure) -> giveUp(grant, transfer));
        return result;
    }

    /**
     * Waits for it. An interrupt gives it up, as the timeout does; what could not be given up any more is returned, with the
     * interrupt flag set.
     *
     * @throws InterruptedException if it was given up for that, and the grant is held
     */
    public static End await(EtcdGrant grant, StoredClaim to, Duration timeout) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        Transfer transfer = begin(grant, to, timeout);
        Timing timing = grant.session().timing();
        try {
            return timing.await(transfer.result(), FOREVER); // it has a timer of its own
        } catch (InterruptedException e) {
            giveUp(grant, transfer);
            End end = lastly(grant, transfer);
            if (end.how == How.KEPT) {
                throw e;
            }
            Thread.currentThread().interrupt();
            return end;
        } catch (TimeoutException e) {
            return lastly(grant, transfer);
        } catch (ExecutionException e) {
            throw Await.unwrapped(e);
        }
    }

    private static End lastly(EtcdGrant grant, Transfer transfer) {
        Duration bound = grant.session().calls().requestTimeout().multipliedBy(2);
        return Await.uninterruptibly(grant.session().timing(), transfer.result(), bound);
    }

    private static void giveUp(EtcdGrant grant, Transfer transfer) {
        grant.session().execute(transfer::giveUp);
    }

    private static Transfer begin(EtcdGrant grant, StoredClaim to, Duration timeout) {
        EtcdSession session = grant.session();
        QueueKeys keys = QueueKeys.of(session.engine(), grant.spec().name(), session.leaseId(), ExclusiveRule.INSTANCE);
        ByteString key = session.key(ByteString.copyFromUtf8(to.key()));
        ByteString suffix =
                key.startsWith(keys.prefix()) ? key.substring(keys.prefix().size()) : ByteString.EMPTY;
        QueuedClaim chosen = new QueuedClaim(suffix, to.revision());
        if (keys.rule().lease(chosen).isEmpty()) {
            throw new IllegalArgumentException("'" + to.key() + "' is no key of a participant of '"
                    + grant.spec().name() + "'");
        }
        if (key.equals(keys.own())) {
            throw new IllegalArgumentException("'" + to.key() + "' is the key of the session that has it already, whose"
                    + " candidates share one place: choose one of another session");
        }
        Transfer transfer = new Transfer(grant, keys, chosen, timeout);
        session.execute(transfer::start);
        return transfer;
    }
}
