/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.testkit.jqwik.ScheduleContract;
import dev.consort.testkit.stress.Contender;
import dev.consort.testkit.stress.Step.Kind;
import dev.consort.testkit.stress.VirtualClock;
import io.etcd.jetcd.Client;
import io.grpc.Channel;
import java.util.EnumSet;
import net.jqwik.api.Tag;

/** What is asked of a mutex, of a semaphore with one permit, in virtual time. */
@Tag("property")
class VirtualSemaphoreProperties extends ScheduleContract {
    VirtualSemaphoreProperties() {
        super("Semaphore", EnumSet.complementOf(EnumSet.of(Kind.PROCLAIM, Kind.READ)));
    }

    @Override
    public Contender open(Client client, Channel channel, VirtualClock clock) {
        return new SemaphoreContender(client, clock, TTL);
    }
}
