/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.stm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.consort.core.Connection;
import dev.consort.core.OutcomeUnknownException;
import dev.consort.testkit.EmbeddedEtcd;
import dev.consort.testkit.RandomFaults;
import dev.consort.testkit.RandomFaults.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Money that clerks move between accounts under faults: it never gets more or less, and no account is overdrawn. */
class BankIT {
    private final AtomicInteger unknown = new AtomicInteger();
    private static final int ACCOUNTS = 4;
    private static final int CLERKS = 4;
    private static final int TRANSFERS = 12;
    private static final int EACH = 10;
    private static final long SUM = 40;

    @ParameterizedTest
    @EnumSource(names = {"SERIALIZABLE_SNAPSHOT", "SERIALIZABLE", "REPEATABLE_READS"})
    void transfers_underFaults_keepTheSum(Isolation isolation) throws Exception {
        ExecutorService clerks = Executors.newFixedThreadPool(CLERKS + 1);
        try (EmbeddedEtcd etcd = EmbeddedEtcd.start();
                Connection connection = Connection.to(etcd.endpoint())
                        .connectTimeout(Duration.ofSeconds(30))
                        .open()) {
            Stm stm = Stm.on(connection).isolation(isolation);
            stm.runWithoutResult(tx -> {
                for (int i = 0; i < ACCOUNTS; i++) {
                    tx.put("account/" + i, Integer.toString(EACH));
                }
            });
            try (RandomFaults faults = etcd.faults()
                    .random()
                    .with(Kind.LOSE_REQUEST, Kind.LOSE_REPLY, Kind.DELAY, Kind.LAND_LATE, Kind.DUPLICATE)
                    .with(Kind.DROP_CONNECTIONS, Kind.EXPIRE_LEASE)
                    .oneIn(10)
                    .delayUpTo(Duration.ofMillis(5))
                    .start()) {
                List<Future<Boolean>> running = new ArrayList<>();
                for (int i = 0; i < CLERKS; i++) {
                    Random random = new Random(faults.seed() + i);
                    running.add(clerks.submit(() -> transfers(stm, random)));
                }
                running.add(clerks.submit(audits(stm)));
                for (Future<Boolean> each : running) {
                    faults.during(
                            () -> assertThat(each.get(50, TimeUnit.SECONDS)).isTrue());
                }
                assertThat(faults.struck()).isNotEmpty();
            }
            assertThat(balances(stm)).hasSize(ACCOUNTS).allMatch(balance -> balance >= 0);
            assertThat(sum(balances(stm))).isEqualTo(SUM);
        } finally {
            clerks.shutdownNow();
        }
    }

    private boolean transfers(Stm stm, Random random) throws InterruptedException {
        for (int i = 0; i < TRANSFERS; i++) {
            int from = random.nextInt(ACCOUNTS);
            int to = (from + 1 + random.nextInt(ACCOUNTS - 1)) % ACCOUNTS;
            long amount = 1L + random.nextInt(EACH);
            try {
                stm.runWithoutResult(tx -> {
                    long here = balance(tx, from);
                    if (here >= amount) {
                        tx.put("account/" + to, Long.toString(balance(tx, to) + amount));
                        tx.put("account/" + from, Long.toString(here - amount));
                    }
                });
            } catch (OutcomeUnknownException e) {
                unknown.incrementAndGet(); // applied once, or not at all: the sum tells
            }
        }
        return true;
    }

    private static Callable<Boolean> audits(Stm stm) {
        return () -> {
            for (int i = 0; i < TRANSFERS; i++) {
                assertThat(sum(balances(stm))).isEqualTo(SUM);
            }
            return true;
        };
    }

    private static long balance(Transaction tx, int account) {
        return Long.parseLong(tx.get("account/" + account).orElseThrow());
    }

    private static List<Long> balances(Stm stm) throws InterruptedException {
        Map<String, String> found = stm.run(tx -> tx.range("account/"));
        return found.values().stream().map(Long::valueOf).toList();
    }

    private static long sum(List<Long> balances) {
        return balances.stream().flatMapToLong(LongStream::of).sum();
    }
}
