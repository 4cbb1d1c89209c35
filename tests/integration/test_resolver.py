"""A provider without "addresses": its name is resolved, but never by a request."""

import contextlib
import ipaddress
import os
import signal
import time

import pytest
from lab import waiting
from lab.process import children
from lab.provider import Provider
from lab.resolver import Resolver
from lab.stage import CLAIM, USER, WEB, ZONE
from world import STUB, STUB_PORT

IPV4 = WEB[0]
ACCOUNT = "fine"                      # the account whose provider is resolved
NAME = f"host-fine.{ZONE}"
GOOD = (200, f"{NAME} good {IPV4}\n")
MOVED_PORT = 9444
AFTER_A_DOUBT = 15.0


class Silent(Resolver):
    """Hears every question, and lets the one who asks wait for half a minute."""

    def __init__(self, host, folder):
        super().__init__(host, folder)
        with open(host.resolv_conf, "w", encoding="ascii") as f:
            f.write("nameserver 127.0.0.1\noptions timeout:30 attempts:3\n")

    def serve(self):
        with contextlib.suppress(OSError):
            while query := self.socket.recv(512):
                self.reply(query)       # only for `asked`


class Slow(Resolver):
    """Takes its time for the first answer."""

    def reply(self, query):
        if not self.asked:
            time.sleep(0.5)
        return super().reply(query)


class Mortal(Provider):
    """When it stops, so do the connections that are kept open."""
    dead = False

    def behave(self, request):
        if self.dead:
            raise EOFError
        return super().behave(request)

    def stop(self):
        self.dead = True
        super().stop()


@pytest.fixture
def resolve(world):
    """resolve(kind, ...): a resolver on the proxy until the end of the test."""
    running = []

    def start(kind, *addresses):
        running.append(kind(world.proxy, world.folder, *addresses))
        return running[-1]
    yield start
    for resolver in running:
        resolver.stop()


@pytest.fixture
def listen(world):
    """listen(host, port, leaf): a provider that works, until the end of the test."""
    running = []

    def start(host, port, leaf):
        running.append(Mortal(host, host.ipv4, port, leaf, ZONE))
        return running[-1]
    yield start
    for provider in running:
        provider.stop()


def resolved(world, port=STUB_PORT):
    configuration = world.configuration()
    configuration["providers"]["fine"] = {
        "description": "powerdns", "config": {"base": f"https://{STUB}:{port}/fine"}}
    return configuration


def update(world, pool):
    return world.straight(pool, ACCOUNT, ipv4=IPV4)


@contextlib.contextmanager
def single(world, pool):
    """The pid of one worker without a supervisor, under spawn-fcgi."""
    pids = f"{pool.folder}/pids"
    world.proxy.run(pool.spawn("--single", options=("-F", "1", "-P", pids)),
                    env={**os.environ, **(pool.env or {})})
    with open(pids, encoding="ascii") as f:
        pid = int(f.read())
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGTERM)
        waiting.until(lambda: not os.path.exists(f"/proc/{pid}"), "the end")


def until_good(world, pool, seconds):
    waiting.until(lambda: update(world, pool) == GOOD, "a good update", seconds, step=0.5)


@pytest.mark.parametrize("name, sort", [
    (STUB, "self-signed"), (STUB, "expired"), ("elsewhere.example", "good")])
def test_where_a_liar_leads_nothing_is_told(world, dns, resolve, listen, make_pool,
                                            name, sort):
    resolve(Resolver, world.impostor.ipv4)
    impostor = listen(world.impostor, STUB_PORT, world.authority.leaf(name, sort))
    pool = make_pool(resolved(world)).start()
    mark = pool.mark()
    waiting.until(lambda: update(world, pool)[0] in (502, 503)
                  and impostor.server.connections > 0, "the impostor to be asked")
    assert update(world, pool)[0] == 502
    assert impostor.requests == []
    assert "certificate" in "\n".join(
        line for line in pool.since(mark, "certificate") if NAME in line or "fine" in line)
    assert world.straight(pool, USER, **CLAIM)[0] == 200


