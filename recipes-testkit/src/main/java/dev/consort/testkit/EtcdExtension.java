/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import dev.consort.testkit.EtcdScope.Checks;
import dev.consort.testkit.EtcdTest.Endpoints;
import io.etcd.jetcd.Client;
import java.lang.reflect.Parameter;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.platform.commons.support.AnnotationSupport;

/** Does what {@link EtcdTest} says. Stateless: what lasts is in JUnit's stores, which end it. */
final class EtcdExtension
        implements BeforeAllCallback, BeforeEachCallback, TestInstancePreConstructCallback, ParameterResolver {
    private static final Namespace NAMESPACE = Namespace.create(EtcdExtension.class);
    private static final String PARALLEL = "junit.jupiter.execution.parallel.enabled";

    /** A lease that is due goes within half a second or so. */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private static final Set<Class<?>> INJECTED =
            Set.of(Client.class, EmbeddedFaults.class, CallFaults.class, CallLog.class);

    @Override
    public void beforeAll(ExtensionContext context) {
        var unused = scope(context);
    }

    /* The constructor may be the first to do something. */
    @Override
    public void preConstructTestInstance(TestInstanceFactoryContext factory, ExtensionContext context) {
        var unused = scope(context);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        var unused = scope(context);
    }

    /** What constructors do and are given belongs to the one test, if the instance does. */
    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
        return ExtensionContextScope.TEST_METHOD;
    }

    private static EtcdScope scope(ExtensionContext context) {
        EtcdScope ofClass = scopeOfClass(context);
        if (context.getTestMethod().isEmpty()) {
            return ofClass;
        }
        return context.getStore(NAMESPACE)
                .getOrComputeIfAbsent(context.getUniqueId(), id -> scopeOfTest(context, ofClass), EtcdScope.class);
    }

    private static EtcdScope scopeOfTest(ExtensionContext context, EtcdScope ofClass) {
        Checks checks = isConcurrent(context) ? ofClass.checks().none() : ofClass.checks();
        return new EtcdScope(context.getDisplayName(), ofClass, ofClass.server(), checks, LiveThreads.now());
    }

    /** That of the nearest class around which is annotated itself. */
    private static EtcdScope scopeOfClass(ExtensionContext context) {
        ExtensionContext at = context;
        while (at.getTestMethod().isPresent() || annotation(at).isEmpty()) {
            at = at.getParent()
                    .orElseThrow(() -> new IllegalStateException(
                            "no class around " + context.getDisplayName() + " is annotated with @EtcdTest"));
        }
        ExtensionContext owner = at;
        return owner.getStore(NAMESPACE)
                .getOrComputeIfAbsent(owner.getUniqueId(), id -> startFor(owner), EtcdScope.class);
    }

    private static Optional<EtcdTest> annotation(ExtensionContext context) {
        return context.getTestClass().flatMap(type -> AnnotationSupport.findAnnotation(type, EtcdTest.class));
    }

    private static EtcdScope startFor(ExtensionContext context) {
        Class<?> testClass = context.getRequiredTestClass();
        EtcdTest settings = annotation(context).orElseThrow();
        boolean parallel = isParallel(context) && !AnnotationSupport.isAnnotated(testClass, Isolated.class);
        Checks checks = new Checks(
                true, !parallel, Set.of(settings.mayLeave()), List.of(settings.sharedThreads()), patience(context));
        Set<Thread> threads = LiveThreads.now();
        String property =
                context.getConfigurationParameter(EtcdTest.SERVER_PROPERTY).orElse("");
        ServerOfClass server = ServerOfClass.start(testClass, settings, property);
        try {
            String name = testClass.getName()
                    + (isConcurrent(context) ? ", whose tests run at the same time," : " as a whole");
            return new EtcdScope(name, null, server, checks, threads);
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private static Duration patience(ExtensionContext context) {
        return context.getConfigurationParameter(EtcdTest.PATIENCE_PROPERTY, Long::valueOf)
                .map(Duration::ofMillis)
                .orElse(PATIENCE);
    }

    private static boolean isParallel(ExtensionContext context) {
        return context.getConfigurationParameter(PARALLEL)
                .map(Boolean::parseBoolean)
                .orElse(false);
    }

    private static boolean isConcurrent(ExtensionContext context) {
        return isParallel(context) && context.getExecutionMode() == ExecutionMode.CONCURRENT;
    }

    @Override
    public boolean supportsParameter(ParameterContext parameterContext, ExtensionContext context) {
        Class<?> type = parameterContext.getParameter().getType();
        return INJECTED.contains(type)
                || EtcdServer.class.isAssignableFrom(type)
                || (parameterContext.isAnnotated(Endpoints.class) && (type == String[].class || type == List.class));
    }

    @Override
    public Object resolveParameter(ParameterContext parameterContext, ExtensionContext context) {
        Parameter parameter = parameterContext.getParameter();
        Class<?> type = parameter.getType();
        EtcdScope scope = scope(context);
        EtcdServer server = scope.server().server();
        if (type == Client.class) {
            return scope.client().client();
        } else if (type == CallFaults.class) {
            return scope.client().faults();
        } else if (type == CallLog.class) {
            return scope.client().log();
        } else if (type == List.class) {
            return server.endpoints();
        } else if (type == String[].class) {
            return server.endpoints().toArray(String[]::new);
        } else if (type == EmbeddedFaults.class && server instanceof EmbeddedEtcd embedded) {
            return embedded.faults();
        } else if (type.isInstance(server)) {
            return server;
        }
        throw new ParameterResolutionException("a test that wants " + type.getSimpleName() + " cannot run on " + server
                + "; " + EtcdTest.SERVER_PROPERTY + " is "
                + context.getConfigurationParameter(EtcdTest.SERVER_PROPERTY)
                        .map(value -> "'" + value + "'")
                        .orElse("not set"));
    }
}
