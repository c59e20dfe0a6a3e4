/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import java.util.EnumSet;
import java.util.Set;

/**
 * One step of a schedule. Steps that make no sense when they come, such as a release by one who holds nothing, do
 * nothing, so that any part of a schedule is a schedule.
 *
 * @param kind what to do
 * @param who the number of a client, or of the session it belongs to; wraps around; from {@value #MATE} on, the next client
 *     of the same session as that number less {@value #MATE}
 * @param amount milliseconds, where the kind takes any
 */
public record Step(Kind kind, int who, int amount) {
    /** What is added to a client's number to mean another one of its session. */
    public static final int MATE = 100;

    /** What a step does. */
    public enum Kind {
        /** Queue without blocking. */
        ACQUIRE(8),
        /** Take what is free. */
        TRY(2),
        /** Queue up to a few milliseconds. */
        TIMED(4),
        /** Cancel what was queued for. */
        CANCEL(3),
        /** Give back. */
        RELEASE(9),
        /** Give back what was given back before. */
        RELEASE_AGAIN(1),
        /** Write the token, guarded by it. */
        WRITE(7),
        /** Change the owner's value. */
        PROCLAIM(4),
        /** Read the owner's value. */
        READ(3),
        /** Let time pass while something is under way. */
        AWAIT(12),
        /** Let time pass whatever happens. */
        PAUSE(1),
        /** Lose the next transaction on its way to the server. */
        LOSE_REQUEST(2),
        /** Lose the answer to the next transaction. */
        LOSE_REPLY(3),
        /** Hold the next transaction up. */
        DELAY(2),
        /** Fail the next transaction, and let it land later. */
        LAND_LATE(3),
        /** Send the next transaction twice, the second time later. */
        DUPLICATE(2),
        /** Break the watch streams of a session. */
        BREAK_WATCH(2),
        /** Hold up what the server says to a session for a while, watch events and answers alike. */
        HOLD_REPLIES(1),
        /** Revoke a session's lease. */
        REVOKE(1),
        /** Close a session. */
        CLOSE(1),
        /** Orphan a session. */
        ORPHAN(1),
        /** Delete a session's claim, as an operator may. */
        DELETE_CLAIM(1),
        /** Compact the server's history. */
        COMPACT(1),

        // What follows needs a VirtualArena; amounts choose one of its durations, from 10 ms to several TTLs.

        /** Let time pass, with everything that is due by then. */
        PASS(6),
        /** Have the process of a session stand still, as by SIGSTOP. */
        STALL(1),
        /** Hold up everything between a session and the server. */
        SILENCE(2),
        /** Hold up what the server says to a session for long. */
        DEAFEN(1),
        /** Break all connections of a session. */
        SEVER(1),
        /** Break the next watch stream that says anything, after so many messages more. */
        CUT_STREAM(1),
        /** Lose the next transaction without a word. */
        HANG_REQUEST(1),
        /** Lose the answer to the next transaction without a word. */
        HANG_REPLY(2),
        /** End the TTL of a session's lease now. */
        EXPIRE(1),
        /** Have the server stand still. */
        PAUSE_SERVER(1),
        /** Have another member lead: leases get their TTL again. */
        CHANGE_LEADER(1),
        /** Have the server refuse writes for want of space. */
        NO_SPACE(1),
        /** Let the server have space again. */
        SPACE(2);

        private final int weight;

        Kind(int weight) {
            this.weight = weight;
        }

        /** Those that any server can be made to suffer, in real time. */
        public static Set<Kind> ofAnyServer() {
            return EnumSet.range(ACQUIRE, COMPACT);
        }

        /** How often it should come, in proportion to the others. */
        public int weight() {
            return weight;
        }
    }

    @Override
    public String toString() {
        return kind + "(" + who + ", " + amount + ")";
    }
}
