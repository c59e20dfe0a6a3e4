/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.consort.testkit.history.RegisterCall.Read;
import dev.consort.testkit.history.RegisterCall.Written;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** What a violation says and shows. */
class ViolationTest {
    @TempDir
    private Path folder;

    private static Operation<RegisterCall> operation(int client, long from, long to, RegisterCall what) {
        Outcome outcome = to == Operation.NEVER ? Outcome.UNKNOWN : Outcome.OK;
        return new Operation<>(client, what, outcome, from, to);
    }

    /** A stale read that overlaps a write, with much before and after it. */
    private static Violation<RegisterCall> staleRead() {
        List<Operation<RegisterCall>> history = new ArrayList<>();
        history.add(operation(3, 1, Operation.NEVER, new Written("lost?")));
        for (int i = 0; i < 50; i++) {
            history.add(operation(1, 10 + 10L * i, 15 + 10L * i, new Written("w" + i)));
        }
        history.add(operation(2, 600, 640, new Written("<new> & \"old\"")));
        history.add(operation(1, 610, 620, new Read("w49")));
        history.add(operation(1, 650, 660, new Read("w48")));
        history.add(operation(4, 655, 700, new Written("late")));
        history.add(new Operation<>(5, new Written("refused"), Outcome.FAILED, 656, 701));
        history.add(operation(2, 800, 810, new Read("late")));
        history.add(operation(2, 820, 830, new Read("never")));
        return Linearizability.violation("a/<b>", new RegisterModel(""), history)
                .orElseThrow();
    }

    @Test
    void shortestPart_isFromTheLastQuietMomentToTheFirstThatCannotBe() {
        Violation<RegisterCall> violation = staleRead();
        assertThat(violation.until()).isEqualTo(660);
        assertThat(violation.before()).isEqualTo(52);
        assertThat(violation.states()).containsExactlyInAnyOrder("<new> & \"old\"", "lost?");
        assertThat(violation.pending()).extracting(Operation::client).containsExactly(3);
        assertThat(violation.part()).extracting(Operation::client).containsExactly(1, 4);
        assertThat(violation.unplaced()).extracting(Operation::what).containsExactly(new Read("w48"));
        assertThat(violation).hasToString("""
                        no order of the operations on a/<b> explains their outcomes
                        this one cannot be placed: [650, 660] client 1 Read[value=w48] OK
                        the state before these, after 52 others, was <new> & "old"
                          or lost?
                        > [650, 660] client 1 Read[value=w48] OK
                          [655, 700] client 4 Written[value=late] OK (ends later)
                        and each of these had begun before, and may have happened or not:
                          [1, ...] client 3 Written[value=lost?] UNKNOWN""");
    }

