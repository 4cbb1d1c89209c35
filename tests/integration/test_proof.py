"""No address is published unless the host shows there that it is the host."""

import concurrent.futures
import contextlib
import threading
import time

import pytest
from lab import scripted
from lab.stage import BEFORE, PROXY, ZONE
from world import CERTIFICATES_AT, CLOSED_AT, GOOD_ONES, NOBODY_AT, SCRIPTED, SCRIPTED_AT

DEADLINE = 5.0          # of all proofs together
SLACK = 1.5             # for two busy cores
FALSE = [sort for sort in CERTIFICATES_AT if sort != "good"]
FAILING = [name for name in SCRIPTED if name not in GOOD_ONES]
UNCHANGED = list(BEFORE.values())


def host(name):
    return f"{name}.{ZONE}"


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
    with concurrent.futures.ThreadPoolExecutor(8) as workers:
        return dict(zip(where, workers.map(ask, where.values())))


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


def test_the_log_tells_refusals_apart(world, dns):
    reasons = set()
    for sort in FALSE:
        mark = world.ddnsgate.mark()
        ipv4, _ = CERTIFICATES_AT[sort]
        world.update("single", ipv4=ipv4)
        line = [n for n in world.ddnsgate.since(mark, ipv4) if ipv4 in n][0]
        reasons.add(line.split(ipv4)[1].split(",")[0])
    assert len(reasons) >= 5, reasons


@pytest.mark.parametrize("false", FALSE)
def test_right_on_ipv4_and_wrong_on_ipv6_publishes_nothing(world, dns, false):
    ipv4, (_, ipv6) = CERTIFICATES_AT["good"][0], CERTIFICATES_AT[false]
    answer = world.update("both", ipv4=ipv4, ipv6=ipv6)
    assert (answer.status, answer.body) == (403, f"{host('both')} proof\n")
    assert dns.addresses(host("both")) == UNCHANGED


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
