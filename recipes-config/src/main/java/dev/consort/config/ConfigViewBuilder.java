/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import dev.consort.core.Codec;
import dev.consort.core.Connection;
import dev.consort.core.RecipeException;
import dev.consort.core.internal.EtcdConnection;
import dev.consort.core.internal.Names;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Describes a view of values of one type, mapped to another. Not thread-safe. */
final class ConfigViewBuilder<V, T> implements ConfigView.Builder<T> {
    private static final String RECIPE = "ConfigView";

    private final Source<V> source;
    private Function<SortedMap<String, V>, ? extends T> reader;

    /** What a view reads, however that is mapped. Shared by the builders of one description. */
    static final class Source<V> {
        final EtcdConnection connection;
        final String root;
        final boolean oneKey;
        final Codec<V> codec;
        List<String> levels = List.of("");

        @Nullable
        FallbackFile file;

        @Nullable
        Executor executor;

        Source(Connection connection, String root, boolean oneKey, Codec<V> codec) {
            this.connection = EtcdConnection.of(connection);
            this.root = Names.checked(RECIPE, root);
            this.oneKey = oneKey;
            this.codec = Objects.requireNonNull(codec, "codec");
        }

        /** What all its keys begin with. */
        String prefix() {
            return oneKey ? root : root + "/";
        }

        Executor executor() {
            return executor == null ? connection.callbacks() : executor;
        }
    }

    private ConfigViewBuilder(Source<V> source, Function<SortedMap<String, V>, ? extends T> reader) {
        this.source = source;
        this.reader = reader;
    }

    static <V> ConfigViewBuilder<V, SortedMap<String, V>> ofRoot(Connection connection, String root, Codec<V> codec) {
        return new ConfigViewBuilder<>(new Source<>(connection, root, false, codec), all -> all);
    }

    static <V> ConfigViewBuilder<V, V> ofKey(Connection connection, String key, Codec<V> codec) {
        return new ConfigViewBuilder<>(new Source<>(connection, key, true, codec), all -> {
            if (all.isEmpty()) {
                throw new InvalidConfigException(
                        key, "there is no such key: put it, or give a value with whenAbsent", null);
            }
            return all.get("");
        });
    }

    @Override
    public ConfigView.Builder<T> levels(String... lowestFirst) {
        if (source.oneKey) {
            throw new IllegalArgumentException("levels of the single key '" + source.root + "': view a root instead");
        }
        List<String> levels = new ArrayList<>();
        for (String level : lowestFirst) {
            String path = Names.checked(RECIPE + " level", level) + "/";
            for (String other : levels) {
                if (path.startsWith(other) || other.startsWith(path)) {
                    throw new IllegalArgumentException("level '" + level + "' nests with level '"
                            + other.substring(0, other.length() - 1) + "': their keys would be taken for each other's");
                }
            }
            levels.add(path);
        }
        if (levels.isEmpty()) {
            throw new IllegalArgumentException("no levels: leave the call out for keys right below the root");
        }
        source.levels = levels;
        return this;
    }

    @Override
    public <R> ConfigView.Builder<R> map(Function<? super T, ? extends R> mapper) {
        Objects.requireNonNull(mapper, "mapper");
        Function<SortedMap<String, V>, ? extends T> before = reader;
        return new ConfigViewBuilder<V, R>(
                source, all -> Objects.requireNonNull(mapper.apply(before.apply(all)), "the mapper returned null"));
    }

    @Override
    public ConfigView.Builder<T> validate(Consumer<? super T> check) {
        Objects.requireNonNull(check, "check");
        Function<SortedMap<String, V>, ? extends T> before = reader;
        reader = all -> {
            T value = before.apply(all);
            check.accept(value);
            return value;
        };
        return this;
    }

    @Override
    public ConfigView.Builder<T> whenAbsent(T value) {
        Objects.requireNonNull(value, "value");
        Function<SortedMap<String, V>, ? extends T> before = reader;
        reader = all -> all.isEmpty() ? value : before.apply(all);
        return this;
    }

    @Override
    public ConfigView.Builder<T> fallback(Path file) {
        source.file = new FallbackFile(Objects.requireNonNull(file, "file"));
        return this;
    }

    @Override
    public ConfigView.Builder<T> executor(Executor executor) {
        source.executor = Objects.requireNonNull(executor, "executor");
        return this;
    }

    @Override
    public ConfigView<T> open() {
        try {
            return openAsync().join(); // bounded by the connection's timeout
        } catch (CompletionException e) {
            if (e.getCause() instanceof RecipeException recipe) {
                throw recipe;
            }
            throw e.getCause() instanceof IllegalStateException closed ? closed : e;
        }
    }

    @Override
    public CompletableFuture<ConfigView<T>> openAsync() {
        return new EtcdConfigView<V, T>(source, reader).open();
    }
}
