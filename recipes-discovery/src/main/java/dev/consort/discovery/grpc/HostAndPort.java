/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery.grpc;

import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;

/** Addresses as text. */
final class HostAndPort {
    private HostAndPort() {}

    /**
     * Reads {@code host:port}, {@code 10.0.0.1:80} or {@code [::1]:80}.
     *
     * @return not looked up yet
     * @throws IllegalArgumentException with the text, if it is something else
     */
    static InetSocketAddress parse(String text) {
        try {
            URI uri = new URI(null, text, null, null, null).parseServerAuthority();
            if (uri.getHost() != null && uri.getPort() > 0 && uri.getPort() < 65_536 && uri.getUserInfo() == null) {
                String host = uri.getHost();
                boolean v6 = host.startsWith("[");
                return InetSocketAddress.createUnresolved(
                        v6 ? host.substring(1, host.length() - 1) : host, uri.getPort());
            }
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("'" + text + "' is no address: give host:port", e);
        }
        throw new IllegalArgumentException("'" + text + "' is no address: give host:port");
    }
}
