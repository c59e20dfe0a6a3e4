/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.Feed;
import dev.consort.core.internal.SessionPlace;
import dev.consort.core.internal.Store;
import dev.consort.core.internal.Wait;
import dev.consort.queue.Offering.Result;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where those wait who have something to offer to a queue that is full. Whenever an item goes, all of this process try again, in
 * turn.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class Room extends SessionPlace<Room> implements Feed.Listener {
    private final Store store;
    private final QueueLayout layout;
    private final Offering offering;
    private final Set<Offer> offers = new LinkedHashSet<>();
    private @Nullable Feed feed;
    private int readings; // how often it began to read; what belongs to another one comes too late
    private long gone; // how many items, as far as it was told

    private Room(EtcdSession session, Store store, QueueLayout layout, Offering offering) {
        super(session, store.recipe(), layout.name());
        this.store = store;
        this.layout = layout;
        this.offering = offering;
    }

    /** The one of a session and an offering. */
    static Room of(EtcdSession session, Store store, QueueLayout layout, Offering offering, QueueOptions options) {
        return session.shared(
                String.join(" ", store.recipe(), layout.name(), "room", options.toString()),
                Room.class,
                () -> new Room(session, store, layout, offering));
    }

    /** One item that waits for room. Confined to the room. */
    static final class Offer extends Wait<Room, Boolean> {
        private final Room room;
        private final ByteString value;
        private boolean trying;
        private boolean leaving;

        Offer(Room room, ByteString value) {
            this.room = room;
            this.value = value;
        }

        private void attempt() {
            if (trying || isOver()) {
                return;
            }
            trying = true;
            long known = room.gone;
            var unused = room.offering
                    .offer(List.of(value), 0, null)
                    .whenComplete((result, failure) -> room.execute(() -> {
                        trying = false;
                        if (isOver()) {
                            return;
                        }
                        if (failure != null) {
                            fail(room.store.failure(failure, room.layout.name()));
                        } else if (result == Result.OFFERED) {
                            pass(true);
                        } else if (leaving) {
                            withdrawn();
                        } else {
                            mustWait();
                            if (room.gone > known) {
                                attempt();
                            }
                        }
                    }));
        }

        @Override
        protected void look(Room state) {}

        @Override
        protected void giveUp() {
            leaving = true;
            if (!trying) {
                withdrawn();
            }
        }
    }

    @Override
    protected void opened() {
        read();
    }

    /** (!) It listens before anybody finds the queue full: nobody sleeps through what goes meanwhile. */
    private void read() {
        int number = ++readings;
        TxnRequest now = TxnRequest.newBuilder()
                .addSuccess(RequestOp.newBuilder()
                        .setRequestRange(RangeRequest.newBuilder().setKey(key(layout.tail()))))
                .build();
        send(
                now,
                response -> {
                    if (number == readings) {
                        feed = feed(layout.items(), response.getHeader().getRevision() + 1, this);
                        again();
                    }
                },
                this::refused);
    }

    private void again() {
        List.copyOf(offers).forEach(Offer::attempt);
    }

    @Override
    protected void joined(Wait<Room, ?> wait) {
        offers.add((Offer) wait);
        if (feed != null) {
            ((Offer) wait).attempt();
        }
    }

    @Override
    protected void leave(Wait<Room, ?> wait) {
        super.leave(wait);
        offers.remove((Offer) wait);
        if (offers.isEmpty()) {
            close();
        }
    }

    @Override
    protected void closed() {
        readings++;
        if (feed != null) {
            feed.close();
            feed = null;
        }
    }

    @Override
    public void changed(List<Event> events) {
        if (events.stream().anyMatch(event -> event.getType() == Event.EventType.DELETE)) {
            gone++;
            again();
        }
    }

    @Override
    public void gap() {
        feed = null;
        read();
    }

    @Override
    public void refused(RecipeException why) {
        failAll(why);
    }
}
