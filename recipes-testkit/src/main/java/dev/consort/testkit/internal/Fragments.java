/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.UnknownFieldSet;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.WatchResponse;
import java.util.ArrayList;
import java.util.List;

/** Splits a response for clients that asked for that, where it is larger than a request may be. */
final class Fragments {
    private static final int FRAGMENT_FIELD = 7;
    private static final int GRPC_OVERHEAD = 512 * 1024;

    private Fragments() {}

    static List<WatchResponse> split(WatchResponse response, int maxRequestBytes) {
        int most = maxRequestBytes + GRPC_OVERHEAD;
        if (response.getSerializedSize() < most || response.getEventsCount() < 2) {
            return List.of(response);
        }
        List<WatchResponse> parts = new ArrayList<>();
        WatchResponse empty = response.toBuilder().clearEvents().build();
        WatchResponse.Builder part = empty.toBuilder();
        int size = empty.getSerializedSize();
        for (Event event : response.getEventsList()) {
            if (part.getEventsCount() > 0 && size + event.getSerializedSize() >= most) {
                parts.add(part.setUnknownFields(mark()).build());
                part = empty.toBuilder();
                size = empty.getSerializedSize();
            }
            part.addEvents(event);
            size += event.getSerializedSize();
        }
        parts.add(part.build());
        return parts;
    }

    /** All parts but the last say that they are. */
    private static UnknownFieldSet mark() {
        return UnknownFieldSet.newBuilder()
                .addField(
                        FRAGMENT_FIELD,
                        UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                .build();
    }
}
