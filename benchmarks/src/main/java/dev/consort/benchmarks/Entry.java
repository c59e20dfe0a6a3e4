/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

/**
 * A contender of a work, not opened yet.
 *
 * @param name as tables show it
 * @param server what it needs
 * @param opening opens it, on keys below a name that nobody else uses
 */
public record Entry(String name, Server server, Opening opening) {
    /** The servers of a run. */
    public enum Server {
        ETCD,
        ZOOKEEPER,
        REDIS
    }

    /** Opens a contender. */
    @FunctionalInterface
    public interface Opening {
        Contender open(String endpoint, String name);
    }
}
