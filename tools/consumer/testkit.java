/* SPDX-License-Identifier: Apache-2.0 */

import dev.consort.testkit.EmbeddedEtcd;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.nio.charset.StandardCharsets;

/** A user's first program on the test kit alone, without JUnit, and without a server of its own. */
public final class Main {
    private Main() {}

    public static void main(String[] endpoints) throws Exception {
        ByteSequence key = ByteSequence.from("consumer/key", StandardCharsets.UTF_8);
        try (EmbeddedEtcd etcd = EmbeddedEtcd.start();
                Client client = Client.builder().endpoints(etcd.endpoint()).build()) {
            client.getKVClient().put(key, key).get();
            System.out.println("at revision " + etcd.revision());
        }
    }
}
