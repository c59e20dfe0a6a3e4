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

/** What {@link MutexProperties} asks for, in virtual time. */
@Tag("property")
class VirtualMutexProperties extends ScheduleContract {
    VirtualMutexProperties() {
        super("Mutex", EnumSet.complementOf(EnumSet.of(Kind.PROCLAIM, Kind.READ)));
    }

    @Override
    public Contender open(Client client, Channel channel, VirtualClock clock) {
        return new MutexContender(client, clock, TTL);
    }
}
