/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.rules;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A page of the documentation. */
record MarkdownPage(Path file, List<String> lines) {
    private static final String FENCE = "```";
    private static final Pattern LINK = Pattern.compile("\\]\\(([^):#]+)(?:#[^)]*)?\\)");

    /**
     * A fenced block.
     *
     * @param line that of its first line in the page, from 1
     */
    record Block(Path file, int line, List<String> lines) {
        @Override
        public String toString() {
            return file.getFileName() + ":" + line + " '" + lines.get(0).strip() + "'";
        }
    }

    static MarkdownPage of(Path file) {
        return new MarkdownPage(file, linesOf(file));
    }

    static List<String> linesOf(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String name() {
        return file.getFileName().toString();
    }

    /** The blocks of a language, which is the first word after the fence. */
    List<Block> blocks(String language) {
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).startsWith(FENCE)) {
                int end = i + 1;
                while (!lines.get(end).equals(FENCE)) {
                    end++;
                }
                if (lines.get(i).substring(FENCE.length()).split(" ", -1)[0].equals(language)) {
                    blocks.add(new Block(file, i + 2, lines.subList(i + 1, end)));
                }
                i = end;
            }
        }
        return blocks;
    }

    /** The second-level headings. */
    List<String> headings() {
        return lines.stream()
                .filter(line -> line.startsWith("## "))
                .map(line -> line.substring(3))
                .toList();
    }

    /** The first cells of the tables' rows, without code marks. */
    List<String> firstCells() {
        return lines.stream()
                .filter(line -> line.startsWith("| "))
                .map(line -> line.split("\\|", -1)[1].strip().replace("`", ""))
                .toList();
    }

    /** The files that it links to. */
    Stream<Path> links() {
        return lines.stream()
                .flatMap(line -> LINK.matcher(line).results())
                .map((MatchResult link) -> file.resolveSibling(link.group(1)).normalize());
    }
}
