/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A real etcd cluster for tests: its members are child processes that listen on free loopback ports and keep their data
 * in a temporary folder.
 *
 * <p>Nothing stays behind, no process and no file, after {@link #close()} and however this JVM ends, SIGKILL included: a
 * watchdog beside each process notices that this JVM has gone. It needs a POSIX shell, hence Linux or macOS; where there
 * is no {@code setsid} (macOS), a Ctrl-C in the terminal reaches the members as well as this JVM.
 *
 * <p>The binary is the one of the builder, else of the system property {@code consort.etcd}, else of the environment
 * variable {@code ETCD_BIN}, else what {@code tools/etcd} prints in the nearest folder upwards from the working folder
 * that has it, else the one on the {@code PATH}.
 *
 * <p>This class is threadsafe. An interrupt of a waiting call makes it fail with an {@link EtcdProcessException} with the
 * interrupt flag set; {@link #close()} goes on to its end and sets the flag again.
 */
public final class EtcdProcess implements EtcdServer {
    private static final Duration STAGGER = Duration.ofMillis(50);
    private static final Duration ETCDCTL_TIME = Duration.ofSeconds(10);
    private static final int START_TRIES = 3;

    private final EtcdBinary binary;
    private final ClusterAccess access;
    private final String version;
    private final LoopbackPorts reserved;
    private final ScratchFolder scratch;
    private final List<MemberProcess> launchers;
    private final List<EtcdMember> members;
    private final Etcdctl etcdctl;
    private final List<List<String>> identities; // of the members: what a restore has to know, too
    private final ReentrantLock changing = new ReentrantLock(); // one replacement of all data at a time
    private volatile int generation; // makes a cluster's id, together with the members' names and URLs

    private EtcdProcess(EtcdBinary binary, int count, ClusterAccess access, List<String> shared) {
        this.binary = binary;
        this.access = access;
        this.version = binary.version();
        this.reserved = LoopbackPorts.reserve(2 * count);
        List<Integer> ports = reserved.numbers();
        this.scratch = ScratchFolder.create();
        String cluster = IntStream.range(0, count)
                .mapToObj(i -> "m" + i + "=" + url(ports.get(count + i)))
                .collect(Collectors.joining(","));
        List<MemberProcess> launching = new ArrayList<>();
        List<EtcdMember> created = new ArrayList<>();
        List<List<String>> named = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String client = access.url(ports.get(i));
            String peer = url(ports.get(count + i));
            List<String> identity =
                    List.of("--name=m" + i, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=" + cluster);
            List<String> command = new ArrayList<>(List.of(
                    binary.etcd().toString(),
                    "--data-dir=" + MemberProcess.DATA,
                    "--listen-client-urls=" + client,
                    "--advertise-client-urls=" + client,
                    "--listen-peer-urls=" + peer));
            command.addAll(identity);
            command.addAll(access.arguments());
            command.addAll(shared);
            named.add(identity);
            MemberProcess process = new MemberProcess(scratch.subfolder("m" + i), () -> withToken(command));
            launching.add(process);
            created.add(new EtcdMember(i, access, client, process, () -> LeaderVote.possible(members())));
        }
        this.identities = List.copyOf(named);
        this.launchers = List.copyOf(launching);
        this.members = List.copyOf(created);
        this.etcdctl = new Etcdctl(binary, access, endpoints(), scratch.subfolder("etcdctl"), ETCDCTL_TIME);
    }

    /**
     * Starts one member with the defaults of {@link #builder()}.
     *
     * @throws EtcdProcessException if no etcd is found, or it ends or does not answer within 20 s
     */
    public static EtcdProcess start() {
        return builder().start();
    }

    /** The settings of a cluster to be started. */
    public static EtcdProcessBuilder builder() {
        return new EtcdProcessBuilder();
    }

    static EtcdProcess start(EtcdBinary binary, int count, ClusterAccess access, List<String> shared) {
        for (int attempt = 1; ; attempt++) {
            EtcdProcess cluster = new EtcdProcess(binary, count, access, shared);
            try {
                cluster.launch();
                access.commandsToEnableAuth().forEach(cluster.etcdctl::run);
                return cluster;
            } catch (EtcdProcessException e) {
                boolean portTaken = cluster.members.stream()
                        .flatMap(member -> member.log(50).stream())
                        .anyMatch(line -> line.contains("address already in use"));
                cluster.close();
                if (!portTaken || attempt == START_TRIES) {
                    throw e;
                }
            }
        }
    }

    /* Members that start at the very same moment sometimes spend a second or two on split votes. */
    private void launch() {
        List<CompletableFuture<Void>> launched = new ArrayList<>();
        for (EtcdMember member : members) {
            CompletableFuture<Void> start = new CompletableFuture<>();
            launched.add(start);
            Daemons.after(STAGGER.multipliedBy(member.index()), () -> {
                try {
                    member.launch();
                    start.complete(null);
                } catch (RuntimeException e) {
                    start.completeExceptionally(e);
                }
            });
        }
        try {
            launched.forEach(CompletableFuture::join);
        } catch (CompletionException e) {
            throw e.getCause() instanceof EtcdProcessException cause ? cause : e;
        }
        members.forEach(EtcdMember::awaitAnswer);
    }

    /** The client URLs of all members, such as {@code http://127.0.0.1:23790}, {@code https} with TLS, in the order of their indexes. */
    @Override
    public List<String> endpoints() {
        return members.stream().map(EtcdMember::endpoint).toList();
    }

    /** The members in the order of their indexes. */
    public List<EtcdMember> members() {
        return members;
    }

    /**
     * A member by its index, from 0.
     *
     * @throws IndexOutOfBoundsException if there is no such member
     */
    public EtcdMember member(int index) {
        return members.get(Objects.checkIndex(index, members.size()));
    }

    /**
     * The index of the leader that a majority agrees on among the members that run and are not paused. Waits up to 10 s
     * for an election to end.
     *
     * @throws EtcdProcessException if there is no such leader by then
     */
    public int leader() {
        return LeaderVote.await(access, members);
    }

    /**
     * Runs {@code etcdctl} with its version 3 interface against {@link #endpoints()}, unless the arguments name others,
     * and returns its standard output. Where the cluster wants TLS and a user, it connects as root, unless the arguments
     * say otherwise.
     *
     * @throws EtcdProcessException if it fails, with its standard error in the message, or takes longer than 10 s
     */
    public String etcdctl(String... arguments) {
        return etcdctl.run(List.of(arguments));
    }

    /**
     * Starts {@code etcdctl} as {@link #etcdctl} does and returns the running process, for commands that go on such as
     * {@code lock}, {@code elect} and {@code watch}. Its output is to be read from the process. {@code
     * toHandle().destroy()} asks it to end (SIGTERM), upon which it unlocks or resigns. {@code destroy()} and {@code
     * destroyForcibly()} kill it, together with the command that {@code lock} may have started, and so does closing its
     * standard input, which is the watchdog's. It ends at the latest with {@link #close()}.
     *
     * @throws EtcdProcessException if it cannot be started
     */
    public Process etcdctlProcess(String... arguments) {
        return etcdctl.start(List.of(arguments));
    }

    /**
     * Saves a backup of the cluster to a new file, as {@code etcdctl snapshot save} does.
     *
     * @throws EtcdProcessException if the file exists, or no backup can be made
     */
    public void snapshot(Path file) {
        if (Files.exists(file)) {
            throw new EtcdProcessException("not overwriting " + file);
        }
        String leader = "--endpoints=" + member(leader()).endpoint();
        etcdctl(leader, "snapshot", "save", file.toAbsolutePath().toString());
    }

    /**
     * Kills all members, puts the state of a backup in the place of their data, and starts them again at the same
     * endpoints: the cluster's id stays the same, and unless the arguments raise it the revision goes back. Returns when
     * every member answers.
     *
     * @param file what {@link #snapshot} or {@code etcdctl snapshot save} has saved
     * @param arguments more for {@code snapshot restore}, such as {@code --bump-revision=1000000} and {@code
     *     --mark-compacted} of etcd 3.5.10 and later
     * @throws EtcdProcessException if the backup cannot be restored, or a member does not answer within 20 s
     */
    public void restore(Path file, String... arguments) {
        replaceData(() -> members.forEach(member -> {
            List<String> command = new ArrayList<>(List.of(
                    file.toAbsolutePath().toString(),
                    "--data-dir=" + launcher(member).data()));
            command.addAll(withToken(identities.get(member.index())));
            command.addAll(List.of(arguments));
            etcdctl.restore(command);
        }));
    }

    /**
     * Kills all members, forgets their data, and starts another, empty cluster at the same endpoints, which has another
     * id. Returns when every member answers.
     *
     * @throws EtcdProcessException if a member does not answer within 20 s
     */
    public void replaceByAnotherCluster() {
        replaceData(this::nextGeneration);
        access.commandsToEnableAuth().forEach(etcdctl::run);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    private void nextGeneration() {
        generation++;
    }

    private void replaceData(Runnable replacement) {
        changing.lock();
        try {
            members.forEach(member -> member.whileKilled(
                    () -> ScratchFolder.remove(launcher(member).data())));
            replacement.run();
            launch();
        } finally {
            changing.unlock();
        }
    }

    private List<String> withToken(List<String> arguments) {
        List<String> all = new ArrayList<>(arguments);
        all.add(1, "--initial-cluster-token=consort-" + generation); // before a user's own
        return all;
    }

    /** A member's process, also one that has gone. */
    Process process(EtcdMember member) {
        return launcher(member).process();
    }

    private MemberProcess launcher(EtcdMember member) {
        return launchers.get(member.index());
    }

    /** Where everything is that it writes. */
    Path folder() {
        return scratch.path();
    }

    /** The version of the server, such as {@code 3.5.30}. */
    public String version() {
        return version;
    }

    /** Kills all members and removes their data. Further calls have no effect. */
    @Override
    public void close() {
        etcdctl.close();
        members.forEach(EtcdMember::close);
        scratch.close();
        reserved.close();
    }

    private static String url(int port) {
        return "http://127.0.0.1:" + port;
    }

    @Override
    public String toString() {
        return "EtcdProcess[" + version + " at " + binary.etcd() + ", " + String.join(",", endpoints()) + "]";
    }
}
