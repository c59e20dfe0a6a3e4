/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.lock;

/**
 * Who holds or waits for permits, for operators to read.
 *
 * @param owner who, since when, and by which key
 * @param permits how many
 */
public record PermitOwner(LockOwner owner, int permits) {}
