/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a mailbox holds: "the claim of this revision in this queue is granted". True when written, and as long as that
 * claim exists, so it may come twice or late, and anybody may send it. It carries the claims that come next, so that the
 * receiver can pass the baton on without reading. Or, that a claim is to look for itself, which does no harm at any time.
 *
 * @param queue the queue's name, without any namespace
 * @param revision the create revision of the claim that is meant
 * @param granted whether it is granted; else it is the first that is not
 * @param following the next claims of the queue, contiguous, foreign ones included; at most {@value #MAX_FOLLOWING}
 */
record Message(String queue, long revision, boolean granted, List<QueuedClaim> following) {
    static final int MAX_FOLLOWING = 64;

    private static final int VERSION = 2;
    private static final int MAX_MESSAGES = 128;

    Message {
        following = List.copyOf(following.subList(0, Math.min(following.size(), MAX_FOLLOWING)));
    }

    /** That a claim is granted. */
    Message(String queue, long revision, List<QueuedClaim> following) {
        this(queue, revision, true, following);
    }

    /** That a claim is the first that is not granted. */
    static Message look(String queue, long revision) {
        return new Message(queue, revision, false, List.of());
    }

    static ByteString encode(List<Message> messages) {
        ByteString.Output bytes = ByteString.newOutput(64);
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        try {
            out.writeUInt32NoTag(VERSION);
            out.writeUInt32NoTag(messages.size());
            for (Message message : messages) {
                out.writeStringNoTag(message.queue);
                out.writeUInt64NoTag(message.revision);
                out.writeBoolNoTag(message.granted);
                out.writeUInt32NoTag(message.following.size());
                for (QueuedClaim claim : message.following) {
                    out.writeBytesNoTag(claim.suffix());
                    out.writeUInt64NoTag(claim.revision());
                }
            }
            out.flush();
        } catch (IOException inMemory) {
            throw new UncheckedIOException(inMemory);
        }
        return bytes.toByteString();
    }

    /**
     * Reads what a mailbox holds; nothing for a mailbox that nobody wrote to yet.
     *
     * @throws IOException if it is not of this form
     */
    static List<Message> decode(ByteString bytes) throws IOException {
        List<Message> messages = new ArrayList<>();
        if (bytes.isEmpty()) {
            return messages;
        }
        CodedInputStream in = bytes.newCodedInput();
        int version = in.readUInt32();
        if (version != VERSION) {
            throw new IOException("version " + version + " is not known");
        }
        int count = bounded(in.readUInt32(), MAX_MESSAGES);
        for (int i = 0; i < count; i++) {
            String queue = in.readStringRequireUtf8();
            long revision = in.readUInt64();
            boolean granted = in.readBool();
            int size = bounded(in.readUInt32(), MAX_FOLLOWING);
            List<QueuedClaim> following = new ArrayList<>(size);
            for (int k = 0; k < size; k++) {
                following.add(new QueuedClaim(in.readBytes(), in.readUInt64()));
            }
            messages.add(new Message(queue, revision, granted, following));
        }
        return messages;
    }

    private static int bounded(int count, int max) throws IOException {
        if (count < 0 || count > max) {
            throw new IOException("count " + count + " is not within 0.." + max);
        }
        return count;
    }
}
