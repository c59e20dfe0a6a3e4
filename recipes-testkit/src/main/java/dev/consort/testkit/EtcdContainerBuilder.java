/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.CheckReturnValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The settings of an {@link EtcdContainer}. Not threadsafe; may be used for several clusters one after another. */
@CheckReturnValue
public final class EtcdContainerBuilder {
    static final String PROPERTY = "consort.etcd.image";
    static final String DEFAULT_IMAGE = "quay.io/coreos/etcd:v3.5.30";

    private @Nullable String image;
    private int members = 1;
    private ElectionTimeout election = ElectionTimeout.DEFAULT;
    private final List<String> arguments = new ArrayList<>();

    EtcdContainerBuilder() {}

    /** The image, such as {@code quay.io/coreos/etcd:v3.5.30}. If not set it is found as {@link EtcdContainer} says. */
    @CanIgnoreReturnValue
    public EtcdContainerBuilder image(String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("the image needs a name");
        }
        image = name;
        return this;
    }

    /** The number of members, 1 to 9; 1 if not set. Several get a Docker network of their own. */
    @CanIgnoreReturnValue
    public EtcdContainerBuilder members(int count) {
        members = EtcdProcessBuilder.checkMembers(count);
        return this;
    }

    /** As {@link EtcdProcessBuilder#electionTimeout}. */
    @CanIgnoreReturnValue
    public EtcdContainerBuilder electionTimeout(Duration timeout) {
        election = new ElectionTimeout(timeout);
        return this;
    }

    /** As {@link EtcdProcessBuilder#shortElection}. */
    @CanIgnoreReturnValue
    public EtcdContainerBuilder shortElection() {
        election = ElectionTimeout.SHORT;
        return this;
    }

    /** Further arguments for each member, such as {@code --max-txn-ops=256}, passed on as they are. */
    @CanIgnoreReturnValue
    public EtcdContainerBuilder arguments(String... more) {
        arguments.addAll(List.of(more));
        return this;
    }

    /**
     * Starts the cluster and returns when every member answers.
     *
     * @throws EtcdProcessException if Testcontainers is not on the class path, Docker does not answer, the image cannot be
     *     had, or a member ends or does not answer within 20 s; then nothing is left behind
     */
    public EtcdContainer start() {
        List<String> all = new ArrayList<>(election.arguments());
        all.addAll(arguments);
        return EtcdContainer.start(chosenImage(), members, List.copyOf(all));
    }

    String chosenImage() {
        if (image != null) {
            return image;
        }
        String property = System.getProperty(PROPERTY, "");
        return property.isBlank() ? DEFAULT_IMAGE : property;
    }
}
