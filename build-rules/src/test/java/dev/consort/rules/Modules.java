/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.rules;

import static com.tngtech.archunit.base.DescribedPredicate.describe;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The modules of this build as folders, so that a new module cannot be left out of the rules by accident. */
final class Modules {
    static final Path ROOT = Path.of("").toAbsolutePath().getParent();

    private Modules() {}

    /** Folders of the modules that have main code, except this one. */
    static List<Path> withMainCode() {
        try (Stream<Path> folders = Files.list(ROOT)) {
            return folders.filter(folder -> Files.isDirectory(folder.resolve("src/main/java")))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JavaClasses mainClasses() {
        return read("target/classes");
    }

    static JavaClasses testClasses() {
        return read("target/test-classes");
    }

    /** Those of them that belong to modules of such names: reading them takes longer than judging them. */
    static JavaClasses ofModules(String namePattern, JavaClasses classes) {
        Pattern folder = Pattern.compile(".*/" + namePattern + "/target/(test-)?classes/.*");
        return classes.that(describe(
                "are in " + namePattern,
                type -> type.getSource()
                        .filter(source ->
                                folder.matcher(source.getUri().getPath()).matches())
                        .isPresent()));
    }

    private static JavaClasses read(String output) {
        Set<Path> paths = withMainCode().stream()
                .map(folder -> folder.resolve(output))
                .filter(Files::isDirectory)
                .collect(Collectors.toCollection(TreeSet::new));
        return new ClassFileImporter().importPaths(paths);
    }

    /** Class files of the main code of the modules that are published, the test kit included. */
    static List<Path> publishedClassFiles() {
        return withMainCode().stream()
                .filter(folder -> folder.getFileName().toString().startsWith("recipes-"))
                .map(folder -> folder.resolve("target/classes"))
                .filter(Files::isDirectory)
                .flatMap(Modules::classFiles)
                .toList();
    }

    private static Stream<Path> classFiles(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".class")).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
