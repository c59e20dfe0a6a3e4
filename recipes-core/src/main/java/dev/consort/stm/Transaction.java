/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import dev.consort.core.Codec;
import dev.consort.core.EtcdUnavailableException;
import dev.consort.core.RecipeException;
import java.util.Map;
import java.util.Optional;

/**
 * One attempt of a transaction, for the code given to {@link Stm}. It reads etcd, and collects what is to be written when
 * that code returns. Keys are plain keys of etcd, within the connection's namespace, which other programs may use as well.
 *
 * <p>For the thread that runs the code, and until it returns: any other use is refused with {@link IllegalStateException}.
 *
 * <p>Reads throw {@link EtcdUnavailableException} when etcd does not answer within the request timeout, and another {@link
 * RecipeException} when it refuses. Such an attempt writes nothing, also if the exception is caught. The same holds when a
 * read finds that the attempt must be run again: it throws an exception without a name, which is best let through.
 *
 * <p>Keys and prefixes are refused with {@link IllegalArgumentException} if they are empty, no valid Unicode, or concern
 * {@code consort/session/}, where Consort keeps its own.
 */
public interface Transaction {
    /**
     * Reads a text.
     *
     * @param key a plain key
     * @return its value in UTF-8, as this transaction wrote it or as it was read first; empty if it does not exist
     * @throws RecipeException also if the value is no UTF-8
     */
    default Optional<String> get(String key) {
        return get(key, Codec.utf8());
    }

    /**
     * Reads a value.
     *
     * @param key a plain key
     * @param codec reads it
     * @param <T> the type of the value
     * @return its value, as this transaction wrote it or as it was read first; empty if it does not exist
     * @throws RecipeException also if the codec fails
     */
    <T> Optional<T> get(String key, Codec<T> codec);

    /**
     * Reads all keys that begin with a prefix, in one request however many they are. At the levels that check reads all of them
     * count when the transaction writes, with what else was read: see {@link TransactionTooLargeException}.
     *
     * @param prefix how they begin; usually with a slash at its end, for {@code a} is also the beginning of {@code ab}
     * @return the values as texts, by key, in the order of the keys' bytes, with what this transaction wrote and deleted;
     *     unmodifiable
     * @throws RecipeException also if a key or value is no UTF-8
     */
    default Map<String, String> range(String prefix) {
        return range(prefix, Codec.utf8());
    }

    /**
     * Reads all keys that begin with a prefix, as {@link #range(String)}.
     *
     * @param prefix how they begin
     * @param codec reads the values
     * @param <T> the type of the values
     * @return the values by key, in the order of the keys' bytes, with what this transaction wrote and deleted; unmodifiable
     * @throws RecipeException also if a key is no UTF-8 or the codec fails
     */
    <T> Map<String, T> range(String prefix, Codec<T> codec);

    /**
     * The revision at which a key was last written before this transaction; counts as reading it.
     *
     * @param key a plain key
     * @return its mod revision as it was read, whatever this transaction wrote; 0 if it did not exist
     */
    long revision(String key);

    /**
     * Reads keys together, in one request, so that later reads of them need none. They do not count as read before they are.
     *
     * @param keys plain keys; at most 128, of which those that are known already cost nothing
     */
    void prefetch(String... keys);

    /**
     * Writes a text when the transaction commits.
     *
     * @param key a plain key; a lease that it has is taken from it
     * @param value written as UTF-8
     * @throws TransactionTooLargeException if that makes more than 127 keys written, or more bytes than a request takes
     */
    default void put(String key, String value) {
        put(key, value, Codec.utf8());
    }

    /**
     * Writes a value when the transaction commits.
     *
     * @param key a plain key; a lease that it has is taken from it
     * @param value what to write
     * @param codec writes it, at once: later changes of the value are not seen
     * @param <T> the type of the value
     * @throws RecipeException if the codec fails
     * @throws TransactionTooLargeException if that makes more than 127 keys written, or more bytes than a request takes
     */
    <T> void put(String key, T value, Codec<T> codec);

    /**
     * Deletes a key when the transaction commits; nothing happens if it does not exist.
     *
     * @param key a plain key
     * @throws TransactionTooLargeException if that makes more than 127 keys written
     */
    void delete(String key);
}
