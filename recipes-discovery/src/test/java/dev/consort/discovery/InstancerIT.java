/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

/** On a real etcd. */
class InstancerIT extends InstancerContract {
    @Override
    Server server() {
        return Server.real();
    }
}
