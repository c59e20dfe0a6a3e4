/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

/** The session an operation belongs to was lost or closed: open another one, and start anew. */
public final class SessionLostException extends RecipeException {
    private static final long serialVersionUID = 1L;

    /** Why the session is no more. */
    private final LossReason reason;

    /**
     * Creates an exception.
     *
     * @param recipe the recipe's name
     * @param key the name or key it was working on; empty if none
     * @param reason why the session is no more
     */
    public SessionLostException(String recipe, String key, LossReason reason) {
        super(recipe, key, describe(reason), null);
        this.reason = reason;
    }

    private static String describe(LossReason reason) {
        return switch (reason) {
            case CLOSED -> "its session is closed; open another session and create the recipe with that one";
            case CLIENT_CLOSED ->
                "its session was lost since the jetcd client under it is closed; close sessions and connection before"
                        + " their client";
            default -> "its session was lost (" + reason + "); open another session, for example by a SessionFactory";
        };
    }

    /**
     * Why the session is no more.
     *
     * @return the reason; {@link LossReason#CLOSED} if this process closed it
     */
    public LossReason reason() {
        return reason;
    }
}
