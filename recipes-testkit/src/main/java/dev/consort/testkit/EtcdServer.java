/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.util.List;

/** An etcd that tests use, wherever it runs: what {@link EtcdTest} hands to tests that do not mind which one. */
public interface EtcdServer extends AutoCloseable {
    /** The client URLs of all members, such as {@code http://127.0.0.1:23790}. */
    List<String> endpoints();

    /** Ends it and removes what it kept, unless it was there before the test. Further calls have no effect. */
    @Override
    void close();
}
