/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnRequest;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Looks for ghosts: claims of ours that nobody here knows, left by a put that was applied again after its release. Once
 * per renewal of the lease, if names were released since, one transaction moves the fence, so that no put sent before can
 * land any more, and reads the claims of those names. This bounds a ghost's life by a third of the TTL.
 *
 * <p>Concurrency: confined to the session's serializer.
 */
final class GhostSweep {
    /** Read in one transaction, which takes 128 operations. */
    private static final int MAX_NAMES = 100;

    /** Not to be kept until the next renewal. */
    private static final int MANY_NAMES = 2000;

    private final EtcdSession session;
    private final Set<QueueKeys> names = new LinkedHashSet<>();
    private boolean sweeping;

    GhostSweep(EtcdSession session) {
        this.session = session;
    }

    void usedLately(QueueKeys keys) {
        names.add(keys);
        if (names.size() >= MANY_NAMES) {
            sweep();
        }
    }

    /** Those of a name that are still to be looked at. */
    List<QueueKeys> releasedLately(String name) {
        return names.stream().filter(keys -> keys.name().equals(name)).toList();
    }

    void sweep() {
        if (names.isEmpty() || sweeping || !session.isOpen()) {
            return;
        }
        List<QueueKeys> swept = new ArrayList<>(names).subList(0, Math.min(names.size(), MAX_NAMES));
        names.removeAll(Set.copyOf(swept));
        sweeping = true;
        TxnRequest request = ClaimTxns.fence(session.fenceKey(), session.leaseId(), swept);
        session.onAnswer(session.calls().untilAnswered(request, session::isOpen), (response, failure) -> {
            sweeping = false;
            if (failure != null) {
                names.addAll(swept); // for the next renewal
                return;
            }
            session.fenceSeen(response.getHeader().getRevision());
            for (int i = 0; i < swept.size(); i++) {
                ResponseOp read = response.getResponses(i + 1);
                for (KeyValue ghost : read.getResponseRange().getKvsList()) {
                    session.onGhost(swept.get(i), ghost.getCreateRevision());
                }
            }
            sweep();
        });
    }
}
