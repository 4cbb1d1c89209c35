"""`ddnsgate check` says what `serve` will meet, as the user that serves."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import threading

import pytest
from lab import certificates, waiting
from lab.gateway import USER, verifier


@pytest.fixture(scope="module", autouse=True)
def only_for_root():
    if os.geteuid() != 0:
        pytest.skip("only root can check as another user")


@pytest.fixture
def place(folder):
    """A directory that USER may read but not write, with one that it may."""
    path = pathlib.Path(tempfile.mkdtemp(dir=folder))
    path.chmod(0o755)
    (path / "own").mkdir(mode=0o755)
    os.chown(path / "own", USER, USER)
    certificates.Authority(str(path), "ca")
    (path / "ca.pem").chmod(0o644)
    yield path
    shutil.rmtree(path)


def configuration(place, **members):
    """A good one, and what differs from it; hosts and providers by name."""
    good = {
        "ca": f"{place}/ca.pem", "state": f"{place}/own",
        "providers": {"home": {"description": "powerdns", "config": {
            "base": "https://api.dns.example:8443"}}},
        "accounts": {"router": {
            "verifier": verifier("router", "token"), "provider": "home",
            "hosts": {"www.home.example": {"ipv4": True}}}}}
    file = place / "ddnsgate.json"
    file.write_text(json.dumps({**good, **members}), encoding="ascii")
    file.chmod(0o644)
    return str(file)


def check(binary, file, *options, before=()):
    return subprocess.run([*before, binary, "check", "--config", file, *options],
                          text=True, capture_output=True, check=False, timeout=120)


def refused(binary, place, why, **members):
    told = check(binary, configuration(place, **members), "--user", str(USER))
    assert (told.returncode, told.stderr) == (1, f"ddnsgate: {why}\n")
    quiet = check(binary, configuration(place, **members), "--user", str(USER), "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (1, "", told.stderr)


def test_what_serve_will_do_is_tried_and_leaves_nothing(binary, place):
    before = sorted(place.rglob("*"))
    file = configuration(place, log=f"{place}/own/log", listen={
        "socket": f"{place}/own/socket"})
    told = check(binary, file, "--user", str(USER))
    assert (told.returncode, told.stderr) == (0, "")
    assert sorted(place.rglob("*")) == sorted([*before, place / "ddnsgate.json"])
    assert f"not tried: {place}/own/log inside a unit of systemd" in told.stdout


@pytest.mark.parametrize("state, why", [
    ("missing", "No such file or directory"), ("", "Permission denied")])
def test_a_state_that_serve_cannot_keep(binary, place, state, why):
    """It serves without one, so that this is no failure."""
    assert notes(binary, configuration(place, state=f"{place}/{state}")) == [
        f"note: state {place}/{state}: {why}; nothing will be remembered, so each "
        "update is proved and written"]


def test_a_state_of_a_newer_program(binary, place):
    """serve refuses it."""
    with contextlib.closing(sqlite3.connect(place / "own/state.db")) as db:
        db.execute(f"PRAGMA application_id = {0x64646e73}")
        db.execute("PRAGMA user_version = 99")
    os.chown(place / "own/state.db", USER, USER)
    refused(binary, place,
            f"state {place}/own/state.db: version 99 of its tables was made by a newer "
            "ddnsgate; this one knows version 2.  Install the newer one again, or name "
            "another directory")


def test_a_state_of_another_program(binary, place):
    with contextlib.closing(sqlite3.connect(place / "own/state.db")) as db:
        db.execute("CREATE TABLE treasure (value)")
    os.chown(place / "own/state.db", USER, USER)
    file = configuration(place)
    assert notes(binary, file) == [
        f"note: state {place}/own: {place}/own/state.db is a database of another "
        "program; nothing will be remembered, so each update is proved and written"]


def test_a_database_is_not_tried(binary, place):
    told = check(binary, configuration(place, state="postgresql:///ddnsgate"), "--user",
                 str(USER))
    assert (told.returncode, told.stderr) == (0, "")
    assert "not tried: the database that holds the state\n" in told.stdout


@pytest.mark.parametrize("log, why", [
    ("missing/log", "No such file or directory"),
    ("log", "Permission denied"),
    ("own", "Is a directory"),
    ("own/link", "a symbolic link, which is not followed; name the file that it "
     "leads to")])
def test_a_log_that_serve_cannot_open(binary, place, log, why):
    (place / "own/link").symlink_to(place / "own/elsewhere")
    refused(binary, place, f"log {place}/{log}: {why}", log=f"{place}/{log}")
    assert not (place / "own/elsewhere").exists()


def test_a_log_that_belongs_to_another(binary, place):
    (place / "own/log").write_text("a line\n", encoding="ascii")
    refused(binary, place, f"log {place}/own/log: Permission denied",
            log=f"{place}/own/log")
    os.chown(place / "own/log", USER, USER)
    told = check(binary, configuration(place, log=f"{place}/own/log"), "--user",
                 str(USER))
    assert (told.returncode, told.stderr) == (0, "")
    assert (place / "own/log").read_text(encoding="ascii") == "a line\n"


@pytest.mark.parametrize("path, why", [
    ("missing/socket", "{place}/missing: No such file or directory"),
    ("socket", "Permission denied"),
    ("own", "is there, and is no socket; move it away"),
    ("own/" + "s" * 107, "longer than 107 characters")])
def test_a_socket_that_serve_cannot_make(binary, place, path, why):
    refused(binary, place, f"{place}/{path}: {why.format(place=place)}",
            listen={"socket": f"{place}/{path}"})


def test_a_group_that_is_not_the_users(binary, place):
    refused(binary, place, f"{place}/own/socket: group 0: Operation not permitted; only "
            "a member of the group may give it a socket",
            listen={"socket": f"{place}/own/socket", "group": "root"})
    assert list((place / "own").iterdir()) == []


def test_the_longest_path_that_a_socket_can_have(binary, place):
    path = f"{place}/own/{'s' * 107}"[:107]
    told = check(binary, configuration(place, listen={"socket": path}), "--user",
                 str(USER))
    assert (told.returncode, told.stderr) == (0, "")


def test_a_server_of_another_user_is_left_alone(binary, place):
    path = f"{place}/own/socket"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        os.chmod(path, 0o777)
        told = check(binary, configuration(place, listen={"socket": path}), "--user",
                     str(USER))
        assert (told.returncode, told.stderr) == (0, "")
        assert f"not tried: {path}, where a server of user 0 listens" in told.stdout
        server.settimeout(10)
        server.accept()[0].close()


def of_provider(file):
    return {"providers": {"home": {"description": "powerdns", "ca": file, "config": {
        "base": "https://api.dns.example:8443"}}}}


def of_host(file):
    return {"accounts": {"router": {
        "verifier": verifier("router", "token"), "provider": "home",
        "hosts": {"www.home.example": {"ipv4": True, "proof": {"ca": file}}}}}}


@pytest.mark.parametrize("mode, text, why", [
    (0o600, None, "Permission denied; name a PEM file"),
    (0o666, None, "others can write it; chmod go-w"),
    (0o664, None, "others can write it; chmod go-w"),
    (0o644, "-----nothing-----\n", "name a PEM file"),
    (None, None, "No such file or directory")])
@pytest.mark.parametrize("member", [of_host, of_provider])
def test_authorities_that_serve_cannot_use(binary, place, member, mode, text, why):
    file = place / "other.pem"
    if mode is not None:
        file.write_text(text or (place / "ca.pem").read_text(encoding="ascii"),
                        encoding="ascii")
        file.chmod(mode)
    told = check(binary, configuration(place, **member(str(file))), "--user", str(USER))
    assert told.returncode == 1
    assert f"{file}: " in told.stderr and why in told.stderr
    if member is of_provider:
        assert f"{place}/ddnsgate.json: /providers/home: " in told.stderr


@pytest.mark.parametrize("member", [of_host, of_provider])
def test_authorities_behind_a_link_are_looked_at_where_they_are(binary, place, member):
    """And serve refuses what check refuses."""
    real, link = place / "real.pem", place / "link.pem"
    real.write_text((place / "ca.pem").read_text(encoding="ascii"), encoding="ascii")
    link.symlink_to(real)
    file = configuration(place, **member(str(link)))
    assert check(binary, file, "--user", str(USER)).returncode == 0
    real.chmod(0o666)
    told = check(binary, file, "--user", str(USER))
    served = subprocess.run(
        ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", binary,
         "serve", "--config", file], check=False, stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for status, text in (told.returncode, told.stderr), (served.returncode, served.stdout):
        assert status == 1
        assert f"{link}: others can write it; chmod go-w" in text


def test_the_configuration_is_read_as_the_user_that_serves(binary, place):
    file = configuration(place)
    os.chmod(file, 0o600)
    told = check(binary, file, "--user", str(USER))
    assert (told.returncode, told.stderr) == (
        1, f"ddnsgate: {file}: Permission denied\n")
    os.chown(file, USER, USER)          # that user may own it, but not root's check
    assert check(binary, file, "--user", str(USER)).returncode == 0


@pytest.mark.parametrize("user, why", [
    ("no-such-user", "no-such-user: no such user on this machine"),
    ("root", "root: serve does not run as root; name its user"),
    ("0", "0: serve does not run as root; name its user")])
def test_a_user_that_cannot_be_had(binary, place, user, why):
    told = check(binary, configuration(place), "--user", user)
    assert (told.returncode, told.stderr) == (1, f"ddnsgate: {why}\n")


def test_only_root_checks_as_another(binary, place):
    before = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    told = check(binary, configuration(place), "--user", "nobody", before=before)
    assert told.returncode == 1
    assert "only root can check as another user" in told.stderr
    told = check(binary, configuration(place, log=f"{place}/log"), before=before)
    assert (told.returncode, told.stderr) == (
        1, f"ddnsgate: log {place}/log: Permission denied\n")


def test_the_owner_of_the_running_service_is_found(binary, place):
    """Nobody needs to say who serves, as long as somebody does."""
    path = f"{place}/own/socket"
    file = configuration(place, listen={"socket": path}, workers=1, peers=[])
    printed = place / "printed"
    with printed.open("wb") as out:
        server = subprocess.Popen(
            ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", binary,
             "serve", "--config", file], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        waiting.until(lambda: "ready" in printed.read_text(encoding="ascii"),
                      "the server", 60)
        told = check(binary, configuration(place, listen={"socket": path}, workers=1,
                                           peers=[], log=f"{place}/log"))
        assert (told.returncode, told.stderr) == (
            1, f"ddnsgate: log {place}/log: Permission denied\n")
        assert check(binary, configuration(place, listen={"socket": path})
                     ).returncode == 0
        assert server.poll() is None
    finally:
        server.terminate()
        server.wait(60)


def notes(binary, file):
    told = check(binary, file, "--user", str(USER))
    assert (told.returncode, told.stderr) == (0, "")
    quiet = check(binary, file, "--user", str(USER), "--quiet")
    assert (quiet.returncode, quiet.stdout) == (0, "")
    return [line for line in told.stdout.splitlines() if line.startswith("note: ")]


def test_a_good_configuration_has_no_notes(binary, place):
    assert notes(binary, configuration(place)) == []


def test_a_host_in_several_accounts(binary, place):
    def account(*names):
        return {"verifier": verifier("router", "token"), "provider": "home",
                "hosts": {name: {"ipv4": True} for name in names}}
    assert notes(binary, configuration(place, accounts={
        "b": account("www.home.example", "b.home.example"),
        "c": account("WWW.Home.Example.", "c.home.example"),
        "a": account("www.home.example", "a.home.example")})) == [
            "note: www.home.example is in 3 accounts: a b c; it has the addresses of "
            "whichever reports last"]


def test_a_time_to_live_that_the_provider_changes(binary, place):
    accounts = {"router": {
        "verifier": verifier("router", "token"), "provider": "godaddy",
        "hosts": {"a.home.example": {"ipv4": True, "ttl": 5},
                  "b.home.example": {"ipv4": True, "ttl": 3600},
                  "c.home.example": {"ipv4": True}}}}
    assert notes(binary, configuration(place, accounts=accounts, providers={
        "godaddy": {}})) == ["note: a.home.example: provider godaddy takes no TTL of "
                             "5 s; it will be 600 s"]


@pytest.mark.parametrize("path, twice", [
    ("", None), ("/", None), ("/proxy", None), ("/v1", None), ("/api/v1", "/api/v1"),
    ("/api/v1/", "/api/v1"), ("/api", "/api"), ("/proxy/api/v1", "/api/v1")])
def test_a_base_with_what_the_description_adds(binary, place, path, twice):
    base = "https://api.dns.example:8443"
    told = notes(binary, configuration(place, providers={"home": {
        "description": "powerdns", "config": {"base": base + path}}}))
    wanted = [f"note: provider home: the requests would go to {base}{path.rstrip('/')}"
              f"{twice}/..., for the description adds {twice} by itself; take it out of "
              '"base"'] if twice else []
    assert told == wanted


@contextlib.contextmanager
def tls_server(leaf):
    """On a free port of this machine: shakes hands, and waits for the end."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.chain, leaf.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            with contextlib.suppress(OSError):
                while True:
                    with listener.accept()[0] as peer, contextlib.suppress(OSError):
                        peer.settimeout(20)
                        with context.wrap_socket(peer, server_side=True) as session:
                            session.recv(1)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def visited(place, name, port):
    """A configuration whose provider is a server on this machine."""
    return configuration(place, providers={"home": {
        "description": "powerdns", "addresses": ["127.0.0.1"],
        "config": {"base": f"https://api.{name}.example:{port}"}}})


