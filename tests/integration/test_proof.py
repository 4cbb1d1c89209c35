"""No address is published unless the host shows there that it is the host."""

import base64
import concurrent.futures
import contextlib
import fcntl
import os
import re
import ssl
import statistics
import subprocess
import termios
import threading
import time
import types

import pytest
from lab import monsters, rawtls, scripted
from lab.stage import BEFORE, PROXY, ZONE
from world import CERTIFICATES_AT, CLOSED_AT, GOOD_ONES, NOBODY_AT, SCRIPTED, SCRIPTED_AT

DEADLINE = 5.0          # of all proofs together
SLACK = 1.5             # for two busy cores
FALSE = [sort for sort in CERTIFICATES_AT if sort != "good"]
FAILING = [name for name in SCRIPTED if name not in GOOD_ONES]
UNCHANGED = list(BEFORE.values())


def host(name):
    return f"{name}.{ZONE}"


class Refusals(dict):
    """{name: (answer, seconds)}, and where each of them was."""

    def __init__(self, where, answers):
        super().__init__(zip(where, answers))
        self.where = where


@pytest.fixture(scope="module")
def refusals(world):
    """Every way to fail on IPv4, all at once: {name: (answer, seconds)}."""
    where = {**{s: CERTIFICATES_AT[s][0] for s in FALSE},
             **{s: SCRIPTED_AT[s] for s in FAILING},
             "closed": CLOSED_AT, "nobody": NOBODY_AT}
    world.powerdns.set(host("single"), **BEFORE)

    def ask(address):
        began = time.monotonic()
        answer = world.update("single", ipv4=address)
        return answer, time.monotonic() - began
    # Of one account a quarter of the 16 workers may wait for a proof.
    with concurrent.futures.ThreadPoolExecutor(4) as workers:
        return Refusals(where, workers.map(ask, where.values()))


def test_a_good_certificate_is_a_proof(world, dns):
    ipv4, _ = CERTIFICATES_AT["good"]
    answer = world.update("single", ipv4=ipv4)
    assert (answer.status, answer.body) == (200, f"{host('single')} good {ipv4}\n")


@pytest.mark.parametrize("name", GOOD_ONES)
def test_a_proof_may_take_its_time_and_any_answer_will_do(world, dns, name):
    answer = world.update("single", ipv4=SCRIPTED_AT[name])
    assert answer.status == 200, answer


@pytest.mark.parametrize("name", [*FALSE, *FAILING, "closed", "nobody"])
def test_this_is_no_proof(world, refusals, name):
    answer, seconds = refusals[name]
    assert (answer.status, answer.body) == (403, f"{host('single')} proof\n")
    assert seconds < DEADLINE + SLACK, f"answered after {seconds:.1f} s"
    assert world.powerdns.addresses(host("single")) == UNCHANGED


def test_a_refusal_takes_the_same_time_whatever_the_reason(refusals, matrix):
    """Else whoever has an account could look through foreign networks."""
    times = {name: seconds for name, (_, seconds) in refusals.items()}
    matrix("A refused proof: s until the answer", "all", "from",
           f"{min(times.values()):.3f}")
    matrix("A refused proof: s until the answer", "all", "to",
           f"{max(times.values()):.3f}")
    assert min(times.values()) >= DEADLINE, times


def test_a_failed_proof_says_when_to_come_again(refusals):
    for name in ("closed", "nobody", "expired"):
        answer, _ = refusals[name]
        assert int(answer.header("Retry-After")) > 0, name


class Door:
    """What stands at CLOSED_AT: first in the way, then the right host."""

    def __init__(self, world, manner):
        self.world = world
        self.manner = manner
        self.undo = contextlib.ExitStack()
        getattr(self, manner)()

    def refuses(self):
        """Nobody listens."""

    def swallows(self):
        """The SYN gets no answer, and no ICMP message comes back."""
        self.route(self.world.web, "blackhole", PROXY[0])

    def unreachable(self):
        """Our own side says at once that there is no way."""
        self.route(self.world.proxy, "unreachable", CLOSED_AT)

    def resets(self):
        self.serve(scripted.reset)

    def hangs_up(self):
        self.serve(scripted.hang_up)

    def route(self, host, kind, to):
        host.run(["ip", "route", "add", kind, f"{to}/32"])
        self.undo.callback(host.run, ["ip", "route", "delete", kind, f"{to}/32"])

    def serve(self, how):
        server = scripted.Server(self.world.web, CLOSED_AT, 443, how)
        self.undo.callback(server.stop)

    def open(self):
        """The right host is there from now on."""
        self.undo.close()
        self.serve(scripted.with_tls(self.world.leaves["good"], scripted.answer))


