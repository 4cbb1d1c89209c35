"""How long an update takes when the web server and the provider are far away."""

import dataclasses
import re
import time

import pytest
from lab import fastcgi, network
from lab.packets import Capture
from lab.router import basic, query
from lab.stage import BEFORE, CLAIM, USER, WEB, ZONE, Stage

TO_WEB = 0.030                      # round trips in seconds
TO_PROVIDER = 0.040
PROOF_TRIPS = 3                     # TCP, TLS 1.3, HEAD
CONNECT_TRIPS = 2                   # TCP, TLS 1.3, unless the last one is kept
ALLOWED = 1.3


@pytest.fixture(scope="module")
def far(folder, plain_binary):
    if not network.namespaces_allowed():
        pytest.skip("network namespaces are forbidden here")
    with Stage(f"{folder}/far", "a-token", network.Network()) as stage:
        try:
            stage.hosts(delay_web=TO_WEB / 2 * 1000,
                        delay_provider=TO_PROVIDER / 2 * 1000)
        except RuntimeError as error:
            pytest.skip(str(error))
        stage.web_server()
        stage.dns()
        stage.ddnsgate = stage.keep(stage.pool(plain_binary)).start()
        yield stage


def connect_seconds(host, address, port):
    began = time.monotonic()
    host.connect(address, port).close()
    return time.monotonic() - began


@pytest.mark.parametrize("where, port, wanted", [
    ("web", 443, TO_WEB), ("provider", 8443, TO_PROVIDER)])
def test_the_delay_line_delays(far, where, port, wanted):
    for address in getattr(far, where).addresses:
        connect_seconds(far.proxy, address, port)           # they know each other
        took = min(connect_seconds(far.proxy, address, port) for _ in range(5))
        assert wanted <= took < wanted * 1.25, f"{took * 1000:.1f} ms to {address}"


def spans(packets, address):
    """First and last moment of the connection to an address."""
    times = [p.time for p in packets if address in (p.source, p.target)]
    return min(times), max(times)


@dataclasses.dataclass
class Update:
    """One update, and what it took."""
    seconds: float
    packets: list
    line: str               # of the log
    calls: int              # of the provider's API
    proof_trips: float      # in seconds, all of them
    provider_trips: float


def updates(far):
    """The first update of a worker, and three that find a connection open."""
    provider = far.provider.addresses
    text = query(CLAIM)
    parameters = {"REQUEST_METHOD": "GET", "REQUEST_URI": f"/update?{text}",
                  "QUERY_STRING": text, "REMOTE_ADDR": far.router.ipv4,
                  "HTTP_AUTHORIZATION": basic(USER, far.token)}
    for _ in range(4):
        far.powerdns.set(ZONE, **BEFORE)
        mark, calls = far.ddnsgate.mark(), len(far.powerdns.calls())
        with Capture(far.proxy) as capture:
            began = time.monotonic()
            status, answer = fastcgi.call(far.ddnsgate.socket, parameters)
            seconds = time.monotonic() - began
        assert status == 200 and " good " in answer, answer
        line = [n for n in far.ddnsgate.since(mark, ZONE) if ZONE in n][0]
        asked = len(far.powerdns.calls()) - calls
        opened = sum(p.opening and p.target in provider for p in capture.packets)
        yield Update(seconds, capture.packets, line, asked, PROOF_TRIPS * TO_WEB,
                     (CONNECT_TRIPS * opened + asked) * TO_PROVIDER)


@pytest.fixture(scope="module")
def first_and_best(far):
    first, *others = updates(far)
    return {"first": first, "best": min(others, key=lambda u: u.seconds)}


@pytest.fixture(params=["first", "best"])
def update(first_and_best, request):
    return first_and_best[request.param]


def test_an_update_takes_little_more_than_its_round_trips(update):
    trips = update.proof_trips + update.provider_trips
    assert trips <= update.seconds <= ALLOWED * trips, (
        f"{update.seconds * 1000:.0f} ms for {trips * 1000:.0f} ms of round trips:"
        f" {update.line}")


def test_the_provider_is_asked_few_questions(update):
    assert update.calls <= 4


def test_both_proofs_run_at_the_same_time(update):
    (begin4, end4), (begin6, end6) = (spans(update.packets, a) for a in WEB)
    assert abs(begin4 - begin6) < TO_WEB / 2, "one began long after the other"
    assert min(end4, end6) - max(begin4, begin6) > 2 * TO_WEB, "they hardly overlap"


def test_the_log_says_how_long_each_phase_took(update):
    line = update.line
    phases = {name: int(ms) / 1000 for name, ms in re.findall(
        r"(login|proofs|provider) (\d+) ms", line)}
    assert set(phases) == {"login", "proofs", "provider"}, line
    for phase, trips in (("proofs", update.proof_trips),
                         ("provider", update.provider_trips)):
        assert trips <= phases[phase] + 0.001 <= ALLOWED * trips + 0.002, line
    assert sum(phases.values()) <= update.seconds + 0.003
