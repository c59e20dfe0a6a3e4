/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/**
 * What a {@link CallLog} had counted at a moment. Methods are named as in {@code KV/Txn} or with their package. What is
 * open is as of that moment; everything else is counted since the log was made or reset, or since the earlier counts
 * that were taken off. Immutable, hence threadsafe.
 */
public final class CallCounts {
    private static final MethodCounts NONE = new MethodCounts(0, 0, 0, List.of());

    private final Map<String, MethodCounts> methods;
    private final WatchCounts watches;

    CallCounts(Map<String, MethodCounts> methods, WatchCounts watches) {
        this.methods = Map.copyOf(methods);
        this.watches = watches;
    }

    /** One method: its unary calls, and its streams in the order of their opening. */
    record MethodCounts(long unaryCalls, long unaryFailures, long unaryOpen, List<StreamCounts> streams) {
        MethodCounts since(MethodCounts earlier) {
            Map<Long, StreamCounts> before = new HashMap<>();
            earlier.streams.forEach(stream -> before.put(stream.number(), stream));
            List<StreamCounts> later = streams.stream()
                    .map(stream -> stream.since(before.get(stream.number())))
                    .filter(stream -> stream.open() || stream.opened() || stream.sent() + stream.received() > 0)
                    .toList();
            return new MethodCounts(
                    unaryCalls - earlier.unaryCalls, unaryFailures - earlier.unaryFailures, unaryOpen, later);
        }
    }

    /** Watches over all streams. */
    record WatchCounts(long creates, long cancels, long events, long open) {
        WatchCounts since(WatchCounts earlier) {
            return new WatchCounts(creates - earlier.creates, cancels - earlier.cancels, events - earlier.events, open);
        }
    }

    /** The unary calls begun, of all methods. */
    public long unaryCalls() {
        return sum(MethodCounts::unaryCalls);
    }

    /** The unary calls of a method that were begun. */
    public long unaryCalls(String method) {
        return of(method).unaryCalls();
    }

    /** The unary calls of a method that ended otherwise than OK, as the client saw it. */
    public long unaryFailures(String method) {
        return of(method).unaryFailures();
    }

    /** The unary calls of all methods that were begun and have not ended. */
    public long unaryCallsOpen() {
        return sum(MethodCounts::unaryOpen);
    }

    /** The streams of a method that were opened. */
    public long streamsOpened(String method) {
        return of(method).streams().stream().filter(StreamCounts::opened).count();
    }

    /** The streams of a method that are open. */
    public long streamsOpen(String method) {
        return of(method).streams().stream().filter(StreamCounts::open).count();
    }

    /** The messages that the client sent on all streams of a method. */
    public long messagesSent(String method) {
        return of(method).streams().stream().mapToLong(StreamCounts::sent).sum();
    }

    /** The messages that the client got on all streams of a method. */
    public long messagesReceived(String method) {
        return of(method).streams().stream().mapToLong(StreamCounts::received).sum();
    }

    /** The streams of a method that are open, or of which anything was counted, in the order of their opening. */
    public List<StreamCounts> streams(String method) {
        return of(method).streams();
    }

    /** The requests to create a watch. */
    public long watchCreates() {
        return watches.creates();
    }

    /** The client's requests to cancel a watch. */
    public long watchCancels() {
        return watches.cancels();
    }

    /** The watches that the server has created and neither cancelled nor lost with their stream. */
    public long watchesOpen() {
        return watches.open();
    }

    /** The events that watches delivered; a transaction that changes two watched keys makes two. */
    public long watchEvents() {
        return watches.events();
    }

    /** What was counted between the earlier counts and these; of the same log, with no reset between them. */
    public CallCounts since(CallCounts earlier) {
        Map<String, MethodCounts> later = new HashMap<>();
        methods.forEach((name, counts) -> later.put(name, counts.since(earlier.of(name))));
        return new CallCounts(later, watches.since(earlier.watches));
    }

    private MethodCounts of(String method) {
        return methods.getOrDefault(MethodNames.simple(method), NONE);
    }

    private long sum(ToLongFunction<MethodCounts> count) {
        return methods.values().stream().mapToLong(count).sum();
    }

    /** One line for each method, for the message of a failed test. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        new TreeMap<>(methods).forEach((name, counts) -> {
            if (counts.unaryCalls() > 0) {
                text.append(name).append(" calls=").append(counts.unaryCalls());
                text.append(" failed=").append(counts.unaryFailures()).append('\n');
            }
            counts.streams().forEach(stream -> text.append(stream).append('\n'));
        });
        return text.append(watches).toString();
    }
}
