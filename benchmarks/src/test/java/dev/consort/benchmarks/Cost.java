/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.util.Locale;

/**
 * What an operation costs, as a row of the table says.
 *
 * @param requests that are answered once, not the messages of streams
 * @param commits revisions of etcd
 * @param watches opened
 * @param events of watches
 * @param bytes that the client allocates
 */
record Cost(double requests, double commits, double watches, double events, long bytes) {
    static Cost parse(String... cells) {
        return new Cost(
                Double.parseDouble(cells[0]),
                Double.parseDouble(cells[1]),
                Double.parseDouble(cells[2]),
                Double.parseDouble(cells[3]),
                Long.parseLong(cells[4]));
    }

    String cells() {
        return String.format(Locale.ROOT, "%.2f\t%.2f\t%.2f\t%.2f\t%d", requests, commits, watches, events, bytes);
    }
}
