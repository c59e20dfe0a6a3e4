/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.CheckReturnValue;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The settings of an {@link EtcdProcess}. Not threadsafe; may be used for several clusters one after another. */
@CheckReturnValue
public final class EtcdProcessBuilder {
    private static final int MOST_MEMBERS = 9;

    private int members = 1;
    private ElectionTimeout election = ElectionTimeout.DEFAULT;
    private @Nullable Path binary;
    private long quotaBytes;
    private boolean unsafeNoFsync;
    private @Nullable CertificateAuthority authority;
    private @Nullable IssuedCertificate serverCertificate;
    private boolean clientCertificates;
    private @Nullable String rootPassword;
    private final List<String> arguments = new ArrayList<>();

    EtcdProcessBuilder() {}

    /** The number of members, 1 to 9; 1 if not set. */
    @CanIgnoreReturnValue
    public EtcdProcessBuilder members(int count) {
        members = checkMembers(count);
        return this;
    }

    static int checkMembers(int count) {
        if (count < 1 || count > MOST_MEMBERS) {
            throw new IllegalArgumentException("members must be 1 to " + MOST_MEMBERS + ": " + count);
        }
        return count;
    }

    /**
     * The election timeout, 50 ms to 50 s; the heartbeat interval is a tenth of it. etcd's own is 1 s. The shortest
     * TTL of a lease depends on it too: etcd raises one to 1.5 election timeouts, in whole seconds.
     */
    @CanIgnoreReturnValue
    public EtcdProcessBuilder electionTimeout(Duration timeout) {
        election = new ElectionTimeout(timeout);
        return this;
    }

    /** An election timeout of 200 ms: fail-over in about a quarter of a second, and leases of 1 s. */
    @CanIgnoreReturnValue
    public EtcdProcessBuilder shortElection() {
        election = ElectionTimeout.SHORT;
        return this;
    }

    /** The etcd executable, which has {@code etcdctl} beside it. If not set it is found as {@link EtcdProcess} says. */
    @CanIgnoreReturnValue
    public EtcdProcessBuilder binary(Path etcd) {
        binary = etcd;
        return this;
    }

    /** The size of the database above which etcd raises the NOSPACE alarm, in bytes, positive. */
    @CanIgnoreReturnValue
    public EtcdProcessBuilder quotaBytes(long bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("the quota must be positive: " + bytes);
        }
        quotaBytes = bytes;
        return this;
    }

    /**
     * Does without fsync where the version can (3.5 and later). Writes are faster; data still survives {@code kill()},
     * not a crash of the machine.
     */
    @CanIgnoreReturnValue
    public EtcdProcessBuilder unsafeNoFsync() {
        unsafeNoFsync = true;
        return this;
    }

    /**
     * Clients use TLS: each member shows a certificate of this authority for {@code 127.0.0.1} and {@code localhost}.
     * Members speak to one another without.
     */
    @CanIgnoreReturnValue
    public EtcdProcessBuilder tls(CertificateAuthority issuer) {
        return tls(issuer, issuer.issue("etcd", "127.0.0.1", "localhost"));
    }

    /** The same with a certificate of the caller's choice, be it good or bad. Its files are read again when changed. */
    @CanIgnoreReturnValue
    public EtcdProcessBuilder tls(CertificateAuthority issuer, IssuedCertificate shown) {
        authority = issuer;
        serverCertificate = shown;
        return this;
    }

    /** With TLS only: clients must show a certificate of the authority that was given. */
    @CanIgnoreReturnValue
    public EtcdProcessBuilder clientCertificates() {
        clientCertificates = true;
        return this;
    }

    /** Enables authentication, with this password of the user {@code root}, which the test kit's etcdctl then is. */
    @CanIgnoreReturnValue
    public EtcdProcessBuilder auth(String passwordOfRoot) {
        rootPassword = passwordOfRoot;
        return this;
    }

    /** Further arguments for each member, such as {@code --max-txn-ops=256}, passed on as they are. */
    @CanIgnoreReturnValue
    public EtcdProcessBuilder arguments(String... more) {
        arguments.addAll(List.of(more));
        return this;
    }

    /**
     * Starts the cluster and returns when every member answers.
     *
     * @throws EtcdProcessException if no etcd is found, or a member ends or does not answer within 20 s; then nothing
     *     is left behind
     * @throws IllegalStateException if client certificates are asked for without TLS
     */
    public EtcdProcess start() {
        EtcdBinary etcd = binary == null ? EtcdBinary.find() : new EtcdBinary(binary.toAbsolutePath());
        if (clientCertificates && authority == null) {
            throw new IllegalStateException("client certificates need tls(..)");
        }
        ClusterAccess access = new ClusterAccess(authority, serverCertificate, clientCertificates, rootPassword);
        return EtcdProcess.start(etcd, members, access, sharedArguments(etcd));
    }

    private List<String> sharedArguments(EtcdBinary etcd) {
        List<String> shared = new ArrayList<>(election.arguments());
        if (quotaBytes > 0) {
            shared.add("--quota-backend-bytes=" + quotaBytes);
        }
        if (unsafeNoFsync && etcd.knows("--unsafe-no-fsync")) {
            shared.add("--unsafe-no-fsync");
        }
        shared.addAll(arguments);
        return shared;
    }
}
