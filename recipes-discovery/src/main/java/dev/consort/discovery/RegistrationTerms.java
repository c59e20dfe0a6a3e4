/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdSession;
import dev.consort.core.internal.KeptKey;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.PrefixView.Entry;

/** The key of an instance, and what happens when somebody else has it. */
record RegistrationTerms(String key, boolean takesOver) implements KeptKey.Terms {
    @Override
    public String recipe() {
        return EtcdRegistrar.RECIPE;
    }

    @Override
    public String name() {
        return key;
    }

    @Override
    public boolean outlivesSessions() {
        return true;
    }

    @Override
    public void check(EtcdSession session) {
        var unused = Names.apart(recipe(), key, session);
    }

    @Override
    public RecipeException usedBy(Entry holder) {
        String whose = holder.leaseId() == 0
                ? "the key is bound to no lease, so it does not go by itself: delete it, or take it over"
                : "another live process is registered under this key: its lease is "
                        + Long.toHexString(holder.leaseId()) + ", and the key is of revision " + holder.createRevision()
                        + "; give each instance a key of its own, wait for the TTL of one that has died, or take it over";
        return new InstanceKeyInUseException(key, whose, holder.leaseId());
    }

    @Override
    public RecipeException usedHere(KeptKey.State state) {
        return new InstanceKeyInUseException(
                key, "this process is registered under this key already: " + EtcdRegistrar.stateOf(state), 0);
    }

    @Override
    public String toString() {
        return EtcdRegistrar.RECIPE + " '" + key + "'";
    }
}
