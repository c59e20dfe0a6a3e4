/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.rules;

import static com.tngtech.archunit.base.DescribedPredicate.describe;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Calls, and method references, that are not wanted. */
final class Calls {
    private static final Map<String, Set<String>> SLEEPING =
            Map.of("java.lang.Thread", Set.of("sleep"), "java.util.concurrent.TimeUnit", Set.of("sleep"));

    private static final Map<String, Set<String>> WALL_CLOCK = Map.ofEntries(
            Map.entry("java.lang.System", Set.of("currentTimeMillis")),
            Map.entry("java.time.Instant", Set.of("now")),
            Map.entry("java.time.LocalDate", Set.of("now")),
            Map.entry("java.time.LocalTime", Set.of("now")),
            Map.entry("java.time.LocalDateTime", Set.of("now")),
            Map.entry("java.time.OffsetDateTime", Set.of("now")),
            Map.entry("java.time.ZonedDateTime", Set.of("now")),
            Map.entry("java.time.InstantSource", Set.of("system")),
            Map.entry("java.time.Clock", Set.of("system", "systemUTC", "systemDefaultZone", "tickMillis")),
            Map.entry("java.util.Calendar", Set.of("getInstance")));

    private Calls() {}

    static DescribedPredicate<JavaAccess<?>> thatSleep() {
        return describe("sleep", access -> isOneOf(SLEEPING, access.getTarget()));
    }

    static DescribedPredicate<JavaAccess<?>> thatReadTheWallClock() {
        return describe("read the wall clock", access -> isOneOf(WALL_CLOCK, access.getTarget()) || isNewDate(access));
    }

    private static boolean isOneOf(Map<String, Set<String>> calls, AccessTarget target) {
        return calls.getOrDefault(target.getOwner().getName(), Set.of()).contains(target.getName());
    }

    private static boolean isNewDate(JavaAccess<?> access) {
        return access.getTarget() instanceof AccessTarget.ConstructorCallTarget target
                && List.of("java.util.Date", "java.util.GregorianCalendar")
                        .contains(target.getOwner().getName())
                && target.getRawParameterTypes().isEmpty();
    }
}
