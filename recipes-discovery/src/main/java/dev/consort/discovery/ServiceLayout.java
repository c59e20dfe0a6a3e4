/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery;

import java.time.Instant;
import java.util.Comparator;

/**
 * How the instances of a service are written in etcd: a key for each of them, below a prefix. What is given here is byte for byte
 * what others write; users may implement their own. Implementations must be thread-safe.
 *
 * @param <I> what describes an instance
 */
public interface ServiceLayout<I> {
    /**
     * That of go-kit's {@code sd/etcdv3}: the value is the instance string, such as {@code http://1.2.3.4:8080}, and the key is
     * whatever is below the prefix; by default the instance string without its scheme.
     *
     * @param prefix of the service's keys, such as {@code /services/foosvc/}; a slash is added if it does not end in one
     * @return a layout of strings, sorted as text
     * @throws IllegalArgumentException if the prefix is empty
     */
    static ServiceLayout<String> goKit(String prefix) {
        return new GoKitLayout(LayoutKeys.prefix(prefix));
    }

    /**
     * That of etcd's Go package for gRPC, {@code naming/endpoints}: JSON of the fields {@code Op}, {@code Addr} and {@code
     * Metadata}, below the target and a slash.
     *
     * @param target as Go's programs name it, without {@code etcd:///}, such as {@code foo/bar/my-service}
     * @return a layout of endpoints, sorted by address
     * @throws IllegalArgumentException if the target is empty
     */
    static ServiceLayout<GrpcEndpoint> grpcEndpoints(String target) {
        return new GrpcLayout(LayoutKeys.prefix(target));
    }

    /**
     * Our own, of one service: JSON with everything that there is to say of an instance.
     *
     * @param root above the services, such as {@code app/services}
     * @param service its name, without a slash
     * @return a layout of instances, sorted by id; the key is {@code <root>/<service>/<id>}
     * @throws IllegalArgumentException if the root or the service is empty
     */
    static ServiceLayout<ServiceInstance> json(String root, String service) {
        return new JsonLayout(LayoutKeys.prefix(root), LayoutKeys.segment("service", service));
    }

    /**
     * The same of all services below a root, for those who look at all of them with one watch.
     *
     * @param root above the services, such as {@code app/services}
     * @return a layout of instances, sorted by service and id
     * @throws IllegalArgumentException if the root is empty
     */
    static ServiceLayout<ServiceInstance> json(String root) {
        return new JsonLayout(LayoutKeys.prefix(root), "");
    }

    /**
     * What all keys of the service begin with, and no others.
     *
     * @return ends in a slash
     */
    String prefix();

    /**
     * The key of an instance, if its registrar is given none.
     *
     * @param instance to be registered
     * @return below the prefix
     * @throws IllegalArgumentException if it is none of this service
     */
    String key(I instance);

    /**
     * The value of an instance.
     *
     * @param instance to be registered
     * @return what others read
     * @throws IllegalArgumentException if it cannot be written so
     */
    String encode(I instance);

    /**
     * Reads an instance that anybody may have written.
     *
     * @param key as the user knows it, without a namespace
     * @param value as it is in etcd
     * @return what it says
     * @throws IllegalArgumentException if it cannot be read; its message says why, and does not show the value
     */
    I decode(String key, String value);

    /**
     * The order of instances.
     *
     * @return compares any two
     */
    Comparator<? super I> order();

    /**
     * Notes when an instance was registered, where the layout has a place for that.
     *
     * @param instance to be registered
     * @param now by the clock of this process
     * @return the same, or one that says when
     */
    default I registeredAt(I instance, Instant now) {
        return instance;
    }
}
