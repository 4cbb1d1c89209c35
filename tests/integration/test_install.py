"""README's section "Install", pasted command by command into a bare Debian.

The tree (DDNSGATE_BARE) is what debootstrap makes, with systemd; tests/releases
makes one for each release.  A systemd is started in it, on the host of the lab
that stands in for the server, and what the section says is typed at a terminal
there: once from top to bottom, up to the first `good`.  Only what is in MEANWHILE
is not done as it is written there, since the lab has no Internet.
"""

import json
import os
import pty
import re
import select
import shutil
import time

import pytest
from lab import bare, network, stage as stages
from lab.gateway import ROOT
from lab.systemd import Bare, refused
from lab.waiting import until

SERVER = "dns.chaos-wg.net"
TOKEN = "canary-of-the-installation"
AT = f"/etc/letsencrypt/live/{SERVER}"
# The lines that change what the reader is told to change, and what the lab does
# instead of the Internet: a part of a command, and what takes its place.
MEANWHILE = {
    "server=dns.example.org": f"server={SERVER}",
    "mail=you@example.org": "mail=hostmaster@chaos-wg.net",
    # Let's Encrypt: the lab's own authority, with files at the same place.
    "certbot certonly ": "true ",
    # The provider: a PowerDNS.
    '"desec": {}': '"desec": {PROVIDER}',
}
# What a command asks for at the terminal, and what is typed then.
ASKS = {"User: ": "router", "Token: ": TOKEN, "Token again: ": TOKEN,
        "Enter host password for user 'router':": TOKEN}


def commands():
    """The commands of the section, each with its lines joined."""
    with open(f"{ROOT}/README.md", encoding="utf-8") as f:
        section = re.search(r"^## Install\n(.*?)^## ", f.read(), re.M | re.S)[1]
    found = []
    for block in re.findall(r"^```sh\n(.*?)^```$", section, re.M | re.S):
        open_end = None
        for line in block.splitlines(keepends=True):
            if open_end or (found and found[-1].endswith("\\\n")):
                found[-1] += line
                open_end = None if line.strip() == open_end else open_end
            elif line.strip():
                found.append(line)
                here = re.search(r"<<'?(\w+)", line)
                open_end = here and here[1]
    return found


def is_apt(command):
    return command.startswith("apt ")


def unpacked(tree):
    """A copy in which the lines with apt were typed, which need the Internet."""
    return bare.furnished(tree, "install", "".join(filter(is_apt, commands())))


@pytest.fixture(scope="module")
def server(namespaces, folder):
    """The lab with a bare machine in it, as one has it before the first command."""
    tree, archive = bare.given("DDNSGATE_BARE"), bare.given("DDNSGATE_ARCHIVE")
    reason = refused()
    if reason:
        pytest.skip(reason)
    furnished = unpacked(tree)
    with stages.Stage(f"{folder}/install", TOKEN, network.Network()) as stage:
        stage.hosts()
        stage.web_server()
        stage.dns()
        with Bare(f"{folder}/install", furnished, stage.proxy) as machine:
            machine.stage = stage
            shutil.copy(archive, machine.path("/root/"))
            furnish(machine, stage)
            yield machine


def furnish(machine, stage):
    """What the Internet would have: a name, a certificate, somebody to trust."""
    leaf = stage.authority.leaf(SERVER)
    for file, where in ((leaf.chain, f"{AT}/fullchain.pem"), (leaf.key, f"{AT}/privkey.pem"),
                        (stage.authority.pem, "/usr/local/share/ca-certificates/lab.crt")):
        with open(file, encoding="ascii") as f:
            machine.write(where, f.read())
    machine.run("update-ca-certificates")
    machine.write("/etc/hosts", f"127.0.0.1 localhost\n{stage.proxy.ipv4} {SERVER}\n"
                  f"{stage.provider.ipv4} {stage.powerdns.name}\n")


