/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.protobuf.ByteString;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What an etcd holds of what tests can leave behind. Threadsafe. */
interface EtcdContents extends AutoCloseable {
    /** All keys, each with its lease, or 0. */
    Map<ByteString, Long> keys();

    Set<Long> leases();

    /** What each watch is of, as far as that is known, else blank. */
    List<String> watches();

    /** Removes what of this is still there. */
    void remove(Collection<ByteString> keys, Collection<Long> leases);

    /** Forgets the server, which goes on. */
    @Override
    void close();
}
