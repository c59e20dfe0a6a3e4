/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.KeptKey;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.PrefixView.Entry;
import dev.consort.election.Membership.Member;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** The key of a member. Immutable, but for what it stands for. */
final class EtcdSeat implements Seat {
    private final Place place;
    private final KeptKey kept;

    EtcdSeat(Place place, KeptKey kept) {
        this.place = place;
        this.kept = kept;
    }

    /**
     * The place of an id in a group.
     *
     * @param outlivesSessions whether who has it stays a member when its session is lost
     */
    record Place(MemberKeys keys, String id, boolean outlivesSessions) implements KeptKey.Terms {
        @Override
        public String recipe() {
            return EtcdMembership.RECIPE;
        }

        @Override
        public String name() {
            return keys.group();
        }

        @Override
        public String key() {
            return keys.key(id);
        }

        @Override
        public boolean takesOver() {
            return false;
        }

        @Override
        public void check(EtcdSession session) {
            Names.checked(EtcdMembership.RECIPE, keys.group(), session);
        }

        @Override
        public RecipeException usedBy(Entry entry) {
            Member holder =
                    keys.member(entry).orElseGet(() -> new Member(id, "", entry.createRevision(), entry.leaseId()));
            return new MemberIdInUseException(
                    key(),
                    holder.leaseId() == 0
                            ? "the key is bound to no lease, so it is none of a member's: delete it"
                            : "another live process is a member under this id: its lease is "
                                    + Long.toHexString(holder.leaseId()) + ", and it has been there since revision "
                                    + holder.joined()
                                    + "; give each process an id of its own, or wait for the TTL of one that has died",
                    holder);
        }

        @Override
        public RecipeException usedHere(KeptKey.State state) {
            return new MemberIdInUseException(
                    key(), "this process is a member under this id already: " + stateOf(state), null);
        }

        @Override
        public String toString() {
            return "Seat '" + id + "' of " + EtcdMembership.RECIPE + " '" + keys.group() + "'";
        }
    }

    private static State stateOf(KeptKey.State state) {
        return switch (state) {
            case ENTERING -> State.JOINING;
            case PRESENT -> State.JOINED;
            case MISSING -> State.REJOINING;
            case GONE -> State.CLOSED;
        };
    }

    @Override
    public String id() {
        return place.id();
    }

    @Override
    public String value() {
        return kept.value();
    }

    @Override
    public State state() {
        return stateOf(kept.state());
    }

    @Override
    public boolean update(String value) {
        return kept.update(MemberKeys.checkedValue(value));
    }

    @Override
    public void onState(Consumer<? super State> listener) {
        Objects.requireNonNull(listener, "listener");
        kept.onState(state -> listener.accept(stateOf(state)));
    }

    @Override
    public Optional<Throwable> lastFailure() {
        return kept.lastFailure();
    }

    @Override
    public CompletionStage<Void> ended() {
        return kept.ended();
    }

    @Override
    public void close() {
        kept.close();
    }

    @Override
    public String toString() {
        return place.toString();
    }
}
