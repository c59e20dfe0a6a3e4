/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.election;

import dev.consort.core.Connection;
import dev.consort.core.SessionFactory;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.KeptKey;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.Rendezvous;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/** The group on a key for each member. Immutable. */
final class EtcdMembership implements Membership {
    static final String RECIPE = "Membership";

    private final SessionFactory sessions;
    private final MemberKeys keys;
    private final boolean outlivesSessions;

    EtcdMembership(SessionFactory sessions, String group, boolean outlivesSessions) {
        this.sessions = Objects.requireNonNull(sessions, "sessions");
        this.keys = new MemberKeys(Names.checked(RECIPE, group));
        this.outlivesSessions = outlivesSessions;
    }

    @Override
    public String group() {
        return keys.group();
    }

    @Override
    public Seat join(String id, String value, Duration timeout) throws InterruptedException {
        Objects.requireNonNull(timeout, "timeout");
        String checked = MemberKeys.checkedValue(value);
        EtcdSeat.Place place = new EtcdSeat.Place(keys, MemberKeys.checkedId(id), outlivesSessions);
        return new EtcdSeat(place, KeptKey.put(sessions, place, checked, timeout));
    }

    @Override
    public List<Member> members() {
        return members(sessions.session().connection(), keys.group());
    }

    static List<Member> members(Connection connection, String group) {
        MemberKeys keys = new MemberKeys(Names.checked(RECIPE, group));
        return new Rendezvous<List<Member>>(
                        EtcdConnection.of(connection), RECIPE, group, (entries, revision) -> keys.members(entries))
                .now();
    }

    @Override
    public MembershipObservation observe(Consumer<? super Roster> listener) {
        EtcdSession session = EtcdSession.of(sessions.session());
        return RosterObserver.observe(
                session.engine(), keys, session.executor(), Objects.requireNonNull(listener, "listener"));
    }

    static MembershipObservation observe(Connection connection, String group, Consumer<? super Roster> listener) {
        EtcdConnection engine = EtcdConnection.of(connection);
        MemberKeys keys = new MemberKeys(Names.checked(RECIPE, group));
        return RosterObserver.observe(engine, keys, engine.callbacks(), Objects.requireNonNull(listener, "listener"));
    }

    @Override
    public String toString() {
        return RECIPE + " '" + keys.group() + "'";
    }
}
