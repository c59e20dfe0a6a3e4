/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** No etcd endpoint answered in time. */
public final class EtcdUnavailableException extends RecipeException {
    private static final long serialVersionUID = 1L;

    /** What was asked. */
    private final ArrayList<String> endpoints;

    /** For how long. */
    private final Duration tried;

    /**
     * Creates an exception.
     *
     * @param recipe the recipe's name
     * @param key the name or key it was working on; empty if none
     * @param endpoints those that were tried
     * @param tried for how long
     * @param cause the last failure, or null
     */
    public EtcdUnavailableException(
            String recipe, String key, List<String> endpoints, Duration tried, @Nullable Throwable cause) {
        super(recipe, key, describe(endpoints, tried, cause), cause);
        this.endpoints = new ArrayList<>(endpoints);
        this.tried = tried;
    }

    private static String describe(List<String> endpoints, Duration tried, @Nullable Throwable cause) {
        return "no etcd endpoint of " + endpoints + " answered within " + tried.toMillis() + " ms"
                + (cause == null ? "" : " (last failure: " + cause.getMessage() + ")")
                + "; check the addresses, http or https, and that etcd runs and has a quorum";
    }

    /**
     * The endpoints that were tried.
     *
     * @return their addresses
     */
    public List<String> endpoints() {
        return List.copyOf(endpoints);
    }

    /**
     * For how long they were tried.
     *
     * @return the time from the first attempt to this exception
     */
    public Duration tried() {
        return tried;
    }
}