@pytest.mark.parametrize("seconds", [1.0, 3.2])
@pytest.mark.parametrize("manner", ["refuses", "swallows", "unreachable", "resets", "hangs_up"])
def test_a_host_that_comes_up_is_proved(world, dns, matrix, manner, seconds):
    """The kernel would repeat a SYN after 1 s, 3 s and 7 s only."""
    door = Door(world, manner)
    opened = []

    def open_door():
        opened.append(time.monotonic())
        door.open()
    timer = threading.Timer(seconds, open_door)
    timer.start()
    try:
        answer = world.update("single", ipv4=CLOSED_AT)
        ended = time.monotonic()
    finally:
        timer.join()
        door.undo.close()
    assert answer.status == 200, answer
    matrix("A host comes up: ms until the answer", manner, f"after {seconds} s",
           round(1000 * (ended - opened[0])))


def test_all_refusals_look_the_same_from_outside(refusals):
    seen = {name: answer.seen() for name, (answer, _) in refusals.items()}
    assert len({repr(s) for s in seen.values()}) == 1, seen


CLOCK = r"20\d\d-\d\d-\d\d \d\d:\d\d UTC"
NOT_TRUSTED = "certificate: its CA is not trusted: "
REASONS = {
    "expired": f"certificate: has expired on {CLOCK}; our clock says {CLOCK}",
    "not-yet-valid": f"certificate: is not valid before {CLOCK}; our clock says {CLOCK}",
    "self-signed": NOT_TRUSTED + r'it is self-signed by "CN=\*\.chaos-wg\.net"; pin its key',
    "unknown-authority": NOT_TRUSTED + 'its issuer "CN=ddnsgate lab stranger" is neither sent',
    "wrong-name": 'certificate: is not for this name, but for "elsewhere.example"',
    "client-only": "certificate: is not for a TLS server",
    "short-key": "certificate: its RSA key of 1024 bits is too short",
    "name-in-subject-only": "certificate: is for no host name",
    "silent": r"TLS: no answer in time \(1 try\)",
    "drip": "TLS: no answer in time",
    "drip-header": "HTTP: no answer in time",
    "reset": r"TLS: the connection was reset \(\d+ tries\)",
    "plaintext": "TLS: the server's answer is not TLS",
    "hang-up": r"TLS: closed without an answer \(\d+ tries\)",
    "no-answer": r"HTTP: closed without an answer \(\d+ tries\)",
    "tls-1.1": "TLS: the server refuses .alert protocol_version.: it must speak TLS 1.2 or 1.3",
    "another-protocol": "HEAD: the answer is not HTTP/1.1",
    "closed": r"connect: Connection refused \(\d+ tries\)",
    "nobody": r"connect: (No route to host|no answer in time) \(\d+ tries\)",
}


@pytest.mark.parametrize("name", [*FALSE, *FAILING, "closed", "nobody"])
def test_the_log_names_the_fact(world, refusals, name):
    address = refusals.where[name]
    line = [n for n in world.ddnsgate.since(0, address) if f" {address} proof" in n][-1]
    assert re.search(REASONS[name], line), line


