/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import io.etcd.jetcd.Client;
import java.util.List;

/** A client that a test is given, with what it can be disturbed and watched by. */
record InjectedClient(Client client, CallFaults faults, CallLog log) {
    static InjectedClient of(List<String> endpoints) {
        CallFaults faults = CallFaults.create();
        CallLog log = CallLog.create();
        Client client = Client.builder()
                .endpoints(endpoints.toArray(String[]::new))
                .keepaliveWithoutCalls(false) // else a server sends an idle client away
                .interceptor(faults, log)
                .build();
        return new InjectedClient(client, faults, log);
    }
}
