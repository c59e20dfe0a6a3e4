/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import com.google.protobuf.Empty;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import java.util.function.Supplier;

/** Methods that etcd has and jetcd's generated classes lack. Their messages are empty ones with unknown fields. */
final class NewerMethods {
    private final Member member;

    NewerMethods(Member member) {
        this.member = member;
    }

    ServerServiceDefinition leaseService(LeaseService service) {
        return extend(service.bindService(), "LeaseLeases", this::leases);
    }

    ServerServiceDefinition authService(AuthService service) {
        return extend(service.bindService(), "AuthStatus", this::authStatus);
    }

    private ServerServiceDefinition extend(ServerServiceDefinition service, String method, Supplier<Empty> answer) {
        String name = service.getServiceDescriptor().getName();
        ServerServiceDefinition.Builder extended = ServerServiceDefinition.builder(name);
        service.getMethods().forEach(extended::addMethod);
        MethodDescriptor<Empty, Empty> added = MethodDescriptor.<Empty, Empty>newBuilder()
                .setType(MethodType.UNARY)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(name, method))
                .setRequestMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
                .setResponseMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
                .build();
        return extended.addMethod(
                        added,
                        ServerCalls.<Empty, Empty>asyncUnaryCall((request, client) -> member.answer(client, answer)))
                .build();
    }

    private Empty leases() {
        Caller caller = member.caller();
        Field.Builder leases = Field.newBuilder();
        for (Lessor.Lease lease : member.core().lessor().all()) {
            if (member.core().auth().isEnabled()) {
                member.core().auth().checkLeaseReadable(caller, lease);
            }
            leases.addLengthDelimited(UnknownFieldSet.newBuilder()
                    .addField(1, varint(lease.id()))
                    .build()
                    .toByteString());
        }
        member.core().auth().checkKnown(caller);
        return message(UnknownFieldSet.newBuilder().addField(2, leases.build()));
    }

    private Empty authStatus() {
        AuthStore auth = member.core().auth();
        auth.checkAdmin(member.caller());
        UnknownFieldSet.Builder fields = UnknownFieldSet.newBuilder().addField(3, varint(auth.revision()));
        if (auth.isEnabled()) {
            fields.addField(2, varint(1));
        }
        return message(fields);
    }

    private Empty message(UnknownFieldSet.Builder fields) {
        fields.addField(
                1,
                Field.newBuilder()
                        .addLengthDelimited(member.header().toByteString())
                        .build());
        return Empty.newBuilder().setUnknownFields(fields.build()).build();
    }

    private static Field varint(long value) {
        return Field.newBuilder().addVarint(value).build();
    }
}
