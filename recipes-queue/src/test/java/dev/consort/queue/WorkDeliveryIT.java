/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
class WorkDeliveryIT extends WorkDeliveryContract {
    @Override
    Server server() {
        return Server.real();
    }
}
