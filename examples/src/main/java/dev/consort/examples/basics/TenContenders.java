/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.examples.basics;

import dev.consort.config.SetNx;
import dev.consort.config.SetNx.Answer;
import dev.consort.core.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/** Ten contenders set a key at the same time, if it is absent: one of them does. */
public final class TenContenders {
    private TenContenders() {}

    /**
     * Runs the example.
     *
     * @param arguments endpoints of etcd; {@code http://127.0.0.1:2379} by default
     */
    public static void main(String... arguments) {
        String[] endpoints = arguments.length > 0 ? arguments : new String[] {"http://127.0.0.1:2379"};
        try (Connection connection = Connection.to(endpoints).open()) {
            SetNx prize = SetNx.expiring(connection, "basics/prize", Duration.ofMinutes(1));
            List<SetNx> contenders = IntStream.rangeClosed(1, 10)
                    .mapToObj(i -> prize.as("contender " + i)) // processes of their own would do the same
                    .toList();
            List<CompletableFuture<Answer>> asked = new ArrayList<>();
            contenders.forEach(contender -> asked.add(contender.trySetAsync("taken")));
            for (int i = 0; i < contenders.size(); i++) {
                Answer answer = asked.get(i).join();
                System.out.println(contenders.get(i).owner() + ": " + answer.status() + ", it is of "
                        + answer.owner().orElseThrow());
            }
            Answer winner = prize.current().orElseThrow();
            for (SetNx contender : contenders) {
                if (contender.release(winner.token())) { // only who has it can
                    System.out.println("released by " + contender.owner());
                }
            }
        }
    }
}
