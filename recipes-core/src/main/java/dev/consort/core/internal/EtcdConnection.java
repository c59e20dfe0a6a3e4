/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import dev.consort.core.AuthenticationException;
import dev.consort.core.Connection;
import dev.consort.core.EtcdUnavailableException;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.grpc.CallOptions;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** The engine's side of a connection. Thread-safe. */
public final class EtcdConnection implements Connection {
    static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(5);
    private static final int CALLBACK_THREADS = 4;

    private final Client client;
    private final boolean ownsClient;
    private final List<String> endpoints;
    private final ByteString namespace;
    private final Duration connectTimeout;
    private final String id = Long.toHexString(Leases.freshId());
    private final Timing timing;
    private final Calls calls;
    private final Access access;
    private final WatchHub watches;
    private final PrefixViews views = new PrefixViews(this);
    private final NamesInUse namesInUse = new NamesInUse();
    private final Receipts receipts;
    private final HistoryCheck history;
    private final ThreadPoolExecutor callbacks;
    private final Set<EtcdSession> sessions = ConcurrentHashMap.newKeySet();
    private final Set<CompletableFuture<?>> pending = ConcurrentHashMap.newKeySet();
    private volatile boolean closed; // set once; sessions check it after they registered

    EtcdConnection(
            Client client,
            boolean ownsClient,
            List<String> endpoints,
            Duration connectTimeout,
            Duration requestTimeout,
            Timing timing) {
        this(client, ownsClient, endpoints, connectTimeout, requestTimeout, timing, Access.NONE);
    }

    EtcdConnection(
            Client client,
            boolean ownsClient,
            List<String> endpoints,
            Duration connectTimeout,
            Duration requestTimeout,
            Timing timing,
            Access access) {
        JetcdChannel jetcd = JetcdChannel.of(client);
        this.client = client;
        this.ownsClient = ownsClient;
        this.endpoints = endpoints.isEmpty() ? List.of(jetcd.target()) : endpoints;
        this.namespace = jetcd.namespace();
        this.connectTimeout = connectTimeout;
        this.timing = timing;
        this.calls = new Calls(jetcd.channel(), jetcd.transport(), CallOptions.DEFAULT, timing, requestTimeout);
        this.receipts = new Receipts(this);
        this.access = access;
        access.bind(calls);
        ByteString ownKeys = key(ByteString.copyFromUtf8("consort/session/"));
        this.watches = new WatchHub(calls, timing, ownKeys);
        this.history = new HistoryCheck(calls, watches, sessions, ownKeys);
        history.start();
        this.callbacks = new ThreadPoolExecutor(
                CALLBACK_THREADS,
                CALLBACK_THREADS,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                DaemonThreads.named("consort-callback"));
        this.callbacks.allowCoreThreadTimeOut(true);
    }

    /** Uses the user's own client. */
    public static EtcdConnection of(Client client) {
        Objects.requireNonNull(client, "client");
        return new EtcdConnection(client, false, List.of(), DEFAULT_TIMEOUT, DEFAULT_TIMEOUT, Timing.system());
    }

    /** Uses the user's own client, and a clock that is closed with the connection. */
    public static EtcdConnection of(Client client, Timing timing) {
        Objects.requireNonNull(client, "client");
        return new EtcdConnection(client, false, List.of(), DEFAULT_TIMEOUT, DEFAULT_TIMEOUT, timing);
    }

    /** The engine behind a public connection. */
    public static EtcdConnection of(Connection connection) {
        if (Objects.requireNonNull(connection, "connection") instanceof EtcdConnection ours) {
            return ours;
        }
        throw new IllegalArgumentException("connection is of " + connection.getClass() + ", not made by Connection");
    }

    /** Any answer will do: also one that denies permission comes from etcd. */
    void awaitAnswer() {
        long start = timing.nanoTime();
        RangeRequest request = RangeRequest.newBuilder()
                .setKey(key(ByteString.copyFromUtf8("consort/session/")))
                .setCountOnly(true)
                .build();
        CompletableFuture<RangeResponse> answer = calls.range(
                request, () -> !closed && !isHopeless() && timing.nanoTime() - start < connectTimeout.toNanos());
        try {
            Await.uninterruptibly(timing, answer, connectTimeout);
        } catch (CallFailure failure) {
            if (failure.code() != Status.Code.PERMISSION_DENIED) {
                throw connectFailure("Connection", failure);
            }
        }
    }

    /** Of several endpoints another one may be good. */
    private boolean isHopeless() {
        return endpoints.size() == 1 && access.handshakeFailure() != null;
    }

    /** What opening something reports: the endpoints when none answered, else what etcd said. */
    RuntimeException connectFailure(String recipe, CallFailure failure) {
        return failure(recipe, "", connectTimeout, failure);
    }

