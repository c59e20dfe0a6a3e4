/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import io.etcd.jetcd.api.AuthDisableRequest;
import io.etcd.jetcd.api.AuthDisableResponse;
import io.etcd.jetcd.api.AuthEnableRequest;
import io.etcd.jetcd.api.AuthEnableResponse;
import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthRoleAddRequest;
import io.etcd.jetcd.api.AuthRoleAddResponse;
import io.etcd.jetcd.api.AuthRoleDeleteRequest;
import io.etcd.jetcd.api.AuthRoleDeleteResponse;
import io.etcd.jetcd.api.AuthRoleGetRequest;
import io.etcd.jetcd.api.AuthRoleGetResponse;
import io.etcd.jetcd.api.AuthRoleGrantPermissionRequest;
import io.etcd.jetcd.api.AuthRoleGrantPermissionResponse;
import io.etcd.jetcd.api.AuthRoleListRequest;
import io.etcd.jetcd.api.AuthRoleListResponse;
import io.etcd.jetcd.api.AuthRoleRevokePermissionRequest;
import io.etcd.jetcd.api.AuthRoleRevokePermissionResponse;
import io.etcd.jetcd.api.AuthUserAddRequest;
import io.etcd.jetcd.api.AuthUserAddResponse;
import io.etcd.jetcd.api.AuthUserChangePasswordRequest;
import io.etcd.jetcd.api.AuthUserChangePasswordResponse;
import io.etcd.jetcd.api.AuthUserDeleteRequest;
import io.etcd.jetcd.api.AuthUserDeleteResponse;
import io.etcd.jetcd.api.AuthUserGetRequest;
import io.etcd.jetcd.api.AuthUserGetResponse;
import io.etcd.jetcd.api.AuthUserGrantRoleRequest;
import io.etcd.jetcd.api.AuthUserGrantRoleResponse;
import io.etcd.jetcd.api.AuthUserListRequest;
import io.etcd.jetcd.api.AuthUserListResponse;
import io.etcd.jetcd.api.AuthUserRevokeRoleRequest;
import io.etcd.jetcd.api.AuthUserRevokeRoleResponse;
import io.etcd.jetcd.api.AuthenticateRequest;
import io.etcd.jetcd.api.AuthenticateResponse;
import io.grpc.stub.StreamObserver;
import java.util.function.Supplier;

/** etcd's Auth service; the status, which jetcd's does not have, is in {@link NewerMethods}. Threadsafe. */
final class AuthService extends AuthGrpc.AuthImplBase {
    private static final int OPTIONS_FIELD = 3;
    private static final int NO_PASSWORD_FIELD = 1;

    private final Member member;

    AuthService(Member member) {
        this.member = member;
    }

    private AuthStore auth() {
        return member.core().auth();
    }

    /** Does what only an administrator may. */
    private <R> void administer(Message request, StreamObserver<R> client, Runnable action, Supplier<R> answer) {
        member.answer(client, () -> {
            Caller caller = member.caller();
            member.checkLogged(request);
            auth().checkAdmin(caller);
            action.run();
            return answer.get();
        });
    }

    @Override
    public void authEnable(AuthEnableRequest request, StreamObserver<AuthEnableResponse> client) {
        administer(
                request,
                client,
                auth()::enable,
                () -> AuthEnableResponse.newBuilder().setHeader(member.header()).build());
    }

    @Override
    public void authDisable(AuthDisableRequest request, StreamObserver<AuthDisableResponse> client) {
        administer(
                request,
                client,
                auth()::disable,
                () -> AuthDisableResponse.newBuilder()
                        .setHeader(member.header())
                        .build());
    }

    @Override
    public void authenticate(AuthenticateRequest request, StreamObserver<AuthenticateResponse> client) {
        member.answer(client, () -> {
            member.core().countRequest();
            String token = auth().authenticate(
                            request.getName(),
                            request.getPassword(),
                            member.core().index());
            return AuthenticateResponse.newBuilder()
                    .setHeader(member.header())
                    .setToken(token)
                    .build();
        });
    }

    @Override
    public void userAdd(AuthUserAddRequest request, StreamObserver<AuthUserAddResponse> client) {
        boolean noPassword = noPassword(request.getUnknownFields());
        administer(
                request,
                client,
                () -> auth().addUser(request.getName(), request.getPassword(), noPassword),
                () -> AuthUserAddResponse.newBuilder()
                        .setHeader(member.header())
                        .build());
    }

    /** An option that jetcd's messages do not know. */
    private static boolean noPassword(UnknownFieldSet fields) {
        return fields.getField(OPTIONS_FIELD).getLengthDelimitedList().stream().anyMatch(options -> {
            try {
                return Compares.lastVarint(UnknownFieldSet.parseFrom(options), NO_PASSWORD_FIELD) != 0;
            } catch (com.google.protobuf.InvalidProtocolBufferException e) {
                return false;
            }
        });
    }

