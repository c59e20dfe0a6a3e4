/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.stress;

import io.etcd.jetcd.Client;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import java.time.Duration;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A process of its own in virtual time, with a client whose calls go by a {@link VirtualLink}. */
final class VirtualSeat extends Seat {
    private static final int TRIES = 20;

    private final VirtualServer server;
    private final VirtualProcess process;
    private final VirtualLink link;
    private final Client client;
    private final Channel channel;
    private final VirtualArena.Opener opener;
    private @Nullable Contender contender;

    VirtualSeat(VirtualTime time, VirtualServer server, VirtualArena.Opener opener) {
        this.server = server;
        this.process = new VirtualProcess(time);
        this.link = new VirtualLink(time, process, server);
        this.client = Client.builder()
                .endpoints(server.etcd().endpoint())
                .interceptor(link)
                .build();
        this.channel = ClientInterceptors.intercept(server.channel(), link);
        this.opener = opener;
    }

    VirtualProcess process() {
        return process;
    }

    VirtualLink link() {
        return link;
    }

    @Override
    Contender contender() {
        Contender now = contender;
        if (now == null || !now.isAlive()) {
            heal();
            if (now != null) {
                now.close();
            }
            now = open();
            contender = now;
        }
        return now;
    }

    /** Sooner or later an operator makes room on a full server, and one that stands still goes on. */
    private Contender open() {
        for (int failures = 0; ; failures++) {
            try {
                return opener.open(client, channel, process);
            } catch (RuntimeException e) {
                if (failures == TRIES) {
                    throw e;
                }
                server.space();
            }
        }
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
        link.next(new VirtualLink.Fault(step.kind(), Duration.ofMillis(1 + step.amount() * 3L)));
    }

    @Override
    int breakWatch() {
        return link.breakStreams("Watch/Watch");
    }

    @Override
    void holdReplies(int millis) {
        link.holdReplies(Duration.ofMillis(millis));
    }

    @Override
    void heal() {
        process.goOn();
        link.heal();
    }

    @Override
    long hits(Step.Kind kind) {
        return link.hits(kind);
    }

    /** Watches are not counted one by one: a session has one stream for all. */
    @Override
    long watchesOpen() {
        return link.open().stream().filter(call -> call.endsWith("Watch/Watch")).count();
    }

    /** Ends the session, if there is one, and says which lease is to be gone now. */
    OptionalLong end() {
        heal();
        Contender now = contender;
        contender = null;
        if (now == null) {
            return OptionalLong.empty();
        }
        now.close();
        return OptionalLong.of(now.leaseId());
    }

    @Override
    public void close() {
        client.close();
    }
}
