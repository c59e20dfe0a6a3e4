/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A clustered job as users have it: one of the worker processes runs it whenever it is due, and so plans jobs; the workers
 * share these under locks, while one process is killed and another one is stopped. Read {@link dev.consort.examples.demo.Worker}
 * first; all it needs of the recipes is there, in {@link dev.consort.examples.demo.Planner} and in {@link
 * dev.consort.examples.demo.JobRunner}.
 */
@NullMarked
package dev.consort.examples.demo;

import org.jspecify.annotations.NullMarked;