    /** The same for a read, of which nothing can be left unknown. */
    RuntimeException failure(String recipe, String key, Duration tried, CallFailure failure) {
        String handshake = access.handshakeFailure();
        if (failure.retriable() && handshake != null) {
            return new AuthenticationException(
                    recipe,
                    key,
                    "no TLS with " + endpoints + " within " + tried.toMillis() + " ms: " + handshake,
                    failure);
        }
        return failure.retriable()
                ? new EtcdUnavailableException(recipe, key, endpoints, tried, failure)
                : failure.toException(recipe, key);
    }

    ByteString key(ByteString key) {
        return namespace.concat(key);
    }

    /** A key as the user knows it, without the namespace. */
    ByteString relative(ByteString key) {
        return namespace.isEmpty() || !key.startsWith(namespace) ? key : key.substring(namespace.size());
    }

    Calls calls() {
        return calls;
    }

    Access access() {
        return access;
    }

    WatchHub watches() {
        return watches;
    }

    PrefixViews views() {
        return views;
    }

    Receipts receipts() {
        return receipts;
    }

    NamesInUse namesInUse() {
        return namesInUse;
    }

    /**
     * Takes a name into use for a recipe that is made of others.
     *
     * @param parts the names below it at which it uses them, each with its recipe
     * @return gives it back; idempotent
     * @throws IllegalArgumentException if it clashes with a name in use
     */
    public Runnable takeName(String recipe, String name, Map<String, String> parts) {
        return taken(recipe, name, recipe + " with its parts", parts);
    }

    /**
     * Takes a name into use for a recipe that looks at keys below it, and shares it with no other.
     *
     * @return gives it back; idempotent
     * @throws IllegalArgumentException if it clashes with a name in use
     */
    public Runnable takeName(String recipe, String name) {
        return taken(recipe, name, recipe, Map.of());
    }

    /**
     * Takes a name into use for a recipe that is but one key, which may stand above others.
     *
     * @return gives it back; idempotent
     * @throws IllegalArgumentException if a recipe in use would find that key among its own
     */
    public Runnable takeKey(String recipe, String name) {
        return taken(recipe, name, NamesInUse.ONE_KEY, Map.of());
    }

    private Runnable taken(String recipe, String name, String keys, Map<String, String> parts) {
        namesInUse.enter(recipe, name, keys, parts);
        AtomicBoolean given = new AtomicBoolean();
        return () -> {
            if (!given.getAndSet(true)) {
                namesInUse.leave(recipe, name);
            }
        };
    }

    HistoryCheck history() {
        return history;
    }

    public Timing timing() {
        return timing;
    }

    /** What no other connection has, of this process or another. */
    public String id() {
        return id;
    }

    /** Where listeners run that have no session. */
    public Executor callbacks() {
        return callbacks;
    }

    /** Runs a task where user code may run; also (!) when this is closed, for what completes a future must not be lost. */
    public void callback(Runnable task) {
        CallbackOrder.submit(callbacks, task);
    }

    /** How long one operation may take. */
    public Duration requestTimeout() {
        return calls.requestTimeout();
    }

    Duration connectTimeout() {
        return connectTimeout;
    }

    boolean isOpen() {
        return !closed;
    }

    void checkOpen() {
        if (closed) {
            throw new IllegalStateException("connection to " + endpoints + " is closed: open another one");
        }
        if (calls.isShutDown()) {
            throw new IllegalStateException("the jetcd client of the connection to " + endpoints
                    + " is closed: make a connection of an open one, and close it before its client");
        }
    }

    void add(EtcdSession session) {
        sessions.add(session);
        if (closed) {
            sessions.remove(session);
            checkOpen();
        }
    }

    void remove(EtcdSession session) {
        sessions.remove(session);
    }

    /** What goes on in the background, and is waited for when this is closed. */
    @SuppressWarnings("CollectionUndefinedEquality") // A future equals itself only, which is what is meant.
    void pending(CompletableFuture<?> work) {
        pending.add(work);
        Completion.of(work, (done, failure) -> pending.remove(work));
    }

    @Override
    public List<String> endpoints() {
        return endpoints;
    }

    @Override
    public Client client() {
        return client;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        List<CompletableFuture<?>> closing = new ArrayList<>(pending);
        List.copyOf(sessions).forEach(session -> closing.add(session.closeAsync()));
        closing.add(receipts.close(calls.forTheRequestTimeout()));
        Await.quietly(
                timing, CompletableFuture.allOf(closing.toArray(new CompletableFuture<?>[0])), calls.requestTimeout());
        views.close();
        history.close();
        watches.close();
        timing.close();
        calls.close();
        callbacks.shutdown();
        access.close();
        if (ownsClient) {
            client.close();
        }
    }

    @Override
    public String toString() {
        return "Connection" + endpoints;
    }
}
