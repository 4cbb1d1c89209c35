"""Other people's certificate tests, one by one: see README.md.

tests/run sets DDNSGATE.  To see all verdicts:
    DDNSGATE=.../ddnsgate python3 -m pytest -rxX tests/certificates
"""

import concurrent.futures
import os

import pytest

import corpus

CASES = {case.name: case for case in corpus.read()}
KNOWN = corpus.read_known()
TRIES = 5  # where the machine was too slow, which says nothing of a certificate


@pytest.fixture(scope="session")
def outcomes(request, binary):
    """What became of every case that was selected, asked several at a time."""
    names = [item.callspec.params["name"] for item in request.session.items
             if getattr(item, "function", None) is test_verdict]
    if not corpus.LIBFAKETIME:
        names = [name for name in names if CASES[name].time is None]

    def ask(name):
        for _ in range(TRIES):
            try:
                outcome = corpus.ask(CASES[name], binary)
            except corpus.Unservable as reason:
                return reason
            if not any(late in outcome.text for late in ("in time", "too long")):
                break
        return outcome
    with concurrent.futures.ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        return dict(zip(names, pool.map(ask, names)))


def complaint(case, outcome):
    """What is wrong, whatever the verdict ought to be; or None."""
    if outcome.status not in (0, 1):
        return "neither accepted nor refused"
    if len(outcome.lines) != corpus.TIMES:
        return "not one line of reason each time"
    if outcome.accepted not in (0, corpus.TIMES) or (outcome.status == 0) != bool(
            outcome.accepted):
        return "accepted once and refused once"
    if len(outcome.connections) != corpus.TIMES:
        return f"connected {len(outcome.connections)} times"
    for seen in outcome.connections:
        if seen.name != case.host:
            return f"sent the name {seen.name}"
        if seen.request and not outcome.accepted:
            return "asked before it was sure"
        if outcome.accepted and not seen.request.startswith(b"HEAD / HTTP/1.1\r\n"):
            return "sure without an answer"
    return None


@pytest.mark.parametrize("name", CASES)
def test_verdict(outcomes, name):
    case = CASES[name]
    if name not in outcomes:
        pytest.skip("libfaketime is not installed")
    outcome = outcomes[name]
    if isinstance(outcome, corpus.Unservable):
        pytest.skip(f"OpenSSL does not serve it: {outcome}")
    wrong = None if bool(outcome.accepted) == case.accepted else case.fault
    told = complaint(case, outcome)
    if told is None and wrong and not case.optional and name not in KNOWN:
        told = wrong
    if told is None and not wrong and name in KNOWN:
        told = "known.txt is out of date: this is right now"
    if told:
        pytest.fail(f"{told}: {outcome}", pytrace=False)
    if wrong:
        pytest.xfail(f"{'optional' if case.optional else 'known'} {wrong}: "
                     f"{outcome.text}")


def test_known_is_known_once():
    mandatory = [name for name, case in CASES.items() if not case.optional]
    assert sorted(set(KNOWN) & set(mandatory)) == sorted(KNOWN)


def test_no_case_was_lost():
    assert len(CASES) == 149 + 37
