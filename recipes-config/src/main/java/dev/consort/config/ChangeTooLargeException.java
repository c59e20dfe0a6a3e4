/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.RecipeException;

/**
 * A change or roll-back is more than etcd takes in one transaction: 128 operations or comparisons, of which the writer needs some
 * itself, or 1.5 MiB. Nothing was written, and etcd was not asked to. The message has the numbers.
 */
public final class ChangeTooLargeException extends RecipeException {
    private static final long serialVersionUID = 1L;

    ChangeTooLargeException(String root, String message) {
        super(EtcdConfigWriter.RECIPE, root, message, null);
    }
}
