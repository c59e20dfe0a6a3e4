/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import dev.consort.core.Codec;
import dev.consort.testkit.BlockingQueueContract;
import java.util.concurrent.BlockingQueue;
import org.junit.jupiter.api.AfterEach;

/** What any {@link BlockingQueue} promises, kept by the view of a queue; each thread of a test uses the same process. */
abstract class BlockingQueuePromisesContract extends BlockingQueueContract {
    private final Peer peer = server().peer();

    abstract Server server();

    @AfterEach
    void leave() {
        peer.close();
    }

    @Override
    protected BlockingQueue<String> queue() {
        return DistributedQueue.create(peer.session(), Server.freshName(), Codec.utf8())
                .asBlockingQueue();
    }

    @Override
    protected BlockingQueue<String> limited(int capacity) {
        return DistributedQueue.builder(peer.session(), Server.freshName(), Codec.utf8())
                .capacity(capacity)
                .build()
                .asBlockingQueue();
    }
}
