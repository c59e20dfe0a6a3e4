/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.internal.Wait;
import java.util.function.Consumer;

/** One who waits for an item. Confined to its line. */
final class Take extends Wait<Line, Taken> {
    private final Line line;
    private final Consumer<Taken> giveBack;
    private boolean leaving;

    /**
     * One that is to join the line.
     *
     * @param patient whether it waits for an item to come
     * @param giveBack what is done with an item that came when nobody wanted it any more
     */
    Take(Line line, boolean patient, Consumer<Taken> giveBack) {
        this.line = line;
        this.leaving = !patient;
        this.giveBack = giveBack;
    }

    /** Whether it goes as soon as it is certain that no item is for it. */
    boolean isLeaving() {
        return leaving;
    }

    void got(Taken taken) {
        if (isTold()) {
            giveBack.accept(taken); // it has failed meanwhile
        } else {
            pass(taken);
        }
    }

    void gotNothing() {
        withdrawn();
    }

    void noneYet() {
        mustWait();
    }

    void refused(RuntimeException why) {
        fail(why);
    }

    @Override
    protected void look(Line state) {}

    @Override
    protected void giveUp() {
        leaving = true;
        line.look();
    }

    @Override
    protected void unwanted(Taken taken) {
        giveBack.accept(taken);
    }
}
