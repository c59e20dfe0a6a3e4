/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Empty;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** Calls that etcd has and jetcd's generated classes lack: empty messages with unknown fields. */
final class NewerCalls {
    static final MethodDescriptor<Empty, Empty> LEASES = method("etcdserverpb.Lease", "LeaseLeases");

    /** From etcd 3.5 on. */
    static final MethodDescriptor<Empty, Empty> AUTH_STATUS = method("etcdserverpb.Auth", "AuthStatus");

    private static final int LEASES_FIELD = 2;
    private static final int ENABLED_FIELD = 2;
    private static final int REVISION_FIELD = 3;

    private NewerCalls() {}

    private static MethodDescriptor<Empty, Empty> method(String service, String name) {
        return MethodDescriptor.<Empty, Empty>newBuilder()
                .setType(MethodType.UNARY)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(service, name))
                .setRequestMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
                .setResponseMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
                .build();
    }

    static String readable(Empty answer, long authBase) {
        UnknownFieldSet fields = answer.getUnknownFields();
        List<Long> leases = fields.getField(LEASES_FIELD).getLengthDelimitedList().stream()
                .map(NewerCalls::id)
                .sorted()
                .toList();
        return "leases " + leases + ", enabled "
                + fields.getField(ENABLED_FIELD).getVarintList() + ", revision " + (authRevision(answer) - authBase);
    }

    private static long id(ByteString lease) {
        CodedInputStream input = lease.newCodedInput();
        try {
            var unused = input.readTag();
            return input.readInt64();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What an answer about authentication says how often users and roles have changed; 0 in another one. */
    static long authRevision(Empty status) {
        return status.getUnknownFields().getField(REVISION_FIELD).getVarintList().stream()
                .reduce(0L, (first, last) -> last);
    }
}
