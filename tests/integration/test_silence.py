"""Many accounts whose web servers swallow packets, or whose provider hangs.

DDNSGATE_SILENT says how many; the suite takes some, 500 are the whole trial.
"""

import os
import statistics
import threading
import time

import pytest
from lab import fastcgi, scripted, waiting
from lab.gateway import USER as UID, verifier
from lab.stage import WEB, ZONE
from world import CERTIFICATES_AT, NOBODY_AT

SILENT = int(os.environ.get("DDNSGATE_SILENT", "80"))
WHOLE = SILENT >= 500
SECONDS = 20 if WHOLE else 6
PAUSE = 1.0             # of a router, until it comes again
AT_ONCE = 0.05          # seconds: p99 of what waits for nobody
GOOD = 3.0              # seconds until a good update is through
AGAIN = 10.0            # seconds until all is as before
ROOM = 1 if WHOLE else 6                # for a machine that is so much slower
NETWORK = "89.14.90"                     # nobody else is there
GOOD_AT = (WEB[0], CERTIFICATES_AT["good"][0])


class Crowd:
    """A router for each account, which comes again and again."""

    def __init__(self, ask, count=SILENT):
        self.ask = ask
        self.stop = threading.Event()
        self.last = {}
        self.threads = [threading.Thread(target=self.poll, args=[f"h{i}"])
                        for i in range(count)]

    def poll(self, user):
        while not self.stop.is_set():
            self.last[user] = self.ask(user)
            self.stop.wait(PAUSE)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


class Hole:
    """An address from which nothing comes back, until close()."""

    def __init__(self, world):
        self.world = world
        self.server = None
        world.proxy.run(["ip", "neigh", "replace", NOBODY_AT, "lladdr", "02:00:00:00:00:01",
                         "dev", "eth0", "nud", "permanent"])

    def close(self):
        self.world.web.run(["ip", "address", "add", f"{NOBODY_AT}/32", "dev", "eth0"])
        self.server = scripted.Server(self.world.web, NOBODY_AT, 443, scripted.with_tls(
            self.world.leaves["good"], scripted.answer))
        self.world.proxy.run(["ip", "neigh", "delete", NOBODY_AT, "dev", "eth0"])

    def undo(self):
        if self.server is None:
            self.close()
        self.server.stop()
        self.world.web.run(["ip", "address", "delete", f"{NOBODY_AT}/32", "dev", "eth0"])


@pytest.fixture
def pool(world, dns, make_pool, plain_binary):
    """Accounts "hN" with a provider that is fine, "lateN" with one that hangs."""
    configuration = world.configuration(workers=32)
    accounts = configuration["accounts"] | {
        f"h{i}": world.account("fine", **{f"h{i}": {"ipv4": True, "zone": ZONE}})
        for i in range(SILENT)} | {
        f"late{i}": world.account("all-hang", **{f"late{i}": {
            "ipv4": True, "zone": ZONE, "proof": {"kind": "none"}}})
        for i in range(SILENT)}
    for user, account in accounts.items():
        account["verifier"] = verifier(user, world.token)
    configuration["accounts"] = accounts
    pool = make_pool(configuration)
    pool.binary = plain_binary
    state = f"{pool.folder}/state"
    os.mkdir(state)
    os.chown(state, UID, UID)
    pool.configure(configuration | {"state": state})
    pool.start()
    for user in ("unproven", "fine"):
        assert world.straight(pool, user, ipv4=WEB[0])[0] == 200
    return pool


def measure(world, pool):
    """Seconds of what waits for nobody, and of good updates, while a crowd asks."""
    quick = {"nochg": [], "401": [], "health": []}
    good = []
    stop = threading.Event()

    def update_well():
        number = 0
        while not stop.is_set():
            began, number = time.monotonic(), number + 1
            while world.straight(pool, "fine", ipv4=GOOD_AT[number % 2])[0] != 200:
                time.sleep(0.2)
            good.append(time.monotonic() - began)
            stop.wait(0.3)
    thread = threading.Thread(target=update_well)
    thread.start()
    stranger = world.parameters("unproven", ipv4=WEB[0])
    del stranger["HTTP_AUTHORIZATION"]
    health = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/healthz", "QUERY_STRING": "",
              "REMOTE_ADDR": "127.0.0.1"}
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for name, ask in (
                ("nochg", lambda: world.straight(pool, "unproven", ipv4=WEB[0])[0] == 200),
                ("401", lambda: fastcgi.call(pool.socket, stranger)[0] == 401),
                ("health", lambda: fastcgi.call(pool.socket, health)[0] != 0)):
            began = time.monotonic()
            assert ask(), name
            quick[name].append(time.monotonic() - began)
        time.sleep(0.02)
    stop.set()
    thread.join()
    return {name: statistics.quantiles(t, n=100)[98] for name, t in quick.items()}, good


def judge(matrix, title, quick, good):
    for name, p99 in quick.items():
        matrix(title, name, "p99 ms", round(1000 * p99))
    matrix(title, "good updates", "s", f"{len(good)}, at most {max(good):.2f}")
    assert max(quick.values()) < AT_ONCE * ROOM
    assert max(good) < GOOD * ROOM


def test_web_servers_that_swallow_packets(world, pool, matrix):
    title = f"{SILENT} accounts whose web servers swallow packets"
    hole = Hole(world)
    try:
        with Crowd(lambda user: world.straight(pool, user, ipv4=NOBODY_AT)[0]) as crowd:
            quick, good = measure(world, pool)
            began = time.monotonic()
            hole.close()
            waiting.until(lambda: list(crowd.last.values()).count(200) == SILENT,
                          "all to be published", AGAIN * ROOM)
            matrix(title, "all as before", "s", f"{time.monotonic() - began:.1f}")
    finally:
        hole.undo()
    judge(matrix, title, quick, good)


def test_a_provider_that_hangs(world, pool, matrix):
    """One of several."""
    with Crowd(lambda user: world.straight(pool, user.replace("h", "late"),
                                           ipv4=WEB[0])[0]):
        quick, good = measure(world, pool)
    judge(matrix, f"{SILENT} accounts whose provider hangs", quick, good)


@pytest.fixture
def mute(world):
    """Two addresses of a network in which no proof has succeeded, nor will."""
    addresses = [f"{NETWORK}.{n}" for n in (7, 250)]
    for address in addresses:
        world.web.run(["ip", "address", "add", f"{address}/32", "dev", "eth0"])
    servers = [scripted.Server(world.web, address, 443, scripted.silent)
               for address in addresses]
    yield addresses
    for server in servers:
        server.stop()
    for address in addresses:
        world.web.run(["ip", "address", "delete", f"{address}/32", "dev", "eth0"])


def test_a_network_gets_one_connection_at_a_time(world, pool, mute):
    """Other networks do not wait for it."""
    counts = []
    with Crowd(lambda user: world.straight(pool, user, ipv4=mute[int(user[1:]) % 2])[0], 12):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end or not any(counts):
            counts.append(len(world.web.run([
                "ss", "-Htn", "state", "established", f"src {NETWORK}.0/24"]).splitlines()))
            time.sleep(0.05)
        assert world.straight(pool, "fine", ipv4=GOOD_AT[1])[0] == 200
    assert max(counts) == 1
