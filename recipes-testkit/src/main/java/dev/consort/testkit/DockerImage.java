/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.PullImageResultCallback;
import com.github.dockerjava.api.exception.NotFoundException;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.ImageNameSubstitutor;

/** What containers are made from. */
final class DockerImage {
    private DockerImage() {}

    /**
     * Makes sure that the engine has the image. Testcontainers would, too, but tries for minutes on a machine without a
     * network, several times over.
     */
    static void get(String image) {
        try {
            DockerClient docker = DockerClientFactory.instance().client();
            String name = ImageNameSubstitutor.instance()
                    .apply(DockerImageName.parse(image))
                    .asCanonicalNameString();
            if (!has(docker, name)) {
                docker.pullImageCmd(name).exec(new PullImageResultCallback()).awaitCompletion();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EtcdProcessException("interrupted while getting the image " + image, e);
        } catch (RuntimeException e) {
            throw new EtcdProcessException(
                    "cannot get the image " + image
                            + ": name one that the engine has, or can pull, by the builder or the" + " system property "
                            + EtcdContainerBuilder.PROPERTY + " (" + e.getMessage() + ")",
                    e);
        }
    }

    private static boolean has(DockerClient docker, String name) {
        try {
            return docker.inspectImageCmd(name).exec() != null;
        } catch (NotFoundException e) {
            return false;
        }
    }
}
