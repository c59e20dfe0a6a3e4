/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.barrier;

import java.util.Comparator;

/**
 * One who has come, as its key says.
 *
 * @param id the last segment of its key
 * @param created its key's create revision, which says when it came
 */
record Member(String id, long created) {
    static final Comparator<Member> FIRST_COME =
            Comparator.comparingLong(Member::created).thenComparing(Member::id);
}
