/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.RecipeException;
import dev.consort.election.Membership.Member;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Somebody else is a member of the group under this id. */
public final class MemberIdInUseException extends RecipeException {
    private static final long serialVersionUID = 1L;

    /** Who is; null if it is this process. */
    private final transient @Nullable Member holder;

    /**
     * Creates an exception.
     *
     * @param key the key of the id
     * @param message what happened and what to do
     * @param holder who has it, or null
     */
    MemberIdInUseException(String key, String message, @Nullable Member holder) {
        super(EtcdMembership.RECIPE, key, message, null);
        this.holder = holder;
    }

    /**
     * Who has the id.
     *
     * @return empty if it is a place of this process that is open, or if this was deserialized
     */
    public Optional<Member> holder() {
        return Optional.ofNullable(holder);
    }
}
