/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

/** On the etcd inside the JVM. */
class EmbeddedConfigViewIT extends ConfigViewContract {
    @Override
    Server server() {
        return Server.embedded();
    }
}
