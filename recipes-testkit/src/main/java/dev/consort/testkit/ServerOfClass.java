/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

/** The server that the tests of a class share, and the clients that they were given. Threadsafe. */
final class ServerOfClass implements AutoCloseable {
    /** Who uses a given etcd, by its endpoints. */
    private static final Map<List<String>, Class<?>> GIVEN_IN_USE = new ConcurrentHashMap<>();

    private final EtcdServer server;
    private final EtcdContents contents;
    private final boolean ours;
    private final Queue<InjectedClient> clients = new ConcurrentLinkedQueue<>();

    private ServerOfClass(EtcdServer server, EtcdContents contents, boolean ours) {
        this.server = server;
        this.contents = contents;
        this.ours = ours;
    }

    /**
     * The server of a test class.
     *
     * @param property what the property says, blank if nothing
     */
    static ServerOfClass start(Class<?> testClass, EtcdTest settings, String property) {
        String chosen = property.strip();
        if (chosen.isEmpty() && settings.endpoints().length > 0) {
            return given(testClass, List.of(settings.endpoints()));
        }
        if (chosen.contains("://")) {
            return given(testClass, Arrays.asList(chosen.split("\\s*,\\s*")));
        }
        EtcdTest.Server kind = chosen.isEmpty() ? settings.server() : kind(chosen);
        if (settings.virtualClock() && kind != EtcdTest.Server.EMBEDDED) {
            throw new ExtensionConfigurationException(testClass.getName() + " wants a virtual clock, which only the"
                    + " embedded server has, but is to run on " + kind + because(chosen));
        }
        return switch (kind) {
            case EMBEDDED -> embedded(settings);
            case PROCESS -> {
                EtcdProcess process = EtcdProcess.builder()
                        .members(settings.members())
                        .unsafeNoFsync()
                        .start();
                yield new ServerOfClass(process, new RemoteContents(process.endpoints(), true), true);
            }
            case CONTAINER -> {
                EtcdContainer container =
                        EtcdContainer.builder().members(settings.members()).start();
                yield new ServerOfClass(container, new RemoteContents(container.endpoints(), true), true);
            }
        };
    }

    private static ServerOfClass embedded(EtcdTest settings) {
        EmbeddedEtcdBuilder builder = EmbeddedEtcd.builder().members(settings.members());
        EmbeddedEtcd etcd = (settings.virtualClock() ? builder.virtualClock() : builder).start();
        return new ServerOfClass(etcd, etcd.contents(), true);
    }

    private static EtcdTest.Server kind(String name) {
        try {
            return EtcdTest.Server.valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new ExtensionConfigurationException(
                    EtcdTest.SERVER_PROPERTY + " must be embedded, process, container, or endpoints such as"
                            + " http://127.0.0.1:2379: '" + name + "'",
                    e);
        }
    }

    private static String because(String chosen) {
        return chosen.isEmpty() ? "" : ": " + EtcdTest.SERVER_PROPERTY + "=" + chosen;
    }

    /* Two classes at once would be blamed for each other's keys. */
    private static ServerOfClass given(Class<?> testClass, List<String> endpoints) {
        for (String endpoint : endpoints) {
            if (!endpoint.startsWith("http://")) {
                throw new ExtensionConfigurationException(
                        "a given etcd is spoken to without TLS, by endpoints such as http://127.0.0.1:2379: '"
                                + endpoint + "'");
            }
        }
        Class<?> user = GIVEN_IN_USE.putIfAbsent(endpoints, testClass);
        if (user != null && !isInside(testClass, user)) {
            throw new ExtensionConfigurationException(testClass.getName() + " and " + user.getName()
                    + " use the etcd at "
                    + endpoints + " at the same time, so that nobody could tell whose keys are left: run them one after"
                    + " the other, as with @ResourceLock(\"etcd\") on both");
        }
        EtcdServer server = new GivenEtcd(endpoints, user == null);
        return new ServerOfClass(server, new RemoteContents(endpoints, false), false);
    }

    private static boolean isInside(Class<?> inner, Class<?> outer) {
        Class<?> enclosing = inner.getEnclosingClass();
        return enclosing != null && (enclosing == outer || isInside(enclosing, outer));
    }

    /** What was there before us, and stays. */
    private record GivenEtcd(List<String> endpoints, boolean first) implements EtcdServer {
        @Override
        public void close() {
            if (first) {
                GIVEN_IN_USE.remove(endpoints);
            }
        }

        @Override
        public String toString() {
            return "etcd at " + String.join(",", endpoints);
        }
    }

    EtcdServer server() {
        return server;
    }

    EtcdContents contents() {
        return contents;
    }

    /** Whether it was started for the class. */
    boolean isOurs() {
        return ours;
    }

    InjectedClient connect() {
        InjectedClient client = InjectedClient.of(server.endpoints());
        clients.add(client);
        return client;
    }

    void disconnect(InjectedClient injected) {
        injected.client().close();
        clients.remove(injected);
    }

    /** The watches that are open: all of a server of ours, of another one those of our clients. */
    List<String> watches() {
        List<String> watches = new ArrayList<>(contents.watches());
        if (!ours) {
            long open = clients.stream()
                    .mapToLong(client -> client.log().counts().watchesOpen())
                    .sum();
            watches.addAll(Collections.nCopies((int) open, ""));
        }
        return watches;
    }

    /** Ends what disturbs the server and its clients. */
    void endFaults() {
        if (server instanceof EmbeddedEtcd embedded) {
            embedded.faults().end();
        }
        clients.forEach(client -> client.faults().clear());
    }

    @Override
    public void close() {
        contents.close();
        server.close();
    }

    @Override
    public String toString() {
        return server.toString();
    }
}
