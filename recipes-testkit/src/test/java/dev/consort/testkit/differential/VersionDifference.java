/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import io.etcd.jetcd.api.AuthRoleGrantPermissionRequest;
import io.etcd.jetcd.api.AuthUserChangePasswordRequest;
import io.etcd.jetcd.api.ClusterGrpc;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.MaintenanceGrpc;
import io.etcd.jetcd.api.Permission;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import io.grpc.MethodDescriptor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Where versions of etcd differ from 3.5.30 as it is meant, which an embedded one imitates; on such a version the steps are
 * left out.
 */
enum VersionDifference {
    /** Progress is claimed though watches are still behind. */
    PROGRESS_OF_WATCHES_BEHIND(
            "3.4.25",
            "3.5.8",
            step -> step.what() instanceof Step.Watch watch && watch.request().hasProgressRequest()),

    /** A watch from the compacted revision on is not told of what was deleted in it. */
    DELETION_LOST_AT_COMPACTION(
            "3.4.36",
            "3.5.18",
            (step, compacted) -> step.what() instanceof Step.Watch watch
                    && compacted.contains(watch.request().getCreateRequest().getStartRevision())),

    /** A watch from a negative revision is created, and cancelled as compacted, instead of refused. */
    NEGATIVE_START_REVISION(
            "3.4.38",
            "3.5.24",
            step -> step.what() instanceof Step.Watch watch
                    && watch.request().getCreateRequest().getStartRevision() < 0),

    /** Anybody may do anything in a transaction inside a transaction. */
    NESTED_TXN_UNCHECKED("3.4.42", "3.5.28", step -> isByUser(step) && txnHas(step, op -> op.hasRequestTxn())),

    /** A put in a transaction may tell what was there, and use a lease of others' keys, without permission. */
    PUT_IN_TXN_UNCHECKED(
            "3.4.44",
            "3.5.30",
            step -> isByUser(step)
                    && txnHas(
                            step,
                            op -> op.hasRequestPut()
                                    && (op.getRequestPut().getPrevKv()
                                            || op.getRequestPut().getLease() != 0))),

    /** Leases are granted and revoked without a token. */
    LEASES_WITHOUT_TOKEN(
            "3.4.42",
            "3.5.28",
            step -> step instanceof Step.As as
                    && !Set.of(AuthRequests.ROOT, "alice", "bob").contains(as.user())
                    && calls(step, LeaseGrpc.getLeaseGrantMethod(), LeaseGrpc.getLeaseRevokeMethod())),

    /** A token is refused while none is needed; so none is shown then, and no step is left out. */
    TOKEN_REFUSED_WHILE_OFF("3.4.28", "3.5.10", step -> false),

    /**
     * Until what was written has been committed, 100 ms later, a user may be taken for what it was before: without the role
     * that it has been granted, say, so that even root is refused. Reads of one key look one entry beyond the end of what is
     * not committed yet, where older entries lie ({@code bucketBuffer.Range}). No step is left out; where each write is
     * committed at once, nothing outdated can lie there. 3.4 does not read users in this way.
     */
    OUTDATED_USERS("3.4.0", "3.5.999", step -> false),

    /** Who shows an outdated token does not get another one. */
    AUTHENTICATION_BY_TOKEN(
            "3.4.28",
            "3.5.0",
            step -> step instanceof Step.As as
                    && !as.user().equals(Subject.NOBODY)
                    && as.what() instanceof Step.Authenticate),

    /** Anybody may renew, list and look at leases, with any token. */
    LEASES_OF_OTHERS(
            "3.4.42",
            "3.5.28",
            step -> isByUser(step)
                    && (step.what() instanceof Step.KeepAlive
                            || calls(step, LeaseGrpc.getLeaseTimeToLiveMethod(), NewerCalls.LEASES))),

    /** Anybody may ask for alarms. */
    ALARMS_FOR_ANYBODY("3.4.43", "3.5.29", step -> isByUser(step) && calls(step, MaintenanceGrpc.getAlarmMethod())),

