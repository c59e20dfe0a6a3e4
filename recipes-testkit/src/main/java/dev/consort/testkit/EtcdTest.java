/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A JUnit test class that needs an etcd:
 *
 * <pre>{@code
 * @EtcdTest
 * class OrdersTest {
 *     @Test
 *     void orders_areLocked(Client client) { ... }
 * }
 * }</pre>
 *
 * <p><b>Parameters.</b> Constructors, tests and lifecycle methods may have parameters of these types: jetcd's {@code
 * Client}, {@link EtcdServer} or the class of the server that runs ({@link EmbeddedEtcd}, {@link
 * EtcdProcess}, {@link EtcdContainer}), {@link
 * EmbeddedFaults} of the embedded server, {@link CallFaults} and {@link CallLog} of the client, and {@code String[]} or
 * {@code List<String>} marked {@link Endpoints}. A client is of one test, and closed after it; one that a
 * {@code @BeforeAll} method has, or the constructor of a class that is instantiated once, is of all tests of the class.
 *
 * <p><b>The server</b> is shared by the tests of the class and of its nested classes, unless those have an annotation of
 * their own. The system property {@value #SERVER_PROPERTY}, or the JUnit configuration parameter of this name, wins over
 * the annotation: {@code embedded}, {@code process}, {@code container}, or the endpoints of a running etcd, such as
 * {@code http://127.0.0.1:2379}, with commas between them. A given etcd is spoken to without TLS and without a user.
 *
 * <p><b>Leftovers.</b> A test that leaves keys, leases, threads or watches behind fails with a message that names them.
 * What was there before it does not count, and what is just going away is waited for: 3 s at most, or as many milliseconds
 * as the property {@value #PATIENCE_PROPERTY} says. The check comes after
 * all {@code @AfterEach} methods and after what other extensions close; a second one after {@code @AfterAll} looks at the
 * class as a whole. If the test has failed by itself, the leftovers are suppressed by its failure. From servers that the
 * extension has started, keys and leases that a test leaves are removed, so that the next test finds none of them; faults
 * that it left on are ended. From a given etcd nothing is removed.
 *
 * <ul>
 *   <li>Watches are counted by the server: in a given etcd only those of the injected clients are.
 *   <li>Threads are not blamed if they belong to everybody: to the JDK, JUnit, the test kit, or gRPC's and Vert.x's shared
 *       pools; see {@link #sharedThreads}. A jetcd client that was not closed shows by its {@code jetcd-pool} threads.
 *   <li>Tests of a class that run at the same time are checked together, at the end of the class. While JUnit runs tests
 *       in parallel at all, threads are looked at only in classes that are {@code @Isolated}, for nobody can tell whose
 *       they are.
 * </ul>
 *
 * <p>Needs JUnit 5.12 or later, which the test kit does not bring along.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.ANNOTATION_TYPE})
@ExtendWith(EtcdExtension.class)
public @interface EtcdTest {
    /** The system property that chooses the server. */
    String SERVER_PROPERTY = "consort.etcd.server";

    /** The system property, or configuration parameter, for the milliseconds to wait for what is just going away. */
    String PATIENCE_PROPERTY = "consort.etcd.patience";

    /** Which server to start. */
    Server server() default Server.EMBEDDED;

    /** The endpoints of a running etcd, to be used instead of starting one. */
    String[] endpoints() default {};

    /** The number of members, 1 to 9, of a server that is started. */
    int members() default 1;

    /** Whether time stands still for leases, but for {@link EmbeddedEtcd#advance}. Only the embedded server can do that. */
    boolean virtualClock() default false;

    /** What the tests may leave behind. Keys and leases are removed after each test all the same, but from a given etcd. */
    Leftover[] mayLeave() default {};

    /** How the names of threads begin that outlive a test on purpose, such as those of a pool that the JVM has one of. */
    String[] sharedThreads() default {};

    /** A server that can be started for a test. */
    enum Server {
        /** An {@link EmbeddedEtcd}. */
        EMBEDDED,
        /** An {@link EtcdProcess}. */
        PROCESS,
        /** An {@link EtcdContainer}, for which Docker must answer. */
        CONTAINER
    }

    /** What a test can leave behind. */
    enum Leftover {
        /** Keys that were not there before. */
        KEYS,
        /** Leases that were not there before. */
        LEASES,
        /** Watches that were not open before. */
        WATCHES,
        /** Threads that were not alive before. */
        THREADS
    }

    /** Marks a parameter, a {@code String[]} or a {@code List<String>}, that is to be the endpoints of the server. */
    @Documented
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.PARAMETER)
    @interface Endpoints {}
}
