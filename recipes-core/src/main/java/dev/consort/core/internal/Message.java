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
 * receiver can pass the baton on without reading. Or, that a claim is to look for itself, or is asked to step back, which
 * does no harm at any time.
 *
 * @param queue the queue's name, without any namespace
 * @param revision the create revision of the claim that is meant
 * @param kind what it says of that
 * @param request for whom it is asked to step back
 * @param following the next claims of the queue, contiguous, foreign ones included; at most {@value #MAX_FOLLOWING}
 */
record Message(String queue, long revision, Kind kind, Request request, List<QueuedClaim> following) {
    static final int MAX_FOLLOWING = 64;

    private static final int VERSION = 3;
    private static final int MAX_MESSAGES = 128;

    /** What a message says. */
    enum Kind {
        /** The claim is the first that is not granted. */
        LOOK(0),
        /** The claim is granted. */
        GRANTED(1),
        /** The claim is asked to be withdrawn and made again, if it waits. */
        STEP_BACK(2);

        private final int number;

        Kind(int number) {
            this.number = number;
        }

        static Kind of(int number) throws IOException {
            for (Kind kind : values()) {
                if (kind.number == number) {
                    return kind;
                }
            }
            throw new IOException("kind " + number + " is not known");
        }
    }

    /**
     * For whom one is asked to step back.
     *
     * @param below claims of a priority below this one do
     * @param behind the create revision of the claim that they are to be behind
     */
    record Request(long below, long behind) {
        static final Request NONE = new Request(0, 0);

        /** Above all that a claim can have. */
        static final long ANY = 1L + Integer.MAX_VALUE;

        /** Whatever priority those asked have: by the leader, for the one that it has chosen. */
        static Request transfer(long behind) {
            return new Request(ANY, behind);
        }

        boolean isTransfer() {
            return below == ANY;
        }
    }

    Message {
        following = List.copyOf(following.subList(0, Math.min(following.size(), MAX_FOLLOWING)));
    }

    /** That a claim is granted. */
    Message(String queue, long revision, List<QueuedClaim> following) {
        this(queue, revision, Kind.GRANTED, Request.NONE, following);
    }

    /** That a claim is the first that is not granted. */
    static Message look(String queue, long revision) {
        return new Message(queue, revision, Kind.LOOK, Request.NONE, List.of());
    }

    /** That a claim is asked to step back. */
    static Message stepBack(String queue, long revision, Request request) {
        return new Message(queue, revision, Kind.STEP_BACK, request, List.of());
    }

    boolean granted() {
        return kind == Kind.GRANTED;
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
                out.writeUInt32NoTag(message.kind.number);
                if (message.kind == Kind.STEP_BACK) {
                    out.writeUInt64NoTag(message.request.below);
                    out.writeUInt64NoTag(message.request.behind);
                }
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
            Kind kind = Kind.of(in.readUInt32());
            Request request = kind == Kind.STEP_BACK ? new Request(in.readUInt64(), in.readUInt64()) : Request.NONE;
            int size = bounded(in.readUInt32(), MAX_FOLLOWING);
            List<QueuedClaim> following = new ArrayList<>(size);
            for (int k = 0; k < size; k++) {
                following.add(new QueuedClaim(in.readBytes(), in.readUInt64()));
            }
            messages.add(new Message(queue, revision, kind, request, following));
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
