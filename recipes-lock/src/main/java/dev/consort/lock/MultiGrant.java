/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

import dev.consort.core.FencingToken;
import dev.consort.core.Grant;
import java.util.Map;

/**
 * All names of a {@link MultiMutex} held. It is lost as soon as one of them is; the others are then freed. Its guard lets a
 * transaction commit only while every one of its claims exists unchanged.
 */
public interface MultiGrant extends Grant {
    /**
     * The fencing token, the same for each name: all claims are made in one transaction, so they have one create revision,
     * and none of them is inherited or handed on. In each name's queue that revision is above those of all claims before
     * it, so the token is greater than that of every earlier holder of each name, and smaller than that of every later one.
     */
    @Override
    FencingToken token();

    /**
     * The token for each name.
     *
     * @return in the order of the names; unmodifiable
     */
    Map<String, FencingToken> tokens();
}
