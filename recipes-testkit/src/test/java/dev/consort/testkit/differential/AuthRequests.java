/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import com.google.protobuf.UnknownFieldSet;
import io.etcd.jetcd.api.AlarmRequest;
import io.etcd.jetcd.api.AuthDisableRequest;
import io.etcd.jetcd.api.AuthEnableRequest;
import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthRoleAddRequest;
import io.etcd.jetcd.api.AuthRoleDeleteRequest;
import io.etcd.jetcd.api.AuthRoleGetRequest;
import io.etcd.jetcd.api.AuthRoleGrantPermissionRequest;
import io.etcd.jetcd.api.AuthRoleListRequest;
import io.etcd.jetcd.api.AuthRoleRevokePermissionRequest;
import io.etcd.jetcd.api.AuthUserAddRequest;
import io.etcd.jetcd.api.AuthUserChangePasswordRequest;
import io.etcd.jetcd.api.AuthUserDeleteRequest;
import io.etcd.jetcd.api.AuthUserGetRequest;
import io.etcd.jetcd.api.AuthUserGrantRoleRequest;
import io.etcd.jetcd.api.AuthUserListRequest;
import io.etcd.jetcd.api.AuthUserRevokeRoleRequest;
import io.etcd.jetcd.api.ClusterGrpc;
import io.etcd.jetcd.api.MaintenanceGrpc;
import io.etcd.jetcd.api.MemberListRequest;
import io.etcd.jetcd.api.Permission;
import io.etcd.jetcd.api.StatusRequest;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Random requests of users who may not do everything, and of those who decide what they may. */
final class AuthRequests {
    static final String ROOT = "root";

    /** An empty one would lock everybody out for good. */
    static final List<String> PASSWORDS_OF_ROOT = List.of("p", "q");

    private static final int OPTIONS_FIELD = 3;
    private static final int NO_PASSWORD_FIELD = 1;

    private AuthRequests() {}

    /** Two users with a role each, known to the server, and root. */
    static List<Step> setUp() {
        return List.of(
                userAdd(ROOT, "p", false),
                userAdd("alice", "p", false),
                userAdd("bob", "p", false),
                roleAdd("r1"),
                roleAdd("r2"),
                grantPermission("r1", permission(Permission.Type.READWRITE, "a", "c")),
                grantPermission("r2", permission(Permission.Type.READ, "b", "\0")),
                grantRole(ROOT, ROOT),
                grantRole("alice", "r1"),
                grantRole("bob", "r2"),
                new Step.Call<>(AuthGrpc.getAuthEnableMethod(), AuthEnableRequest.getDefaultInstance()),
                new Step.Authenticate(ROOT, "p"),
                new Step.Authenticate("alice", "p"),
                new Step.Authenticate("bob", "p"));
    }

    /** What somebody asks. */
    static Arbitrary<Step> step() {
        Arbitrary<Step> ordinary = Combinators.combine(
                        anybody(), Requests.step().map(Ordered::step))
                .as(Step.As::new);
        Arbitrary<Step> administrative =
                Combinators.combine(mostlyRoot(), administrative()).as(Step.As::new);
        return Arbitraries.frequencyOf(
                Tuple.of(30, ordinary), Tuple.of(18, administrative), Tuple.of(2, authenticate()));
    }

    private static Arbitrary<String> anybody() {
        return Arbitraries.frequency(
                Tuple.of(8, "alice"),
                Tuple.of(5, "bob"),
                Tuple.of(1, "carol"),
                Tuple.of(3, ROOT),
                Tuple.of(2, Subject.NOBODY),
                Tuple.of(1, "forger"),
                Tuple.of(1, "scribbler"));
    }

    private static Arbitrary<String> mostlyRoot() {
        return Arbitraries.frequencyOf(Tuple.of(3, Arbitraries.just(ROOT)), Tuple.of(1, anybody()));
    }

