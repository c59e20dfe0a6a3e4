/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.core.internal.Names;
import dev.consort.core.internal.Store;
import io.etcd.jetcd.api.RangeRequest;

/**
 * The layout of what a writer writes. Its own keys are outside of the root, where no view takes them for settings; and as no
 * segment of a root is empty, the two slashes keep those of one root from being among those of another. With the namespace.
 */
record WriterKeys(Store store, String root) {
    private static final String OWN = "consort";

    static WriterKeys of(Store store, String root) {
        Names.checked(EtcdConfigWriter.RECIPE, root);
        if ((root + "/").startsWith(OWN + "/")) {
            throw new IllegalArgumentException(EtcdConfigWriter.RECIPE + " name '" + root + "' is that of '" + OWN
                    + "' or below it, where Consort keeps its own keys: give another root");
        }
        return new WriterKeys(store, root);
    }

    ByteString setting(ByteString name) {
        return settings().concat(name);
    }

    /** What all settings begin with. */
    ByteString settings() {
        return store.key(root + "/");
    }

    ByteString settingsEnd() {
        return store.key(root + "0"); // the byte after a slash
    }

    /** Written by each change, so that its revision tells of deletions too. */
    ByteString head() {
        return store.key(own() + "head");
    }

    ByteString audit(String id) {
        return store.key(own() + "audit/" + id);
    }

    RangeRequest.Builder allAudit() {
        return RangeRequest.newBuilder().setKey(store.key(own() + "audit/")).setRangeEnd(store.key(own() + "audit0"));
    }

    private String own() {
        return OWN + "/config/" + root + "//";
    }

    /** A setting's name. */
    ByteString name(ByteString setting) {
        return setting.substring(settings().size());
    }
}
