/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.rules;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;

/** Rules that hold for the code of every module. A rule's method name is what a failing build shows. */
class ArchitectureTest {
    private static final JavaClasses ALL = Modules.mainClasses();
    private static final JavaClasses PUBLISHED = Modules.ofModules("recipes-[^/]*", ALL);
    private static final JavaClasses RECIPES = Modules.ofModules("recipes-(?!testkit)[^/]*", ALL);
    private static final JavaClasses TESTS = Modules.testClasses();

    /** Packages of the recipe modules, by module: one module knows nothing of another. */
    private static final List<Set<String>> RECIPE_MODULES = List.of(
            Set.of("lock", "barrier"), Set.of("election"), Set.of("queue"), Set.of("config"), Set.of("discovery"));

    private static final DescribedPredicate<JavaClass> PUBLIC_API = describe("are public API", PublicSignatures::isApi);

    private static final String VAGUE_NAME = ".*[.$](Abstract\\w*|\\w*(Utils?|Helpers?|Manager))";

    /** The patterns of the parent POM. */
    private static final String NAME_OF_A_PART = ".*(Test|IT|Contract|Properties|Differential|Chaos)|.*\\.F\\d\\d_\\w+";

    @Test
    void modules_areAllRead() {
        assertThat(Modules.withMainCode())
                .extracting(folder -> folder.getFileName().toString())
                .contains(
                        "recipes-core",
                        "recipes-lock",
                        "recipes-election",
                        "recipes-config",
                        "recipes-queue",
                        "recipes-discovery",
                        "recipes-testkit",
                        "examples",
                        "benchmarks");
        assertThat(Modules.withMainCode())
                .allSatisfy(
                        folder -> assertThat(folder.resolve("target/classes")).isDirectory());
    }

    /** Coverage is not looked at where no test has run. */
    @Test
    void publishedModules_haveTests() {
        assertThat(Modules.withMainCode())
                .filteredOn(folder -> folder.getFileName().toString().startsWith("recipes-"))
                .allSatisfy(folder ->
                        assertThat(folder.resolve("target/test-classes")).isNotEmptyDirectory());
    }

    @Test
    void code_neverSleeps() {
        check(noClasses().should().accessTargetWhere(Calls.thatSleep()), ALL);
        check(noClasses().should().accessTargetWhere(Calls.thatSleep()), TESTS);
    }

    @Test
    void publishedCode_readsTheWallClockInTimingOnly() {
        check(
                noClasses()
                        .that(describe("are not the one seam", type -> !isTiming(type)))
                        .should()
                        .accessTargetWhere(Calls.thatReadTheWallClock()),
                PUBLISHED);
    }

    @Test
    void publishedCode_isNotSynchronized() {
        assertThat(Modules.publishedClassFiles().stream().map(MonitorSearch::in).flatMap(List::stream))
                .isEmpty();
    }

    /** A callback, which users implement, may throw what it likes. */
    @Test
    void publicApi_throwsNoBareException() {
        check(
                classes()
                        .that(PUBLIC_API)
                        .and()
                        .areNotAnnotatedWith(FunctionalInterface.class)
                        .should(PublicSignatures.throwNoBareException()),
                PUBLISHED);
    }

    /** But for what is there to join the user's own Jackson or gRPC to a recipe. */
    @Test
    void publicApi_mentionsNoForeignType() {
        check(
                classes()
                        .that(PUBLIC_API)
                        .and()
                        .doNotHaveSimpleName("JacksonCodec")
                        .and()
                        .resideOutsideOfPackage("dev.consort.discovery.grpc")
                        .should(PublicSignatures.mentionOwnAndJdkTypesOnly()),
                RECIPES);
    }

    /** People who migrate from java.util.concurrent use both; ReadWriteLock is the one exception. */
    @Test
    void publicTypes_shareNoNameWithJavaUtil() {
        assertThat(PUBLISHED.stream()
                        .filter(PUBLIC_API)
                        .filter(type -> !type.getSimpleName().equals("ReadWriteLock"))
                        .filter(type -> Stream.of("", "concurrent.", "concurrent.locks.")
                                .anyMatch(folder -> exists("java.util." + folder + type.getSimpleName())))
                        .map(JavaClass::getName))
                .isEmpty();
    }

    @Test
    void classes_haveNoVagueNames() {
        check(noClasses().should().haveNameMatching(VAGUE_NAME), ALL);
        check(noClasses().should().haveNameMatching(VAGUE_NAME), TESTS);
    }

    @Test
    void packages_areNullMarked() {
        assertThat(ALL.stream()
                        .map(JavaClass::getPackage)
                        .distinct()
                        .filter(folder -> !folder.isAnnotatedWith(NullMarked.class))
                        .map(JavaPackage::getName))
                .isEmpty();
    }

    @Test
    void recipeModules_useCoreAndNoOtherModule() {
        Set<String> all =
                Set.copyOf(RECIPE_MODULES.stream().flatMap(Set::stream).toList());
        check(borderOf(Set.of("core", "stm"), all), RECIPES);
        for (Set<String> module : RECIPE_MODULES) {
            Set<String> others = Set.copyOf(
                    all.stream().filter(name -> !module.contains(name)).toList());
            check(borderOf(module, others), RECIPES);
        }
        check(borderOf(all, Set.of("testkit", "examples", "benchmarks")), RECIPES);
        check(borderOf(Set.of("core", "stm"), Set.of("testkit", "examples", "benchmarks")), RECIPES);
    }

    @Test
    void testkit_usesNoModuleOfOurs() {
        check(
                noClasses()
                        .should()
                        .dependOnClassesThat(describe(
                                "are ours and outside the test kit",
                                type -> type.getPackageName().startsWith("dev.consort.")
                                        && !type.getPackageName().startsWith("dev.consort.testkit"))),
                Modules.ofModules("recipes-testkit", ALL));
    }

    @Test
    void examplesAndBenchmarks_useThePublicApiOnly() {
        check(
                noClasses().should().dependOnClassesThat().resideInAPackage("dev.consort..internal.."),
                Modules.ofModules("(examples|benchmarks)", ALL));
    }

    /** A class that no part of the build runs would count as passed. */
    @Test
    void testClasses_belongToAPart() {
        check(
                classes()
                        .that(describe("have tests to run", ArchitectureTest::hasTests))
                        .should()
                        .haveNameMatching(NAME_OF_A_PART),
                TESTS);
    }

    private static void check(ArchRule rule, JavaClasses classes) {
        rule.allowEmptyShould(true).check(classes);
    }

    private static ArchRule borderOf(Set<String> insiders, Set<String> outsiders) {
        return noClasses()
                .that()
                .resideInAnyPackage(packages(insiders))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(packages(outsiders));
    }

    private static String[] packages(Set<String> names) {
        return names.stream().map(name -> "dev.consort." + name + "..").toArray(String[]::new);
    }

    private static boolean isTiming(JavaClass type) {
        return type.getName().matches("dev\\.consort\\.core\\.(internal\\.)?Timing(\\$.*)?");
    }

    private static boolean hasTests(JavaClass type) {
        return type.isTopLevelClass()
                && !type.getModifiers().contains(JavaModifier.ABSTRACT)
                && type.getAllMethods().stream().anyMatch(method -> method.isMetaAnnotatedWith(Testable.class));
    }

    private static boolean exists(String name) {
        try {
            Class.forName(name, false, ArchitectureTest.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException absent) {
            return false;
        }
    }
}
