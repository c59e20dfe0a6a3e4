/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import dev.consort.core.RecipeException;

/**
 * A transaction is larger than what etcd takes in one request: 127 keys written, 127 checks (one for each key that was read, or
 * is in a prefix that was read; one for each such prefix; one for each key written unread at {@link
 * Isolation#SERIALIZABLE_SNAPSHOT}), or 1.5 MiB. Nothing was written. A transaction that only reads has no such
 * limits, except at {@link Isolation#REPEATABLE_READS} that of checks.
 */
public final class TransactionTooLargeException extends RecipeException {
    private static final long serialVersionUID = 1L;

    TransactionTooLargeException(String key, String message) {
        super(EtcdStm.RECIPE, key, message, null);
    }
}
