/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.LossReason;
import dev.consort.core.SessionState;
import dev.consort.rules.MarkdownPage.Block;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the pages say that can be compared with the code. */
class DocumentationTest {
    private static final List<String> HEADINGS_OF_A_RECIPE =
            List.of("Use", "Guarantees", "Not guaranteed", "When the session is lost", "Key layout", "Cost", "Example");

    private static final Path DOCS = Modules.ROOT.resolve("docs");
    private static final List<MarkdownPage> PAGES = Stream.concat(
                    files(DOCS, ".md").stream(), Stream.of(Modules.ROOT.resolve("README.md")))
            .map(MarkdownPage::of)
            .toList();

    private static List<Path> files(Path folder, String end) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(end)).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static MarkdownPage page(String name) {
        return MarkdownPage.of(DOCS.resolve(name));
    }

    /** So that what is shown compiles, and so that a page cannot fall behind the program that it shows. */
    @Test
    void javaAndSqlBlocks_areCopiedFromTheExamples() {
        List<List<String>> sources = files(Modules.ROOT.resolve("examples/src"), ".java").stream()
                .map(MarkdownPage::linesOf)
                .toList();
        List<Block> shown = PAGES.stream()
                .flatMap(page -> Stream.concat(page.blocks("java").stream(), page.blocks("sql").stream()))
                .toList();
        assertThat(shown).hasSizeGreaterThan(10);
        assertThat(shown)
                .filteredOn(block -> sources.stream().noneMatch(source -> contains(source, block.lines())))
                .as("blocks that are in no source of examples/src, line for line")
                .isEmpty();
    }

    /** Whether the lines are there one after the other, all of them indented by the same more. */
    private static boolean contains(List<String> source, List<String> wanted) {
        for (int from = 0; from + wanted.size() <= source.size(); from++) {
            int more = indentation(source.get(from)) - indentation(wanted.get(0));
            if (more >= 0 && source.subList(from, from + wanted.size()).equals(indented(wanted, more))) {
                return true;
            }
        }
        return false;
    }

    private static List<String> indented(List<String> lines, int more) {
        return lines.stream()
                .map(line -> line.isEmpty() ? line : " ".repeat(more) + line)
                .toList();
    }

    private static int indentation(String line) {
        return line.length() - line.stripLeading().length();
    }

    @Test
    void recipePages_haveTheFixedHeadingsInOrder() {
        for (String name : List.of(
                "mutex.md",
                "multi-mutex.md",
                "read-write-lock.md",
                "semaphore.md",
                "cyclic-barrier.md",
                "double-barrier.md",
                "latch.md",
                "barrier.md",
                "election.md",
                "clustered-job.md",
                "membership.md",
                "config-view.md",
                "config-writer.md",
                "stm.md",
                "setnx.md",
                "shared-value.md",
                "atomic-counter.md",
                "distributed-queue.md",
                "work-queue.md",
                "discovery.md",
                "load-balancing.md")) {
            MarkdownPage page = page(name);
            assertThat(page.headings()).as(page.name()).containsSubsequence(HEADINGS_OF_A_RECIPE);
        }
    }

    @Test
    void tablesOfSessions_nameEveryStateAndEveryLossReason() {
        List<String> rows = page("sessions.md").firstCells();
        assertThat(rows).containsSubsequence(names(SessionState.values()));
        assertThat(rows).containsSubsequence(names(LossReason.values()));
    }

    private static List<String> names(Enum<?>... constants) {
        return Arrays.stream(constants).map(Enum::name).toList();
    }

    @Test
    void links_leadToFiles() {
        for (MarkdownPage page : PAGES) {
            assertThat(page.links())
                    .as(page.name())
                    .allSatisfy(file -> assertThat(file).exists());
        }
    }

    @Test
    void index_leadsToEveryPage() {
        assertThat(page("README.md").links().map(file -> file.getFileName().toString()))
                .containsAll(PAGES.stream()
                        .map(MarkdownPage::name)
                        .filter(name -> !name.equals("README.md"))
                        .toList());
    }
}
