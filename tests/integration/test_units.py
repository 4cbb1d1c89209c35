"""The shipped units under a real systemd: what an administrator does to them."""

import json
import os
import re
import subprocess
import threading
import time

import pytest
from lab import fastcgi, waiting
from lab.gateway import ROOT, verifier
from lab.stage import CLAIM, USER, WEB, ZONE
from lab.systemd import Systemd, refused

SERVICE, SOCKET = "ddnsgate.service", "ddnsgate.socket"
AT = "/run/ddnsgate/ddnsgate.sock"
ASKED = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/", "QUERY_STRING": "",
         "REMOTE_ADDR": "127.0.0.1"}
GOOD = {
    "workers": 2,
    "providers": {"desec": {"addresses": ["192.0.2.1"]}},
    "accounts": {"router": {
        "verifier": verifier("router", "token"), "provider": "desec",
        "hosts": {"www.example.net": {"ipv4": True, "proof": {"kind": "none"}}}}}}
TYPO = json.dumps(GOOD).replace('"workers"', '"wokers"')


def status(workers):
    """As systemctl status shows it when nothing is to do."""
    return (f"{workers} workers, 0 busy; 1 account; "
            "0 hosts refused in the last hour")


class Machine(Systemd):
    """A systemd with ddnsgate installed, not yet configured."""

    def __init__(self, folder, binary, host=None):
        self.prefix = os.path.dirname(os.path.dirname(binary))
        self.file = f"{self.prefix}/etc/ddnsgate/ddnsgate.json"
        super().__init__(folder, self.prefix, host=host)
        for tool, room in (("systemd-sysusers", "sysusers.d"),
                           ("systemd-tmpfiles --create", "tmpfiles.d")):
            self.must(*tool.split(), f"{self.prefix}/lib/{room}/ddnsgate.conf")
        # PrivateTmp= would hide a prefix below /tmp; the tests are in a hurry.
        self.write(f"/etc/systemd/system/{SERVICE}.d/lab.conf", f"""[Service]
BindReadOnlyPaths={self.prefix}
RestartSec=200ms
""")
        for unit in (SERVICE, SOCKET):
            self.must("cp", f"{self.prefix}/lib/systemd/system/{unit}",
                      "/etc/systemd/system")
        self.must("systemctl", "daemon-reload")

    def must(self, *args):
        told = self.run(*args)
        if told.returncode != 0:
            raise AssertionError(f"{args}: {told.stderr}\n{self.journal(SERVICE)}")
        return told.stdout

    def configure(self, text):
        self.write(self.file, text if isinstance(text, str) else json.dumps(text))

    def ask(self, timeout=60.0):
        """The status of an answer, whoever must be started to give it."""
        return fastcgi.call(self.path(AT), ASKED, timeout)[0]


class Asking(threading.Thread):
    """A request that somebody has to wait for."""

    def __init__(self, machine):
        super().__init__(daemon=True)
        self.status = None
        self.machine = machine
        self.start()

    def run(self):
        self.status = self.machine.ask()


@pytest.fixture(scope="module")
def installed(plain_binary, tmp_path_factory):
    reason = refused()
    if reason:
        pytest.skip(reason)
    with Machine(str(tmp_path_factory.mktemp("systemd")), plain_binary) as machine:
        yield machine


@pytest.fixture
def machine(installed):
    """With a good configuration, and running."""
    installed.configure(GOOD)
    installed.must("systemctl", "enable", "--now", SERVICE)
    installed.until(SERVICE, ActiveState="active", SubState="running")
    assert installed.ask() == 404
    return installed


def test_inert_until_configured(installed):
    installed.run("rm", "-f", installed.file)
    installed.must("systemctl", "enable", "--now", SERVICE, SOCKET)
    for unit in (SERVICE, SOCKET):
        assert installed.shown(unit, "ActiveState", "Result") == ("inactive", "success")
        assert installed.must("systemctl", "is-enabled", unit).strip() == "enabled"
    installed.configure(GOOD)
    installed.must("systemctl", "start", SERVICE)
    assert installed.ask() == 404
    for unit in (SERVICE, SOCKET):
        assert installed.shown(unit, "ActiveState") == ("active",)