def prove(world, serve, *addresses, options=(), status=1):
    """What `ddnsgate prove` says of a server."""
    server = scripted.Server(world.web, CLOSED_AT, 443, serve)
    try:
        done = subprocess.run(world.proxy.command([
            world.binary, "prove", "--ca", world.authority.pem, *options, ZONE,
            *(addresses or [CLOSED_AT])]),
            env={**os.environ, **world.sanitizer("prove")}, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    finally:
        server.stop()
    assert done.returncode == status, done.stdout
    return done.stdout


@pytest.mark.parametrize("alert, text", [
    (40, "alert handshake_failure): it must speak TLS 1.2 or 1.3"),
    (80, "alert internal_error): see its own log"),
    (112, "alert unrecognized_name): it must have a site so named"),
    (116, "alert certificate_required): it must not want a client certificate"),
    (120, "alert no_application_protocol): it must speak HTTP/1.1, beside HTTP/2"),
    (48, "alert unknown_ca): it must not want a client certificate"),
    (250, "an alert of no known name"),
])
def test_alerts_are_named_with_the_remedy(world, alert, text):
    assert text in prove(world, scripted.alert(alert))


@pytest.mark.parametrize("version, text", [
    (ssl.TLSVersion.TLSv1_2, "want no client certificate"),
    (ssl.TLSVersion.TLSv1_3, "alert certificate_required): it must not want a client certificate"),
])
def test_a_client_certificate_that_is_wanted_is_told(world, version, text):
    serve = scripted.with_tls(world.leaves["good"], scripted.answer, version,
                              clients=world.authority.pem)
    assert text in prove(world, serve)


def as_pin(leaf):
    return "sha256//" + base64.b64encode(bytes.fromhex(leaf.pin())).decode()


def test_what_was_shown_is_told_good_or_not(world):
    """Its key as a pin, its names, who signed it and how long it is valid."""
    leaf, other = world.leaves["good"], world.leaves["expired"]
    said = prove(world, scripted.with_tls(leaf, scripted.answer), options=["--show"], status=0)
    assert f"\n  key      {as_pin(leaf)}\n" in said
    assert re.search(rf"^  names    .*\b{re.escape(ZONE)}\b", said, re.M)
    assert re.search(r"^  issuer   CN=ddnsgate lab ca$", said, re.M)
    assert re.search(r"^  serial   [0-9a-f]+$", said, re.M)
    assert re.search(r"^  valid    from 20\d\d-.* until 20\d\d-", said, re.M)
    # The pin that it tells is one that it takes.
    pin = re.search(r"sha256//\S+", said)[0]
    prove(world, scripted.with_tls(leaf, scripted.answer), options=["--pin", pin], status=0)
    said = prove(world, scripted.with_tls(other, scripted.answer), options=["--show"])
    assert f"\n  key      {as_pin(other)}\n" in said and "expired" in said
    assert "no certificate was seen" in prove(world, scripted.hang_up, options=["--show"])


def test_a_root_that_is_sent_but_unknown_is_told(world, tmp_path):
    leaf = world.leaves["unknown-authority"]
    chain = tmp_path / "chain.pem"
    with open(leaf.chain, encoding="ascii") as own, \
            open(f"{world.folder}/ca/stranger.pem", encoding="ascii") as root:
        chain.write_text(own.read() + root.read())
    serve = scripted.with_tls(types.SimpleNamespace(chain=str(chain), key=leaf.key),
                              scripted.answer)
    assert 'the root "CN=ddnsgate lab stranger" is not known here' in prove(world, serve)


def test_a_revoked_certificate_is_none_however_well_its_chain_is_known(world):
    """One process connects twice: the second time the server says that it is revoked."""
    leaf, proved = world.leaves["good"], threading.Event()
    staples = iter([None, world.authority.revocation(leaf)])

    def serve(connection):
        staple = next(staples)
        if staple:
            assert proved.wait(30)
        rawtls.tls13(connection, [leaf.der()], key=leaf.private, staple=staple)
        while connection.recv(4096):
            pass
        proved.set()
    said = prove(world, serve, CLOSED_AT, CLOSED_AT, options=["--request", "tls"])
    assert sorted(": proved in " in line for line in said.splitlines()) == [False, True], said
    assert "revoked" in said


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("curve", ["prime256v1", "secp384r1"])
def test_whatever_curve_a_server_insists_on(world, curve, version):
    """Another one than the first that is offered costs it one more round trip."""
    serve = scripted.with_tls(world.leaves["good"], scripted.answer, version, curve=curve)
    assert ": proved in " in prove(world, serve, status=0)


def test_an_answer_is_acknowledged_at_once(world):
    """Else a server without TCP_NODELAY goes on after 40 ms."""
    waits, tries = [], 10

    def drip(connection):
        connection.recv(65536)
        began = time.monotonic()
        connection.sendall(b"HTTP/1.1 ")
        while fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)) != bytes(4):
            time.sleep(0.001)
        waits.append(time.monotonic() - began)
        connection.sendall(b"200 OK\r\nContent-Length: 0\r\n\r\n")
    serve = scripted.with_tls(world.leaves["good"], drip)
    prove(world, serve, *tries * [CLOSED_AT], status=0)
    assert len(waits) == tries and statistics.median(waits) < 0.02, waits


