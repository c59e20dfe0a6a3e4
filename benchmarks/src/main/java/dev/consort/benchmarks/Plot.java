/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

import java.awt.Color;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.ChartTheme;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;

/**
 * How long an operation takes, by how much there is of something, as a picture: a line for each contender.
 *
 * @param file without its ending
 * @param title above it
 * @param x what the horizontal axis counts
 */
record Plot(String file, String title, String x) {
    private static final int WIDTH = 760;
    private static final int HEIGHT = 420;

    /** Draws it from the works that are points of it; false if fewer than two of them have been run. */
    boolean draw(List<Comparison> comparisons, Results results, Path folder) {
        Map<String, SortedMap<Double, Double>> lines = new LinkedHashMap<>();
        for (Comparison comparison : comparisons) {
            comparison
                    .point()
                    .filter(point -> point.plot().equals(file))
                    .ifPresent(point -> results.of(comparison.name())
                            .forEach((contender, samples) -> lines.computeIfAbsent(contender, name -> new TreeMap<>())
                                    .put(
                                            point.x(),
                                            1000
                                                    / Spread.of(samples, Sample::rate)
                                                            .median())));
        }
        lines.values().removeIf(points -> points.size() < 2);
        if (lines.isEmpty()) {
            return false;
        }
        save(chart(lines), folder);
        return true;
    }

    private XYChart chart(Map<String, SortedMap<Double, Double>> lines) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle(x)
                .yAxisTitle("ms")
                .theme(ChartTheme.XChart)
                .build();
        chart.getStyler()
                .setXAxisLogarithmic(true)
                .setYAxisLogarithmic(true)
                .setLegendPosition(LegendPosition.OutsideS)
                .setLegendLayout(LegendLayout.Horizontal)
                .setChartBackgroundColor(Color.WHITE)
                .setMarkerSize(6);
        lines.forEach((contender, points) -> {
            if (points.size() > 1) {
                var unused =
                        chart.addSeries(contender, new ArrayList<>(points.keySet()), new ArrayList<>(points.values()));
            }
        });
        return chart;
    }

    private void save(XYChart chart, Path folder) {
        try {
            Files.createDirectories(folder);
            VectorGraphicsEncoder.saveVectorGraphic(chart, folder.resolve(file).toString(), VectorGraphicsFormat.SVG);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
