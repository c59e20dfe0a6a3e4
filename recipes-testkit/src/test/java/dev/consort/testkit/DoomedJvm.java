/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The main class of a JVM that ends without closing its etcd: two members running, one paused, an etcdctl. */
final class DoomedJvm {
    private DoomedJvm() {}

    /** Prints its temporary folder and the processes it has started, then ends as its argument says. */
    public static void main(String[] arguments) throws IOException {
        EtcdProcess etcd = EtcdProcess.builder().members(3).shortElection().start();
        Process watching = etcd.etcdctlProcess("watch", "key");
        List<String> lines = new ArrayList<>(List.of(etcd.folder().toString()));
        Stream.concat(etcd.members().stream().map(etcd::process).map(Process::pid), Stream.of(watching.pid()))
                .forEach(pid -> lines.add(Long.toString(pid)));
        etcd.member(1).pause();
        System.out.println(String.join(" ", lines));
        System.out.flush();
        switch (arguments[0]) {
            case "halt" -> Runtime.getRuntime().halt(3);
            case "exit" -> System.exit(3);
            default -> {
                // Until this JVM is killed, or the test with it.
                int end = System.in.read();
                System.out.println(end);
            }
        }
    }
}
