/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.AuthenticationException;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.PermissionDeniedException;
import dev.consort.core.RecipeException;
import io.grpc.Status;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A call that failed, classified once. */
final class CallFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What a failure says about the request. */
    enum Kind {
        /** Certainly not applied, and worth another attempt. */
        REFUSED,
        /** It may have been applied, or may be later. */
        AMBIGUOUS,
        /** Certainly not applied: the lease that it names is gone. */
        LEASE_GONE,
        /** Certainly not applied, and another attempt would fail alike. */
        FINAL
    }

    private final Kind kind;
    private final Status.Code code;

    private CallFailure(Kind kind, Status.Code code, String message, @Nullable Throwable cause) {
        super(message, cause, false, false);
        this.kind = kind;
        this.code = code;
    }

    /**
     * Classifies by etcd's codes and texts (api/v3rpc/rpctypes/error.go). UNAVAILABLE is ambiguous even where it looks
     * like a refusal: a put that failed so was found committed.
     */
    static CallFailure of(Status status) {
        String text = status.getDescription() == null ? "" : status.getDescription();
        Kind kind = switch (status.getCode()) {
            case UNAVAILABLE, DEADLINE_EXCEEDED, UNKNOWN, INTERNAL, CANCELLED, ABORTED, DATA_LOSS -> Kind.AMBIGUOUS;
            case RESOURCE_EXHAUSTED -> text.contains("too many requests") ? Kind.REFUSED : Kind.FINAL;
            case NOT_FOUND -> text.contains("lease not found") ? Kind.LEASE_GONE : Kind.FINAL;
            default -> Kind.FINAL;
        };
        String message = status.getCode() + (text.isEmpty() ? "" : ": " + text) + rootCause(status.getCause());
        return new CallFailure(kind, status.getCode(), message, status.getCause());
    }

    /** What the call was for has ended meanwhile. */
    static CallFailure ended(String why) {
        return new CallFailure(Kind.AMBIGUOUS, Status.Code.ABORTED, why, null);
    }

    /** Certainly not applied, and no time was left for another attempt. */
    static CallFailure noTimeLeft(CallFailure refused) {
        return new CallFailure(
                Kind.REFUSED,
                Status.Code.ABORTED,
                "not applied, and no time was left for another attempt (" + refused.getMessage() + ")",
                refused);
    }

    /** No answer within the time that the caller had. */
    static CallFailure late(Duration timeout) {
        return new CallFailure(
                Kind.AMBIGUOUS, Status.Code.DEADLINE_EXCEEDED, "no answer within " + timeout.toMillis() + " ms", null);
    }

    /** A watch that the server will not set up. */
    static CallFailure watchRefused(String reason) {
        boolean denied = reason.contains("permission denied");
        return new CallFailure(
                Kind.FINAL,
                denied ? Status.Code.PERMISSION_DENIED : Status.Code.UNKNOWN,
                "watch refused: " + reason,
                null);
    }

    private static String rootCause(@Nullable Throwable cause) {
        Throwable root = cause;
        while (root != null && root.getCause() != null) {
            root = root.getCause();
        }
        return root == null || root.getMessage() == null ? "" : " (" + root.getMessage() + ")";
    }

    Kind kind() {
        return kind;
    }

    Status.Code code() {
        return code;
    }

    boolean retriable() {
        return kind == Kind.REFUSED || kind == Kind.AMBIGUOUS;
    }

    /** What a user is told. */
    RecipeException toException(String recipe, String key) {
        String text = String.valueOf(getMessage());
        if (text.contains("user name is empty")) {
            return new AuthenticationException(
                    recipe,
                    key,
                    "etcd asks for a user (" + text + "); give Connection.Builder.user(name, password)",
                    this);
        }
        return switch (code) {
            case PERMISSION_DENIED ->
                new PermissionDeniedException(
                        recipe,
                        key,
                        "etcd denies permission (" + text
                                + "); grant the user's role read and write on this key's prefix"
                                + " and on the session prefix",
                        this);
            case UNAUTHENTICATED ->
                new AuthenticationException(
                        recipe, key, "etcd refused the credentials (" + text + "); check user and password", this);
            default ->
                kind == Kind.AMBIGUOUS
                        ? new OutcomeUnknownException(
                                recipe,
                                key,
                                "etcd did not say whether it was applied (" + text + "); read before writing",
                                this)
                        : new RecipeException(recipe, key, "etcd refused it (" + text + ")" + advice(text), this);
        };
    }

    private static String advice(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        if (lower.contains("database space exceeded")) {
            return "; the NOSPACE alarm is raised: compact, defragment, and disarm the alarm";
        }
        if (lower.contains("too large") || lower.contains("larger than max")) {
            return "; write less at once, etcd takes 1.5 MiB a request";
        }
        if (lower.contains("too many operations")) {
            return "; etcd takes 128 operations a transaction";
        }
        return "";
    }
}
