/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.rules;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Finds the methods of a class file that are synchronized or have a synchronized block, which ArchUnit does not see. */
final class MonitorSearch extends ClassVisitor {
    private final List<String> found = new ArrayList<>();
    private String type = "";

    private MonitorSearch() {
        super(Opcodes.ASM9);
    }

    static List<String> in(Path classFile) {
        MonitorSearch search = new MonitorSearch();
        try {
            new ClassReader(Files.readAllBytes(classFile)).accept(search, ClassReader.SKIP_FRAMES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return search.found;
    }

    @Override
    public void visit(int version, int access, String name, String signature, String superName, String[] interfaces) {
        type = name;
    }

    @Override
    public MethodVisitor visitMethod(int access, String name, String descriptor, String signature, String[] throwing) {
        String place = type.replace('/', '.') + "." + name;
        if ((access & Opcodes.ACC_SYNCHRONIZED) != 0) {
            found.add(place);
        }
        return new MethodVisitor(Opcodes.ASM9) {
            @Override
            public void visitInsn(int opcode) {
                if (opcode == Opcodes.MONITORENTER) {
                    found.add(place);
                }
            }
        };
    }
}