    private static Arbitrary<Step> administrative() {
        return Arbitraries.frequencyOf(
                Tuple.of(
                        3,
                        just(new Step.Call<>(AuthGrpc.getAuthEnableMethod(), AuthEnableRequest.getDefaultInstance()))),
                Tuple.of(
                        1,
                        just(new Step.Call<>(
                                AuthGrpc.getAuthDisableMethod(), AuthDisableRequest.getDefaultInstance()))),
                Tuple.of(4, authenticate()),
                Tuple.of(2, Combinators.combine(user(), password(), rarely()).as(AuthRequests::userAdd)),
                Tuple.of(2, user().map(AuthRequests::userGet)),
                Tuple.of(
                        1,
                        just(new Step.Call<>(AuthGrpc.getUserListMethod(), AuthUserListRequest.getDefaultInstance()))),
                Tuple.of(1, user().map(AuthRequests::userDelete)),
                Tuple.of(2, Combinators.combine(user(), password()).as(AuthRequests::changePassword)),
                Tuple.of(4, Combinators.combine(user(), role()).as(AuthRequests::grantRole)),
                Tuple.of(2, Combinators.combine(user(), role()).as(AuthRequests::revokeRole)),
                Tuple.of(2, role().map(AuthRequests::roleAdd)),
                Tuple.of(2, role().map(AuthRequests::roleGet)),
                Tuple.of(
                        1,
                        just(new Step.Call<>(AuthGrpc.getRoleListMethod(), AuthRoleListRequest.getDefaultInstance()))),
                Tuple.of(1, role().map(AuthRequests::roleDelete)),
                Tuple.of(6, Combinators.combine(role(), permission()).as(AuthRequests::grantPermission)),
                Tuple.of(1, role().map(AuthRequests::grantNothing)),
                Tuple.of(2, Combinators.combine(role(), permission()).as(AuthRequests::revokePermission)),
                Tuple.of(1, just(new Step.Call<>(NewerCalls.AUTH_STATUS, Empty.getDefaultInstance()))),
                Tuple.of(1, just(new Step.Call<>(NewerCalls.LEASES, Empty.getDefaultInstance()))),
                Tuple.of(
                        1,
                        just(new Step.Call<>(MaintenanceGrpc.getStatusMethod(), StatusRequest.getDefaultInstance()))),
                Tuple.of(1, just(new Step.Call<>(MaintenanceGrpc.getAlarmMethod(), AlarmRequest.getDefaultInstance()))),
                Tuple.of(
                        1,
                        just(new Step.Call<>(
                                ClusterGrpc.getMemberListMethod(), MemberListRequest.getDefaultInstance()))));
    }

    private static Arbitrary<Step> authenticate() {
        return Combinators.combine(user(), password()).as(Step.Authenticate::new);
    }

    private static Arbitrary<Step> just(Step step) {
        return Arbitraries.just(step);
    }

    private static Arbitrary<String> user() {
        return Arbitraries.frequency(
                Tuple.of(8, "alice"), Tuple.of(6, "bob"), Tuple.of(4, "carol"), Tuple.of(6, ROOT), Tuple.of(1, ""));
    }

    private static Arbitrary<String> role() {
        return Arbitraries.frequency(
                Tuple.of(8, "r1"), Tuple.of(6, "r2"), Tuple.of(4, "r3"), Tuple.of(3, ROOT), Tuple.of(1, ""));
    }

    private static Arbitrary<String> password() {
        return Arbitraries.frequency(Tuple.of(6, "p"), Tuple.of(2, "q"), Tuple.of(1, ""));
    }

    private static Arbitrary<Boolean> rarely() {
        return Arbitraries.frequency(Tuple.of(5, false), Tuple.of(1, true));
    }

    private static Arbitrary<Permission> permission() {
        return Combinators.combine(
                        Arbitraries.of(Permission.Type.READ, Permission.Type.WRITE, Permission.Type.READWRITE),
                        Arbitraries.frequency(
                                Tuple.of(6, "a"),
                                Tuple.of(4, "b"),
                                Tuple.of(2, "ab"),
                                Tuple.of(2, "c"),
                                Tuple.of(2, "\0"),
                                Tuple.of(1, "")),
                        Arbitraries.frequency(
                                Tuple.of(4, ""),
                                Tuple.of(2, "\0"),
                                Tuple.of(2, "b"),
                                Tuple.of(3, "c"),
                                Tuple.of(2, "b\0"),
                                Tuple.of(1, "a")))
                .as(AuthRequests::permission);
    }

