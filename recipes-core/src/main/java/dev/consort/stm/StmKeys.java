/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import com.google.protobuf.ByteString;
import dev.consort.core.RecipeException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.Objects;

/** Keys of users: which are taken, and how they are told. All without the namespace. */
final class StmKeys {
    /** As etcd orders keys. */
    static final Comparator<ByteString> ORDER = ByteString.unsignedLexicographicalComparator();

    /** Below it are the sessions' keys and the receipts, among which this package's own. */
    private static final String OWN = "consort/session/";

    private StmKeys() {}

    static ByteString checked(String key) {
        ByteString bytes = bytes("key", key);
        if (key.startsWith(OWN)) {
            throw bad("key", key, "is below '" + OWN + "', where Consort keeps its own");
        }
        return bytes;
    }

    static ByteString checkedPrefix(String prefix) {
        ByteString bytes = bytes("prefix", prefix);
        if (prefix.startsWith(OWN) || OWN.startsWith(prefix)) {
            throw bad("prefix", prefix, "takes in '" + OWN + "', where Consort keeps its own; give a longer one");
        }
        return bytes;
    }

    private static ByteString bytes(String what, String text) {
        Objects.requireNonNull(text, what);
        if (text.isEmpty()) {
            throw bad(what, text, "is empty");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw bad(what, text, "is not valid Unicode, so that different ones would be the same in etcd");
        }
        return ByteString.copyFromUtf8(text);
    }

    private static IllegalArgumentException bad(String what, String text, String why) {
        return new IllegalArgumentException(EtcdStm.RECIPE + " " + what + " '" + text + "' " + why);
    }

    /** The first key after all that begin with a prefix, which is UTF-8, so that its last byte can be raised. */
    static ByteString end(ByteString prefix) {
        int last = prefix.size() - 1;
        return prefix.substring(0, last).concat(ByteString.copyFrom(new byte[] {(byte) (prefix.byteAt(last) + 1)}));
    }

    /** A key that was found, as text. */
    static String text(ByteString key) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(key.asReadOnlyByteBuffer())
                    .toString();
        } catch (CharacterCodingException e) {
            throw new RecipeException(
                    EtcdStm.RECIPE,
                    key.toStringUtf8(),
                    "a key in this prefix is no UTF-8: read such keys with the jetcd client",
                    e);
        }
    }
}
