/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.AuthenticationException;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.core.PermissionDeniedException;
import dev.consort.core.RecipeException;
import io.grpc.Status;
import java.net.ConnectException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CallFailureTest {
    /** The codes and texts of etcd's api/v3rpc/rpctypes/error.go, and those of gRPC itself. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            UNAVAILABLE         | etcdserver: leader changed                               | AMBIGUOUS
            UNAVAILABLE         | etcdserver: request timed out                            | AMBIGUOUS
            UNAVAILABLE         | etcdserver: no leader                                    | AMBIGUOUS
            UNAVAILABLE         | io exception                                             | AMBIGUOUS
            DEADLINE_EXCEEDED   | deadline exceeded after 1s                               | AMBIGUOUS
            UNKNOWN             | raft proposal dropped                                    | AMBIGUOUS
            INTERNAL            | RST_STREAM closed stream                                 | AMBIGUOUS
            CANCELLED           | cancelled                                                | AMBIGUOUS
            ABORTED             | etcdserver: quota                                        | AMBIGUOUS
            DATA_LOSS           | etcdserver: corrupt cluster                              | AMBIGUOUS
            RESOURCE_EXHAUSTED  | etcdserver: too many requests                            | REFUSED
            RESOURCE_EXHAUSTED  | etcdserver: mvcc: database space exceeded                | FINAL
            NOT_FOUND           | etcdserver: requested lease not found                    | LEASE_GONE
            NOT_FOUND           | etcdserver: something else                               | FINAL
            INVALID_ARGUMENT    | etcdserver: request is too large                         | FINAL
            INVALID_ARGUMENT    | etcdserver: duplicate key given in txn request           | FINAL
            FAILED_PRECONDITION | etcdserver: lease already exists                         | FINAL
            PERMISSION_DENIED   | etcdserver: permission denied                            | FINAL
            UNAUTHENTICATED     | etcdserver: invalid auth token                           | FINAL
            UNIMPLEMENTED       | unknown method                                           | FINAL
            OUT_OF_RANGE        | etcdserver: mvcc: required revision has been compacted   | FINAL
            """)
    void of_aStatus_saysWhetherItMayHaveBeenApplied(Status.Code code, String text, CallFailure.Kind kind) {
        CallFailure failure = CallFailure.of(code.toStatus().withDescription(text));
        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure.code()).isEqualTo(code);
        assertThat(failure).hasMessageContaining(code + ": " + text);
    }

    @ParameterizedTest
    @EnumSource(
            value = Status.Code.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"OK"})
    void of_aStatusWithoutText_isClassifiedToo(Status.Code code) {
        assertThat(CallFailure.of(code.toStatus()).kind()).isNotNull();
    }

    @Test
    void of_aCause_namesItsRoot() {
        Status status = Status.UNAVAILABLE
                .withDescription("io exception")
                .withCause(new IllegalStateException(new ConnectException("Connection refused: /127.0.0.1:1")));
        assertThat(CallFailure.of(status)).hasMessage("UNAVAILABLE: io exception (Connection refused: /127.0.0.1:1)");
    }

    @ParameterizedTest
    @CsvSource({"REFUSED,true", "AMBIGUOUS,true", "LEASE_GONE,false", "FINAL,false"})
    void retriable_followsTheKind(CallFailure.Kind kind, boolean retriable) {
        Status status = switch (kind) {
            case REFUSED -> Status.RESOURCE_EXHAUSTED.withDescription("etcdserver: too many requests");
            case AMBIGUOUS -> Status.UNAVAILABLE;
            case LEASE_GONE -> Status.NOT_FOUND.withDescription("etcdserver: requested lease not found");
            case FINAL -> Status.INVALID_ARGUMENT;
        };
        assertThat(CallFailure.of(status).retriable()).isEqualTo(retriable);
    }

    @Test
    void toException_namesRecipeKeyTextAndAdvice() {
        assertThat(exception(Status.PERMISSION_DENIED.withDescription("etcdserver: permission denied")))
                .isInstanceOf(PermissionDeniedException.class)
                .hasMessageContainingAll("Mutex 'orders'", "etcdserver: permission denied", "grant the user's role");
        assertThat(exception(Status.UNAUTHENTICATED.withDescription("etcdserver: invalid auth token")))
                .isInstanceOf(AuthenticationException.class)
                .hasMessageContainingAll("Mutex 'orders'", "check user and password");
        assertThat(exception(Status.UNAVAILABLE.withDescription("io exception")))
                .isInstanceOf(OutcomeUnknownException.class)
                .hasMessageContainingAll("Mutex 'orders'", "io exception", "read before writing");
        assertThat(exception(Status.RESOURCE_EXHAUSTED.withDescription("etcdserver: mvcc: database space exceeded")))
                .isExactlyInstanceOf(RecipeException.class)
                .hasMessageContainingAll("database space exceeded", "compact, defragment, and disarm");
        assertThat(exception(Status.INVALID_ARGUMENT.withDescription("etcdserver: request is too large")))
                .hasMessageContainingAll("1.5 MiB");
        assertThat(exception(Status.INVALID_ARGUMENT.withDescription("etcdserver: too many operations in txn request")))
                .hasMessageContainingAll("128 operations");
    }

    @Test
    void toException_carriesRecipeAndKey() {
        RecipeException exception = exception(Status.UNAVAILABLE);
        assertThat(exception.recipe()).isEqualTo("Mutex");
        assertThat(exception.key()).isEqualTo("orders");
        assertThat(exception).hasCauseInstanceOf(CallFailure.class);
    }

    /** Nothing else is known of a call that was given up: a false "failed" would be worse than "unknown". */
    @Test
    void late_andEnded_areAmbiguous() {
        assertThat(CallFailure.late(Duration.ofMillis(1500)).kind()).isEqualTo(CallFailure.Kind.AMBIGUOUS);
        assertThat(CallFailure.late(Duration.ofMillis(1500))).hasMessage("no answer within 1500 ms");
        assertThat(CallFailure.ended("over").kind()).isEqualTo(CallFailure.Kind.AMBIGUOUS);
    }

    private static RecipeException exception(Status status) {
        return CallFailure.of(status).toException("Mutex", "orders");
    }
}
