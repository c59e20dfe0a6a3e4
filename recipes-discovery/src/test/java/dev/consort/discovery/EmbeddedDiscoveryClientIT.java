/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

/** On the etcd inside the JVM. */
class EmbeddedDiscoveryClientIT extends DiscoveryClientContract {
    @Override
    Server server() {
        return Server.embedded();
    }
}