def test_resolve_shows_until_when_certificates_are_valid(binary, place):
    authority = certificates.Authority(str(place), "ca")
    leaf = authority.leaf("good.example")
    until = leaf.certificate.not_valid_after.strftime("%Y-%m-%d")
    with tls_server(leaf) as port:
        told = check(binary, visited(place, "good", port), "--user", str(USER),
                     "--resolve")
    assert (told.returncode, told.stderr) == (0, "")
    assert re.search("^provider home: api.good.example at 127.0.0.1: its certificate "
                     f"is valid until {until}, for (29|30) days$", told.stdout, re.M)


def test_resolve_says_why_a_provider_will_not_do(binary, place):
    authority = certificates.Authority(str(place), "ca")
    with tls_server(authority.leaf("bad.example", "expired")) as port:
        file = visited(place, "bad", port)
        told = check(binary, file, "--user", str(USER), "--resolve")
        quiet = check(binary, file, "--user", str(USER), "--resolve", "--quiet")
        alone = check(binary, file, "--user", str(USER))
    assert told.returncode == 1 and "has expired" in told.stderr
    assert told.stderr.startswith("ddnsgate: provider home: api.bad.example: ")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (1, "", told.stderr)
    assert (alone.returncode, alone.stderr) == (0, "")      # nobody was asked


