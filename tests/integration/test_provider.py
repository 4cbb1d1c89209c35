"""What a provider can do to us, and what it gets to see."""

import concurrent.futures
import json
import time
from urllib.parse import urlsplit

import pytest
from lab.gateway import verifier
from lab.provider import Provider
from lab.resolver import Resolver
from lab.stage import BEFORE, CLAIM, USER, WEB, ZONE
from world import BEHAVIOURS

IPV4, IPV6 = WEB
DEADLINE = 5.0
SLACK = 1.5

# 502: the provider said no; 503: it may work later.
STATUS = {
    "fine": 200,
    "all-401": 502,
    "all-403": 502,
    "all-404": 502,
    "write-422": 502,
    "all-redirect": 502,
    "all-garbage": 502,
    "all-huge": 502,
    "all-429": 503,
    "write-500": 503,
    "all-hang": 503,
    "write-hang": 503,
    "all-close": 503,
}


@pytest.fixture(scope="module")
def outcomes(world):
    """Every behaviour, all at once: {name: (answer, seconds)}."""
    def ask(name):
        began = time.monotonic()
        answer = world.update(name, ipv4=IPV4)
        return answer, time.monotonic() - began
    with concurrent.futures.ThreadPoolExecutor(8) as workers:
        return dict(zip(BEHAVIOURS, workers.map(ask, BEHAVIOURS)))


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_the_router_learns_whether_to_come_back(outcomes, name):
    answer, seconds = outcomes[name]
    word = {200: f"good {IPV4}", 502: "provider", 503: "busy"}[STATUS[name]]
    assert (answer.status, answer.body) == (
        STATUS[name], f"host-{name}.{ZONE} {word}\n")
    assert (answer.header("Retry-After") is not None) == (answer.status == 503)
    assert seconds < DEADLINE + SLACK, f"answered after {seconds:.1f} s"


def test_the_wait_that_the_provider_wants_is_passed_on(outcomes):
    answer, _ = outcomes["all-429"]
    assert answer.header("Retry-After") == "77"


def test_a_refused_token_is_not_tried_again(world):
    before = len(world.stub.seen("all-401"))
    world.update("all-401", ipv4=IPV4)
    assert len(world.stub.seen("all-401")) == before + 1


def test_a_redirect_is_not_followed(world, outcomes):
    assert world.stub.seen("all-redirect")
    assert world.stub.seen("followed") == []


def test_a_failed_write_is_tried_again_within_the_deadline(world):
    """PowerDNS on SQLite answers 500 when two changes meet."""
    before = len(world.stub.seen("write-500"))
    world.update("write-500", ipv4=IPV4)
    again = world.stub.seen("write-500")[before:]
    assert 2 <= sum(r.method == "PATCH" for r in again) <= 3, again


def test_the_write_is_what_powerdns_asks_for(world, outcomes):
    write = [r for r in world.stub.seen("fine") if r.method == "PATCH"][-1]
    assert write.line == (
        f"PATCH /fine/api/v1/servers/localhost/zones/{ZONE}. HTTP/1.1")
    assert json.loads(write.body) == {"rrsets": [{
        "name": f"host-fine.{ZONE}.", "type": "A", "ttl": 60, "changetype": "REPLACE",
        "records": [{"content": IPV4, "disabled": False}]}]}


def test_the_token_is_in_one_header_and_nowhere_else(world, outcomes):
    token = world.token.encode()
    for request in world.stub.requests:
        lines = request.head.split(b"\r\n")
        assert [n for n in lines if token in n] == [b"X-API-Key: " + token], lines
        assert token not in request.body


def test_no_header_is_sent_that_nobody_asked_for(world, outcomes):
    allowed = {b"host", b"accept", b"user-agent", b"x-api-key", b"content-type",
               b"content-length"}
    for request in world.stub.requests:
        names = {line.split(b":")[0].lower()
                 for line in request.head.split(b"\r\n")[1:]}
        assert names <= allowed, names - allowed


def test_powerdns_refuses_a_token_that_only_we_accept(world, dns, make_pool):
    """The verifier matches, but the provider has changed its key."""
    configuration = world.configuration()
    configuration["accounts"][USER]["verifier"] = verifier(USER, "an-old-key")
    pool = make_pool(configuration).start()
    status, body = world.straight(pool, USER, "an-old-key", **CLAIM)
    assert (status, body) == (502, f"{ZONE} provider\n")
    assert dns.addresses(ZONE) == list(BEFORE.values())


def test_an_unknown_zone_is_the_provider_s_refusal(world, dns, make_pool):
    configuration = world.configuration()
    configuration["accounts"][USER]["hosts"] = {
        "elsewhere.example": {"ipv4": True, "proof": {"kind": "none"}}}
    pool = make_pool(configuration).start()
    assert world.straight(pool, USER, ipv4=IPV4) == (502, "elsewhere.example provider\n")


@pytest.fixture
def spoofed(world):
    """A resolver on the proxy that sends everybody to the impostor."""
    resolver = Resolver(world.proxy, world.folder, *world.impostor.addresses)
    yield resolver
    resolver.stop()


def test_a_spoofed_resolver_is_not_even_asked(world, dns, spoofed, make_pool):
    assert world.proxy.run(["getent", "ahostsv4", "www.chaos-wg.net"]).startswith(
        world.impostor.ipv4), "the spoofed resolver does not work"
    spoofed.asked.clear()
    pool = make_pool().start()
    status, body = world.straight(pool, USER, **CLAIM)
    assert (status, body) == (200, f"{ZONE} good {IPV4} {IPV6}\n")
    assert spoofed.asked == []


def test_without_pinned_addresses_the_certificate_still_decides(
        world, dns, spoofed, make_pool):
    """The impostor gets a ClientHello, and not one byte of the token."""
    configuration = world.configuration()
    home = configuration["providers"]["home"]
    name, port = urlsplit(home["config"]["base"]).netloc.split(":")
    del home["addresses"]
    impostor = Provider(world.impostor, world.impostor.ipv4, int(port),
                        world.authority.leaf(name, "self-signed"), ZONE)
    try:
        pool = make_pool(configuration).start()
        status, body = world.straight(pool, USER, **CLAIM)
    finally:
        impostor.stop()
    assert (status, body.split()[0]) in ((502, ZONE), (503, ZONE))
    assert impostor.server.connections > 0, "nobody asked the impostor at all"
    assert impostor.requests == []
    assert dns.addresses(ZONE) == list(BEFORE.values())
