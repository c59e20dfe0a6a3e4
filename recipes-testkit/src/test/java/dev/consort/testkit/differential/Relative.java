/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Messages whose revisions count from the beginning of a sequence, so that those of two servers compare. */
final class Relative {
    private static final Set<String> REVISIONS = Set.of(
            "revision",
            "start_revision",
            "compact_revision",
            "create_revision",
            "mod_revision",
            "min_mod_revision",
            "max_mod_revision",
            "min_create_revision",
            "max_create_revision",
            "rev");

    /** What two servers need not agree on. */
    private static final Set<String> OWN = Set.of("cluster_id", "member_id", "raft_term");

    private Relative() {}

    static <M extends Message> M toServer(M message, long base) {
        return shift(message, base);
    }

    static <M extends Message> M fromServer(M message, long base) {
        return shift(message, -base);
    }

    /** Adds to all revisions that are one: zero means none, and a negative one is wrong anyway. */
    @SuppressWarnings("unchecked")
    private static <M extends Message> M shift(M message, long by) {
        Message.Builder shifted = message.toBuilder();
        for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
            FieldDescriptor field = entry.getKey();
            Object value = entry.getValue();
            if (OWN.contains(field.getName())) {
                shifted.clearField(field);
            } else if (REVISIONS.contains(field.getName()) && value instanceof Long number && number > 0) {
                shifted.setField(field, number + by);
            } else if (field.isRepeated() && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                List<Object> items = new ArrayList<>();
                ((List<Message>) value).forEach(item -> items.add(shift(item, by)));
                shifted.setField(field, items);
            } else if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                shifted.setField(field, shift((Message) value, by));
            }
        }
        return (M) shifted.build();
    }
}