def test_one_of_them_enables_both(machine):
    machine.must("systemctl", "disable", SERVICE)
    for unit in (SERVICE, SOCKET):
        assert machine.run("systemctl", "is-enabled", unit).stdout.strip() != "enabled"
    machine.must("systemctl", "enable", SOCKET)
    for unit in (SERVICE, SOCKET):
        assert machine.must("systemctl", "is-enabled", unit).strip() == "enabled"


def test_what_runs_where(machine):
    # A worker is at work for a moment after its reply.
    waiting.until(lambda: machine.shown(SERVICE, "User", "StatusText") == (
        "ddnsgate", status(2)), "two workers, and none of them at work", 60)
    made = machine.must("stat", "-c", "%n %a %U %G", os.path.dirname(machine.file),
                        "/var/log/ddnsgate", "/var/lib/ddnsgate")
    assert re.findall(r"(\S+)\n", made) == ["ddnsgate"] * 3
    assert re.findall(r" (\d+ \S+)", made) == ["750 root", "750 ddnsgate", "700 ddnsgate"]
    state = f"{machine.prefix}/var/lib/ddnsgate"
    waiting.until(lambda: machine.must("ls", state), f"something in {state}", 30)
    machine.must("systemd-tmpfiles", "--create",
                 f"{machine.prefix}/lib/tmpfiles.d/ddnsgate.conf")
    assert machine.must("stat", "-c", "%a %U %G", machine.file) == "640 root ddnsgate\n"


def test_a_log_file_where_the_manual_says(machine):
    log = "/var/log/ddnsgate/ddnsgate.log"
    machine.configure({**GOOD, "log": log})
    machine.must("systemctl", "restart", SERVICE)
    assert "ready" in machine.must("cat", log)


def test_a_reload_with_a_wrong_file_fails_and_changes_nothing(machine):
    pid = machine.shown(SERVICE, "MainPID")
    machine.configure(TYPO)
    assert machine.run("systemctl", "reload", SERVICE).returncode != 0
    assert '/wokers: ' in machine.journal(SERVICE)
    assert machine.shown(SERVICE, "ActiveState", "SubState") == ("active", "running")
    assert machine.shown(SERVICE, "MainPID") == pid
    assert machine.ask() == 404
    machine.configure({**GOOD, "workers": 3})
    machine.must("systemctl", "reload", SERVICE)
    machine.until(SERVICE, StatusText=status(3))
    assert machine.shown(SERVICE, "MainPID") == pid


def test_a_hangup_with_a_wrong_file_is_told_by_the_status(machine):
    machine.configure(TYPO)
    machine.must("systemctl", "kill", "--kill-who=main", "--signal=HUP", SERVICE)
    waiting.until(lambda: "/wokers: " in machine.shown(SERVICE, "StatusText")[0],
                  "the status to name the mistake", 30)
    assert machine.ask() == 404


def test_a_typo_is_survived(machine):
    """Once, five starts that failed ended service and socket for good."""
    machine.configure(TYPO)
    assert machine.run("systemctl", "restart", SERVICE).returncode != 0
    assert "/wokers: " in machine.shown(SERVICE, "StatusText")[0]
    asking = [Asking(machine) for _ in range(8)]
    waiting.until(lambda: int(machine.shown(SERVICE, "NRestarts")[0]) > 8,
                  "more starts than any limit", 60)
    assert machine.shown(SERVICE, "ActiveState") == ("activating",)
    assert machine.shown(SOCKET, "ActiveState") == ("active",)
    machine.configure(GOOD)             # and nothing else is done
    for each in asking:
        each.join(60)
        assert each.status == 404
    machine.until(SERVICE, ActiveState="active", SubState="running")


def test_a_supervisor_that_was_killed_is_back_at_once(machine, matrix):
    """With all that it had started; requests wait in the socket of systemd."""
    pid, = machine.shown(SERVICE, "MainPID")
    workers = machine.run("cat", f"/proc/{pid}/task/{pid}/children").stdout.split()
    began = time.monotonic()
    machine.must("systemctl", "kill", "--kill-who=main", "--signal=KILL", SERVICE)
    # A worker that is about to end with it may have accepted the first one.
    waiting.until(lambda: machine.ask() == 404, "an answer", 10, step=0.02)
    took = time.monotonic() - began
    matrix("a supervisor that was killed is back", "systemd", "after", f"{took:.2f} s")
    assert took < 10                    # 1 on a machine that does nothing else
    new, = machine.shown(SERVICE, "MainPID")
    assert new != pid
    for old in workers:
        assert machine.run("test", "-e", f"/proc/{old}").returncode == 1


