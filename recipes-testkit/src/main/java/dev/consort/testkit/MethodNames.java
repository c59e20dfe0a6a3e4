/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

/** Names of gRPC methods: {@code etcdserverpb.KV/Txn} and {@code KV/Txn} are the same method to us. */
final class MethodNames {
    private MethodNames() {}

    static String simple(String name) {
        int slash = name.indexOf('/');
        if (slash <= 0 || slash == name.length() - 1 || name.indexOf('/', slash + 1) >= 0) {
            throw new IllegalArgumentException("not the name of a method such as KV/Txn: " + name);
        }
        return name.substring(name.lastIndexOf('.', slash) + 1);
    }
}
