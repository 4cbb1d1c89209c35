"""debian/ and examples/Containerfile: the package, built and tried in bare trees.

The steps of the container's first stage are what builds the package here, in a tree
that has nothing but what debian/control asks for; lintian looks at it there.  Then
it is installed, used (debian/tests/update, the autopkgtest), upgraded, removed and
purged in another tree, with a systemd.  Both are copies of DDNSGATE_BARE, which
tests/releases makes for each release.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

import pytest
from lab import bare, systemd
from lab.gateway import ROOT

DEPENDS = re.compile(r"^Depends: @, (.*)$", re.M)


def text_of(path):
    return pathlib.Path(f"{ROOT}/{path}").read_text(encoding="utf-8")


def stages():
    """The instructions of the container, each a word and the rest, by stage."""
    joined = re.sub(r"^#.*\n|\\\n\s*", "", text_of("examples/Containerfile"), flags=re.M)
    stages_ = [[]]
    for word, rest in re.findall(r"^([A-Z]+) (.*)$", joined, re.M):
        if word == "FROM":
            stages_.append([])
        stages_[-1].append((word, rest))
    return stages_[1:]


def runs(stage):
    return [rest for word, rest in stage if word == "RUN"]


@pytest.fixture(scope="module")
def tree():
    reason = systemd.refused()
    if reason:
        pytest.skip(reason)
    return bare.given("DDNSGATE_BARE")


class Built:
    """The package, and the layer in which it was made."""

    def __init__(self, tree, archive, layer):
        packages, build = runs(stages()[0])
        self.layer = layer
        self.tree = bare.furnished(
            tree, "package-build", "mkdir -p /build/debian; cd /build\n"
            "cp /furnish/control debian/\n" f"{packages}\n"
            "apt-get install --yes --no-install-recommends lintian", [f"{ROOT}/debian/control"])
        self.place = f"{layer}/upper/build"
        version = re.search(r"ddnsgate-([^/]*)\.tar\.gz$", archive)[1]
        os.makedirs(self.place)
        shutil.copy(archive, f"{self.place}/ddnsgate_{version}.orig.tar.gz")
        self.run("tar -xzf *.orig.tar.gz; mv ddnsgate-* ddnsgate")
        # The source first: it must be as it is in the archive.
        self.run("cd ddnsgate; dpkg-buildpackage --build=source --no-sign")
        self.log = self.run(f"cd ddnsgate; {build}")
        [self.package] = pathlib.Path(self.place).glob("ddnsgate_*.deb")

    def run(self, script):
        told = bare.entered(self.tree, "bash", "-exc", f"cd /build; {script}", layer=self.layer)
        assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-3000:]
        return told.stdout + told.stderr

    def field(self, name):
        return subprocess.run(["dpkg-deb", "-f", self.package, name], check=True, text=True,
                              capture_output=True).stdout.strip()

    def newer(self):
        """The same as a later version."""
        self.run("rm -rf again; dpkg-deb -R ddnsgate_*_*.deb again;"
                 "sed -i 's/^Version: .*/&+later/' again/DEBIAN/control;"
                 "dpkg-deb -b --root-owner-group -Znone again later.deb")
        return f"{self.place}/later.deb"


@pytest.fixture(scope="module")
def layers():
    """A directory for what is changed in trees; it has files that cannot be copied."""
    with tempfile.TemporaryDirectory(prefix="ddnsgate-package.") as path:
        yield path


@pytest.fixture(scope="module")
def built(tree, layers):
    return Built(tree, bare.given("DDNSGATE_ARCHIVE"), f"{layers}/build")


@pytest.fixture(scope="module")
def machine(tree, built, folder):
    """One that has all that the package needs, and not the package."""
    needs = f"{built.field('Depends')}, {DEPENDS.search(text_of('debian/tests/control'))[1]}"
    furnished = bare.furnished(
        tree, "package-try", "apt-get update; apt-get satisfy --yes --no-install-recommends "
        f"{shlex.quote(needs)}")
    with systemd.Systemd(f"{folder}/package-try", furnished, systemd.BARE) as there:
        shutil.copy(built.package, there.path("/root/ddnsgate.deb"))
        shutil.copytree(f"{ROOT}/debian/tests", there.path("/root/tests"))
        yield there


def done(machine, *args):
    told = machine.run(*args)
    assert told.returncode == 0, told.stdout[-6000:] + told.stderr
    return told.stdout


#
# As it is built
#

def test_lintian_finds_nothing_that_is_not_argued(built, matrix):
    said = built.run("lintian --version; lintian --profile debian -EvIL +pedantic"
                     " --fail-on error,warning,info,pedantic,experimental *.changes")
    assert re.findall(r"^[EWIPXC]: .*", said, re.M) == []
    # An override without an argument says nothing to who reads it.
    for file in os.listdir(f"{ROOT}/debian/lintian"):
        for paragraph in text_of(f"debian/lintian/{file}").strip().split("\n\n"):
            assert re.match(r"(# .+\n)+[^#]", paragraph), paragraph
    with open(f"{built.tree}/etc/debian_version", encoding="ascii") as f:
        release = f.read().strip()
    matrix("The Debian package", release, "tags of lintian that are not argued",
           f"0 ({re.search(r'Lintian v([^+ ]+)', said)[1]})")


def test_it_is_built_hardened_and_without_a_warning(built):
    assert not re.search(r"warning: ", re.sub("ar: .*", "", built.log))
    assert "-D_FORTIFY_SOURCE=" in built.log and "-Wl,-z,now" in built.log


def test_the_files_are_where_debian_has_them(built):
    names = {line.split()[5] for line in subprocess.run(
        ["dpkg-deb", "-c", built.package], check=True, text=True,
        capture_output=True).stdout.splitlines()}
    for name in ("etc/logrotate.d/ddnsgate", "usr/lib/sysusers.d/ddnsgate.conf",
                 "usr/lib/tmpfiles.d/ddnsgate.conf", "usr/sbin/ddnsgate",
                 "usr/share/zsh/vendor-completions/_ddnsgate",
                 "usr/share/doc/ddnsgate/README.md", "usr/share/doc/ddnsgate/copyright",
                 "usr/share/doc/ddnsgate/examples/nginx.conf",
                 "usr/share/ddnsgate/schema/ddnsgate.schema.json",
                 "usr/share/ddnsgate/providers/desec.json"):
        assert f"./{name}" in names
    units = {re.sub(r"^\./(usr/)?", "", n) for n in names}
    assert {f"lib/systemd/system/ddnsgate.{kind}" for kind in ("service", "socket")} <= units
    assert not [n for n in names if re.match(r"\./(usr/local|var|run|etc/ddnsgate)", n)]


def test_the_readme_builds_it_in_the_same_way():
    section = re.search(r"^### As a Debian package\n(.*?)^###? ", text_of("README.md"), re.M | re.S)
    steps = " && ".join(rest for stage in stages() for rest in runs(stage))
    steps = steps.replace("apt-get", "apt").replace(" --no-install-recommends", "")
    lines = re.findall(r"^    (\S.*)$", section[1], re.M)
    assert len(lines) == 5
    for line in lines[:-1]:
        assert line in steps
    assert lines[-1].replace("../", "/root/").rpartition(" ")[2] in steps


#
# As it is used, one step after the other
#

def paths(machine):
    """The files of the machine that packages and programs leave behind."""
    found = done(machine, "find", "/etc", "/usr", "/var", "/opt", "/srv", "-xdev").splitlines()
    return {path for path in found if not re.match(
        r"/var/(log/journal|cache|tmp|lib/(dpkg|systemd/(?!deb))|log/(dpkg|apt|nginx))", path)}


@pytest.fixture(scope="module")
def installed(machine):
    machine.before = paths(machine)
    done(machine, "dpkg", "-i", "/root/ddnsgate.deb")
    return machine


def test_it_is_inert_until_it_is_configured(installed):
    assert installed.shown("ddnsgate.service", "ActiveState", "UnitFileState", "Result") == (
        "inactive", "enabled", "success")
    assert installed.shown("ddnsgate.socket", "ActiveState", "UnitFileState") == (
        "inactive", "enabled")
    assert done(installed, "stat", "-c", "%U %G %a", "/etc/ddnsgate", "/var/lib/ddnsgate") == (
        "root ddnsgate 750\nddnsgate ddnsgate 700\n")
    assert "nologin" in done(installed, "getent", "passwd", "ddnsgate")
    assert done(installed, "systemctl", "--failed", "--plain", "--no-legend") == ""


@pytest.fixture(scope="module")
def used(installed, matrix):
    """The autopkgtest has done its update, and what it made goes on."""
    said = done(installed, "env", "AUTOPKGTEST_TMP=/root/update", "sh", "-c",
                "mkdir /root/update; exec /root/tests/update")
    installed.said = said
    with open(installed.path("/etc/debian_version"), encoding="ascii") as f:
        matrix("The Debian package", f.read().strip(), "autopkgtest",
               said.strip().rpartition("\n")[2])
    return installed


def test_the_autopkgtest(used):
    assert used.said.endswith("\nall is well\n")
    claim = r"ipv4=127\.0\.8\.8&prefix=fd00:8::/64: home\.example\.org"
    assert re.search(rf"^{claim} good 127\.0\.8\.8 fd00:8:0:fc::8 200 *$", used.said, re.M)
    assert re.search(rf"^{claim} nochg 127\.0\.8\.8 fd00:8:0:fc::8 200 *$", used.said, re.M)
    # Each of its programs is one of a package that it names.
    assert "not found" not in used.said


ASK = """
curl --silent --max-time 30 --user router:canary.of.the.provider --write-out ' %{http_code}\\n' \
    'https://dns.example.org/update?ipv4=127.0.8.8&prefix=fd00:8::/64' | tr '\\n' ' '; echo