    /** Users may ask for their own. */
    @Override
    public void userGet(AuthUserGetRequest request, StreamObserver<AuthUserGetResponse> client) {
        member.answer(client, () -> {
            Caller caller = member.caller();
            // As in etcd, nobody's name is the empty one.
            if (!request.getName().equals(caller.user() == null ? "" : caller.user())) {
                auth().checkAdmin(caller);
            }
            return AuthUserGetResponse.newBuilder()
                    .setHeader(member.header())
                    .addAllRoles(auth().rolesOf(request.getName()))
                    .build();
        });
    }

    @Override
    public void userList(AuthUserListRequest request, StreamObserver<AuthUserListResponse> client) {
        administer(
                request,
                client,
                () -> {},
                () -> AuthUserListResponse.newBuilder()
                        .setHeader(member.header())
                        .addAllUsers(auth().users())
                        .build());
    }

    @Override
    public void userDelete(AuthUserDeleteRequest request, StreamObserver<AuthUserDeleteResponse> client) {
        administer(
                request,
                client,
                () -> auth().deleteUser(request.getName()),
                () -> AuthUserDeleteResponse.newBuilder()
                        .setHeader(member.header())
                        .build());
    }

    @Override
    public void userChangePassword(
            AuthUserChangePasswordRequest request, StreamObserver<AuthUserChangePasswordResponse> client) {
        administer(
                request,
                client,
                () -> auth().changePassword(request.getName(), request.getPassword()),
                () -> AuthUserChangePasswordResponse.newBuilder()
                        .setHeader(member.header())
                        .build());
    }

    @Override
    public void userGrantRole(AuthUserGrantRoleRequest request, StreamObserver<AuthUserGrantRoleResponse> client) {
        administer(
                request,
                client,
                () -> auth().grantRole(request.getUser(), request.getRole()),
                () -> AuthUserGrantRoleResponse.newBuilder()
                        .setHeader(member.header())
                        .build());
    }

    @Override
    public void userRevokeRole(AuthUserRevokeRoleRequest request, StreamObserver<AuthUserRevokeRoleResponse> client) {
        administer(
                request,
                client,
                () -> auth().revokeRole(request.getName(), request.getRole()),
                () -> AuthUserRevokeRoleResponse.newBuilder()
                        .setHeader(member.header())
                        .build());
    }

    @Override
    public void roleAdd(AuthRoleAddRequest request, StreamObserver<AuthRoleAddResponse> client) {
        administer(
                request,
                client,
                () -> auth().addRole(request.getName()),
                () -> AuthRoleAddResponse.newBuilder()
                        .setHeader(member.header())
                        .build());
    }

    /** Users may ask for the roles they have. */
    @Override
    public void roleGet(AuthRoleGetRequest request, StreamObserver<AuthRoleGetResponse> client) {
        member.answer(client, () -> {
            Caller caller = member.caller();
            if (!auth().hasRole(caller.user(), request.getRole())) {
                auth().checkAdmin(caller);
            }
            return AuthRoleGetResponse.newBuilder()
                    .setHeader(member.header())
                    .addAllPerm(auth().permissions(request.getRole()))
                    .build();
        });
    }

    @Override
    public void roleList(AuthRoleListRequest request, StreamObserver<AuthRoleListResponse> client) {
        administer(
                request,
                client,
                () -> {},
                () -> AuthRoleListResponse.newBuilder()
                        .setHeader(member.header())
                        .addAllRoles(auth().roles())
                        .build());
    }

    @Override
    public void roleDelete(AuthRoleDeleteRequest request, StreamObserver<AuthRoleDeleteResponse> client) {
        administer(
                request,
                client,
                () -> auth().deleteRole(request.getRole()),
                () -> AuthRoleDeleteResponse.newBuilder()
                        .setHeader(member.header())
                        .build());
    }

    @Override
    public void roleGrantPermission(
            AuthRoleGrantPermissionRequest request, StreamObserver<AuthRoleGrantPermissionResponse> client) {
        administer(
                request,
                client,
                () -> {
                    if (!request.hasPerm()) {
                        throw EtcdError.PERMISSION_NOT_GIVEN.failure();
                    }
                    auth().grantPermission(request.getName(), request.getPerm());
                },
                () -> AuthRoleGrantPermissionResponse.newBuilder()
                        .setHeader(member.header())
                        .build());
    }

    @Override
    public void roleRevokePermission(
            AuthRoleRevokePermissionRequest request, StreamObserver<AuthRoleRevokePermissionResponse> client) {
        administer(
                request,
                client,
                () -> auth().revokePermission(request.getRole(), request.getKey(), request.getRangeEnd()),
                () -> AuthRoleRevokePermissionResponse.newBuilder()
                        .setHeader(member.header())
                        .build());
    }
}
