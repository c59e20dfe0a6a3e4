/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.consort.core.OutcomeUnknownException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A wait of which etcd says nothing when its time is over. */
class WaitingIT {
    private static final Duration TIMEOUT = Duration.ofMillis(10);

    @RegisterExtension
    final Parties parties = new Parties();

    private final Party party = parties.join();
    private final List<String> takenBack = new ArrayList<>();

    /** Where tasks run at once: as if the waiting thread stood still meanwhile. */
    private final class HurriedPlace extends Place<String> {
        @Override
        public EtcdConnection connection() {
            return party.connection;
        }

        @Override
        public void callback(Runnable task) {
            task.run();
        }

        @Override
        public void execute(Runnable task) {
            task.run();
        }

        @Override
        public void join(Wait<String, ?> wait) {
            wait.begin(this);
        }

        @Override
        protected void leave(Wait<String, ?> wait) {}

        @Override
        protected String recipe() {
            return "Test";
        }

        @Override
        protected String name() {
            return "name";
        }
    }

    /** Ends neither by itself nor when it is given up, but when nobody waits for it any more. */
    private abstract class Silent extends Wait<String, String> {
        @Override
        protected void look(String state) {}

        @Override
        protected void giveUp() {}

        @Override
        protected abstract void abandoned();

        @Override
        protected void unwanted(String value) {
            takenBack.add(value);
        }
    }

    private void assertUnknown(Silent wait) {
        assertThatExceptionOfType(OutcomeUnknownException.class)
                .isThrownBy(() -> new Waiting<>(new HurriedPlace()).await(wait, TIMEOUT));
    }

    @Test
    void await_endsForHavingBeenAbandoned_isNotSaidToHaveEndedInVain() {
        assertUnknown(new Silent() {
            @Override
            protected void abandoned() {
                withdrawn();
            }
        });
    }

    @Test
    void await_passesAsItIsAbandoned_isTakenBackAndNotToldAsWell() {
        assertUnknown(new Silent() {
            @Override
            protected void abandoned() {
                pass("permit");
            }
        });
        assertThat(takenBack).containsExactly("permit");
    }
}
