/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.discovery.grpc;

import dev.consort.core.Connection;
import dev.consort.discovery.GrpcEndpoint;
import dev.consort.discovery.Registrar;
import dev.consort.discovery.ServiceLayout;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A gRPC service that says which instance has answered: in this process, or in one of its own, to be killed. */
final class WhoServer implements AutoCloseable {
    private static final MethodDescriptor.Marshaller<String> TEXT = new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(String text) {
            return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream bytes) {
            try {
                return new String(bytes.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    };

    private static final MethodDescriptor<String, String> WHO = MethodDescriptor.<String, String>newBuilder()
            .setType(MethodType.UNARY)
            .setFullMethodName(MethodDescriptor.generateFullMethodName("consort.Who", "Answers"))
            .setRequestMarshaller(TEXT)
            .setResponseMarshaller(TEXT)
            .build();

    private final Server server;

    private WhoServer(Server server) {
        this.server = server;
    }

    static WhoServer start(String name) throws IOException {
        ServerServiceDefinition service = ServerServiceDefinition.builder("consort.Who")
                .addMethod(WHO, ServerCalls.asyncUnaryCall((asked, answer) -> {
                    answer.onNext(name);
                    answer.onCompleted();
                }))
                .build();
        return new WhoServer(NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(service)
                .build()
                .start());
    }

    int port() {
        return server.getPort();
    }

    /** Asks the service; ends within the time whatever happens. */
    static String ask(Channel channel) {
        return ClientCalls.blockingUnaryCall(
                channel, WHO, CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS), "who");
    }

    /** The same, once there is a connection. */
    static String askWhenReady(Channel channel) {
        return ClientCalls.blockingUnaryCall(
                channel, WHO, CallOptions.DEFAULT.withWaitForReady().withDeadlineAfter(20, TimeUnit.SECONDS), "who");
    }

    /** Ends at once, connections included. */
    @Override
    public void close() {
        server.shutdownNow();
        try {
            server.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // IN A PROCESS OF ITS OWN

    /** Registers an instance of a name with a TTL of two seconds, says its port, and ends with its input. */
    public static void main(String... arguments) throws IOException, InterruptedException {
        String target = arguments[1];
        try (WhoServer server = start(arguments[2]);
                Connection connection = Connection.to(arguments[0]).open();
                Registrar<GrpcEndpoint> registrar = Registrar.builder(connection, ServiceLayout.grpcEndpoints(target))
                        .ttl(Duration.ofSeconds(2))
                        .register(GrpcEndpoint.of("127.0.0.1:" + server.port()))) {
            System.out.println("registered " + registrar.key());
            while (System.in.read() >= 0) {
                // Nothing is expected: whoever started it has ended, or wants it to end.
            }
        }
    }

    /** An instance that can be killed. */
    record Other(Process process, String said) implements AutoCloseable {
        static Other start(String endpoint, String target, String name) throws IOException {
            Process process = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx128m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-Xshare:auto",
                            "-cp",
                            System.getProperty("java.class.path"),
                            WhoServer.class.getName(),
                            endpoint,
                            target,
                            name))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return new Other(process, String.valueOf(process.inputReader().readLine()));
        }

        /** As the kernel would, SIGKILL. */
        void kill() throws InterruptedException {
            process.toHandle().destroyForcibly();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("it lives");
            }
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}
