/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

/** One of the two ways between a client and a server. */
public enum Direction {
    /** Requests, and the client's messages of a stream. */
    TO_SERVER,
    /** Replies, and the server's messages of a stream. */
    TO_CLIENT
}
