"""What an update waits for when the web server and the provider are far away.

How little more it takes than its round trips, tests/bench tells: a machine that
does something else at the same time would make a lottery of it here.
"""

import time

import pytest
from lab import far, network
from lab.far import TO_PROVIDER, TO_WEB
from lab.stage import PROVIDER, WEB, Stage

DEADLINE = 8.0                      # seconds until the router has its answer


@pytest.fixture(scope="module")
def stage(namespaces, folder, plain_binary):
    with Stage(f"{folder}/far", "a-token", network.Network()) as stage:
        try:
            far.build(stage, plain_binary)
        except RuntimeError as error:
            pytest.skip(str(error))
        yield stage


def connect_seconds(host, address, port):
    began = time.monotonic()
    host.connect(address, port).close()
    return time.monotonic() - began


@pytest.mark.parametrize("where, port, wanted", [
    ("web", 443, TO_WEB), ("provider", 8443, TO_PROVIDER)])
def test_the_delay_line_delays(stage, where, port, wanted):
    for address in getattr(stage, where).addresses:
        connect_seconds(stage.proxy, address, port)         # they know each other
        took = min(connect_seconds(stage.proxy, address, port) for _ in range(5))
        assert wanted <= took, f"{took * 1000:.1f} ms to {address}"


def spans(packets, address):
    """First and last moment of the connection to an address."""
    times = [p.time for p in packets if address in (p.source, p.target)]
    return min(times), max(times)


@pytest.fixture(scope="module")
def first_and_best(stage):
    return far.first_and_best(stage)


@pytest.fixture(params=["first", "best"])
def update(first_and_best, request):
    return first_and_best[request.param]


def test_an_update_takes_its_round_trips_and_meets_its_deadline(update):
    assert update.trips <= update.seconds < DEADLINE, update.line


def test_the_provider_is_asked_while_the_proofs_run(update):
    """So both together take less than one after the other."""
    (begin_web, end_web), (begin, end) = (
        spans(update.packets, WEB[0]), spans(update.packets, PROVIDER[0]))
    assert begin < end_web and begin_web < end


def test_the_provider_is_asked_few_questions(update):
    assert update.calls <= 4


def test_both_proofs_run_at_the_same_time(update):
    """Each begins before the other ends, however slow the machine is."""
    (begin4, end4), (begin6, end6) = (spans(update.packets, a) for a in WEB)
    assert max(begin4, begin6) < min(end4, end6), "one after the other"


def test_the_log_says_how_long_each_phase_took(update):
    phases = update.phases
    assert set(phases) == {"login", "proofs", "provider"}, update.line
    assert update.proof_trips <= phases["proofs"] + 0.001, update.line
    assert update.provider_trips <= phases["provider"] + 0.001, update.line
    assert phases["login"] + max(phases["proofs"], phases["provider"]) <= (
        update.seconds + 0.003)
