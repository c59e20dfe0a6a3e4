/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Permission;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Users, roles and what they may do (etcd's {@code auth/store.go}). Confined to the server's lock. */
final class AuthStore {
    private static final String ROOT = "root";

    private static final class User {
        private @Nullable String password;
        private final boolean noPassword;
        private final SortedSet<String> roles = new TreeSet<>();

        User(@Nullable String password, boolean noPassword) {
            this.password = password;
            this.noPassword = noPassword;
        }
    }

    private final AuthTokens tokens;
    private final NavigableMap<String, User> users = new TreeMap<>();
    private final NavigableMap<String, List<Permission>> roles = new TreeMap<>();
    private boolean enabled;
    private long revision = 1;

    AuthStore(ServerClock clock, Random random, Duration tokenTtl) {
        this.tokens = new AuthTokens(clock, random, tokenTtl);
    }

    boolean isEnabled() {
        return enabled;
    }

    long revision() {
        return revision;
    }

    void enable() {
        if (enabled) {
            return;
        }
        User root = users.get(ROOT);
        if (root == null) {
            throw EtcdError.ROOT_USER_NOT_EXIST.failure();
        }
        if (!root.roles.contains(ROOT)) {
            throw EtcdError.ROOT_ROLE_NOT_EXIST.failure();
        }
        enabled = true;
    }

    void disable() {
        if (enabled) {
            enabled = false;
            revision++;
            tokens.clear();
        }
    }

    /** A new token. */
    String authenticate(String name, String password, long index) {
        if (!enabled) {
            throw EtcdError.AUTH_NOT_ENABLED.failure();
        }
        User user = users.get(name);
        if (user != null && user.noPassword) {
            throw EtcdError.NO_PASSWORD_USER.failure();
        }
        if (user == null || !password.equals(user.password)) {
            throw EtcdError.AUTH_FAILED.failure();
        }
        return tokens.create(name, index);
    }

    /** Who has the token; nobody while authentication is off. */
    Caller caller(@Nullable String token) {
        if (!enabled || token == null) {
            return Caller.NOBODY;
        }
        String user = tokens.user(token);
        if (user == null) {
            throw EtcdError.INVALID_AUTH_TOKEN.failure();
        }
        return new Caller(user);
    }

    /** Forgets all tokens, as if their time were over. */
    void expireTokens() {
        tokens.clear();
    }

    void addUser(String name, String password, boolean noPassword) {
        if (name.isEmpty()) {
            throw EtcdError.USER_EMPTY.failure();
        }
        if (users.containsKey(name)) {
            throw EtcdError.USER_ALREADY_EXIST.failure();
        }
        users.put(name, new User(noPassword ? null : password, noPassword));
        revision++;
    }

    void deleteUser(String name) {
        if (enabled && name.equals(ROOT)) {
            throw EtcdError.INVALID_AUTH_MGMT.failure();
        }
        var unused = user(name);
        users.remove(name);
        revision++;
        tokens.removeOf(name);
    }

    void changePassword(String name, String password) {
        User user = user(name);
        // An empty one matches nothing.
        user.password = user.noPassword || password.isEmpty() ? null : password;
        revision++;
        tokens.removeOf(name);
    }

    void grantRole(String name, String role) {
        User user = user(name);
        if (!role.equals(ROOT) && !roles.containsKey(role)) {
            throw EtcdError.ROLE_NOT_FOUND.failure();
        }
        if (user.roles.add(role)) {
            revision++;
        }
    }

    void revokeRole(String name, String role) {
        if (enabled && name.equals(ROOT) && role.equals(ROOT)) {
            throw EtcdError.INVALID_AUTH_MGMT.failure();
        }
        if (!user(name).roles.remove(role)) {
            throw EtcdError.ROLE_NOT_GRANTED.failure();
        }
        revision++;
    }

    List<String> rolesOf(String name) {
        return List.copyOf(user(name).roles);
    }

    boolean hasRole(@Nullable String name, String role) {
        User user = name == null ? null : users.get(name);
        return user != null && user.roles.contains(role);
    }

    List<String> users() {
        return List.copyOf(users.keySet());
    }

    void addRole(String name) {
        if (name.isEmpty()) {
            throw EtcdError.ROLE_EMPTY.failure();
        }
        if (roles.putIfAbsent(name, new ArrayList<>()) != null) {
            throw EtcdError.ROLE_ALREADY_EXIST.failure();
        }
        revision++;
    }

    void deleteRole(String name) {
        if (enabled && name.equals(ROOT)) {
            throw EtcdError.INVALID_AUTH_MGMT.failure();
        }
        var unused = permissions(name);
        roles.remove(name);
        users.values().forEach(user -> user.roles.remove(name));
        revision++;
    }

    List<String> roles() {
        return List.copyOf(roles.keySet());
    }

    /** The permissions of a role, in the order of their first keys. */
    List<Permission> permissions(String role) {
        List<Permission> permissions = roles.get(role);
        if (permissions == null) {
            throw EtcdError.ROLE_NOT_FOUND.failure();
        }
        return permissions;
    }

    void grantPermission(String role, Permission permission) {
        if (!Permissions.isValid(permission)) {
            throw EtcdError.INVALID_AUTH_MGMT.failure();
        }
        List<Permission> permissions = permissions(role);
        int index = 0;
        while (index < permissions.size()
                && KeyRange.ORDER.compare(permissions.get(index).getKey(), permission.getKey()) < 0) {
            index++;
        }
        // As in etcd, only the first permission of a key is looked at to see whether it is the same one.
        if (index < permissions.size()
                && permissions.get(index).getKey().equals(permission.getKey())
                && permissions.get(index).getRangeEnd().equals(permission.getRangeEnd())) {
            permissions.set(index, permission);
        } else {
            permissions.add(permission);
        }
        permissions.sort(Comparator.comparing(Permission::getKey, KeyRange.ORDER));
        revision++;
    }

    void revokePermission(String role, ByteString key, ByteString rangeEnd) {
        boolean removed = permissions(role)
                .removeIf(permission -> permission.getKey().equals(key)
                        && permission.getRangeEnd().equals(rangeEnd));
        if (!removed) {
            throw EtcdError.PERMISSION_NOT_GRANTED.failure();
        }
        revision++;
    }

    private User user(String name) {
        User user = users.get(name);
        if (user == null) {
            throw EtcdError.USER_NOT_FOUND.failure();
        }
        return user;
    }

    /** That it is the root, where authentication is on. */
    void checkAdmin(Caller caller) {
        if (!enabled) {
            return;
        }
        checkKnown(caller);
        if (caller.user() != null && !user(caller.user()).roles.contains(ROOT)) {
            throw EtcdError.PERMISSION_DENIED.failure();
        }
    }

    boolean isAdmin(Caller caller) {
        return !enabled || hasRole(caller.user(), ROOT);
    }

    /** That it has said who it is, where authentication is on. */
    void checkKnown(Caller caller) {
        if (enabled && caller.user() == null) {
            throw EtcdError.USER_EMPTY.failure();
        }
    }

    void checkRange(Caller caller, ByteString key, ByteString rangeEnd) {
        check(caller, key, rangeEnd, Permission.Type.READ);
    }

    void checkPut(Caller caller, ByteString key) {
        check(caller, key, ByteString.EMPTY, Permission.Type.WRITE);
    }

    void checkDelete(Caller caller, ByteString key, ByteString rangeEnd) {
        check(caller, key, rangeEnd, Permission.Type.WRITE);
    }

    /** That it may write all keys of a lease: who may not could not revoke it. */
    void checkLeaseKeys(Caller caller, Lessor.@Nullable Lease lease) {
        if (lease != null && !isAdmin(caller)) {
            lease.keys().forEach(key -> checkPut(caller, key));
        }
    }

    /** That it may read all keys of a lease. */
    void checkLeaseReadable(Caller caller, Lessor.@Nullable Lease lease) {
        checkKnown(caller);
        if (lease != null && !isAdmin(caller)) {
            lease.keys().forEach(key -> checkRange(caller, key, ByteString.EMPTY));
        }
    }

    private void check(Caller caller, ByteString key, ByteString rangeEnd, Permission.Type type) {
        if (!enabled) {
            return;
        }
        checkKnown(caller);
        User user = caller.user() == null ? null : users.get(caller.user());
        if (user == null || !(user.roles.contains(ROOT) || permits(user, key, rangeEnd, type))) {
            throw EtcdError.PERMISSION_DENIED.failure();
        }
    }

    private boolean permits(User user, ByteString key, ByteString rangeEnd, Permission.Type type) {
        List<Permission> all = user.roles.stream()
                .flatMap(role -> roles.getOrDefault(role, List.of()).stream())
                .toList();
        return Permissions.permit(all, key, rangeEnd, type);
    }
}
