/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

/**
 * Where those wait whom a recipe lets pass: see {@link Waiting} for how, {@link Wait} for who.
 *
 * @param <S> what they look at
 */
public abstract class Place<S> {
    /** For recipes. */
    protected Place() {}

    /** The connection that it stands on. */
    public abstract EtcdConnection connection();

    /** Runs what may call user code. */
    public abstract void callback(Runnable task);

    /** Runs a short task that looks at the state of waits. */
    public abstract void execute(Runnable task);

    /** Begins a wait. */
    public abstract void join(Wait<S, ?> wait);

    /** A wait takes part no more. */
    protected abstract void leave(Wait<S, ?> wait);

    /** For messages. */
    protected abstract String recipe();

    /** For messages. */
    protected abstract String name();

    /** Asks a wait to end, if nothing has come of it yet. */
    public void giveUp(Wait<S, ?> wait) {
        execute(() -> {
            if (!wait.isTold()) {
                wait.giveUp();
            }
        });
    }

    /** Tells a wait that was given up that nobody waits for how it ends. */
    void abandon(Wait<S, ?> wait) {
        execute(() -> {
            if (!wait.isTold()) {
                wait.abandoned();
            }
        });
    }
}
