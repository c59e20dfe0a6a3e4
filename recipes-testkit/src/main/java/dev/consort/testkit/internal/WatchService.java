/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.stub.StreamObserver;

/** etcd's Watch service. Threadsafe. */
final class WatchService extends WatchGrpc.WatchImplBase {
    private final Member member;

    WatchService(Member member) {
        this.member = member;
    }

    @Override
    public StreamObserver<WatchRequest> watch(StreamObserver<WatchResponse> client) {
        WatchStream stream = new WatchStream(member, client);
        return new StreamObserver<>() {
            @Override
            public void onNext(WatchRequest request) {
                stream.handle(request);
            }

            @Override
            public void onError(Throwable broken) {
                stream.close();
            }

            /** As in etcd, watches go on when the client has nothing more to ask for. */
            @Override
            public void onCompleted() {}
        };
    }
}
