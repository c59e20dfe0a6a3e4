/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.rate;

import dev.consort.core.Grant;
import dev.consort.core.Session;
import dev.consort.lock.Mutex;
import java.util.ArrayList;
import java.util.List;

/** Contenders on a {@link Mutex}: sessions with a client each, and threads that share a session. */
final class MutexLoad extends Load {
    private final String endpoint;
    private final int sessions;
    private final int threads;

    MutexLoad(String endpoint, int sessions, int threads) {
        this.endpoint = endpoint;
        this.sessions = sessions;
        this.threads = threads;
    }

    @Override
    List<Contender> open(String name) {
        List<Contender> contenders = new ArrayList<>();
        for (int i = 0; i < sessions; i++) {
            Session session = Session.connect(endpoint);
            Mutex mutex = Mutex.create(session, name);
            for (int k = 0; k < threads; k++) {
                contenders.add(new Contender() {
                    @Override
                    public void lockAndUnlock(Runnable critical) throws InterruptedException {
                        try (Grant grant = mutex.acquire()) {
                            if (grant.isHeld()) {
                                critical.run();
                            }
                        }
                    }

                    @Override
                    public void close() {
                        session.close();
                    }
                });
            }
        }
        return contenders;
    }
}
