/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

/** On a real etcd. */
class EndpointerIT extends EndpointerContract {
    @Override
    Server server() {
        return Server.real();
    }
}
