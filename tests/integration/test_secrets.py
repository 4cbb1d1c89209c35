"""After updates that fail in all ways, the token is nowhere: no memory, no file.

A hundred updates; DDNSGATE_SECRETS=1000 makes a thousand.  They end well, are
refused, are given up by the client, are killed together with their worker, meet
a provider that repeats the token or answers late, or a database that is away.
What has the token in the end is looked for in all memory that any process of the
pools can write to, and in every file, the logs of the shipped nginx example too.
"""

import concurrent.futures
import contextlib
import os
import random
import signal
import socket
import ssl
import threading
import time

import pytest
from lab import fastcgi, gateway, waiting
from lab.memory import traces, written_by
from lab.stage import CLAIM, GATEWAY, USER, WEB
from world import CERTIFICATES_AT, CLOSED_AT, LEAKS

UPDATES = int(os.environ.get("DDNSGATE_SECRETS", "100"))
QUIET = 20                          # seconds until late answers are given up
PATIENCE = 20                       # seconds until a busy pool is left alone
PORT = 8443

# Who asks for what.  Each ends in its own way, none after more than its deadline.
STORIES = [
    *[(user, WEB[0]) for user in (
        "fine", "all-401", "all-403", "all-404", "all-429", "write-422", "write-500",
        "all-redirect", "all-garbage", "all-close", "all-huge", "all-repeat",
        "write-repeat")],
    ("fine", CERTIFICATES_AT["expired"][0]),
    ("fine", CERTIFICATES_AT["unknown-authority"][0]),
    ("fine", CLOSED_AT),
    ("fine", "10.0.0.1"),
    ("fine", "none of these"),
    ("unproven", WEB[0]),
]


class Pools:
    """One with a state of its own behind nginx; one whose database is away."""

    def __init__(self, world, binary):
        self.world = world
        configuration = {**world.configuration(), "workers": 6}
        configuration["providers"]["asked"] = {
            "description": "powerdns", "config": {"base": "https://localhost:8443"}}
        self.pool = world.pool(binary, configuration, "secrets")
        os.makedirs(f"{self.pool.folder}/state")
        os.chown(f"{self.pool.folder}/state", gateway.USER, gateway.USER)
        self.pool.configure({**configuration, "state": f"{self.pool.folder}/state"})
        self.away = world.pool(binary, {
            **configuration, "workers": 2,
            "state": "postgresql://ddnsgate@127.0.0.1:1/ddnsgate"}, "secrets-away").start()
        self.front = gateway.Gateway(self.pool.start(), GATEWAY,
                                     world.authority.leaf(GATEWAY), world.authority.pem, PORT)
        self.box = self.front.router(world.router)

    def processes(self):
        return [pid for pool in (self.pool, self.away)
                for pid in (pool.process.pid, *pool.workers())]

    def stop(self):
        self.front.stop()
        self.away.stop()


@pytest.fixture(scope="module")
def pools(world, plain_binary):
    started = Pools(world, plain_binary)
    yield started
    started.stop()


def give_up(pools, user, address):
    """A client that does not wait, of nginx or at the socket itself."""
    world = pools.world
    if random.random() < 0.5:
        with contextlib.suppress(OSError), fastcgi.connect(pools.pool.socket) as client:
            whole = fastcgi.request(world.parameters(user, ipv4=address))
            client.sendall(whole[:random.choice([len(whole), len(whole) // 2])])
            time.sleep(random.random() / 20)
        return
    line = (f"GET /update?ipv4={address} HTTP/1.1\r\nHost: {GATEWAY}\r\nAuthorization: "
            f"{world.parameters(user)['HTTP_AUTHORIZATION']}\r\n\r\n").encode()
    with contextlib.suppress(OSError):
        plain = world.router.connect(pools.box.address, pools.box.port, 10)
        with pools.box.tls.wrap_socket(plain, server_hostname=GATEWAY) as client:
            client.sendall(line)
            time.sleep(random.random() / 20)
            client.shutdown(socket.SHUT_RDWR)


def insist(pools, user, address):
    """Comes back for a while when the pool is busy: a few of its workers may be slow."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if pools.box.update(user, pools.world.token, ipv4=address).body != "busy\n":
                return
        time.sleep(0.1)


def one(pools, number):
    user, address = STORIES[number % len(STORIES)]
    way = number // len(STORIES) % 5
    if way == 1:
        give_up(pools, user, address)
    elif way == 2:
        with contextlib.suppress(OSError, ssl.SSLError):
            pools.world.straight(pools.away, user, ipv4=address)
    else:
        insist(pools, user, address)


def kill_some(pools, done):
    """A worker at a time, at work or not, by a kill or as if it had a fault."""
    while not done.wait(0.4):
        workers = pools.pool.workers()
        with contextlib.suppress(ProcessLookupError):
            os.kill(random.choice(workers), random.choice(
                [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT]))


def remembered(pools):
    """Which process has what of the token in memory that it can write to."""
    secrets = traces(pools.world.token)
    return {(pid, secret) for pid, part in written_by(pools.processes())
            for secret in secrets if secret in part}


def test_the_search_sees_a_request_under_way(pools):
    """Else the next test would prove nothing."""
    slow = threading.Thread(target=pools.world.straight, args=(pools.pool, "all-hang"),
                            kwargs={"ipv4": WEB[0]})
    slow.start()
    waiting.until(lambda: remembered(pools), "the token of an update under way", 10)
    slow.join()


def test_nothing_is_left_of_the_token(pools, world, dns, matrix):
    assert pools.box.update(USER, world.token, **CLAIM).status == 200
    for _ in range(3):
        pools.box.update(USER, world.token + "x", **CLAIM)
    late = threading.Thread(target=pools.box.update, args=("write-late", world.token),
                            kwargs={"ipv4": WEB[0]})
    late.start()
    done = threading.Event()
    killer = threading.Thread(target=kill_some, args=(pools, done))
    killer.start()
    with concurrent.futures.ThreadPoolExecutor(4) as clients:
        list(clients.map(lambda number: one(pools, number), range(UPDATES)))
    done.set()
    killer.join()
    late.join()
    for behaviour in (*LEAKS, "write-500", "all-garbage"):
        assert world.stub.seen(behaviour), f"nothing came to {behaviour}"
    deaths = pools.pool.printed().count(" was ended by ")
    assert deaths > 0
    waiting.until(lambda: not remembered(pools), "every process to forget", QUIET, step=0.5)
    assert world.shows(traces(world.token)) == set()
    assert not [name for folder, _, names in os.walk(world.folder) for name in names
                if name == "core" or name.startswith("core.")]
    matrix("The token after updates with faults", f"{UPDATES} updates, {deaths} kills",
           "copies in memory, files", "0, 0")
