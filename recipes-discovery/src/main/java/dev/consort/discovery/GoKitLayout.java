/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.util.Comparator;
import java.util.Objects;

/** Values that are the instance strings themselves. */
record GoKitLayout(String prefix) implements ServiceLayout<String> {
    @Override
    public String key(String instance) {
        int scheme = Objects.requireNonNull(instance, "instance").indexOf("://");
        return prefix + (scheme < 0 ? instance : instance.substring(scheme + "://".length()));
    }

    @Override
    public String encode(String instance) {
        return instance;
    }

    @Override
    public String decode(String key, String value) {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("the value is empty");
        }
        return value;
    }

    @Override
    public Comparator<? super String> order() {
        return Comparator.naturalOrder();
    }
}
