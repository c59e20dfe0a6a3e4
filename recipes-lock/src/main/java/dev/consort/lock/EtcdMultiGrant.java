/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.FencingToken;
import dev.consort.core.internal.EtcdGrant;
import dev.consort.core.internal.ForwardingGrant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The engine's grant and its names. Immutable. */
final class EtcdMultiGrant extends ForwardingGrant implements MultiGrant {
    private final List<String> names;

    EtcdMultiGrant(EtcdGrant grant, List<String> names) {
        super(grant);
        this.names = names;
    }

    @Override
    public Map<String, FencingToken> tokens() {
        Map<String, FencingToken> tokens = new LinkedHashMap<>();
        names.forEach(name -> tokens.put(name, token()));
        return Collections.unmodifiableMap(tokens);
    }
}