    /** Anybody may ask for the members. */
    MEMBERS_FOR_ANYBODY("3.4.43", "3.5.29", step -> isByUser(step) && calls(step, ClusterGrpc.getMemberListMethod())),

    /** Anybody may compact the history. */
    COMPACTION_BY_ANYBODY("3.4.42", "3.5.28", step -> isByUser(step) && calls(step, KVGrpc.getCompactMethod())),

    /** Anybody may ask for the status. */
    STATUS_FOR_ANYBODY("3.4.42", "3.5.28", step -> isByUser(step) && calls(step, MaintenanceGrpc.getStatusMethod())),

    /** There is no status of authentication. */
    NO_AUTH_STATUS("3.4.999", "3.5.0", step -> calls(step, NewerCalls.AUTH_STATUS)),

    /** A permission for no key at all is granted, and a request without one ends the server. */
    EMPTY_PERMISSION(
            "3.4.25",
            "3.5.8",
            step -> step.what() instanceof Step.Call<?, ?> call
                    && call.request() instanceof AuthRoleGrantPermissionRequest grant
                    && isEmpty(grant.getPerm())),

    /** A password that is changed to an empty one is a password. */
    EMPTY_PASSWORD(
            "3.4.999",
            "3.5.0",
            step -> step.what() instanceof Step.Call<?, ?> call
                    && call.request() instanceof AuthUserChangePasswordRequest change
                    && change.getPassword().isEmpty());

    private final String fixedIn4;
    private final String fixedIn5;

    @SuppressWarnings("ImmutableEnumChecker") // all of them are functions
    private final BiPredicate<Step, Set<Long>> steps;

    VersionDifference(String fixedIn4, String fixedIn5, Predicate<Step> steps) {
        this(fixedIn4, fixedIn5, (step, compacted) -> steps.test(step));
    }

    VersionDifference(String fixedIn4, String fixedIn5, BiPredicate<Step, Set<Long>> steps) {
        this.fixedIn4 = fixedIn4;
        this.fixedIn5 = fixedIn5;
        this.steps = steps;
    }

    /** Whether it shows in a step; {@code compacted} has the revisions that were to be compacted before it. */
    boolean concerns(Step step, Set<Long> compacted) {
        return steps.test(step, compacted);
    }

    static List<VersionDifference> of(String version) {
        return Arrays.stream(values())
                .filter(difference -> Stream.of(difference.fixedIn4, difference.fixedIn5)
                        .anyMatch(fixed -> minor(fixed) == minor(version) && patch(version) < patch(fixed)))
                .toList();
    }

    private static int minor(String version) {
        return Integer.parseInt(version.split("\\.", -1)[1]);
    }

    private static int patch(String version) {
        return Integer.parseInt(version.split("\\.", -1)[2]);
    }

    private static boolean isByUser(Step step) {
        return step instanceof Step.As;
    }

    private static boolean calls(Step step, MethodDescriptor<?, ?>... methods) {
        return step.what() instanceof Step.Call<?, ?> call
                && Arrays.asList(methods).contains(call.method());
    }

    private static boolean txnHas(Step step, Predicate<RequestOp> wanted) {
        return step.what() instanceof Step.Call<?, ?> call
                && call.request() instanceof TxnRequest txn
                && anywhere(txn, wanted);
    }

    private static boolean anywhere(TxnRequest txn, Predicate<RequestOp> wanted) {
        return Stream.concat(txn.getSuccessList().stream(), txn.getFailureList().stream())
                .anyMatch(op -> wanted.test(op) || (op.hasRequestTxn() && anywhere(op.getRequestTxn(), wanted)));
    }

    private static boolean isEmpty(Permission permission) {
        String key = permission.getKey().toStringUtf8();
        String end = permission.getRangeEnd().toStringUtf8();
        return key.isEmpty() || !(end.isEmpty() || end.equals("\0") || key.compareTo(end) < 0);
    }
}
