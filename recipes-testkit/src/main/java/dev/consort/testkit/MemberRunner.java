/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.util.List;

/** What a member runs in, a process or a container. Its member makes one call at a time, but for the ones that only tell. */
interface MemberRunner {
    /** Starts it, with the data that it has left behind. Not called while it runs. */
    void launch();

    /** Whether it runs; a paused one does. */
    boolean isAlive();

    /** Whether it has gone, after a moment in which it might. */
    boolean hasGoneAfterPause();

    /** Kills it and waits for its end. No effect on one that does not run. */
    void kill();

    /** Stops it where it stands. Called only while it runs. */
    void pause();

    /** Lets it go on. Called only while it runs. */
    void resume();

    /** All that it has logged, oldest first; empty if that cannot be had. */
    List<String> log();
}
