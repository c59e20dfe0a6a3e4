/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery.grpc;

import dev.consort.core.internal.InOrder;
import dev.consort.discovery.grpc.ServiceAddresses.Known;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.grpc.SynchronizationContext;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What tells one channel of a service's instances.
 *
 * <p>Concurrency: whatever may block, as opening and looking up host names, runs in {@link #order}, to which the fields are
 * confined but for those that are volatile; the channel is told in its own synchronization context.
 */
final class EtcdNameResolver extends NameResolver {
    private static final Logger log = LoggerFactory.getLogger(EtcdNameResolver.class);

    private final String service;
    private final Function<String, ServiceAddresses> services;
    private final Executor order;
    private final SynchronizationContext context;
    private volatile boolean shut; // set once, in the channel's context
    private volatile @Nullable Listener2 listener; // set once, in the channel's context, before anything is in order
    private volatile @Nullable Known newest; // of the instancer
    private @Nullable ServiceAddresses addresses;

    EtcdNameResolver(String service, Function<String, ServiceAddresses> services, Args args) {
        this.service = service;
        this.services = services;
        this.order = new InOrder(Objects.requireNonNull(args.getOffloadExecutor(), "offload executor of the channel"));
        this.context = args.getSynchronizationContext();
    }

    /** A header of each call, and what a TLS certificate must name: override it on the channel to check certificates. */
    @Override
    public String getServiceAuthority() {
        return URLEncoder.encode(service, StandardCharsets.UTF_8);
    }

    @Override
    public void start(Listener2 told) {
        listener = told;
        order.execute(this::open);
    }

    /** The channel cannot connect: host names may have other addresses by now, and what could not be opened is opened anew. */
    @Override
    public void refresh() {
        order.execute(this::open);
    }

    @Override
    public void shutdown() {
        shut = true;
        order.execute(() -> {
            if (addresses != null) {
                addresses.close();
            }
        });
    }

    // IN ORDER

    private void open() {
        if (shut) {
            return;
        }
        if (addresses != null) {
            publish();
            return;
        }
        try {
            ServiceAddresses opened = services.apply(service);
            addresses = opened;
            opened.follow(known -> {
                newest = known;
                order.execute(this::publish);
            });
        } catch (RuntimeException e) {
            log.warn("gRPC target of service '{}' cannot be followed", service, e);
            tell(StatusOr.fromStatus(Status.UNAVAILABLE
                    .withDescription("service '" + service + "' cannot be followed: " + e.getMessage())
                    .withCause(e)));
        }
    }

    /** The newest, whatever was to be told when this was put in order. */
    private void publish() {
        Known known = newest;
        if (known == null || shut) {
            return;
        }
        List<EquivalentAddressGroup> groups = new ArrayList<>();
        for (InetSocketAddress address : known.addresses()) {
            try {
                groups.add(new EquivalentAddressGroup(resolved(address)));
            } catch (UnknownHostException e) {
                log.warn(
                        "service '{}': no address is known of an instance's host, it is left out: {}",
                        service,
                        e.toString());
            }
        }
        if (groups.isEmpty() && known.error().isPresent()) {
            tell(StatusOr.fromStatus(Status.UNAVAILABLE
                    .withDescription("no instance of service '" + service + "' is known yet: "
                            + known.error().get().getMessage())
                    .withCause(known.error().get())));
        } else {
            tell(StatusOr.fromValue(groups));
        }
    }

    private static InetSocketAddress resolved(InetSocketAddress address) throws UnknownHostException {
        return address.isUnresolved()
                ? new InetSocketAddress(InetAddress.getByName(address.getHostString()), address.getPort())
                : address;
    }

    private void tell(StatusOr<List<EquivalentAddressGroup>> told) {
        Listener2 channel = Objects.requireNonNull(listener, "listener");
        context.execute(() -> {
            if (!shut) {
                var unused = channel.onResult2(
                        ResolutionResult.newBuilder().setAddressesOrError(told).build());
            }
        });
    }
}
