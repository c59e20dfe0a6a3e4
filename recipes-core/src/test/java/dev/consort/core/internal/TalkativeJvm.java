/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.core.internal;

import dev.consort.core.Connection;
import dev.consort.core.Session;
import dev.consort.core.Tls;
import io.grpc.CallCredentials;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The main class of a JVM that uses secrets in every right and wrong way, and prints all that can be printed. */
final class TalkativeJvm {
    static final String PASSWORD = "pass-of-root-0815";
    static final String WRONG = "wrong-of-root-4711";
    static final String PASSPHRASE = "phrase-of-key-1234";
    static final String TOKEN = "the token is ";

    private TalkativeJvm() {}

    /** Takes an endpoint, an authority, a certificate and its key. */
    public static void main(String[] arguments) throws InterruptedException {
        Tls tls = Tls.trusting(Path.of(arguments[1]));
        Path chain = Path.of(arguments[2]);
        Path key = Path.of(arguments[3]);
        Tls good = tls.certificate(chain, key, secret(PASSPHRASE));
        use(Connection.to(arguments[0]).tls(good).user("root", secret(PASSWORD)));
        use(Connection.to(arguments[0]).tls(good).user("root", secret(WRONG)));
        use(Connection.to(arguments[0])
                .tls(tls.certificate(chain, key, secret(WRONG)))
                .user("root", secret(PASSWORD)));
        use(Connection.to(arguments[0]).tls(tls.certificate(chain, key)).user("root", secret(PASSWORD)));
        use(Connection.to(arguments[0]).tls(Tls.system()).user("root", secret(PASSWORD)));
        System.out.println(good);
        System.out.println("done");
    }

    private static Supplier<char[]> secret(String text) {
        return text::toCharArray;
    }

    private static void use(Connection.Builder builder) throws InterruptedException {
        System.out.println(builder);
        try (Connection connection =
                        builder.connectTimeout(Duration.ofSeconds(20)).open();
                Session session = Session.builder(connection).open()) {
            EtcdGrant grant = new Acquirer<>(EtcdSession.of(session), made -> made).acquire(Party.spec("secrets"));
            UserToken token = Objects.requireNonNull(
                    EtcdConnection.of(connection).access().token());
            System.out.println(connection + " " + session + " " + grant + " " + connection.client() + " " + token);
            System.out.println(TOKEN + tokenOf(token));
            grant.close();
        } catch (RuntimeException e) {
            e.printStackTrace(System.out);
        }
    }

    private static String tokenOf(UserToken token) {
        CompletableFuture<String> text = new CompletableFuture<>();
        token.applyRequestMetadata(Missing.value(), Runnable::run, new CallCredentials.MetadataApplier() {
            @Override
            public void apply(Metadata headers) {
                text.complete(headers.get(Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER)));
            }

            @Override
            public void fail(Status status) {
                text.completeExceptionally(status.asException());
            }
        });
        return text.join();
    }
}
