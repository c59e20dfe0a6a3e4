/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.differential;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where versions of etcd differ from 3.5.30, which an embedded one imitates; on such a version the steps are left out.
 */
enum VersionDifference {
    /** Progress is claimed though watches are still behind (fixed in 3.4.25 and 3.5.8). */
    PROGRESS_OF_WATCHES_BEHIND("3.4.25", "3.5.8") {
        @Override
        boolean concerns(Step step) {
            return step instanceof Step.Watch watch && watch.request().hasProgressRequest();
        }
    },
    /** A watch from a negative revision is created, and cancelled as compacted, instead of refused (fixed in 3.4.38 and 3.5.24). */
    NEGATIVE_START_REVISION("3.4.38", "3.5.24") {
        @Override
        boolean concerns(Step step) {
            return step instanceof Step.Watch watch
                    && watch.request().getCreateRequest().getStartRevision() < 0;
        }
    };

    private final String fixedIn4;
    private final String fixedIn5;

    VersionDifference(String fixedIn4, String fixedIn5) {
        this.fixedIn4 = fixedIn4;
        this.fixedIn5 = fixedIn5;
    }

    abstract boolean concerns(Step step);

    static List<VersionDifference> of(String version) {
        return Arrays.stream(values())
                .filter(difference -> Stream.of(difference.fixedIn4, difference.fixedIn5)
                        .anyMatch(fixed -> minor(fixed) == minor(version) && patch(version) < patch(fixed)))
                .toList();
    }

    private static int minor(String version) {
        return Integer.parseInt(version.split("\\.", -1)[1]);
    }

    private static int patch(String version) {
        return Integer.parseInt(version.split("\\.", -1)[2]);
    }
}
