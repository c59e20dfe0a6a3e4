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
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A client of a real server behind a proxy, with faults and counts. Used by one thread. */
final class ProxiedSeat extends Seat {
    private static final CallMatcher TXN = CallMatcher.method("KV/Txn");

    private final FaultProxy proxy;
    private final CallFaults faults = CallFaults.create();
    private final CallLog log = CallLog.create();
    private final Client client;
    private final Function<Client, Contender> opener;
    private final Map<Step.Kind, Queue<CallFault>> all = new EnumMap<>(Step.Kind.class);
    private @Nullable Contender contender;

    ProxiedSeat(String endpoint, Function<Client, Contender> opener) {
        this.proxy = FaultProxy.to(endpoint);
        this.client = Client.builder()
                .endpoints(proxy.endpoint())
                .interceptor(faults, log)
                .build();
        this.opener = opener;
    }

    @Override
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

    @Override
    @Nullable
    Contender present() {
        return contender;
    }

    @Override
    void fault(Step step) {
        if (step.kind() == Step.Kind.DUPLICATE) {
            mayDuplicate();
        }
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

    @Override
    int breakWatch() {
        return faults.breakStreams("Watch/Watch");
    }

    @Override
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

    @Override
    void heal() {
        faults.clear();
        forward();
    }

    @Override
    long hits(Step.Kind kind) {
        Queue<CallFault> faultsOfKind = all.getOrDefault(kind, new ConcurrentLinkedQueue<>());
        return faultsOfKind.stream().mapToLong(CallFault::hits).sum();
    }

    @Override
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
