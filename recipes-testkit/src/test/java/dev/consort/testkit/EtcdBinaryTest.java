/* SPDX-License-Identifier: Apache-2.0 */
package dev.consort.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EtcdBinaryTest {
    @TempDir
    Path folder;

    private Path property;
    private Path variable;
    private Path onPath;

    @BeforeEach
    void programs() throws IOException {
        property = program("property/etcd", "");
        variable = program("variable/etcd", "echo 'etcd Version: 3.9.8'; echo 'Git SHA: none'");
        Path unpacked = program("project/unpacked/etcd", "");
        program("project/tools/etcd", "echo " + unpacked);
        onPath = program("path/etcd", "");
    }

    private Path program(String name, String script) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.resolveSibling("."));
        Files.writeString(file, "#!/bin/sh\n" + script + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return file;
    }

    private Path below(String name) throws IOException {
        return Files.createDirectories(folder.resolve(name));
    }

    @Test
    void find_propertyBeforeVariableBeforeToolBeforePath() throws IOException {
        Path module = below("project/module/sub");
        String path = "/no/such/folder:" + folder.resolve("path");
        assertThat(EtcdBinary.find(property.toString(), variable.toString(), module, path)
                        .etcd())
                .isEqualTo(property);
        assertThat(EtcdBinary.find("", variable.toString(), module, path).etcd())
                .isEqualTo(variable);
        assertThat(EtcdBinary.find(null, null, module, path).etcd()).isEqualTo(folder.resolve("project/unpacked/etcd"));
        assertThat(EtcdBinary.find(null, null, below("elsewhere"), path).etcd()).isEqualTo(onPath);
    }

    @Test
    void find_folderNamed_takesTheEtcdInIt() throws IOException {
        assertThat(EtcdBinary.find(null, folder.resolve("variable").toString(), below("elsewhere"), null)
                        .etcd())
                .isEqualTo(variable);
    }

    @Test
    void find_nothingThere_namesTheChoices() throws IOException {
        Path elsewhere = below("elsewhere");
        assertThatExceptionOfType(EtcdProcessException.class)
                .isThrownBy(() -> EtcdBinary.find(null, null, elsewhere, "/no/such/folder"))
                .withMessageContainingAll("consort.etcd", "ETCD_BIN", "PATH", "tools/etcd", elsewhere.toString());
    }

    @Test
    void find_namedFileIsNotThere_saysWhoNamedIt() throws IOException {
        Path elsewhere = below("elsewhere");
        assertThatExceptionOfType(EtcdProcessException.class)
                .isThrownBy(() -> EtcdBinary.find(
                        null, "/no/such/etcd", elsewhere, folder.resolve("path").toString()))
                .withMessageContainingAll("ETCD_BIN", "/no/such/etcd");
    }

    @Test
    void find_toolFails_failsToo() throws IOException {
        Path broken = folder.resolve("broken");
        program("broken/tools/etcd", "exit 1");
        assertThatExceptionOfType(EtcdProcessException.class)
                .isThrownBy(() -> EtcdBinary.find(
                        null, null, broken, folder.resolve("path").toString()))
                .withMessageContaining("tools/etcd failed");
    }

    @Test
    void version_isReadFromWhatTheProgramSays() {
        assertThat(new EtcdBinary(variable).version()).isEqualTo("3.9.8");
    }

    @Test
    void etcdctl_notBesideIt_fails() {
        assertThatExceptionOfType(EtcdProcessException.class)
                .isThrownBy(new EtcdBinary(variable)::etcdctl)
                .withMessageContaining("no etcdctl beside");
    }
}
