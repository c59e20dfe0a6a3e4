/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import com.google.protobuf.Empty;
import io.etcd.jetcd.api.AuthDisableRequest;
import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthRoleDeleteRequest;
import io.etcd.jetcd.api.AuthRoleListRequest;
import io.etcd.jetcd.api.AuthUserDeleteRequest;
import io.etcd.jetcd.api.AuthUserListRequest;
import io.etcd.jetcd.api.AuthenticateRequest;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;

/** Takes back what a sequence did to users and roles, as root if need be. */
final class Clearing {
    private static final Metadata.Key<String> TOKEN = Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);

    private final AuthGrpc.AuthBlockingStub auth;

    Clearing(Channel channel) {
        this.auth = AuthGrpc.newBlockingStub(channel);
    }

    /** Leaves no user, no role and no need for a token, and returns the revision of these. */
    long withoutUsers() {
        disable();
        auth.userList(AuthUserListRequest.getDefaultInstance())
                .getUsersList()
                .forEach(user -> auth.userDelete(
                        AuthUserDeleteRequest.newBuilder().setName(user).build()));
        auth.roleList(AuthRoleListRequest.getDefaultInstance())
                .getRolesList()
                .forEach(role -> auth.roleDelete(
                        AuthRoleDeleteRequest.newBuilder().setRole(role).build()));
        try {
            return NewerCalls.authRevision(ClientCalls.blockingUnaryCall(
                    auth.getChannel(), NewerCalls.AUTH_STATUS, CallOptions.DEFAULT, Empty.getDefaultInstance()));
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() == Status.Code.UNIMPLEMENTED) {
                return 0;
            }
            throw e;
        }
    }

    private void disable() {
        AuthDisableRequest request = AuthDisableRequest.getDefaultInstance();
        try {
            var unused = auth.authDisable(request);
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.INVALID_ARGUMENT) {
                throw e;
            }
            Metadata headers = new Metadata();
            headers.put(TOKEN, tokenOfRoot());
            var unused = auth.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                    .authDisable(request);
        }
    }

    /** A token of root, where authentication is on. */
    String tokenOfRoot() {
        for (String password : AuthRequests.PASSWORDS_OF_ROOT) {
            try {
                return auth.authenticate(AuthenticateRequest.newBuilder()
                                .setName(AuthRequests.ROOT)
                                .setPassword(password)
                                .build())
                        .getToken();
            } catch (StatusRuntimeException e) {
                if (e.getStatus().getCode() != Status.Code.INVALID_ARGUMENT) {
                    throw e;
                }
            }
        }
        throw new IllegalStateException("root has none of the passwords " + AuthRequests.PASSWORDS_OF_ROOT);
    }
}