EVIL = 'x"]; good' + "y" * 200
EVIL_BYTES = "\r\n\033[2J\0" + EVIL


@pytest.mark.parametrize("names, shown", [
    ({"host": EVIL}, "x\\x22]; good"),
    ({"host": EVIL_BYTES.replace("\0", "")}, "\\x0d\\x0a\\x1b[2J"),
    ({"host": EVIL_BYTES}, "is for no host name"),
    ({"host": ZONE, "issuer": EVIL}, "CN=x\\x5c\\x22]"),
    ({"host": ZONE, "issuer": EVIL_BYTES}, "CN=#"),
])
def test_texts_of_a_certificate_are_quoted_and_cut(world, names, shown):
    show = monsters.shows(monsters.certificate(**names), version=rawtls.tls12)
    said = prove(world, lambda connection: show(connection, None))
    assert all(" " <= c <= "~" for c in said.rstrip("\n")), said
    assert shown in said, said
    assert "y" * 100 not in said


def test_only_some_of_many_names_are_told(world):
    show = monsters.shows(monsters.certificate("a.example", names=500), version=rawtls.tls12)
    said = prove(world, lambda connection: show(connection, None))
    assert 'but for "a.example", "1", "2" and 497 more' in said


@pytest.fixture(scope="module")
def half_right(world):
    """Right on IPv4 and wrong on IPv6, in every way: {name: answer}."""
    world.powerdns.set(host("both"), **BEFORE)
    with concurrent.futures.ThreadPoolExecutor(4) as workers:
        return dict(zip(FALSE, workers.map(lambda false: world.update(
            "both", ipv4=CERTIFICATES_AT["good"][0], ipv6=CERTIFICATES_AT[false][1]),
            FALSE)))


@pytest.mark.parametrize("false", FALSE)
def test_right_on_ipv4_and_wrong_on_ipv6_publishes_nothing(world, half_right, false):
    answer = half_right[false]
    assert (answer.status, answer.body) == (403, f"{host('both')} proof\n")
    assert world.powerdns.addresses(host("both")) == UNCHANGED


def test_partial_lets_the_right_family_stand_alone(world, dns):
    ipv4, (_, ipv6) = CERTIFICATES_AT["good"][0], CERTIFICATES_AT["expired"]
    answer = world.update("partial", ipv4=ipv4, ipv6=ipv6, accept="application/json")
    records = answer.json()["hosts"][0]["records"]
    assert answer.status == 403
    assert [(r["type"], r["verdict"]) for r in records] == [
        ("A", "good"), ("AAAA", "proof")]
    assert dns.addresses(host("partial")) == [ipv4, BEFORE["AAAA"]]


def test_one_false_host_does_not_hold_up_the_others(world, dns):
    """Both hosts are at one address here, so only the port can be wrong."""
    ipv4, _ = CERTIFICATES_AT["good"]
    answer = world.update("several", ipv4=ipv4)
    assert (answer.status, answer.body) == (
        200, f"{host('a')} good {ipv4}\n{host('b')} good {ipv4}\n")


@pytest.mark.parametrize("account, sort, status", [
    ("pinned", "self-signed", 200),     # the pinned key, whoever signed it
    ("pinned", "good", 403),            # a good certificate, but another key
    ("unproven", "expired", 200),
    ("handshake", "good", 200),
    ("handshake", "expired", 403),
])
def test_other_kinds_of_proof(world, dns, account, sort, status):
    ipv4, _ = CERTIFICATES_AT[sort]
    answer = world.update(account, ipv4=ipv4)
    assert answer.status == status, answer
    wanted = ipv4 if status == 200 else BEFORE["A"]
    assert dns.dig(host(account), "A") == [wanted]


def test_without_a_question_any_tls_server_will_do(world, dns):
    answer = world.update("handshake", ipv4=SCRIPTED_AT["another-protocol"])
    assert answer.status == 200, answer
