/* SPDX-License-Identifier: Apache-2.0 */
/** Software transactional memory: several keys read and written as one step, run again when another one came between. */
@NullMarked
package dev.consort.stm;

import org.jspecify.annotations.NullMarked;
