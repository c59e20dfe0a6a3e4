/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.testkit.EmbeddedEtcd;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The program that the page of load balancing shows, run as a reader would. */
class ShopAndPricesIT {
    @Test
    void customers_doNotNoticeAnInstanceThatBreaksDown() throws Exception {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try (EmbeddedEtcd etcd = EmbeddedEtcd.start()) {
            System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
            ShopAndPrices.main(etcd.endpoint());
        } finally {
            System.setOut(out);
        }
        List<String> lines = said.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(lines)
                .containsSubsequence(
                        "registered: services/prices/prices-1, services/prices/prices-2, services/shop/shop-1",
                        "an apple costs 3 pounds, says prices-1",
                        "an apple costs 3 pounds, says prices-2",
                        "an apple costs 3 pounds, says prices-1",
                        "prices-2 breaks down",
                        "an apple costs 3 pounds, says prices-1",
                        "an apple costs 3 pounds, says prices-1",
                        "an apple costs 3 pounds, says prices-1",
                        "services/prices/prices-3 has come, services/prices/prices-1 has gone",
                        "an apple costs 3 pounds, says prices-3",
                        "an apple costs 3 pounds, says prices-3")
                .hasSize(12);
        assertThat(lines.get(8)).startsWith("left out: [prices/prices-2 at 127.0.0.1:");
    }
}
