/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery.grpc;

import dev.consort.core.Connection;
import dev.consort.discovery.Instancer;
import dev.consort.discovery.ServiceLayout;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Collection;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Lets grpc-java channels of targets like {@code etcd:///orders/api} follow the instances of the service {@code orders/api}.
 * Thread-safe.
 *
 * <p>Register it once in a process, with {@code NameResolverRegistry.getDefaultRegistry().register(provider)}, and give channels
 * {@code defaultLoadBalancingPolicy("round_robin")}: without that gRPC calls one instance only, as long as it answers.
 *
 * <p><b>Guarantees.</b> A channel knows of each change of the instances. While etcd is not to be reached it keeps those that it
 * knew last.
 *
 * <p><b>Not guaranteed.</b> That a call to an instance that dies is tried again: gRPC itself leaves out an instance whose
 * connection has ended, so that no call goes there which has not gone yet; to retry those is the service's to allow, by its
 * service configuration, or the caller's, by a {@link dev.consort.discovery.Retry}.
 */
public final class EtcdNameResolverProvider extends NameResolverProvider {
    /** The scheme of targets. */
    public static final String SCHEME = "etcd";

    private static final int PRIORITY = 5; // what gRPC recommends

    private final Function<String, ServiceAddresses> services;

    private EtcdNameResolverProvider(Function<String, ServiceAddresses> services) {
        this.services = services;
    }

    /**
     * Channels find what Go's programs find: a target {@code etcd:///orders/api} is that of etcd's Go package {@code
     * naming/endpoints}, with endpoints such as {@code 127.0.0.1:2000} below {@code orders/api/}.
     *
     * @param connection stays the caller's to close, after the channels
     * @return to be registered with gRPC
     */
    public static EtcdNameResolverProvider ofEndpoints(Connection connection) {
        Objects.requireNonNull(connection, "connection");
        return of(
                target -> Instancer.open(connection, ServiceLayout.grpcEndpoints(target)),
                endpoint -> HostAndPort.parse(endpoint.address()));
    }

    /**
     * Channels find services in the layout {@link ServiceLayout#json(String, String)}: a target {@code etcd:///orders} is the
     * service {@code orders}. Instances without a port, or with a weight of 0, are left out.
     *
     * @param connection stays the caller's to close, after the channels
     * @param root above the services
     * @return to be registered with gRPC
     */
    public static EtcdNameResolverProvider ofServices(Connection connection, String root) {
        Objects.requireNonNull(connection, "connection");
        return new EtcdNameResolverProvider(service -> ServiceAddresses.of(
                Instancer.open(connection, ServiceLayout.json(root, service)),
                instance -> instance.port() > 0 && instance.weight() > 0,
                instance -> InetSocketAddress.createUnresolved(instance.address(), instance.port())));
    }

    /**
     * Channels find instances by instancers.
     *
     * @param instancers opens that of a service, given the target's path without the leading slash; may block. Each channel opens
     *     one, and closes it
     * @param address of an instance; a host name that is not resolved yet is looked up, and looked up anew when gRPC cannot connect
     * @param <I> what describes an instance
     * @return to be registered with gRPC
     */
    public static <I> EtcdNameResolverProvider of(
            Function<? super String, ? extends Instancer<I>> instancers,
            Function<? super I, ? extends InetSocketAddress> address) {
        Objects.requireNonNull(instancers, "instancers");
        Objects.requireNonNull(address, "address");
        return new EtcdNameResolverProvider(
                service -> ServiceAddresses.of(instancers.apply(service), any -> true, address));
    }

    @Override
    public @Nullable NameResolver newNameResolver(URI target, NameResolver.Args args) {
        if (!SCHEME.equals(target.getScheme())) {
            return null; // by gRPC's contract: not for this provider
        }
        String path = target.getPath();
        if (target.getAuthority() != null || path == null || path.length() < 2) {
            throw new IllegalArgumentException("gRPC target '" + target + "': give " + SCHEME
                    + ":///service, with three slashes, for the connection to etcd is the provider's");
        }
        return new EtcdNameResolver(path.substring(1), services, args);
    }

    @Override
    public String getDefaultScheme() {
        return SCHEME;
    }

    @Override
    protected boolean isAvailable() {
        return true;
    }

    @Override
    protected int priority() {
        return PRIORITY;
    }

    @Override
    public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
        return Set.of(InetSocketAddress.class);
    }
}
