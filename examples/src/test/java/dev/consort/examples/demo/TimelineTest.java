/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.examples.demo.Event.Kind;
import dev.consort.examples.demo.Spans.Span;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.SAXException;

class TimelineTest {
    private static final List<Event> RUN = List.of(
            new Event(1000, "w1", Kind.STARTS, 0, 0),
            new Event(1100, "w2", Kind.STARTS, 0, 0),
            new Event(1200, "w1", Kind.LEADS, 0, 3),
            new Event(1300, "w2", Kind.HOLDS, 1, 70),
            new Event(1400, "w2", Kind.STOPPED, 1, 70),
            new Event(1500, "w1", Kind.KILLED, 0, 3),
            new Event(3000, "w2", Kind.RESUMED, 1, 70),
            new Event(3100, "w2", Kind.REFUSED, 1, 70),
            new Event(3200, "w2", Kind.LEADS, 0, 9),
            new Event(3300, "w2", Kind.HOLDS, 2, 80));

    @Test
    void spans_ofARun_endWhereTheyShould() {
        assertThat(Spans.of(RUN))
                .containsExactlyInAnyOrder(
                        new Span("w1", Spans.Kind.RUNS, 0, 0, 1000, 1500),
                        new Span("w1", Spans.Kind.LEADS, 0, 3, 1200, 1500),
                        new Span("w2", Spans.Kind.HOLDS, 1, 70, 1300, 1400),
                        new Span("w2", Spans.Kind.BELIEVES, 1, 70, 1400, 3100),
                        new Span("w2", Spans.Kind.PAUSED, 1, 70, 1400, 3000),
                        new Span("w2", Spans.Kind.LEADS, 0, 9, 3200, 3300),
                        new Span("w2", Spans.Kind.HOLDS, 2, 80, 3300, 3300),
                        new Span("w2", Spans.Kind.RUNS, 0, 0, 1100, 3300));
    }

    /** A clustered job says nothing to a process that is deposed between two runs. */
    @Test
    void leads_endsWhenAnotherOneLeads() {
        assertThat(Spans.of(List.of(
                        new Event(1000, "w1", Kind.LEADS, 0, 3),
                        new Event(1200, "w2", Kind.LEADS, 0, 5),
                        new Event(1300, "w2", Kind.LEADS, 0, 7),
                        new Event(1400, "w1", Kind.ENDS, 0, 0))))
                .containsExactlyInAnyOrder(
                        new Span("w1", Spans.Kind.LEADS, 0, 3, 1000, 1200),
                        new Span("w2", Spans.Kind.LEADS, 0, 5, 1200, 1300),
                        new Span("w2", Spans.Kind.LEADS, 0, 7, 1300, 1400));
    }

    @Test
    void draw_isAPictureThatStandsAlone() throws IOException, SAXException, ParserConfigurationException {
        String svg = Timeline.draw(RUN);
        Document picture = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
        assertThat(picture.getDocumentElement().getTagName()).isEqualTo("svg");
        assertThat(svg).contains("no leader: 1700 ms", "write of job 1 refused").doesNotContain("href");
    }

    @Test
    void draw_ofNothing_isAPictureToo() {
        assertThat(Timeline.draw(List.of())).startsWith("<svg").endsWith("</svg>\n");
    }

    @Test
    void line_ofAnEvent_isReadAgain() {
        assertThat(Event.parse(5, "w1", Event.line(Kind.HOLDS, 17, 99)))
                .contains(new Event(5, "w1", Kind.HOLDS, 17, 99));
        assertThat(Event.parse(5, "w1", "a line of something else")).isEmpty();
    }
}