def test_a_file_that_went_away(machine):
    machine.must("rm", machine.file)
    assert machine.run("systemctl", "reload", SERVICE).returncode != 0
    machine.must("systemctl", "restart", SERVICE)
    assert machine.shown(SERVICE, "ActiveState", "Result") == ("inactive", "success")
    machine.configure(GOOD)
    machine.must("systemctl", "start", SERVICE)
    assert machine.ask() == 404


def test_the_exposure(plain_binary):
    """As systemd itself counts it, in tenths."""
    unit = f"{os.path.dirname(os.path.dirname(plain_binary))}/lib/systemd/system/{SERVICE}"
    told = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                           "--threshold=10", unit], check=False, text=True,
                          capture_output=True)
    assert told.returncode == 0, told.stdout


ASK = """
import json, sys
sys.path.insert(0, "/opt")
import fastcgi
try:
    print(json.dumps(fastcgi.call(sys.argv[1], json.loads(sys.argv[2]))))
except OSError as e:
    print(json.dumps([0, e.strerror]))
"""


class Server(Machine):
    """The proxy of the reference case, under the shipped unit as it is."""

    def __init__(self, world, folder, binary):
        super().__init__(folder, binary, world.proxy)
        with open(f"{ROOT}/tests/lab/fastcgi.py", encoding="utf-8") as f:
            self.write("/opt/fastcgi.py", f.read())
        self.write("/opt/ask.py", ASK)
        with open(world.authority.pem, encoding="ascii") as f:
            self.write("/etc/ssl/lab.pem", f.read())
        self.configure({**world.configuration(), "ca": "/etc/ssl/lab.pem",
                        "state": "/var/lib/ddnsgate"})
        self.must("systemctl", "start", SERVICE)

    def asked(self, user, parameters):
        """The status and the body of an answer to a local user."""
        status, text = json.loads(self.must(
            "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
            "python3", "/opt/ask.py", AT, json.dumps(parameters)))
        return status, text.partition("\r\n\r\n")[2] or text


@pytest.fixture
def server(world, plain_binary, tmp_path_factory):
    reason = refused()
    if reason:
        pytest.skip(reason)
    with Server(world, str(tmp_path_factory.mktemp("server")), plain_binary) as machine:
        yield machine


def test_the_reference_case_under_the_unit(world, dns, server):
    """All directives in force: proofs, provider, state, log, and who may ask."""
    wanted = world.parameters(USER, **CLAIM)
    assert server.asked("www-data", wanted) == (200, f"{ZONE} good {WEB[0]} {WEB[1]}\n")
    assert dns.addresses(ZONE, world.router) == list(WEB)
    assert server.asked("www-data", wanted) == (200, f"{ZONE} nochg {WEB[0]} {WEB[1]}\n")
    server.must("systemctl", "reload", SERVICE)
    assert server.asked("www-data", wanted) == (200, f"{ZONE} nochg {WEB[0]} {WEB[1]}\n")
    server.must("systemctl", "restart", SERVICE)
    assert server.asked("www-data", wanted) == (200, f"{ZONE} nochg {WEB[0]} {WEB[1]}\n")
    assert server.asked("games", wanted) == (0, "Permission denied")
    server.must("chmod", "0666", AT)    # the mode was what told who may ask
    assert server.asked("www-data", wanted)[0] == 0
    server.must("chmod", "0660", AT)
    said = server.journal(SERVICE)
    for fault in ("no Landlock", "not allowed", "removed or replaced", "nochg (proof"):
        assert fault not in said, said
    main, = server.shown(SERVICE, "MainPID")
    status = server.must("cat", f"/proc/{main}/status")
    assert re.search(r"^Seccomp:\s2$.*", status, re.M)
