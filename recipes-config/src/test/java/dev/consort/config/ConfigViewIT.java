/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

/** On a real etcd. */
class ConfigViewIT extends ConfigViewContract {
    @Override
    Server server() {
        return Server.real();
    }
}
