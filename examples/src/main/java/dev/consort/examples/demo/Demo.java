/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.demo;

import dev.consort.core.RecipeException;
import dev.consort.testkit.EtcdProcessException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The program behind {@code ./demo}, whose {@code --help} says what it does. */
public final class Demo {
    private static final Path FOLDER = Path.of("target", "demo");
    /** Kept here because the log manager forgets loggers that nobody else holds. */
    private static final Logger GRPC = Logger.getLogger("io.grpc");

    private static final int FAILED = 1;
    private static final int USAGE = 2;

    private Demo() {}

    /**
     * Runs the demo and ends this process: with status 0 if all holds, 1 if not, 2 if the arguments are wrong.
     *
     * @param arguments none, or {@code --etcd} and {@code embedded} or {@code process}, or {@code --endpoints} and
     *     addresses with commas between them
     */
    public static void main(String... arguments) {
        GRPC.setLevel(Level.WARNING);
        int status;
        try {
            status = run(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("./demo: " + e.getMessage() + "; try ./demo --help");
            status = USAGE;
        } catch (RecipeException | EtcdProcessException | IOException | SQLException e) {
            System.err.println("./demo: " + e.getMessage());
            status = FAILED;
        } catch (InterruptedException e) {
            status = FAILED;
        }
        System.exit(status);
    }

    private static int run(String... arguments) throws IOException, SQLException, InterruptedException {
        Files.createDirectories(FOLDER);
        EventLog log = new EventLog(System.out);
        Result result;
        try (Stage stage = new Stage(DemoEtcd.of(arguments), log, FOLDER)) {
            // Ctrl-C: closing twice does no harm.
            Runtime.getRuntime().addShutdownHook(new Thread(stage::close, "clean up"));
            result = new Conductor(stage, log).run();
        }
        Path timeline = FOLDER.resolve("timeline.svg");
        Files.writeString(timeline, Timeline.draw(log.all()));
        System.out.println("Timeline of leaders and lock holders: " + timeline.toAbsolutePath());
        System.out.println(result.line());
        return result.holds() ? 0 : FAILED;
    }
}