def test_all_that_is_wrong_at_once(binary, place):
    """Each mistake once, and none that only follows from another."""
    good = verifier("router", "token")
    file = configuration(
        place, wokers=3, workers="many", url="http://x", log="somewhere",
        providers={"desec": {}, "nowhere": {}, "pdns": {"description": "powerdns"},
                   "text": "desec"},
        operators={"me": {"verifier": "x"}},
        accounts={
            "a:b": {},
            "r": {"verifier": "abc", "provider": "other", "colour": 1, "size": 2, "hosts": {
                "x": {"ipv4": True}, "y.example.org": {}, "v.example.org": {"ip4": True},
                "z.example.org": {
                    "ipv4": "yes", "ttl": -1,
                    "ipv6": {"prefix_length": 200, "suffix": "1:2:3:4::8"},
                    "proof": {"kind": "pins", "port": 0, "pins": ["sha256//x"]}}}},
            "ok": {"verifier": good, "provider": "desec", "hosts": {
                "q.example.org": {"ipv4": True, "proof": {"ca": "/nonexistent"}},
                "s.example.org": {"ipv4": True, "proof": {"ca": "/nonexistent"}}}}})
    told = check(binary, file, "--user", str(USER))
    assert told.returncode == 1 and told.stdout == ""
    places = [line.removeprefix("ddnsgate: ").removeprefix(f"{file}: ").split(": ")[0]
              for line in told.stderr.splitlines()]
    host = "/accounts/r/hosts"
    assert sorted(places) == sorted([
        "/wokers", "/workers", "/url", "/log", "/providers/nowhere",
        "/providers/pdns/config/base", "/providers/text", "/operators/me/verifier",
        "/accounts/a:b", *(f"/accounts/a:b/{m}" for m in ("verifier", "provider", "hosts")),
        *(f"/accounts/r/{m}" for m in ("verifier", "provider", "colour", "size")),
        f"{host}/x", f"{host}/y.example.org", f"{host}/v.example.org/ip4",
        *(f"{host}/z.example.org/{m}" for m in (
            "ipv4", "ttl", "ipv6/prefix_length", "proof/kind", "proof/port",
            "proof/pins/0")),
        "/nonexistent"])
    quiet = check(binary, file, "--user", str(USER), "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (1, "", told.stderr)
    listed = json.loads(check(binary, file, "--user", str(USER), "--json").stdout)
    assert listed["good"] is False and "meaning" not in listed
    assert listed["errors"] == [line.removeprefix("ddnsgate: ")
                                for line in told.stderr.splitlines()]


def test_too_many_mistakes_are_counted(binary, place):
    file = configuration(place, **{f"unknown{n}": 1 for n in range(40)})
    told = check(binary, file, "--user", str(USER)).stderr.splitlines()
    assert len(told) == 33 and told[-1] == f"ddnsgate: {file}: 8 more errors"


def test_what_a_good_one_means_as_json(binary, place):
    file = configuration(place, accounts={
        name: {"verifier": verifier(name, "token"), "provider": "home",
               "hosts": {"www.home.example": {"ipv4": True}}} for name in ("a", "b")})
    told = check(binary, file, "--user", str(USER), "--json")
    assert (told.returncode, told.stderr) == (0, "")
    listed = json.loads(told.stdout)
    assert listed["good"] is True and listed["errors"] == []
    assert listed["notes"] == [
        "www.home.example is in 2 accounts: a b; it has the addresses of whichever reports "
        "last"]
    assert [a["account"] for a in listed["meaning"]["accounts"]] == ["a", "b"]
    one = json.loads(check(binary, file, "--user", str(USER), "--json", "--account", "b").stdout)
    assert [a["account"] for a in one["meaning"]["accounts"]] == ["b"]


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_parent_that_ignores_the_end_of_children(binary, place, options):
    """execve(2) keeps that, and a child could not be waited for."""
    told = subprocess.run(
        [binary, "check", "--config", configuration(place), "--user", str(USER), *options],
        text=True, capture_output=True, check=False, timeout=120,
        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert (told.returncode, told.stderr) == (0, "")


def test_what_one_account_means(binary, place):
    file = configuration(place)
    told = check(binary, file, "--user", str(USER), "--account", "router")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("account router\n")
    told = check(binary, file, "--user", str(USER), "--account", "nobody")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == 'ddnsgate: there is no account "nobody"\n'
