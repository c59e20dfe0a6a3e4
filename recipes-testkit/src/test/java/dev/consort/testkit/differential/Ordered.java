/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.List;
import java.util.Map;

/**
 * Requests whose ranges do not end before they begin. Whether a user may ask for one that does depends in etcd on the
 * shape of a tree, and so on the order in which permissions were granted.
 */
final class Ordered {
    private static final ByteString FROM_KEY = ByteString.copyFrom(new byte[1]);

    private Ordered() {}

    static Step step(Step step) {
        if (step instanceof Step.Call<?, ?> call) {
            return call(call);
        }
        return step instanceof Step.Watch watch ? new Step.Watch(ordered(watch.request())) : step;
    }

    private static <Q extends Message, R extends Message> Step call(Step.Call<Q, R> call) {
        return new Step.Call<>(call.method(), ordered(call.request()));
    }

    @SuppressWarnings("unchecked")
    private static <M extends Message> M ordered(M message) {
        Message.Builder ordered = message.toBuilder();
        for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
            FieldDescriptor field = entry.getKey();
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                ordered.setField(
                        field,
                        field.isRepeated()
                                ? ((List<Message>) entry.getValue())
                                        .stream().map(Ordered::ordered).toList()
                                : ordered((Message) entry.getValue()));
            } else if (field.getName().equals("range_end")) {
                FieldDescriptor first = message.getDescriptorForType().findFieldByName("key");
                ByteString key = (ByteString) message.getField(first);
                ByteString end = (ByteString) entry.getValue();
                if (!end.equals(FROM_KEY)
                        && ByteString.unsignedLexicographicalComparator().compare(end, key) < 0) {
                    ordered.setField(first, end).setField(field, key);
                }
            }
        }
        return (M) ordered.build();
    }
}
