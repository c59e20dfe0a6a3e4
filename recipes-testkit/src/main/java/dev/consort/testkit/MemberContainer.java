/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.WaitContainerResultCallback;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotModifiedException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.Container.ExecResult;
import org.testcontainers.containers.ContainerLaunchException;
import org.testcontainers.containers.ExecConfig;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;
import org.testcontainers.utility.DockerImageName;

/** A member that is a container. Killed and started again, it is the same container, with the data that is in it. */
final class MemberContainer implements MemberRunner {
    static final int CLIENT_PORT = 2379;

    private static final Duration PAUSE = Duration.ofMillis(5);
    private static final Duration EXIT_TIME = Duration.ofSeconds(10);
    private static final Duration ETCDCTL_TIME = Duration.ofSeconds(10);

    private final String image;
    private final GenericContainer<?> container;
    private volatile boolean created; // written by the member, under its lock

    MemberContainer(
            String image, @Nullable Network network, String name, String host, int port, List<String> arguments) {
        this.image = image;
        // Fixed, since one that the engine chooses changes at each start; for others to reach only if they must.
        String binding = (host.startsWith("127.") ? host + ":" : "") + port + ":" + CLIENT_PORT;
        container = new GenericContainer<>(DockerImageName.parse(image))
                .withExposedPorts(CLIENT_PORT)
                .withCommand(arguments.toArray(String[]::new))
                .withCreateContainerCmdModifier(
                        command -> command.withEntrypoint("etcd", "--data-dir=/tmp/consort-etcd"))
                .withEnv(Map.of("ETCDCTL_API", "3"))
                .waitingFor(new NoWait());
        container.setPortBindings(List.of(binding));
        if (network != null) {
            container.withNetwork(network).withNetworkAliases(name);
        }
    }

    /* That it answers is for the member to find out; other members may have to be started first. */
    private static final class NoWait extends AbstractWaitStrategy {
        @Override
        protected void waitUntilReady() {}
    }

    @Override
    public void launch() {
        try {
            if (created) {
                docker().startContainerCmd(container.getContainerId()).exec();
            } else {
                container.start();
                created = true;
            }
        } catch (ContainerLaunchException | DockerException e) {
            throw new EtcdProcessException("cannot start a container of " + image + ": " + innermost(e), e);
        }
    }

    private static String innermost(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage());
    }

    @Override
    public boolean isAlive() {
        return created && container.isRunning();
    }

    @Override
    public boolean hasGoneAfterPause() {
        Bounded.pause(PAUSE);
        return !isAlive();
    }

    @Override
    public void kill() {
        if (!isAlive()) {
            return;
        }
        try (WaitContainerResultCallback end =
                docker().waitContainerCmd(container.getContainerId()).exec(new WaitContainerResultCallback())) {
            docker().killContainerCmd(container.getContainerId()).exec();
            boolean ended = Bounded.uninterrupted(EXIT_TIME, left -> end.awaitCompletion(left, TimeUnit.NANOSECONDS));
            if (!ended) {
                throw new EtcdProcessException("container " + container.getContainerId() + " does not go away");
            }
        } catch (ConflictException | NotModifiedException e) {
            // It ended by itself meanwhile.
        } catch (IOException e) {
            throw new EtcdProcessException("cannot end the wait for a container", e);
        }
    }

    @Override
    public void pause() {
        docker().pauseContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public void resume() {
        docker().unpauseContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public List<String> log() {
        return created ? container.getLogs().lines().toList() : List.of();
    }

    String etcdctl(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of("etcdctl"));
        command.addAll(arguments);
        CompletableFuture<ExecResult> run = new CompletableFuture<>();
        // It cannot be interrupted, and a command such as watch never ends.
        Daemons.callbacks().execute(() -> {
            try {
                run.complete(container.execInContainer(ExecConfig.builder()
                        .command(command.toArray(String[]::new))
                        .build()));
            } catch (IOException | InterruptedException | RuntimeException e) {
                run.completeExceptionally(e);
            }
        });
        String name = String.join(" ", command);
        try {
            ExecResult result = run.get(ETCDCTL_TIME.toNanos(), TimeUnit.NANOSECONDS);
            if (result.getExitCode() != 0) {
                throw new EtcdProcessException(name + " ended with status " + result.getExitCode() + ": "
                        + result.getStderr().strip());
            }
            return result.getStdout();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EtcdProcessException("interrupted while " + name + " was running", e);
        } catch (TimeoutException e) {
            throw new EtcdProcessException(name + " took longer than " + ETCDCTL_TIME.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            throw new EtcdProcessException("cannot run " + name, e);
        }
    }

    /** Removes it, with its data. No effect on one that has been removed. */
    void remove() {
        container.stop();
    }

    private DockerClient docker() {
        return container.getDockerClient();
    }
}
