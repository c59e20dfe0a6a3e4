/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

/** On a real etcd. */
class DiscoveryClientIT extends DiscoveryClientContract {
    @Override
    Server server() {
        return Server.real();
    }
}