def as_typed(machine):
    """The script of the whole section, with the lab in the place of the Internet."""
    text = "".join(c for c in commands() if not is_apt(c))
    for old, new in MEANWHILE.items():
        assert text.count(old) == 1, f"README no longer says {old}"
        text = text.replace(old, new)
    powerdns = machine.stage.powerdns
    return text.replace("{PROVIDER}", "{" f'"description": "powerdns", '
                        f'"config": {{"base": "{powerdns.base}"}}' "}")


def typed(machine, script, asks, seconds=600):
    """Runs a script at a terminal, answering what is asked there."""
    machine.write("/root/paste", script)
    pid, keys = pty.fork()
    if pid == 0:
        words = machine.entering("bash", "-c", "cd; set -ex; . ./paste")
        os.execvp(words[0], words)
    seen, answered, end = "", 0, time.monotonic() + seconds
    try:
        while select.select([keys], [], [], max(0, end - time.monotonic()))[0]:
            try:
                seen += os.read(keys, 65536).decode("utf-8", "replace")
            except OSError:             # it has ended
                break
            for question, answer in asks.items():
                if seen[answered:].endswith(question):
                    answered = len(seen)
                    os.write(keys, f"{answer}\n".encode())
    finally:
        os.close(keys)                  # which ends what is still at work there
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, seen.replace("\r\n", "\n")


# What setup asks for, by the end of the question.
QUESTIONS = {
    "Name of this server: ": SERVER, "logs in as [router]: ": "",
    "DNS provider (? lists all): ": "powerdns", '"base" of powerdns: ': "{BASE}",
    "is to follow your address: ": "chaos-wg.net",
    "IPv4 address of your home now: ": stages.WEB[0],
    "IPv6 address of the web server now: ": stages.WEB[1],
    "Prefix length of your line [56]: ": "", "Your router (? lists all, or none) [none]: ":
    "fritzbox", "Site of nginx (or none) [/etc/nginx/sites-available/ddnsgate]: ": "",
    f"[{AT}/fullchain.pem]: ": "", f"[{AT}/privkey.pem]: ": "", "Start it now? [yes]: ": ""}


@pytest.fixture(scope="module")
def pasted(server, matrix):
    """What the terminal showed, once all commands were there."""
    began = time.monotonic()
    status, seen = typed(server, as_typed(server), ASKS)
    assert status == 0, seen[-6000:]
    with open(server.path("/etc/debian_version"), encoding="ascii") as f:
        version = f.read().strip()
    title = "From a bare Debian to the first good"
    matrix(title, version, "commands", len(commands()))
    matrix(title, version, "seconds, without apt", round(time.monotonic() - began))
    return seen


def test_the_section_pasted_into_a_bare_debian(server, pasted):
    assert f"\nchaos-wg.net good {' '.join(stages.WEB)}\n" in pasted
    assert server.stage.powerdns.addresses("chaos-wg.net") == list(stages.WEB)
    assert TOKEN not in pasted
    # What it started is there at the next boot, too.
    for unit in ("ddnsgate.service", "ddnsgate.socket", "nginx.service"):
        assert server.run("systemctl", "is-enabled", unit).stdout == "enabled\n"


def journal(server, text):
    """The entry with this text, where the section says that the log is."""
    def look():
        told = server.run("journalctl", "--no-pager", "-o", "json", "-u", "ddnsgate").stdout
        return [e for e in map(json.loads, told.splitlines()) if text in e["MESSAGE"]]
    return until(look, f"{text} in the journal", 30)[0]


def test_the_log_is_where_the_section_says(server, pasted):
    told = journal(server, "router: 200; chaos-wg.net")
    assert told["PRIORITY"] == "6"
    assert (told["DDNSGATE_ACCOUNT"], told["DDNSGATE_STATUS"]) == ("router", "200")
    assert told["DDNSGATE_REQUEST_ID"]
    # The journal has the time and the pid already.
    assert told["MESSAGE"].startswith(f"{server.stage.proxy.ipv4} router: 200; chaos-wg.net A ")


