/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A clustered job as users have it: worker processes elect a leader, the leader plans jobs, and the workers share them
 * under locks, while one process is killed and another one is stopped. Read {@link dev.consort.examples.demo.Worker}
 * first; all it needs of the recipes is there, in {@link dev.consort.examples.demo.Planner} and in {@link
 * dev.consort.examples.demo.JobRunner}.
 */
@NullMarked
package dev.consort.examples.demo;

import org.jspecify.annotations.NullMarked;
