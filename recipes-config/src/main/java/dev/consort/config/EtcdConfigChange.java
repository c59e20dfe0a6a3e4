/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.config;

import com.google.protobuf.ByteString;
import dev.consort.core.Codec;
import dev.consort.core.internal.Codecs;
import dev.consort.core.internal.Names;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A change that is being described. Not thread-safe. */
final class EtcdConfigChange implements ConfigWriter.Change {
    private final EtcdConfigWriter writer;
    private final Map<ByteString, Optional<ByteString>> writes = new LinkedHashMap<>();
    private final Map<String, Expectation> expectations = new LinkedHashMap<>();
    private long base;
    private @Nullable Because because;
    private boolean committed;

    EtcdConfigChange(EtcdConfigWriter writer) {
        this.writer = writer;
    }

    @Override
    public ConfigWriter.Change put(String name, String value) {
        return write(name, Optional.of(bytes(name, value)));
    }

    @Override
    public ConfigWriter.Change delete(String name) {
        return write(name, Optional.empty());
    }

    private ConfigWriter.Change write(String name, Optional<ByteString> value) {
        ByteString key = ByteString.copyFromUtf8(Names.checked(EtcdConfigWriter.RECIPE, name));
        if (writes.putIfAbsent(key, value) != null) {
            throw bad("name '" + name + "' is written twice: etcd writes a key once in a transaction");
        }
        return this;
    }

    private ByteString bytes(String name, String value) {
        Objects.requireNonNull(value, "value");
        return Codecs.encode(
                Codec.utf8(),
                value,
                EtcdConfigWriter.RECIPE,
                writer.root() + "/" + Names.checked(EtcdConfigWriter.RECIPE, name));
    }

    @Override
    public ConfigWriter.Change expect(String name, String value) {
        return expect(new Expectation(name, bytes(name, value), 0));
    }

    @Override
    public ConfigWriter.Change expectAbsent(String name) {
        return expectRevision(name, 0);
    }

    @Override
    public ConfigWriter.Change expectRevision(String name, long revision) {
        if (revision < 0) {
            throw bad("expected revision " + revision + " of '" + name + "' is negative");
        }
        return expect(new Expectation(Names.checked(EtcdConfigWriter.RECIPE, name), null, revision));
    }

    private ConfigWriter.Change expect(Expectation expectation) {
        if (expectations.putIfAbsent(expectation.name(), expectation) != null) {
            throw bad("name '" + expectation.name() + "' has an expectation already");
        }
        return this;
    }

    @Override
    public ConfigWriter.Change basedOn(long revision) {
        if (revision < 1) {
            throw bad("basedOn revision " + revision + " is not positive");
        }
        base = revision;
        return this;
    }

    @Override
    public ConfigWriter.Change because(String who, String why) {
        because = new Because(who, why);
        return this;
    }

    private IllegalArgumentException bad(String why) {
        return new IllegalArgumentException(EtcdConfigWriter.RECIPE + " '" + writer.root() + "': " + why);
    }

    @Override
    public WriteOutcome commit() {
        return writer.commit(draft());
    }

    @Override
    public CompletableFuture<WriteOutcome> commitAsync() {
        return writer.commitAsync(draft());
    }

    private Draft draft() {
        if (committed) {
            throw new IllegalStateException(writer + ": this change was committed before: begin another one");
        }
        if (writes.isEmpty()) {
            throw new IllegalStateException(writer + ": this change writes nothing: give put or delete");
        }
        Map<ByteString, Optional<ByteString>> written = new LinkedHashMap<>(writes);
        Draft.Entry entry = because == null ? null : writer.entry(because, written, OptionalLong.empty());
        Draft draft = new Draft(writer.keys(), written, List.copyOf(expectations.values()), base, Map.of(), entry);
        committed = true;
        return draft;
    }
}
