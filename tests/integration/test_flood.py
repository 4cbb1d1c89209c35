"""A flood of wrong logins: who is known notices nothing, and who is right gets in.

DDNSGATE_FLOOD says how many seconds it lasts; the suite takes a few, 60 is the
whole trial.  DDNSGATE_SAMPLES says how many wrong logins of each kind are timed;
2000 is the whole trial.
"""

import itertools
import os
import random
import statistics
import threading
import time

import pytest
from lab import fastcgi
from lab.gateway import verifier

SECONDS = float(os.environ.get("DDNSGATE_FLOOD", "8"))
SAMPLES = int(os.environ.get("DDNSGATE_SAMPLES", "150"))
RATE = 200              # a second
SENDERS = 40
ROUNDS = 600_000
RECENT_P99 = 0.5        # seconds
WITHIN = 15.0           # seconds until one that is right gets in
ROOM = 4 if SECONDS < 60 else 1         # for a machine that is so much slower
NEWCOMERS = ("handshake", "partial", "both")


def source(number):
    return f"198.18.{number // 250}.{number % 250 + 1}"


def log_in(world, pool, user, token, address):
    """The status of a login and nothing more: what it claims is no address."""
    parameters = world.parameters(user, token, ipv4="x") | {"REMOTE_ADDR": address}
    return fastcgi.call(pool.socket, parameters)[0]


class Flood:
    """Wrong logins from a thousand sources: of nobody, and of users that exist."""

    def __init__(self, world, pool):
        self.world, self.pool = world, pool
        self.stop = threading.Event()
        self.numbers = itertools.count()
        self.heard = {}
        self.threads = [threading.Thread(target=self.send) for _ in range(SENDERS)]

    def send(self):
        while not self.stop.is_set():
            began, number = time.monotonic(), next(self.numbers)
            user = ("nobody", f"user{number}", "both", "handshake")[number % 4]
            status = log_in(self.world, self.pool, user, f"guess{number}",
                            source(number % 1000))
            self.heard[status] = self.heard.get(status, 0) + 1
            self.stop.wait(max(0, SENDERS / RATE - (time.monotonic() - began)))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


@pytest.fixture
def pool(world, dns, make_pool, plain_binary):
    configuration = world.configuration(workers=32)
    for user in ("unproven", *NEWCOMERS):
        configuration["accounts"][user]["verifier"] = verifier(user, world.token, ROUNDS)
    pool = make_pool(configuration)
    pool.binary = plain_binary
    return pool.start()


class Newcomer(threading.Thread):
    """A router that is not known: comes until it is heard."""

    def __init__(self, world, pool, user, number):
        super().__init__()
        self.ask = lambda: log_in(world, pool, user, world.token, f"46.5.21.{number + 1}")
        self.took = None

    def run(self):
        began = time.monotonic()
        while self.ask() != 400 and time.monotonic() - began < WITHIN * ROOM:
            time.sleep(2)
        self.took = time.monotonic() - began


def test_a_flood_of_wrong_logins(world, pool, matrix):
    assert log_in(world, pool, "unproven", world.token, "46.5.21.99") == 400
    times, lost = [], 0
    with Flood(world, pool) as flood:
        time.sleep(min(6, SECONDS / 4))         # each source has come once
        newcomers = [Newcomer(world, pool, user, i) for i, user in enumerate(NEWCOMERS)]
        for newcomer in newcomers:
            newcomer.start()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end or any(n.is_alive() for n in newcomers):
            began = time.monotonic()
            lost += log_in(world, pool, "unproven", world.token, "46.5.21.99") != 400
            times.append(time.monotonic() - began)
            time.sleep(0.05)
    p99 = statistics.quantiles(times, n=100)[98]
    title = "Wrong logins, 200 a second from a thousand sources"
    matrix(title, "recent logins", "p99 ms", round(1000 * p99))
    matrix(title, "recent logins", "lost", f"{lost} of {len(times)}")
    matrix(title, "wrong ones", "answers", flood.heard)
    matrix(title, "right ones that are not recent", "s", ", ".join(
        f"{n.took:.1f}" for n in newcomers))
    assert lost == 0
    assert p99 < RECENT_P99 * ROOM
    assert all(n.took < WITHIN * ROOM for n in newcomers)


def welch(a, b):
    """Welch's t of two samples."""
    spread = statistics.variance(a) / len(a) + statistics.variance(b) / len(b)
    return abs(statistics.mean(a) - statistics.mean(b)) / spread ** 0.5


def test_refused_logins_take_the_same_time(world, dns, make_pool, plain_binary, matrix):
    """No such user, a wrong token, a disabled account with its right token."""
    kinds = {"nobody": "guess", "unproven": "guess", "handshake": world.token}
    configuration = world.configuration(workers=4)
    configuration["accounts"]["handshake"]["disabled"] = True
    for user in ("unproven", "handshake"):
        configuration["accounts"][user]["verifier"] = verifier(user, world.token, 5000)
    pool = make_pool(configuration)
    pool.binary = plain_binary
    pool.start()
    times = {user: [] for user in kinds}
    for number in range(SAMPLES):
        for user in random.sample(list(kinds), len(kinds)):
            address = source(number % 1000)         # no limit of its failures
            began = time.perf_counter()
            assert log_in(world, pool, user, kinds[user], address) == 401
            times[user].append(time.perf_counter() - began)
    for one, other in itertools.combinations(kinds, 2):
        # One sample in a hundred is the machine's: it says nothing of the login.
        t = welch(*(sorted(times[user])[:-max(1, SAMPLES // 100)]
                    for user in (one, other)))
        matrix("Refused logins told apart by time", f"{one} and {other}",
               f"Welch t of {SAMPLES}", f"{t:.2f}")
        assert t < 5
