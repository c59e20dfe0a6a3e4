/* SPDX-License-Identifier: Apache-2.0 */

import io.etcd.jetcd.Client;

/** What a user's first program needs of the class path. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        try (Client client = Client.builder().endpoints("http://127.0.0.1:1").build()) {
            System.out.println("opened " + client.getKVClient());
        }
    }
}
