/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QueueKeysTest {
    private static KeyValue kv(String key, long lease) {
        return KeyValue.newBuilder()
                .setKey(ByteString.copyFromUtf8(key))
                .setLease(lease)
                .build();
    }

    @ParameterizedTest
    @CsvSource({
        "a/ff,           255, a/",
        "orders/a/ff,    255, orders/a/",
        "/go/ff,         255, /go/",
        "a//ff,          255, a//",
        "a/-ff,         -255, a/",
        "a/read:ff,      255, a/",
        "a/b/write:ff,   255, a/b/"
    })
    void queueOf_keyWithItsOwnLease_isAClaim(String key, long lease, String queue) {
        assertThat(QueueKeys.queueOf(kv(key, lease))).contains(ByteString.copyFromUtf8(queue));
    }

    @ParameterizedTest
    @CsvSource({
        "a/ff,    0", // overwritten without its lease
        "a/ff,    254",
        "a/0ff,   255",
        "a/FF,    255",
        "a/b-ff,  255",
        "a/kept:ff,  255", // a mark of one
        "a/read:fe,  255",
        "a/write:,   255",
        "read:ff,    255",
        "a/ff/b,  255",
        "a/,      0",
        "a/0,     0",
        "/ff,     255", // of no name
        "ff,      255"
    })
    void queueOf_anyOtherKey_isNoClaim(String key, long lease) {
        assertThat(QueueKeys.queueOf(kv(key, lease))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"a/kept:ff, 255, true", "a/kept:fe, 255, false", "a/kept:ff, 0, false", "a/read:ff, 255, false"})
    void queueOfMark_isThatOfAMarkWithItsOwnLease(String key, long lease, boolean mark) {
        assertThat(QueueKeys.queueOfMark(kv(key, lease)).isPresent()).isEqualTo(mark);
    }

    @Test
    void rangesWith_areThoseOfEachNameThatTheKeyLiesBelow() {
        assertThat(QueueKeys.rangesWith(ByteString.copyFromUtf8("a/b/ff")))
                .extracting(ByteString::toStringUtf8)
                .containsExactly("a/", "a/b/");
        assertThat(QueueKeys.rangesWith(ByteString.copyFromUtf8("/a/")))
                .extracting(ByteString::toStringUtf8)
                .containsExactly("/", "/a/");
    }

    @ParameterizedTest
    @CsvSource({
        "consort/session/ff/mail,   255, true",
        "consort/session/ff/fence,  255, true",
        "other/ff/mail,             255, true",
        "consort/session/ff/mail,     0, false",
        "consort/session/ff/mail,   254, false",
        "consort/session/ff/male,   255, false",
        "consort/session/0ff/mail,  255, false"
    })
    void isOwn_keysOfASession_whateverThePrefix(String key, long lease, boolean own) {
        assertThat(SessionKeys.isOwn(kv(key, lease))).isEqualTo(own);
    }
}