def test_a_login_that_fails_names_the_user(server, pasted):
    asked = server.run("curl", "-s", "-u", "mallory:guess", "-w", "%{http_code}",
                       f"https://{SERVER}/update?ipv4={stages.WEB[0]}")
    assert asked.stdout == "badauth\n401"
    assert journal(server, '"mallory"')["MESSAGE"].startswith(f"{server.stage.proxy.ipv4} ")


def test_the_archive_is_called_what_the_section_says():
    with open(f"{ROOT}/configure.ac", encoding="ascii") as f:
        version = re.search(r"AC_INIT\(\[ddnsgate\], \[([^]]+)\]", f.read())[1]
    assert f"tar xzf ddnsgate-{version}.tar.gz\n" in commands()
    assert f"cd ddnsgate-{version}\n" in commands()


def test_what_make_install_puts_in_place(server, pasted):
    for name in ("/etc/logrotate.d/ddnsgate", "/usr/lib/sysusers.d/ddnsgate.conf",
                 "/usr/share/bash-completion/completions/ddnsgate.bash",
                 "/usr/share/zsh/vendor-completions/_ddnsgate"):
        assert os.path.exists(server.path(name)), name
    for name, mode in (("/etc/ddnsgate", "root ddnsgate 750"),
                       ("/var/lib/ddnsgate", "ddnsgate ddnsgate 700"),
                       ("/var/log/ddnsgate", "ddnsgate ddnsgate 750")):
        assert server.run("stat", "-c", "%U %G %a", name).stdout == f"{mode}\n"
    told = server.run("sh", "-c", "! which logrotate || logrotate -d /etc/logrotate.d/ddnsgate")
    assert told.returncode == 0, told.stderr


@pytest.fixture
def unconfigured(server, pasted):
    """The machine as `make install' leaves it, without even the user."""
    server.run("systemctl", "disable", "--now", "ddnsgate.service", "ddnsgate.socket")
    for name in ("/etc/ddnsgate", "/var/lib/ddnsgate", "/var/log/ddnsgate",
                 "/etc/nginx/sites-available/ddnsgate", "/etc/nginx/sites-enabled/ddnsgate"):
        server.run("rm", "-r", name)
    assert server.run("userdel", "ddnsgate").returncode == 0
    server.run("systemctl", "reload", "nginx")
    server.stage.powerdns.set("chaos-wg.net", **stages.BEFORE)
    # Inert: neither a success nor a failure.
    for unit in ("ddnsgate.socket", "ddnsgate.service"):
        assert server.run("systemctl", "start", unit).returncode == 0
        assert server.run("systemctl", "show", "-p", "ActiveState,Result", "--value",
                          unit).stdout.split() == ["success", "inactive"]
    return server


def test_setup_is_enough(unconfigured, matrix):
    server, began = unconfigured, time.monotonic()
    asks = ASKS | QUESTIONS | {'"base" of powerdns: ': server.stage.powerdns.base}
    ask_again = [c for c in commands() if c.startswith("curl -u router")]
    assert len(ask_again) == 1
    status, seen = typed(server, f"server={SERVER}\nddnsgate setup\n{ask_again[0]}", asks)
    assert status == 0, seen
    matrix("From a bare Debian to the first good", "ddnsgate setup", "seconds",
           round(time.monotonic() - began))
    assert "made the user ddnsgate" in seen
    assert f"\nchaos-wg.net good {' '.join(stages.WEB)}\n" in seen
    assert f"https://{SERVER}/update?ipv4=<ipaddr>" in seen
    assert TOKEN not in seen
    for unit in ("ddnsgate.service", "ddnsgate.socket"):
        assert server.run("systemctl", "is-enabled", unit).stdout == "enabled\n"
    assert server.run("ddnsgate", "check", "--quiet").returncode == 0
