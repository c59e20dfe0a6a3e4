/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.KeptKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An instance in a key that the engine keeps. Thread-safe. */
final class EtcdRegistrar<I> implements Registrar<I> {
    static final String RECIPE = "Registrar";

    private static final Logger log = LoggerFactory.getLogger(EtcdRegistrar.class);

    /** How long the end of the JVM waits for a registration that is under way. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final SharedSessions sessions;
    private final ServiceLayout<I> layout;
    private final RegistrationTerms terms;
    private final KeptKey kept;
    private final Instant registered;
    private final boolean ownKey; // and not that of the layout
    private final @Nullable Thread hook;
    private volatile I instance; // the one given last; of two given at once either

    private EtcdRegistrar(
            SharedSessions sessions,
            ServiceLayout<I> layout,
            RegistrationTerms terms,
            KeptKey kept,
            I instance,
            Instant registered,
            @Nullable Thread hook) {
        this.sessions = sessions;
        this.layout = layout;
        this.terms = terms;
        this.kept = kept;
        this.instance = instance;
        this.registered = registered;
        this.ownKey = !layout.key(instance).equals(terms.key());
        this.hook = hook;
    }

    /** Registers an instance that can be written. */
    static <I> Registrar<I> register(
            SharedSessions sessions,
            ServiceLayout<I> layout,
            RegistrationTerms terms,
            I instance,
            Duration timeout,
            boolean closesOnShutdown)
            throws InterruptedException {
        Instant now = EtcdSession.of(sessions.session()).now();
        I noted = layout.registeredAt(instance, now);
        CompletableFuture<Runnable> end = new CompletableFuture<>();
        Thread hook = closesOnShutdown ? new Thread(() -> endSoon(end), "consort-deregister-" + terms.key()) : null;
        if (hook != null) {
            Runtime.getRuntime().addShutdownHook(hook); // (!) before the key is there, which nobody would delete else
        }
        boolean done = false;
        try {
            KeptKey kept = KeptKey.put(sessions, terms, LayoutKeys.value(terms.key(), layout.encode(noted)), timeout);
            EtcdRegistrar<I> registrar = new EtcdRegistrar<>(sessions, layout, terms, kept, noted, now, hook);
            end.complete(registrar::end);
            log.info("{}: registered with lease {}", terms, Long.toHexString(registrar.leaseId()));
            done = true;
            return registrar;
        } finally {
            if (!done) {
                end.complete(() -> {});
                remove(hook);
            }
        }
    }

    /** At the end of the JVM, which may come while it registers. */
    private static void endSoon(CompletableFuture<Runnable> end) {
        try {
            end.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).run();
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            log.warn("not deregistered at the end of the JVM: its registration had not ended", e);
        }
    }

    private static void remove(@Nullable Thread hook) {
        if (hook != null) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException ending) {
                // The JVM ends: the hook does the same, at the same time.
            }
        }
    }

    static State stateOf(KeptKey.State state) {
        return switch (state) {
            case ENTERING -> State.REGISTERING;
            case PRESENT -> State.REGISTERED;
            case MISSING -> State.RETURNING;
            case GONE -> State.CLOSED;
        };
    }

    @Override
    public String key() {
        return terms.key();
    }

    @Override
    public I instance() {
        return instance;
    }

    @Override
    public long leaseId() {
        return kept.leaseId();
    }

    @Override
    public State state() {
        return stateOf(kept.state());
    }

    @Override
    public boolean update(I changed) {
        I noted = layout.registeredAt(Objects.requireNonNull(changed, "instance"), registered);
        if (!ownKey && !layout.key(noted).equals(key())) {
            throw new IllegalArgumentException(
                    "the instance belongs under another key than '" + key() + "': register it as well, and close this");
        }
        boolean there = kept.update(LayoutKeys.value(key(), layout.encode(noted)));
        instance = noted;
        return there;
    }

    @Override
    public void onState(Consumer<? super State> listener) {
        Objects.requireNonNull(listener, "listener");
        kept.onState(state -> listener.accept(stateOf(state)));
    }

    @Override
    public Optional<Throwable> lastFailure() {
        return kept.lastFailure();
    }

    @Override
    public CompletionStage<Void> ended() {
        return kept.ended();
    }

    @Override
    public void close() {
        remove(hook);
        end();
    }

    private void end() {
        boolean open = kept.state() != KeptKey.State.GONE;
        kept.close();
        sessions.close();
        if (open) {
            log.info("{}: deregistered, its lease was {}", terms, Long.toHexString(leaseId()));
        }
    }

    @Override
    public String toString() {
        return terms + " " + state();
    }
}
