/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.queue;

/**
 * What is done with each item.
 *
 * @param <T> the type of the items
 */
@FunctionalInterface
public interface WorkHandler<T> {
    /**
     * Works on one item. When it returns the item is acknowledged, unless the handler has done that, or given it back; when it throws
     * the item is given back, to be tried again after a pause that doubles from attempt to attempt, or becomes a dead letter.
     *
     * @param delivery the item; the thread is interrupted when it is lost
     * @throws Exception of any kind; logged
     */
    void handle(Delivery<T> delivery) throws Exception;
}
