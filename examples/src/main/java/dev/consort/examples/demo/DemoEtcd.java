/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.EtcdProcess;
import java.util.List;

/**
 * The etcd that the demo plays on.
 *
 * @param endpoints where it is to be found
 * @param kind what a reader is told of it
 * @param end ends it with the demo; does nothing to one that is the user's
 */
record DemoEtcd(List<String> endpoints, String kind, Runnable end) implements AutoCloseable {
    /** In this process, which the workers reach by loopback; it ends with this process, however that ends. */
    static DemoEtcd embedded() {
        EmbeddedEtcd etcd = EmbeddedEtcd.start();
        return new DemoEtcd(etcd.endpoints(), "embedded in this process", etcd::close);
    }

    /** A real one of the demo's own. */
    static DemoEtcd process() {
        EtcdProcess etcd = EtcdProcess.start();
        return new DemoEtcd(etcd.endpoints(), "version " + etcd.version() + " in a process of its own", etcd::close);
    }

    /** The user's. */
    static DemoEtcd at(List<String> endpoints) {
        return new DemoEtcd(List.copyOf(endpoints), "not the demo's own", () -> {});
    }

    /**
     * What the arguments of the demo ask for, and only then started.
     *
     * @throws IllegalArgumentException if they make no sense
     */
    static DemoEtcd of(String... arguments) {
        return switch (String.join(" ", arguments)) {
            case "", "--etcd embedded" -> embedded();
            case "--etcd process" -> process();
            default -> {
                if (arguments.length == 2 && arguments[0].equals("--endpoints")) {
                    yield at(List.of(arguments[1].split(",", -1)));
                }
                throw new IllegalArgumentException("cannot make sense of '" + String.join(" ", arguments) + "'");
            }
        };
    }

    /** Ends it, if it is the demo's own. */
    @Override
    public void close() {
        end.run();
    }
}
