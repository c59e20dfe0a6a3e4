/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.internal.EtcdGrant;
import dev.consort.core.internal.ForwardingGrant;

/** A grant of so many permits. Immutable. */
final class EtcdPermit extends ForwardingGrant implements Permit {
    private final int permits;

    EtcdPermit(EtcdGrant grant, int permits) {
        super(grant);
        this.permits = permits;
    }

    @Override
    public int permits() {
        return permits;
    }

    @Override
    public String toString() {
        return permits + " of " + grant();
    }
}
