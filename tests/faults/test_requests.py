"""A request that anything befalls: no lie, no hang, and the next one is served.

Each story of stories.py, with a worker that is killed at each system call, with
each system call failing in each way it may, and with each allocation failing, in
the program and in its libraries.  The suite tries a few points of each, so that
each system call that any of them makes, and each error, has failed somewhere;
DDNSGATE_FAULTS=all tries all of them, and DDNSGATE_FAULTS=N tries N of each story.
Then each story is a test, so that several processes share them:

    DDNSGATE_FAULTS=all tests/run -n 4 --dist load -k 'test_a_system_call_fails'
"""

import os
import time

import pytest
from campaign import Cover, Fail, Kill, Starve, campaign
from stories import STORIES, is_true

ASKED = os.environ.get("DDNSGATE_FAULTS", "")
MADE = {"close", "connect", "fcntl", "pwrite64", "socket", "write"}     # at least
FEW = {"kill": 2, "fail": 1, "allocation": 2}


def wanted(kind):
    if ASKED == "all":
        return None
    return int(ASKED) if ASKED else FEW[kind]


def show(matrix, title, tallies, began):
    for name, tally in tallies.items():
        matrix(title, name, "points", tally.points)
        for what, number in sorted(tally.came.items()):
            if what.startswith(("killed", "died", "the worker", "ended", "left")):
                matrix(title, name, what, number)
        matrix(title, name, "wrong", len(tally.wrong))
    row = "all" if len(tallies) > 1 else next(iter(tallies))
    matrix(title, row, "points", sum(t.points for t in tallies.values()))
    matrix(title, row, "wrong", sum(len(t.wrong) for t in tallies.values()))
    matrix(title, row, "seconds", round(time.monotonic() - began))
    wrong = [line for tally in tallies.values() for line in tally.wrong]
    assert not wrong, "\n".join(wrong[:40])


# Without those that last for seconds each, unless all are asked for.
QUICK = [name for name in STORIES if not STORIES[name].slow]
each_story = pytest.mark.parametrize(
    "names", [[name] for name in STORIES] if ASKED else [QUICK],
    ids=STORIES if ASKED else ["all"])


@each_story
def test_killed_at_a_system_call(yard, database, matrix, names):
    began = time.monotonic()
    tallies = campaign(yard, names, Kill, wanted("kill"), database)
    show(matrix, "a worker killed at each system call", tallies, began)
    assert sum(t.came["killed"] for t in tallies.values()) > len(tallies)


@each_story
def test_a_system_call_fails(yard, database, matrix, names):
    began = time.monotonic()
    cover = Cover()
    tallies = campaign(yard, names, lambda: Fail(cover), wanted("fail"), database)
    show(matrix, "each system call fails with each error", tallies, began)
    assert MADE <= cover.failed or ASKED
    assert cover.missing() == set()
    assert {call for t in tallies.values() for call in t.unknown} == set()
    assert [what for t in tallies.values() for what in t.came
            if what.startswith("died")] == []


def lost(tallies):
    """Stories with a request that had no answer, though somebody waited for one."""
    return {name: t.heard[0] for name, t in tallies.items() if t.heard[0]
            and name not in ("the client hangs up", "a newer claim comes")}


@each_story
def test_an_allocation_fails(yard, database, matrix, names):
    """It is made in the reserve (base/heap.h), and nobody notices."""
    began = time.monotonic()
    tallies = campaign(yard, names, Starve, wanted("allocation"), database)
    show(matrix, "each allocation fails", tallies, began)
    assert lost(tallies) == {}
    # One leaves after a reload, and one after a thousand requests.
    assert ASKED or [name for name, t in tallies.items() if t.came["the worker ended"]
                     and name != "a reload in the middle"] == []
    assert sum(t.came["failed"] + t.came["the worker ended"]
               for t in tallies.values()) > len(tallies)
    # The first one of a request is made in any case, so it fails in each story,
    # but where another worker may have the request.
    assert [name for name, t in tallies.items() if name != "a reload in the middle"
            and not t.came["failed"] + t.came["the worker ended"]] == []


def test_without_memory_whoever_needs_no_tls_is_answered(yard, database, matrix):
    """At every allocation."""
    began = time.monotonic()
    names = ["nothing has changed", "the login is wrong", "no such path", "a bad parameter"]
    tallies = campaign(yard, names, Starve, None, database)
    show(matrix, "each allocation where no TLS is needed", tallies, began)
    assert {name: (t.came["the worker ended"], t.heard[0])
            for name, t in tallies.items()} == dict.fromkeys(names, (0, 0))


def test_memory_is_short_from_some_moment_on(yard, database, matrix):
    began = time.monotonic()
    names = ["of both families, proved", "nothing has changed"]
    tallies = campaign(yard, names, lambda: Starve(on=True), wanted("allocation"), database)
    show(matrix, "all allocations fail from one on", tallies, began)
    assert lost(tallies) == {}


def test_a_lack_of_memory_is_told_and_the_update_is_made(yard):
    """All of a request is made in the reserve, once and again."""
    player = yard.player()
    story = STORIES["of both families, proved"]
    try:
        for turn in (0, 1, 0, 1):
            player.starve(1, 2**32 - 1)
            status, body = player.ask(story.user, **story.claims[turn])
            assert (status, is_true(player, story, turn)) == (200, True), body
        player.machine.starve(0)
        assert player.pool.printed().count("memory is short") == 1
    finally:
        player.stop()