    private static Permission permission(Permission.Type type, String key, String end) {
        return Permission.newBuilder()
                .setPermType(type)
                .setKey(ByteString.copyFromUtf8(key))
                .setRangeEnd(ByteString.copyFromUtf8(end))
                .build();
    }

    private static Step userAdd(String user, String password, boolean noPassword) {
        AuthUserAddRequest.Builder request = AuthUserAddRequest.newBuilder()
                .setName(user)
                .setPassword(user.equals(ROOT) ? ofRoot(password) : password);
        if (noPassword && !user.equals(ROOT)) {
            // jetcd's messages do not know this option.
            ByteString options = UnknownFieldSet.newBuilder()
                    .addField(
                            NO_PASSWORD_FIELD,
                            UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                    .build()
                    .toByteString();
            request.setUnknownFields(UnknownFieldSet.newBuilder()
                    .addField(
                            OPTIONS_FIELD,
                            UnknownFieldSet.Field.newBuilder()
                                    .addLengthDelimited(options)
                                    .build())
                    .build());
        }
        return new Step.Call<>(AuthGrpc.getUserAddMethod(), request.build());
    }

    private static String ofRoot(String password) {
        return PASSWORDS_OF_ROOT.contains(password) ? password : PASSWORDS_OF_ROOT.get(0);
    }

    private static Step userGet(String user) {
        return new Step.Call<>(
                AuthGrpc.getUserGetMethod(),
                AuthUserGetRequest.newBuilder().setName(user).build());
    }

    private static Step userDelete(String user) {
        return new Step.Call<>(
                AuthGrpc.getUserDeleteMethod(),
                AuthUserDeleteRequest.newBuilder().setName(user).build());
    }

    private static Step changePassword(String user, String password) {
        return new Step.Call<>(
                AuthGrpc.getUserChangePasswordMethod(),
                AuthUserChangePasswordRequest.newBuilder()
                        .setName(user)
                        .setPassword(user.equals(ROOT) ? ofRoot(password) : password)
                        .build());
    }

    private static Step grantRole(String user, String role) {
        return new Step.Call<>(
                AuthGrpc.getUserGrantRoleMethod(),
                AuthUserGrantRoleRequest.newBuilder()
                        .setUser(user)
                        .setRole(role)
                        .build());
    }

    private static Step revokeRole(String user, String role) {
        return new Step.Call<>(
                AuthGrpc.getUserRevokeRoleMethod(),
                AuthUserRevokeRoleRequest.newBuilder()
                        .setName(user)
                        .setRole(role)
                        .build());
    }

    private static Step roleAdd(String role) {
        return new Step.Call<>(
                AuthGrpc.getRoleAddMethod(),
                AuthRoleAddRequest.newBuilder().setName(role).build());
    }

    private static Step roleGet(String role) {
        return new Step.Call<>(
                AuthGrpc.getRoleGetMethod(),
                AuthRoleGetRequest.newBuilder().setRole(role).build());
    }

    private static Step roleDelete(String role) {
        return new Step.Call<>(
                AuthGrpc.getRoleDeleteMethod(),
                AuthRoleDeleteRequest.newBuilder().setRole(role).build());
    }

    private static Step grantPermission(String role, Permission permission) {
        return new Step.Call<>(
                AuthGrpc.getRoleGrantPermissionMethod(),
                AuthRoleGrantPermissionRequest.newBuilder()
                        .setName(role)
                        .setPerm(permission)
                        .build());
    }

    private static Step grantNothing(String role) {
        return new Step.Call<>(
                AuthGrpc.getRoleGrantPermissionMethod(),
                AuthRoleGrantPermissionRequest.newBuilder().setName(role).build());
    }

    private static Step revokePermission(String role, Permission permission) {
        return new Step.Call<>(
                AuthGrpc.getRoleRevokePermissionMethod(),
                AuthRoleRevokePermissionRequest.newBuilder()
                        .setRole(role)
                        .setKey(permission.getKey())
                        .setRangeEnd(permission.getRangeEnd())
                        .build());
    }
}
