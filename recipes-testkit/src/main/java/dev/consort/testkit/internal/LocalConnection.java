/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit.internal;

import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalServerChannel;
import org.jspecify.annotations.Nullable;

/** A connection inside this JVM that takes an option of TCP which gRPC sets for every connection, without a warning. */
final class LocalConnection extends LocalChannel {
    /** Without an initialiser, since the constructor above this class asks for it. */
    private @Nullable ChannelConfig config;

    LocalConnection() {}

    LocalConnection(LocalServerChannel parent, LocalChannel peer) {
        super(parent, peer);
    }

    @Override
    public ChannelConfig config() {
        if (config == null) {
            config = new Config(this);
        }
        return config;
    }

    private static final class Config extends DefaultChannelConfig {
        Config(Channel channel) {
            super(channel);
        }

        @Override
        public <T> boolean setOption(ChannelOption<T> option, T value) {
            return option.equals(ChannelOption.SO_KEEPALIVE) || super.setOption(option, value);
        }
    }
}
