/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.consort.core.Codec;
import dev.consort.core.FencingToken;
import dev.consort.core.internal.EtcdConnection;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A key below a lock's name would be a claim in its queue, and block it (S39): it is refused while the lock is in use. */
class NamesIT {
    private final Party party = Server.embedded().join();
    private final EtcdConnection connection = EtcdConnection.of(party.connection);
    private final String name = Server.freshName();
    private final SetNx setNx = SetNx.permanent(connection, name + "/key");
    private final SharedValue<String> value = SharedValue.create(connection, name + "/key", Codec.utf8());
    private final AtomicCounter counter = AtomicCounter.create(connection, name + "/key");
    private final IdGenerator ids = IdGenerator.create(connection, name + "/key", 1);
    private final FencingToken token = new FencingToken(1, 0);

    @AfterEach
    void leave() {
        party.close();
    }

    @Test
    void nameBelowALock_isRefusedWhileThatIsInUse() {
        Runnable giveBack = connection.takeName("Mutex", name);
        for (ThrowingCallable use : List.<ThrowingCallable>of(
                () -> setNx.trySet("v"),
                () -> setNx.release(token),
                () -> setNx.awaitAbsent(Duration.ofSeconds(1)),
                () -> value.set("v"),
                () -> value.compareAndSet(0, "v"),
                counter::increment,
                ids::next)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(use)
                    .withMessageContaining("'" + name + "/key'")
                    .withMessageContaining("Mutex");
        }
        assertThat(Server.embedded().get(name + "/key")).isEmpty();
        giveBack.run();
        assertThat(counter.increment()).isEqualTo(1);
        assertThat(setNx.trySet("v").isMine()).isFalse();
        Runnable next = connection.takeName("Mutex", name); // nobody uses it any more
        next.run();
    }

    @Test
    void valuesMayStandBelowEachOther() {
        SharedValue<String> outer = SharedValue.create(connection, name, Codec.utf8());
        assertThat(outer.update(now -> value.set("inner").value() + ", outer").value())
                .isEqualTo("inner, outer");
    }
}