"""
NOCHG = "home.example.org nochg 127.0.8.8 fd00:8:0:fc::8  200"


def test_an_upgrade_lets_no_request_fail(used, built):
    with open(used.path("/etc/logrotate.d/ddnsgate"), "a", encoding="ascii") as f:
        f.write("# changed here\n")
    shutil.copy(built.newer(), used.path("/root/later.deb"))
    before = used.shown("ddnsgate.service", "MainPID")
    socket = used.shown("ddnsgate.socket", "ActiveEnterTimestampMonotonic", "ActiveState")
    with open(used.path("/root/answers"), "w", encoding="ascii") as answers:
        asking = subprocess.Popen(
            used.entering("sh", "-c", f"while [ ! -e /root/enough ]; do {ASK} done"),
            stdout=answers, text=True)
        done(used, "dpkg", "-i", "/root/later.deb")
        used.until("ddnsgate.service", ActiveState="active", SubState="running")
        used.write("/root/enough", "")
        assert asking.wait(120) == 0
    with open(used.path("/root/answers"), encoding="ascii") as answers:
        heard = [line.strip() for line in answers]
    assert len(heard) > 3 and set(heard) == {NOCHG}
    assert used.shown("ddnsgate.service", "MainPID") != before
    assert used.shown("ddnsgate.socket", "ActiveEnterTimestampMonotonic", "ActiveState") == socket
    with open(used.path("/etc/logrotate.d/ddnsgate"), encoding="ascii") as f:
        assert f.read().endswith("# changed here\n")


def test_what_is_removed_comes_back_as_it_was(used):
    done(used, "dpkg", "--remove", "ddnsgate")
    assert not os.path.lexists(used.path("/run/ddnsgate/ddnsgate.sock"))
    assert done(used, "find", "/proc", "-maxdepth", "1", "-user", "ddnsgate") == ""
    assert used.shown("ddnsgate.service", "LoadState") == ("not-found",)
    for kept in ("/etc/ddnsgate/ddnsgate.json", "/var/lib/ddnsgate/state.db",
                 "/etc/logrotate.d/ddnsgate"):
        assert os.path.exists(used.path(kept)), kept
    done(used, "dpkg", "-i", "/root/ddnsgate.deb")
    used.until("ddnsgate.service", ActiveState="active", SubState="running")
    assert done(used, "sh", "-c", ASK).strip() == NOCHG


def test_a_purge_leaves_nothing_behind(used):
    done(used, "dpkg", "--purge", "ddnsgate")
    left = {path for path in paths(used) - used.before if "ddnsgate-test" not in path
            and not path.startswith(("/etc/nginx/sites-enabled", "/etc/ssl/certs"))}
    assert left == set()
    assert done(used, "systemctl", "--failed", "--plain", "--no-legend") == ""
    assert used.before <= paths(used)


#
# The container
#

@pytest.fixture(scope="module")
def container(built, tree, layers):
    """A function that runs a command in it, as its instructions say."""
    if engine():
        pytest.skip("there is an engine, which builds it: see the next test")
    layer = f"{layers}/container"
    os.makedirs(f"{layer}/upper/root")
    # The image of the container has no systemd.
    packages = bare.furnished(tree, "package-base",
                              "apt-get purge --yes --autoremove --allow-remove-essential"
                              " systemd-sysv systemd")
    shutil.copy(built.package, f"{layer}/upper/root/")
    [step] = runs(stages()[1])
    told = bare.entered(packages, "sh", "-exc", step, layer=layer)
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-3000:]
    return lambda *command: bare.entered(packages, *command, layer=layer)


def engine():
    """The program that builds containers here, if one does."""
    for name in ("docker", "podman"):
        if shutil.which(name) and subprocess.run(
                [name, "info"], check=False, capture_output=True, timeout=60,
                text=True).returncode == 0:
            return name
    return None


SERVES = """
set -e
mkdir /etc/ddnsgate
cat >/etc/ddnsgate/ddnsgate.json <<END
{"listen": {"socket": "/run/ddnsgate/ddnsgate.sock", "mode": "0666"},
 "peers": ["www-data", "nginx"], "workers": 2, "providers": {"desec": {}},
 "accounts": {"router": {"verifier": "$(echo router:x | ddnsgate hash)", "provider": "desec",
  "hosts": {"home.example.org": {"ipv4": true}}}}}
