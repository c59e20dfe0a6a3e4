/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.benchmarks;

/**
 * What one round of one contender measured.
 *
 * @param rate operations a second
 * @param cpuMicros microseconds of processor time of this JVM, compiler and collector included, for an operation
 * @param bytes that all threads of this JVM allocated for an operation
 */
record Sample(double rate, double cpuMicros, double bytes) {}
