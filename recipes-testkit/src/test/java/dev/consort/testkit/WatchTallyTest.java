/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.CallCounts.WatchCounts;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.WatchCancelRequest;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import org.junit.jupiter.api.Test;

class WatchTallyTest {
    private final WatchTally tally = new WatchTally();

    private static WatchResponse.Builder response(long id) {
        return WatchResponse.newBuilder().setWatchId(id);
    }

    @Test
    void watches_areOpenFromCreatedToCanceled_byStream() {
        WatchRequest create = WatchRequest.newBuilder()
                .setCreateRequest(WatchCreateRequest.getDefaultInstance())
                .build();
        WatchRequest cancel = WatchRequest.newBuilder()
                .setCancelRequest(WatchCancelRequest.getDefaultInstance())
                .build();
        tally.sent(create);
        tally.sent(create);
        tally.received(1, response(0).setCreated(true).build());
        tally.received(1, response(1).setCreated(true).build());
        tally.received(2, response(0).setCreated(true).build());
        assertThat(tally.counts()).isEqualTo(new WatchCounts(2, 0, 0, 3));

        tally.sent(cancel);
        tally.received(1, response(1).setCanceled(true).build());
        tally.received(
                1,
                response(0)
                        .addEvents(Event.getDefaultInstance())
                        .addEvents(Event.getDefaultInstance())
                        .build());
        assertThat(tally.counts()).isEqualTo(new WatchCounts(2, 1, 2, 2));

        tally.streamEnded(1);
        assertThat(tally.counts()).isEqualTo(new WatchCounts(2, 1, 2, 1));
    }

    @Test
    void watchThatTheServerRefuses_isNeverOpen() {
        tally.received(1, response(-1).setCreated(true).setCanceled(true).build());
        assertThat(tally.counts()).isEqualTo(new WatchCounts(0, 0, 0, 0));
    }
}
