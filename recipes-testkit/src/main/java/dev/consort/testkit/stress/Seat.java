/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import dev.consort.testkit.CallFault;
import dev.consort.testkit.CallFaults;
import dev.consort.testkit.CallLog;
import dev.consort.testkit.CallMatcher;
import dev.consort.testkit.Direction;
import dev.consort.testkit.FaultProxy;
import dev.consort.testkit.MatchedCalls;
import io.etcd.jetcd.Client;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Where one session after another sits: a client behind a proxy, with faults and counts. Used by one thread. */
final class Seat implements AutoCloseable {
    private static final CallMatcher TXN = CallMatcher.method("KV/Txn");

    private final FaultProxy proxy;
    private final CallFaults faults = CallFaults.create();
    private final CallLog log = CallLog.create();
    private final Client client;
    private final Function<Client, Contender> opener;
    private final Map<Step.Kind, Queue<CallFault>> all = new EnumMap<>(Step.Kind.class);
    private final List<Long> harms = new CopyOnWriteArrayList<>(); // read by callbacks
    private boolean duplicated;
    private @Nullable Contender contender;

    Seat(String endpoint, Function<Client, Contender> opener) {
        this.proxy = FaultProxy.to(endpoint);
        this.client = Client.builder()
                .endpoints(proxy.endpoint())
                .interceptor(faults, log)
                .build();
        this.opener = opener;
    }

    /** The session, a new one if the last was lost or closed. */
    Contender contender() {
        Contender now = contender;
        if (now == null || !now.isAlive()) {
            faults.clear();
            proxy.resumeForwarding();
            if (now != null) {
                now.close();
            }
            now = opener.apply(client);
            contender = now;
        }
        return now;
    }

    @Nullable
    Contender present() {
        return contender;
    }

    /** Notes that its session, or a claim of it, is about to be harmed. */
    void harm(long moment) {
        harms.add(moment);
    }

    /** The first harm since a moment, else the last one before it, which may not have been noticed; 0 if there was none. */
    long harmSince(long moment) {
        return harms.stream()
                .filter(harm -> harm >= moment)
                .findFirst()
                .orElseGet(() -> harms.isEmpty() ? 0L : harms.get(harms.size() - 1));
    }

    /** Whether a request may have been applied twice, and the answer be that of the second time: that it was too late. */
    boolean duplicated() {
        return duplicated;
    }

    void fault(Step step) {
        duplicated |= step.kind() == Step.Kind.DUPLICATE;
        MatchedCalls next = faults.next(TXN);
        Duration delay = Duration.ofMillis(1 + step.amount() * 3L);
        CallFault fault = switch (step.kind()) {
            case LOSE_REQUEST -> next.loseRequest();
            case LOSE_REPLY -> next.loseReply();
            case DELAY -> next.delay(delay);
            case LAND_LATE -> next.landLate(delay);
            case DUPLICATE -> next.duplicateAfter(delay);
            default -> throw new IllegalArgumentException(step + " is no fault of a call");
        };
        all.computeIfAbsent(step.kind(), kind -> new ConcurrentLinkedQueue<>()).add(fault);
    }

    int breakWatch() {
        return faults.breakStreams("Watch/Watch");
    }

    void holdReplies(int millis) {
        proxy.stopForwarding(Direction.TO_CLIENT);
        CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(this::forward);
    }

    private void forward() {
        try {
            proxy.resumeForwarding();
        } catch (IllegalStateException e) {
            // The proxy was closed before its time came.
        }
    }

    /** Ends all faults. What was to land late lands within its time. */
    void heal() {
        faults.clear();
        forward();
    }

    void forgetHarms() {
        harms.clear();
        duplicated = false;
    }

    long hits(Step.Kind kind) {
        Queue<CallFault> faultsOfKind = all.getOrDefault(kind, new ConcurrentLinkedQueue<>());
        return faultsOfKind.stream().mapToLong(CallFault::hits).sum();
    }

    long watchesOpen() {
        return log.counts().watchesOpen();
    }

    @Override
    public void close() {
        if (contender != null) {
            contender.close();
        }
        client.close();
        proxy.close();
    }
}
