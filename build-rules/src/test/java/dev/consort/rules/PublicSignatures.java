/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.rules;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.lang.reflect.Executable;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the signatures that users see may mention. */
final class PublicSignatures {
    private PublicSignatures() {}

    static boolean isApi(JavaClass type) {
        return !type.getPackageName().contains(".internal") && isVisible(type);
    }

    private static boolean isVisible(JavaClass type) {
        boolean here = type.getModifiers().contains(JavaModifier.PUBLIC)
                || type.getModifiers().contains(JavaModifier.PROTECTED);
        return here && type.getEnclosingClass().map(PublicSignatures::isVisible).orElse(true);
    }

    private static boolean isVisible(JavaMember member) {
        return !member.getModifiers().contains(JavaModifier.SYNTHETIC)
                && (member.getModifiers().contains(JavaModifier.PUBLIC)
                        || member.getModifiers().contains(JavaModifier.PROTECTED));
    }

    /** Types of the JDK, our own public ones, and of jetcd the two that design.md allows. */
    private static boolean isAllowed(JavaClass type) {
        JavaClass base = type.getBaseComponentType();
        String name = base.getName();
        return base.isPrimitive()
                || name.startsWith("java.")
                || (name.startsWith("dev.consort.") && isApi(base))
                || name.equals("io.etcd.jetcd.Client")
                || name.equals("io.etcd.jetcd.ByteSequence");
    }

    static ArchCondition<JavaClass> mentionOwnAndJdkTypesOnly() {
        return new ArchCondition<>("mention only types of the JDK and of the public API") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                report(type, type.getDescription(), supertypes(type), events);
                type.getMembers().stream()
                        .filter(PublicSignatures::isVisible)
                        .forEach(member -> report(type, member.getDescription(), mentioned(member), events));
            }
        };
    }

    private static void report(JavaClass type, String place, Stream<JavaType> types, ConditionEvents events) {
        Set<String> foreign = types.flatMap(mentioned -> mentioned.getAllInvolvedRawTypes().stream())
                .filter(mentioned -> !isAllowed(mentioned))
                .map(JavaClass::getName)
                .collect(Collectors.toCollection(TreeSet::new));
        if (!foreign.isEmpty()) {
            events.add(SimpleConditionEvent.violated(type, place + " mentions " + foreign));
        }
    }

    private static Stream<JavaType> supertypes(JavaClass type) {
        return Stream.concat(type.getSuperclass().stream(), type.getInterfaces().stream());
    }

    private static Stream<JavaType> mentioned(JavaMember member) {
        if (member instanceof JavaField field) {
            return Stream.of(field.getType());
        }
        JavaCodeUnit unit = (JavaCodeUnit) member;
        return Stream.of(
                        Stream.of(unit.getReturnType()),
                        unit.getParameterTypes().stream(),
                        unit.getTypeParameters().stream(),
                        unit.getExceptionTypes().stream())
                .flatMap(types -> types);
    }

    /** A callback that users implement may throw what it likes; anything else must say what it throws. */
    static ArchCondition<JavaClass> throwNoBareException() {
        return new ArchCondition<>("not declare Exception or Throwable") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                type.getCodeUnits().stream()
                        .filter(unit -> isVisible(unit) && throwsBareException(unit))
                        .forEach(unit -> events.add(
                                SimpleConditionEvent.violated(type, unit.getDescription() + " throws Exception")));
            }
        };
    }

    private static boolean throwsBareException(JavaCodeUnit unit) {
        boolean raw = unit.getExceptionTypes().stream().anyMatch(type -> isBare(type.getName()));
        // Only reflection tells "throws X" with X extends Exception from "throws Exception".
        return raw && Arrays.stream(generic(unit)).anyMatch(type -> isBare(type.getTypeName()));
    }

    private static Type[] generic(JavaCodeUnit unit) {
        Executable executable = (Executable) unit.reflect();
        return executable.getGenericExceptionTypes();
    }

    private static boolean isBare(String name) {
        return name.equals(Exception.class.getName()) || name.equals(Throwable.class.getName());
    }
}
