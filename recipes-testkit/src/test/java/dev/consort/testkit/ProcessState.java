/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the operating system says of a process that need not be our child. */
final class ProcessState {
    private ProcessState() {}

    /** Whether it runs or is stopped; one that has ended and that nobody has asked about yet counts as gone. */
    static boolean exists(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false) && state(pid) != 'Z';
    }

    /** The letter of /proc, or a question mark where there is no such thing. */
    static char state(long pid) {
        try {
            String line = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return line.charAt(line.lastIndexOf(')') + 2);
        } catch (IOException e) {
            return '?';
        }
    }
}
