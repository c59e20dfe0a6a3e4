/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import io.etcd.jetcd.ClientBuilder;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How a connection gets in: TLS and the user. One thread looks after the files and asks for passwords and passphrases,
 * since that is the user's code and may take its time; there is none where there is neither.
 *
 * <p>Thread-safe.
 */
final class Access implements AutoCloseable {
    /** Of a connection that has neither, or leaves that to the user's own client. */
    static final Access NONE = new Access(null, null, null, List.of());

    private static final long LOOK_EVERY_MILLIS = 1000;

    private final @Nullable ScheduledThreadPoolExecutor thread;
    private final @Nullable TlsFiles files;
    private final @Nullable TlsSettings tls;
    private final @Nullable Handshakes handshakes;
    private final @Nullable UserToken token;

    /** Reads the files of the TLS settings. */
    Access(
            @Nullable TlsSettings tls,
            @Nullable String user,
            @Nullable Supplier<char[]> password,
            List<String> endpoints) {
        this.tls = tls;
        this.files = tls == null ? null : new TlsFiles(tls);
        this.handshakes = tls == null ? null : new Handshakes(tls);
        boolean looks = files != null && files.hasFiles();
        boolean asks = user != null && password != null;
        this.thread = looks || asks ? thread() : null;
        this.token = thread != null && user != null && password != null
                ? new UserToken(user, password, endpoints, thread)
                : null;
        if (thread != null && files != null && looks) {
            var unused = thread.scheduleWithFixedDelay(
                    files::look, LOOK_EVERY_MILLIS, LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private static ScheduledThreadPoolExecutor thread() {
        ScheduledThreadPoolExecutor executor =
                new ScheduledThreadPoolExecutor(1, DaemonThreads.named("consort-access"));
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }

    /** Tells jetcd's builder; its client's own calls get in as ours do. */
    void prepare(ClientBuilder builder) {
        if (tls != null && files != null && handshakes != null) {
            builder.sslContext(files.context());
            builder.interceptor(handshakes);
            if (tls.hostName() != null) {
                builder.authority(tls.hostName());
            }
        }
        if (token != null) {
            builder.interceptor(new TokenInterceptor(token, token::refused));
        }
    }

    @Nullable
    UserToken token() {
        return token;
    }

    /** By these calls tokens are asked for. */
    void bind(Calls calls) {
        if (token != null) {
            token.bind(calls);
        }
    }

    /** Why TLS does not come about, if it does not. */
    @Nullable
    String handshakeFailure() {
        return handshakes == null ? null : handshakes.lastFailure();
    }

    @Override
    public void close() {
        if (thread != null) {
            thread.shutdownNow();
        }
    }
}
