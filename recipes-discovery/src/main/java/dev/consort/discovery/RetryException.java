/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * All attempts of a {@link Retry} that it was allowed have failed. Its message is that of the final error, and of all errors
 * before: {@code final (previously: first; second)}. The cause is the final error.
 */
public final class RetryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** How many errors are kept. */
    static final int MOST = 1000;

    /** Of each attempt. */
    private final ArrayList<Exception> rawErrors;

    /**
     * Creates an exception.
     *
     * @param rawErrors of each attempt, in order; at least one
     * @param last what the last one comes to
     */
    public RetryException(List<? extends Exception> rawErrors, Exception last) {
        super(text(last) + previously(rawErrors), last);
        this.rawErrors = new ArrayList<>(rawErrors);
        this.rawErrors.stream().filter(error -> error != last).forEach(this::addSuppressed);
    }

    private static String previously(List<? extends Exception> rawErrors) {
        return rawErrors.size() < 2
                ? ""
                : rawErrors.subList(0, rawErrors.size() - 1).stream()
                        .map(RetryException::text)
                        .collect(Collectors.joining("; ", " (previously: ", ")"));
    }

    private static String text(Exception error) {
        @Nullable String message = error.getMessage();
        return message == null ? error.toString() : message;
    }

    /**
     * The errors of all attempts, as the calls, or the balancer, threw them.
     *
     * @return in order; of more than 1,000 the first 999 and the last
     */
    public List<Exception> rawErrors() {
        return List.copyOf(rawErrors);
    }

    /**
     * What the last attempt came to.
     *
     * @return its error, or what a {@link RetryCallback} put in its place
     */
    public Exception finalError() {
        return getCause() instanceof Exception last ? last : this;
    }
}
