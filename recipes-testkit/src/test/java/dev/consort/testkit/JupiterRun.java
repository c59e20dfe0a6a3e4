/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.EngineFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** A run of test classes as a build has it, and what came of each test and class. Confined to the test. */
final class JupiterRun {
    private final Map<String, TestExecutionResult> results;

    private JupiterRun(Map<String, TestExecutionResult> results) {
        this.results = results;
    }

    static JupiterRun of(Class<?>... classes) {
        return of(Map.of(), classes);
    }

    static JupiterRun of(Map<String, String> parameters, Class<?>... classes) {
        return of(
                parameters,
                Arrays.stream(classes).map(type -> selectClass(type)).toList());
    }

    /** Some tests of a class, by the names of their methods. */
    static JupiterRun ofMethods(Class<?> type, List<String> methods) {
        return of(
                Map.of(),
                methods.stream().map(method -> selectMethod(type, method)).toList());
    }

    private static JupiterRun of(Map<String, String> parameters, List<? extends DiscoverySelector> selectors) {
        Map<String, TestExecutionResult> results = new ConcurrentHashMap<>();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(selectors)
                                .filters(EngineFilter.includeEngines("junit-jupiter"))
                                .configurationParameter(EtcdTest.PATIENCE_PROPERTY, "150")
                                // Whatever the tests of this build do, whose settings a launcher reads too.
                                .configurationParameter("junit.jupiter.execution.parallel.enabled", "false")
                                .configurationParameters(parameters)
                                .build(),
                        new TestExecutionListener() {
                            @Override
                            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                                results.put(test.getDisplayName().replaceAll("\\(.*", ""), result);
                            }
                        });
        return new JupiterRun(new LinkedHashMap<>(results));
    }

    /** What failed, by the names of its method or class, in order. */
    SortedSet<String> failed() {
        TreeSet<String> failed = new TreeSet<>();
        results.forEach((name, result) -> {
            if (result.getStatus() != TestExecutionResult.Status.SUCCESSFUL) {
                failed.add(name);
            }
        });
        return failed;
    }

    /** Why something failed; an error of its own if it did not. */
    Throwable failure(String name) {
        return Optional.ofNullable(results.get(name))
                .flatMap(TestExecutionResult::getThrowable)
                .orElseGet(() -> new IllegalStateException(name + " has not failed; seen: " + results));
    }

    /** Every result, for a test that failed. */
    @Override
    public String toString() {
        return results.toString();
    }

    int count() {
        return results.size();
    }
}
