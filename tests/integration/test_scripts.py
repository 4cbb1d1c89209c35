"""examples/routers for machines that run scripts: timers, containers, tasks,
Home Assistant.

Each page is carried out as it is printed, as far as Debian has the program: the
units by a real systemd, commands of containers by BusyBox, those of curl by curl.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import jinja2
import pytest
import yaml
from household import LINE
from lab import clients, powershell, restcommand, systemd
from lab.process import Process
from lab.stage import BEFORE, GATEWAY, ZONE

HOST = f"script.{ZONE}"
OWN = [LINE[0], "2a01:c22:b300:1::8"]       # made of what the line calls from
GOOD = f"{HOST} good {OWN[0]} {OWN[1]}\n"
UNIT = "ddnsgate-update"
SHELL = ["busybox", "sh"] if shutil.which("busybox") else ["sh"]


@pytest.fixture
def machine(before, tmp_path, monkeypatch):
    """At home, with both families; the CA of the lab counts for its curl."""
    monkeypatch.setenv("CURL_CA_BUNDLE", before.gateway.trust)
    return clients.Machine(before.line, str(tmp_path), {
        GATEWAY: (before.gateway.host.ipv4, before.gateway.host.ipv6)},
        before.gateway.trust)


@pytest.fixture
def login(machine, typed):
    """login(name, token): the file with the login, as a page has it."""
    def write(name, token=None):
        line = typed(name, "machine ", "script")
        return machine.write("netrc", line if token is None else re.sub(
            r"password \S+", f"password {token}", line), machine.desk())
    return write


def explained(page, word, status):
    """Does the page say what this failure looks like?"""
    return re.search(rf"^  {word}, with .*error: {status}$", page, re.M)


def replaced(text, names):
    for name, real in names.items():
        assert name in text, name
        text = text.replace(name, real)
    return text


def test_the_script_of_the_linux_page(before, machine, typed, login, page):
    script = machine.write("update", typed("linux", "#!/bin/sh", "script"), machine.desk())
    os.chmod(script, 0o755)
    done = machine.run([script, login("linux")])
    assert (done.returncode, done.stdout) == (0, GOOD)
    assert before.published("script") == OWN
    done = machine.run([script, login("linux", "wrong")])
    assert done.returncode == 22 and "badauth\n" in done.stdout
    assert "curl: (22) The requested URL returned error: 401" in done.stdout
    assert explained(page("linux"), "badauth", 401)


def test_a_family_that_is_missing_stays(before, machine, typed, login):
    """The web server of ddnsgate has no IPv6 address."""
    machine.hosts = machine.write("only4", f"{before.gateway.host.ipv4} {GATEWAY}\n")
    script = machine.write("update", typed("linux", "#!/bin/sh", "script"), machine.desk())
    done = machine.run(["sh", script, login("linux")])
    assert (done.returncode, done.stdout) == (0, f"{HOST} good {LINE[0]}\n")
    assert before.published("script") == [LINE[0], BEFORE["AAAA"]]


def test_the_units_of_the_linux_page_are_valid(machine, typed, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed")
    service = typed("linux", "Type=oneshot")
    program = re.search("ExecStart=(\\S+) /etc/ddnsgate.netrc", service)[1]
    script = machine.write("update", typed("linux", "#!/bin/sh"), str(tmp_path))
    os.chmod(script, 0o755)
    for name, text in ((f"{UNIT}.service", service.replace(program, script)),
                       (f"{UNIT}.timer", typed("linux", "OnBootSec="))):
        machine.write(name, text, str(tmp_path))
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", f"{tmp_path}/{UNIT}.service",
         f"{tmp_path}/{UNIT}.timer"], text=True, capture_output=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")


def test_the_timer_of_the_linux_page_under_a_real_systemd(
        before, machine, typed, login, plain_binary, page):
    if reason := systemd.refused():
        pytest.skip(reason)
    prefix = os.path.dirname(os.path.dirname(plain_binary))
    with systemd.Systemd(machine.desk(), prefix, host=before.line) as box:
        must = [("mount", "-t", "tmpfs", "tmpfs", "/usr/local/bin"),
                ("systemctl", "daemon-reload"),
                *(tuple(line.split()) for line in typed(
                    "linux", "systemctl").splitlines() if "daemon" not in line)]
        assert box.run(*must.pop(0)).returncode == 0
        box.write("/etc/hosts", clients.read(machine.hosts))
        box.write("/etc/host.conf", "multi on\n")       # as Debian has it
        box.write("/etc/ca.pem", clients.read(machine.trust))
        box.write("/usr/local/bin/ddnsgate-update",
                  typed("linux", "#!/bin/sh", "script"), 0o755)
        box.write("/etc/ddnsgate.netrc", clients.read(login("linux")), 0o600)
        box.write(f"/etc/systemd/system/{UNIT}.service", typed("linux", "Type=oneshot"))
        box.write(f"/etc/systemd/system/{UNIT}.timer", typed("linux", "OnBootSec="))
        box.write(f"/etc/systemd/system/{UNIT}.service.d/lab.conf",
                  "[Service]\nEnvironment=CURL_CA_BUNDLE=/etc/ca.pem\n")
        for command in must:
            done = box.run(*command)
            assert done.returncode == 0, (command, done.stderr, box.journal(UNIT))
        assert GOOD in box.journal(UNIT)
        assert box.shown(f"{UNIT}.timer", "ActiveState", "Unit") == (
            "active", f"{UNIT}.service")
        assert box.shown(f"{UNIT}.timer", "NextElapseUSecMonotonic") not in (
            ("0",), ("infinity",))
        box.write("/etc/ddnsgate.netrc", clients.read(login("linux", "wrong")), 0o600)
        assert box.run("systemctl", "start", f"{UNIT}.service").returncode != 0
        assert "badauth" in box.journal(UNIT) and "error: 401" in box.journal(UNIT)
    assert before.published("script") == OWN


def test_the_container_of_the_docker_page(before, machine, typed, login, page):
    service, = yaml.safe_load(typed("docker", "services:", "script"))["services"].values()
    script = machine.write("update.sh", typed("docker", "ask()", "script"), machine.desk())
    mounted = {inside: outside for outside, inside, mode in
               (volume.split(":") for volume in service["volumes"]) if mode == "ro"}
    assert mounted == {"/update.sh": "./update.sh", "/netrc": "./netrc"}
    assert service["entrypoint"] == ["/bin/sh", "-c"]
    command, = service["command"]
    assert "$" not in command           # which compose would take for its own
    run = Process(machine, [*SHELL, "-c", replaced(command, {
        "/update.sh": script, "/netrc": login("docker")})], f"{machine.desk()}/log")
    try:
        run.ready(lambda: GOOD in run.printed(), "the answer", 60)
    finally:
        os.killpg(run.pid, 15)
        run.wait()
    assert before.published("script") == OWN
    assert explained(page("docker"), "badauth", 401)


def test_the_job_of_the_kubernetes_page(before, machine, typed, page):
    text = typed("kubernetes", "apiVersion", "script")
    secret, job = yaml.safe_load_all(text)
    assert (secret["apiVersion"], secret["kind"], job["apiVersion"], job["kind"]) == (
        "v1", "Secret", "batch/v1", "CronJob")
    assert len(job["spec"]["schedule"].split()) == 5
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] in ("Never", "OnFailure")
    container, = pod["containers"]
    volume, = pod["volumes"]
    mount, = container["volumeMounts"]
    assert mount["name"] == volume["name"]
    assert volume["secret"]["secretName"] == secret["metadata"]["name"]
    # The kubelet replaces $(NAME) of variables, and leaves all else as it is.
    shell, option, command = container["command"]
    assert (shell, option) == ("/bin/sh", "-c")
    assert not re.search(r"\$\(\w+\)", command)
    for token, status in ((before.world.token, 0), ("wrong", 22)):
        folder = machine.desk()
        for name, value in secret["stringData"].items():
            machine.write(name, value.replace(before.world.token, token), folder)
        done = machine.run([*SHELL, "-c", replaced(command, {mount["mountPath"]: folder})])
        assert done.returncode == status
        assert (done.stdout == GOOD) == (status == 0)
        assert ("error: 401" in done.stdout and "badauth" in done.stdout) == bool(status)
    assert before.published("script") == OWN
    assert explained(page("kubernetes"), "badauth", 401)


def test_the_task_of_the_windows_page(before, machine, typed, login, page):
    text = page("windows", "script")
    answer = f"{machine.desk()}/answer.txt"
    script = typed("windows", "$LASTEXITCODE", "script")
    place = r"C:\ProgramData\ddnsgate"
    files = {rf"{place}\netrc": login("windows"), rf"{place}\answer.txt": answer}
    assert all(name in script for name in files)
    assert powershell.Script(machine, files).run(script) == 0
    assert clients.read(answer) == GOOD
    assert before.published("script") == OWN
    files[rf"{place}\netrc"] = login("windows", "wrong")
    assert powershell.Script(machine, files).run(script) == 22
    assert clients.read(answer) == "badauth\n"
    assert re.search(r"^  badauth ", text, re.M) and "22 when" in text
    assert powershell.unknown("\n".join(re.findall("^    (.*)$", text, re.M))) == []
    assert f"'{place}\\update.ps1'\n" in text and f"\n{place}\\update.ps1:\n" in text


class Secrets(yaml.SafeLoader):
    """configuration.yaml, in which !secret names an entry of secrets.yaml."""


class HomeAssistant:
    """Its configuration, and sensors with these states."""

    def __init__(self, machine, configuration, secrets, **states):
        self.machine = machine
        Secrets.add_constructor("!secret", lambda loader, node: secrets[node.value])
        self.said = yaml.load(configuration, Secrets)
        self.jinja = jinja2.Environment(undefined=jinja2.StrictUndefined)
        self.jinja.globals["states"] = {
            f"sensor.{name}": value for name, value in states.items()}.__getitem__

    def render(self, template, **variables):
        return self.jinja.from_string(template).render(**variables)

    def call(self):
        """rest_command.ddnsgate: its answer."""
        command = self.said["rest_command"]["ddnsgate"]
        assert set(command) == {"url", "username", "password"}
        done = self.machine.run([
            sys.executable, restcommand.__file__, self.render(command["url"]),
            command["username"], command["password"]])
        return json.loads(done.stdout)

    def automate(self):
        """The one automation: what it notifies, and None if that is dismissed."""
        one, = self.said["automation ddnsgate"]
        for trigger in one["triggers"]:
            assert trigger["trigger"] in ("state", "time_pattern")
        first, branch = one["actions"]
        assert first["action"] == "rest_command.ddnsgate"
        answer = {first["response_variable"]: self.call()}
        failed = self.render(branch["if"], **answer) == "True"
        action, = branch["then" if failed else "else"]
        assert action["action"] == "persistent_notification." + (
            "create" if failed else "dismiss")
        return self.render(action["data"]["message"], **answer) if failed else None


@pytest.fixture
def assistant(machine, typed, monkeypatch):
    """assistant(states, token): as its page has it."""
    monkeypatch.setenv("SSL_CERT_FILE", machine.trust)

    def make(token=None, **states):
        secrets = yaml.safe_load(typed("homeassistant", "ddnsgate_token: ", "script"))
        if token:
            secrets = dict.fromkeys(secrets, token)
        return HomeAssistant(machine, typed("homeassistant", "rest_command:", "script"),
                             secrets, **states)
    return make


def test_home_assistant_with_the_files_of_its_page(before, assistant, page):
    # An address inside of the prefix is all that its sensor knows.
    box = assistant(myip=LINE[0], myip_ipv6="2a01:c22:b300:1:99ff:fe00:1:2")
    assert box.call() == {"status": 200, "content": GOOD}
    assert before.published("script") == OWN
    assert box.automate() is None
    said = assistant("wrong", myip=LINE[0], myip_ipv6="unknown").automate()
    assert said == "401: badauth\n"
    assert re.search("^  401: badauth ", page("homeassistant"), re.M)
    said = assistant(myip="100.64.7.9", myip_ipv6="unknown").automate()
    assert said.startswith("400: ") and said.endswith(" address\n")


@pytest.mark.parametrize("nothing", ["unavailable", "unknown"])
def test_a_sensor_of_home_assistant_that_knows_nothing(before, assistant, nothing):
    assert assistant(myip=LINE[0], myip_ipv6=nothing).call() == {
        "status": 200, "content": f"{HOST} good {LINE[0]}\n"}
    assert before.published("script") == [LINE[0], BEFORE["AAAA"]]


@pytest.mark.parametrize("line", ["curl.exe -sf x | more", "Get-Item C:\\", "$a = curl.exe x",
                                  "exit 0", "if ($v4) { exit }"])
def test_powershell_that_is_not_known_here_is_no_success(machine, line):
    with pytest.raises((ValueError, AttributeError)):
        powershell.Script(machine, {}).run(f"{line}\n")
    assert powershell.unknown("New-ScheduledTaskTrigger -Every (New-TimeSpan -Weeks 1)") == [
        "New-ScheduledTaskTrigger -Every", "New-TimeSpan -Weeks"]