    @Test
    void states_areListedUpToABound() {
        List<Operation<RegisterCall>> history = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            history.add(operation(i, 1 + i, Operation.NEVER, new Written("w" + i)));
        }
        history.add(operation(0, 50, 51, new Written("x")));
        history.add(operation(0, 60, 61, new Read("never")));
        assertThat(Linearizability.violation(new RegisterModel(""), history).orElseThrow())
                .satisfies(
                        violation -> assertThat(violation.states()).hasSize(9).endsWith("..."));
    }

    @Test
    void picture_hasARowForEachClient_andABarForEachOperation() {
        Path file = staleRead().writePicture(folder);
        assertThat(file.getFileName()).hasToString("history-a_b_-1.html");
        Document page = page(file);
        assertThat(count(page, "//*[@class='row']")).isEqualTo(3);
        assertThat(texts(page, "//*[@class='row']/*[local-name()='text']"))
                .containsExactly("client 1", "client 3", "client 4");
        assertThat(count(page, "//*[starts-with(@class, 'operation')]/*[local-name()='rect']"))
                .isEqualTo(3);
        assertThat(texts(page, "//*[@class='operation unplaced']/*[local-name()='text']"))
                .containsExactly("Read[value=w48] OK");
        assertThat(texts(page, "//*[@class='operation unknown']/*[local-name()='title']"))
                .containsExactly("[1, ...] client 3 Written[value=lost?] UNKNOWN");
        assertThat(count(page, "//*[@class='operation later']")).isEqualTo(1);
        assertThat(texts(page, "//*[local-name()='pre']"))
                .containsExactly(staleRead().toString());
        assertThat(count(page, "//*[local-name()='script' or @src or @href]")).isZero();

        Element unplaced = element(page, "//*[@class='operation unplaced']/*[local-name()='rect']");
        Element unknown = element(page, "//*[@class='operation unknown']/*[local-name()='rect']");
        Element later = element(page, "//*[@class='operation later']/*[local-name()='rect']");
        Element end = element(page, "//*[@class='end']");
        assertThat(right(unplaced)).isEqualTo(number(end, "x1"));
        assertThat(right(unknown)).isGreaterThan(number(end, "x1")).isEqualTo(right(later));
        assertThat(number(unknown, "x")).isLessThan(number(unplaced, "x"));
        assertThat(number(later, "x")).isBetween(number(unplaced, "x"), right(unplaced));
        assertThat(List.of(number(unplaced, "y"), number(unknown, "y"), number(later, "y")))
                .isSorted()
                .doesNotHaveDuplicates();
    }

    /** Bars and labels of one client that would lie upon each other have lanes. */
    @Test
    void picture_operationsOfOneClientThatOverlap_areOneBelowTheOther() {
        Path file = Linearizability.violation(
                        new RegisterModel(""),
                        List.of(
                                operation(1, 1, 9, new Written("\u0000\uD800")),
                                operation(1, 2, 8, new Written("b")),
                                operation(1, 3, 7, new Read("c"))))
                .orElseThrow()
                .writePicture(folder);
        assertThat(file.getFileName()).hasToString("history-1.html");
        Document page = page(file);
        assertThat(count(page, "//*[@class='row']")).isEqualTo(1);
        assertThat(texts(page, "//*[local-name()='rect']/@y"))
                .doesNotHaveDuplicates()
                .hasSize(3);
    }

    @Test
    void report_namesThePicture_andEachIsAnotherFile() throws IOException {
        Violation<RegisterCall> violation = staleRead();
        Path first = violation.writePicture(folder);
        Path second = violation.writePicture(folder);
        assertThat(second).isNotEqualTo(first).hasSameTextualContentAs(first);
        String report = violation.report();
        assertThat(report).startsWith(violation.toString()).contains("target/histories/history-a_b_-");
        Files.delete(Path.of(report.substring(report.lastIndexOf(": ") + 2)));
    }

    @Test
    void picture_whereNoneCanBeWritten_saysSo() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> staleRead().writePicture(file))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("no picture");
    }

    private static double right(Element bar) {
        return number(bar, "x") + number(bar, "width");
    }

    private static double number(Element element, String attribute) {
        return Double.parseDouble(element.getAttribute(attribute));
    }

    private static Document page(Path file) {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setNamespaceAware(true);
            return factory.newDocumentBuilder().parse(file.toFile());
        } catch (ParserConfigurationException | SAXException | IOException e) {
            throw new AssertionError("not well-formed: " + file, e);
        }
    }

    private static NodeList nodes(Document page, String path) {
        try {
            return (NodeList) XPathFactory.newInstance().newXPath().evaluate(path, page, XPathConstants.NODESET);
        } catch (XPathExpressionException e) {
            throw new AssertionError(e);
        }
    }

    private static int count(Document page, String path) {
        return nodes(page, path).getLength();
    }

    private static Element element(Document page, String path) {
        assertThat(count(page, path)).as(path).isEqualTo(1);
        return (Element) nodes(page, path).item(0);
    }

    private static List<String> texts(Document page, String path) {
        NodeList nodes = nodes(page, path);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            texts.add(nodes.item(i).getTextContent());
        }
        return texts;
    }
}
