"""Out of descriptors: that is our own failure, and nobody else's."""

import contextlib
import os
import subprocess
import threading
import time

import pytest
from lab import waiting
from lab.gateway import USER as UID
from lab.stage import CLAIM, USER, WEB

@pytest.fixture
def lonely(world, make_pool):
    """A pool with one worker, and its pid."""
    pool = make_pool({**world.configuration(), "workers": 1}, name="lack").start()
    waiting.until(lambda: len(pool.workers()) == 1, "the worker")
    # What is opened once is open now.
    assert world.straight(pool, "unproven", ipv4=WEB[0])[0] == 200
    return pool, pool.workers()[0]


@contextlib.contextmanager
def room_for(pid, more):
    """As many descriptors more than the process has, while its numbers are dense."""
    used = {int(n) for n in os.listdir(f"/proc/{pid}/fd")}
    limit = next(n for n in range(4096) if len(set(range(n)) - used) == more + 1) - 1
    allow(pid, limit)
    try:
        yield
    finally:
        allow(pid, 1024)


def allow(pid, limit):
    """By the user of the process, who alone may do it everywhere."""
    subprocess.run(["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups",
                    "prlimit", f"--pid={pid}", f"--nofile={limit}:"], check=True)


def test_a_lack_is_told_once_and_not_ten_times_a_second(world, dns, lonely):
    pool, pid = lonely
    answers = []
    asking = threading.Thread(target=lambda: answers.append(
        world.straight(pool, "unproven", ipv4=WEB[0])))
    with room_for(pid, 0):
        asking.start()
        waiting.until(lambda: "accept: Too many open files" in pool.printed(), "the lack")
        time.sleep(2)                   # twenty tries
    asking.join(15)
    assert answers and answers[0][0] == 200
    assert pool.printed().count("accept: Too many open files") == 1
    assert "LimitNOFILE=" in pool.printed()


def test_no_host_is_blamed(world, dns, lonely):
    """However few there are: done, or busy, or not answered at all."""
    pool, pid = lonely
    statuses = set()
    for more in range(1, 8):
        with room_for(pid, more):
            status, body = world.straight(pool, USER, **CLAIM)
        assert status in (0, 200, 503), (more, status, body, pool.printed()[-600:])
        assert status != 503 or body.endswith(" busy\n"), body
        statuses.add(status)
    assert 503 in statuses, pool.printed()
