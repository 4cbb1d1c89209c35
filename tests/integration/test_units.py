"""The shipped units under a real systemd: what an administrator does to them."""

import json
import os
import re
import threading
import time

import pytest
from lab import fastcgi, waiting
from lab.gateway import verifier
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

    def __init__(self, folder, binary):
        self.prefix = os.path.dirname(os.path.dirname(binary))
        self.file = f"{self.prefix}/etc/ddnsgate/ddnsgate.json"
        super().__init__(folder, self.prefix)
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
    assert machine.shown(SERVICE, "User", "StatusText") == (
        "ddnsgate", status(2))
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
    assert machine.ask() == 404
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