END
chgrp ddnsgate /etc/ddnsgate/ddnsgate.json
chmod 640 /etc/ddnsgate/ddnsgate.json
setpriv --reuid=USER --regid=USER --clear-groups CMD &
pid=$!
tries=0
until setpriv --reuid=USER --regid=USER --clear-groups HEALTHCHECK; do
    tries=$((tries + 1))
    [ $tries -lt 300 ]
    sleep 0.2
done
kill -STOPSIGNAL $pid
wait $pid
"""


def test_the_container_serves(container):
    # The program and its helpers are what the instructions say, as the user they say.
    script, instructions = SERVES, dict(stages()[1])
    for word in ("USER", "HEALTHCHECK", "STOPSIGNAL", "CMD"):
        value = instructions[word].removeprefix("CMD ").removeprefix("SIG")
        value = " ".join(re.findall(r'"([^"]*)"', value)) or value
        script = re.sub(rf"\b{word}\b", value, script)
    told = container("sh", "-c", script)
    assert told.returncode == 0, told.stdout + told.stderr
    ids = container("sh", "-c", "id -u ddnsgate; id -g ddnsgate; id -u nginx").stdout.split()
    assert ids == ["990", "990", "101"]
    left = container("sh", "-c", "ls /root /var/lib/apt/lists; ls -ld /run/ddnsgate").stdout
    assert "ddnsgate_" not in left and "990" in container(
        "stat", "-c", "%u %g", "/run/ddnsgate", "/var/lib/ddnsgate").stdout


def test_an_engine_builds_the_container(tree):
    name = engine()
    if not name:
        pytest.skip("no engine for containers runs here; its steps ran in a tree")
    subprocess.run([name, "build", "-f", "examples/Containerfile", "-t", "ddnsgate-test",
                    ROOT], check=True, timeout=1800)
    told = subprocess.run([name, "run", "--rm", "ddnsgate-test", "/usr/sbin/ddnsgate",
                           "--version"], check=True, text=True, capture_output=True)
    assert told.stdout.startswith("ddnsgate ")