def test_the_first_update_finds_the_addresses_known(world, dns, resolve, make_pool):
    resolve(Slow, world.provider.ipv4)
    pool = make_pool(resolved(world)).start()
    assert update(world, pool) == GOOD


def test_so_does_the_first_of_a_single_worker(world, dns, resolve, make_pool):
    resolve(Slow, world.provider.ipv4)
    pool = make_pool(resolved(world), name="single")
    with single(world, pool):
        waiting.until(pool.answers, "an answer")
        assert update(world, pool) == GOOD


def test_the_addresses_stay_when_the_resolver_dies(world, dns, resolve, make_pool):
    resolver = resolve(Resolver, world.provider.ipv4)
    pool = make_pool(resolved(world)).start()
    until_good(world, pool, 5)
    resolver.stop()
    asked = len(resolver.asked)
    assert update(world, pool) == GOOD
    for _ in range(2):
        mark = pool.mark()
        pool.reload()
        pool.since(mark, "was read again")
        assert update(world, pool) == GOOD
        pool.since(mark, "its addresses stay as they were")
        assert update(world, pool) == GOOD
    assert len(resolver.asked) == asked


def test_a_provider_that_moves_is_found_again(world, dns, resolve, listen, make_pool):
    leaf = world.authority.leaf(STUB)
    resolver = resolve(Resolver, world.provider.ipv4)
    old = listen(world.provider, MOVED_PORT, leaf)
    pool = make_pool(resolved(world, MOVED_PORT)).start()
    until_good(world, pool, 5)
    new = listen(world.impostor, MOVED_PORT, leaf)
    resolver.addresses = [ipaddress.ip_address(world.impostor.ipv4)]
    assert update(world, pool) == GOOD
    assert new.requests == []           # the old one still answers
    old.stop()
    until_good(world, pool, AFTER_A_DOUBT)
    assert new.requests


def test_a_resolver_that_hangs_delays_nobody(world, dns, resolve, make_pool):
    resolver = resolve(Silent)
    pool = make_pool(resolved(world)).start()
    waiting.until(lambda: resolver.asked, "the resolver to be asked")
    mark = pool.mark()
    for _ in range(3):
        began = time.monotonic()
        status, body = update(world, pool)
        assert (status, body) == (503, f"{NAME} busy\n")
        assert time.monotonic() - began < 1.0
    pool.since(mark, f"no address of {STUB} is known")
    began = time.monotonic()
    assert world.straight(pool, USER, **CLAIM)[0] == 200
    assert time.monotonic() - began < 1.5


def the_resolver(pid):
    """The child of pid that asks the resolver, or None."""
    for child in children(pid):
        with contextlib.suppress(OSError), open(f"/proc/{child}/comm",
                                                encoding="ascii") as name:
            if name.read() == "ddnsgate names\n":
                return child
    return None


def test_one_that_dies_at_once_is_not_started_in_a_loop(world, resolve, make_pool):
    resolve(Silent)                     # so that no round ever ends
    pool = make_pool(resolved(world)).start()
    mark, killed = pool.mark(), set()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        child = the_resolver(pool.process.pid)
        if child and child not in killed:
            killed.add(child)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
    assert 2 <= len(killed) <= 10
    pool.since(mark, "a resolver died before it served; the next one starts in")


def test_a_single_worker_s_resolver_is_replaced(world, dns, resolve, make_pool):
    resolve(Resolver, world.provider.ipv4)
    pool = make_pool(resolved(world), name="single")
    with single(world, pool) as pid:
        until_good(world, pool, 5)
        first = the_resolver(pid)
        os.kill(first, signal.SIGKILL)
        waiting.until(lambda: the_resolver(pid) not in (None, first), "another one")
        assert update(world, pool) == GOOD
    assert the_resolver(pid) is None
