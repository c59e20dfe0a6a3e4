/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.ForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Remembers why TLS did not come about: calls that fail for it also fail for other reasons, such as their deadline, and
 * the last failure need not be the telling one.
 *
 * <p>Thread-safe.
 */
final class Handshakes implements ClientInterceptor {
    private final TlsSettings settings;
    private volatile @Nullable String lastFailure; // any of several calls that fail at the same time will do

    Handshakes(TlsSettings settings) {
        this.settings = settings;
    }

    /** What went wrong and what to do; null if some endpoint answers. */
    @Nullable
    String lastFailure() {
        return lastFailure;
    }

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
        return new ForwardingClientCall.SimpleForwardingClientCall<>(next.newCall(method, options)) {
            @Override
            public void start(Listener<A> listener, Metadata headers) {
                super.start(
                        new ForwardingClientCallListener.SimpleForwardingClientCallListener<>(listener) {
                            @Override
                            public void onHeaders(Metadata received) {
                                lastFailure = null;
                                super.onHeaders(received);
                            }

                            @Override
                            public void onClose(Status status, Metadata trailers) {
                                String why = explain(status.getCause());
                                if (why != null) {
                                    lastFailure = why;
                                }
                                super.onClose(status, trailers);
                            }
                        },
                        headers);
            }
        };
    }

    /** In the user's terms; null if TLS has nothing to do with it. */
    @Nullable
    String explain(@Nullable Throwable cause) {
        String why = null;
        for (Throwable each = cause; each != null; each = each.getCause()) {
            String explained = explainOne(each);
            why = explained == null ? why : explained;
        }
        return why;
    }

    private @Nullable String explainOne(Throwable failure) {
        String text = String.valueOf(failure.getMessage());
        if (failure instanceof CertificateExpiredException || failure instanceof CertificateNotYetValidException) {
            return "the server's certificate is out of its time (" + text + "): renew it, or set this machine's clock";
        }
        if (failure instanceof CertPathBuilderException) {
            return "the server's certificate is of no authority in " + settings.trusted()
                    + ": give the authority's file to Tls.trusting(..)";
        }
        if (failure instanceof CertificateException && text.startsWith("No ")) {
            return "the server's certificate is not for the host of the endpoint (" + text
                    + "): use a name that is in it, or give Tls.hostName(..)";
        }
        if (text.contains("fatal alert")) {
            return (settings.certificate() == null
                            ? "the server wants a client certificate, and none is given"
                            : "the server does not accept the client certificate of "
                                    + settings.certificate().chain())
                    + " (" + text + "): see Tls.certificate(..)";
        }
        if (text.contains("not an SSL/TLS record")) {
            return "the server does not speak TLS: give its endpoint as http";
        }
        return failure instanceof SSLException || failure instanceof CertificateException
                ? "the TLS handshake failed (" + text + ")"
                : null;
    }
}
