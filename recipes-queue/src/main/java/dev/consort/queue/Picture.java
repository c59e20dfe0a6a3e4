/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.Feed;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a process knows of a queue: its first items, who holds them, and who stands in line, all as of one revision. It reads the
 * beginning, follows the news, and reads on when that is wanted.
 *
 * <p>Concurrency: confined to the session's serializer, on which its owner calls it and answers it.
 */
final class Picture implements Feed.Listener {
    /** Whose picture it is. */
    interface Owner {
        void send(TxnRequest txn, Consumer<TxnResponse> then, Consumer<RecipeException> otherwise);

        Feed feed(String prefix, long from, Feed.Listener listener);

        String relative(ByteString key);

        /** It begins anew: whatever was concluded from the one before is to be forgotten. */
        void begun();

        /** It has changed. */
        void look();

        void cannotRead(RecipeException why);
    }

    private final Owner owner;
    private final QueueLayout layout;
    private final LineTxns txns;
    private final Terms terms;
    private final Window window;
    private final Map<ByteString, Card> cards = new HashMap<>();
    private final List<Event> news = new ArrayList<>(); // that have come while it reads
    private long revision;
    private long segment;
    private boolean reading;
    private int readings;
    private @Nullable Feed feed;

    Picture(Owner owner, QueueLayout layout, Terms terms, LineTxns txns) {
        this.owner = owner;
        this.layout = layout;
        this.txns = txns;
        this.terms = terms;
        this.window = new Window(terms.timed());
    }

    Window window() {
        return window;
    }

    /** As of which it is true. */
    long revision() {
        return revision;
    }

    /** The last one that is known to have been the last: no later offer went before it. 0 without segments, or any item. */
    long segment() {
        return segment;
    }

    /** By their keys in etcd. */
    Map<ByteString, Card> cards() {
        return cards;
    }

    boolean isCurrent() {
        return !reading;
    }

    void load() {
        reading = true;
        int number = ++readings;
        if (feed != null) {
            feed.close();
            feed = null;
        }
        owner.send(
                txns.open(),
                response -> {
                    if (number == readings) {
                        begin(response);
                    }
                },
                owner::cannotRead);
    }

    private void begin(TxnResponse response) {
        revision = response.getHeader().getRevision();
        window.clear();
        news.clear();
        cards.clear();
        for (KeyValue kv : response.getResponses(1).getResponseRange().getKvsList()) {
            window.hold(suffix(kv, layout.holds()), Hold.of(kv.getModRevision(), kv.getLease(), kv.getValue()));
        }
        for (KeyValue kv : response.getResponses(2).getResponseRange().getKvsList()) {
            cards.put(kv.getKey(), Card.of(kv.getModRevision(), kv.getValue()));
        }
        segment = response.getResponses(3).getResponseRange().getKvsList().stream()
                .mapToLong(kv -> Tail.segmentOf(kv.getValue().toStringUtf8()))
                .findFirst()
                .orElse(0);
        owner.begun();
        feed = owner.feed(layout.watched(), revision + 1, this);
        page(response);
    }

    /** By this process: the news of it are on their way. */
    void taken(Item item, long at) {
        if (terms.keeps()) {
            window.hold(item.suffix(), new Hold(at, Long.MAX_VALUE));
        } else {
            window.delete(item.suffix(), at);
        }
    }

    /** Reads what follows. */
    void more() {
        String order = window.through().orElseThrow();
        reading = true;
        int number = readings;
        owner.send(
                txns.beyond(order, revision),
                response -> {
                    if (number == readings) {
                        page(response);
                    }
                },
                why -> loadUnless(number)); // compacted meanwhile
    }

    private void loadUnless(int overtaken) {
        if (overtaken == readings) {
            load();
        }
    }

    private void page(TxnResponse response) {
        List<KeyValue> kvs = response.getResponses(0).getResponseRange().getKvsList();
        List<Item> items = new ArrayList<>(items(kvs));
        if (!response.getResponses(0).getResponseRange().getMore() || items.isEmpty()) {
            read(items, null);
            return;
        }
        KeyValue last = kvs.get(kvs.size() - 1);
        String order = items.get(items.size() - 1).order();
        int number = readings;
        owner.send(
                txns.rest(last, order, revision),
                rest -> {
                    if (number == readings) {
                        items.addAll(
                                items(rest.getResponses(0).getResponseRange().getKvsList()));
                        read(items, order);
                    }
                },
                why -> loadUnless(number)); // compacted meanwhile
    }

    private void read(List<Item> items, @Nullable String through) {
        window.page(items, through);
        reading = false;
        List<Event> meanwhile = List.copyOf(news);
        news.clear();
        changed(meanwhile);
        owner.look();
    }

    private List<Item> items(List<KeyValue> kvs) {
        return kvs.stream()
                .flatMap(
                        kv -> Item.of(
                                suffix(kv, layout.items()),
                                kv.getCreateRevision(),
                                kv.getModRevision(),
                                kv.getVersion())
                                .stream())
                .toList();
    }

    void close() {
        readings++;
        reading = false;
        window.clear();
        cards.clear();
        news.clear();
        if (feed != null) {
            feed.close();
            feed = null;
        }
    }

    @Override
    public void changed(List<Event> events) {
        if (reading) {
            news.addAll(events);
            return;
        }
        events.forEach(this::apply);
        owner.look();
    }

    private void apply(Event event) {
        KeyValue kv = event.getKv();
        boolean deleted = event.getType() == Event.EventType.DELETE;
        String key = owner.relative(kv.getKey());
        revision = Math.max(revision, kv.getModRevision());
        if (key.startsWith(layout.items())) {
            String suffix = key.substring(layout.items().length());
            if (deleted) {
                window.delete(suffix, kv.getModRevision());
            } else {
                items(List.of(kv)).forEach(this::put);
            }
        } else if (key.startsWith(layout.holds())) {
            String suffix = key.substring(layout.holds().length());
            if (deleted) {
                window.free(suffix, kv.getModRevision());
            } else {
                window.hold(suffix, Hold.of(kv.getModRevision(), kv.getLease(), kv.getValue()));
            }
        } else if (key.startsWith(layout.cards())) {
            Card now = deleted ? Card.NONE.at(kv.getModRevision()) : Card.of(kv.getModRevision(), kv.getValue());
            if (now.modified() <= cards.getOrDefault(kv.getKey(), Card.NONE).modified()) {
                return; // its own last step, of which it knows
            }
            if (deleted) {
                cards.remove(kv.getKey());
            } else {
                cards.put(kv.getKey(), now);
            }
        }
    }

    private void put(Item item) {
        if (terms.orders().isAppended()) {
            segment = Math.max(segment, item.number());
        }
        window.put(item);
    }

    private String suffix(KeyValue kv, String folder) {
        return owner.relative(kv.getKey()).substring(folder.length());
    }

    @Override
    public void gap() {
        load();
    }

    @Override
    public void refused(RecipeException why) {
        owner.cannotRead(why);
    }
}
