"""What a provider can do to us, and what it gets to see."""

import concurrent.futures
import json
import re
import shutil
import ssl
import subprocess
import time
from urllib.parse import urlsplit

import pytest
from lab import certificates, monsters, powerdns, scripted, waiting
from lab.gateway import verifier
from lab.provider import Provider
from lab.resolver import Resolver
from lab.stage import BEFORE, CLAIM, USER, WEB, ZONE
from world import BEHAVIOURS, STUB

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


def test_powerdns_has_many_zones_and_ours_many_records(world, dns):
    """As in all other tests here; the provider is asked for what is ours only."""
    assert len(dns.api("GET", "/zones")[1]) > powerdns.DOMAINS
    assert len(dns.api("GET", f"/zones/{ZONE}.")[1]["rrsets"]) > powerdns.RECORDS
    answer = world.update(USER, **CLAIM)
    assert (answer.status, answer.body) == (200, f"{ZONE} good {IPV4} {IPV6}\n")
    assert dns.addresses(ZONE) == list(WEB)


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


# What the log says of a provider's certificate of each sort.
REASONS = {
    "expired": "certificate: has expired",
    "not-yet-valid": "certificate: is not valid before",
    "self-signed": "certificate: its CA is not trusted",
    "wrong-name": "certificate: is not for this name",
    "client-only": "certificate: is not for a TLS server",
    "short-key": "certificate: ",
    "name-in-subject-only": "certificate: is for no host name",
    "unknown-authority": "certificate: its CA is not trusted",
}


# And the fact that helps.
FACTS = {
    "expired": r"has expired on 20\d\d-.* UTC; our clock says 20\d\d-.* UTC",
    "not-yet-valid": r"before 20\d\d-.* UTC; our clock says 20\d\d-.* UTC",
    "self-signed": r'it is self-signed by ".+"; .*"ca"',
    "wrong-name": r'but for ".+"',
    "unknown-authority": r'(issuer|root) ".*stranger.*".*"ca"',
}


@pytest.fixture
def strange_provider(world):
    """strange_provider(leaf, ...): a provider, and a configuration that uses it."""
    running = []

    def start(leaf, port=9444, ca=None, **options):
        provider = Provider(world.provider, world.provider.ipv4, port, leaf, ZONE,
                            **options)
        running.append(provider)
        configuration = {**world.configuration(), "workers": 1}
        home = configuration["providers"]["fine"]
        home["config"] = {"base": f"https://{STUB}:{port}/fine"}
        if ca:
            home["ca"] = ca
        configuration["accounts"]["fine"]["hosts"][f"host-fine.{ZONE}"]["proof"] = {
            "kind": "none"}
        return provider, configuration
    yield start
    for provider in running:
        provider.stop()


@pytest.fixture(scope="module")
def strange_leaves(world):
    stranger = certificates.Authority(f"{world.folder}/ca", "another stranger")
    leaves = {sort: world.authority.leaf(STUB, sort) for sort in certificates.SORTS}
    leaves["unknown-authority"] = stranger.issue(
        "unknown-authority-stub", certificates.subject(STUB), [STUB])
    leaves["pem"] = stranger.pem
    return leaves


@pytest.mark.parametrize("sort", REASONS)
def test_a_wrong_certificate_gets_no_byte_of_the_request(
        world, strange_provider, strange_leaves, make_pool, sort):
    provider, configuration = strange_provider(strange_leaves[sort])
    pool = make_pool(configuration).start()
    mark = pool.mark()
    status, body = world.straight(pool, "fine", ipv4=IPV4)
    assert (status, body) == (502, f"host-fine.{ZONE} provider\n")
    waiting.until(lambda: not provider.server.open, "the end of the connection")
    assert provider.server.connections == 1
    assert provider.requests == []
    # Our own verifier's reason, not a sentence of a library.
    text = "\n".join(pool.since(mark, REASONS[sort]))
    assert re.search(FACTS.get(sort, ""), text), text


# What the log says of a provider with which no handshake succeeds.
HANDSHAKES = {
    "no such name": (scripted.alert(112), r"unrecognized_name.*must have a site"),
    "HTTP/2 only": (scripted.alert(120), r"no_application_protocol.*speak HTTP/1.1"),
    "TLS 1.1": ("tls-1.1", r"protocol_version.*must speak TLS 1.2 or 1.3"),
    "clients": ("clients", r"certificate_required.*must not want a client certificate"),
    "hang-up": (scripted.hang_up, "closed without an answer"),
    "reset": (scripted.reset, "the connection was reset"),
}


def no_handshake(world, how):
    leaf = world.authority.leaf(STUB)
    if how == "tls-1.1":
        return scripted.with_tls(leaf, scripted.answer, ssl.TLSVersion.TLSv1_1)
    if how == "clients":
        return scripted.with_tls(leaf, scripted.answer, clients=world.authority.pem)
    return how


@pytest.mark.parametrize("name", HANDSHAKES)
def test_a_provider_s_alert_is_named(world, make_pool, name):
    how, reason = HANDSHAKES[name]
    configuration = {**world.configuration(), "workers": 1}
    configuration["providers"]["fine"]["config"] = {"base": f"https://{STUB}:9444/fine"}
    host = configuration["accounts"]["fine"]["hosts"][f"host-fine.{ZONE}"]
    host["proof"] = {"kind": "none"}
    server = scripted.Server(world.provider, world.provider.ipv4, 9444,
                             no_handshake(world, how))
    try:
        pool = make_pool(configuration).start()
        mark = pool.mark()
        answer = world.straight(pool, "fine", ipv4=IPV4)
        text = "\n".join(pool.since(mark, "TLS: "))
    finally:
        server.stop()
    assert answer == (503, f"host-fine.{ZONE} busy\n")
    assert re.search(f"TLS: .*{reason}", text), text


def test_a_kept_connection_is_of_no_use_for_another_name(
        world, strange_provider, make_pool):
    """Same address, same port, and a certificate that names only one of them."""
    provider, configuration = strange_provider(world.authority.issue(
        "only-stub", certificates.subject(STUB), [STUB]))
    configuration["providers"]["write-422"]["config"] = {
        "base": f"https://other.{STUB}:9444/fine"}
    pool = make_pool(configuration).start()
    assert world.straight(pool, "fine", ipv4=IPV4)[0] == 200
    before = list(provider.requests)
    status, body = world.straight(pool, "write-422", ipv4=IPV4)
    assert (status, body) == (502, f"host-write-422.{ZONE} provider\n")
    assert provider.requests == before
    assert provider.server.connections == 2


def test_a_provider_that_resumes_sessions_is_served_each_time(
        world, strange_provider, make_pool):
    """TLS 1.2 with session ids: a resumed session would show no certificate."""
    provider, configuration = strange_provider(
        world.authority.leaf(STUB), version=ssl.TLSVersion.TLSv1_2, keep=False)
    pool = make_pool(configuration).start()
    for _ in range(6):
        assert world.straight(pool, "fine", ipv4=IPV4)[0] == 200
    assert provider.server.connections >= 6
    assert not any(provider.reused)


def test_a_provider_has_a_ca_of_its_own_until_it_is_renewed(
        world, strange_provider, strange_leaves, make_pool):
    """As for proofs: what was read at the start counts until a reload."""
    ca = f"{world.folder}/renewed.pem"
    shutil.copy(strange_leaves["pem"], ca)
    _, configuration = strange_provider(
        strange_leaves["unknown-authority"], ca=ca, keep=False)
    pool = make_pool(configuration).start()
    assert world.straight(pool, "fine", ipv4=IPV4)[0] == 200
    shutil.copy(world.authority.pem, ca)
    assert world.straight(pool, "fine", ipv4=IPV4)[0] == 200
    pool.renew()
    assert world.straight(pool, "fine", ipv4=IPV4)[0] == 502


def test_a_ca_file_that_is_not_there_is_told_at_the_start(world, make_pool):
    configuration = world.configuration()
    configuration["providers"]["fine"]["ca"] = "/nowhere/ca.pem"
    pool = make_pool(configuration)
    told = subprocess.run([world.binary, "check", "--config", pool.configuration],
                          capture_output=True, text=True, check=False)
    assert told.returncode != 0
    for word in (pool.configuration, "/providers/fine", "/nowhere/ca.pem", '"ca"'):
        assert word in told.stderr


@pytest.mark.parametrize("kind", monsters.monsters(STUB))
def test_a_provider_that_wants_to_keep_us_busy_cannot(world, make_pool, kind):
    """What it shows is looked at before anything is computed with it."""
    configuration = {**world.configuration(), "workers": 1}
    configuration["providers"]["fine"]["config"] = {"base": f"https://{STUB}:9444/fine"}
    host = configuration["accounts"]["fine"]["hosts"][f"host-fine.{ZONE}"]
    host["proof"] = {"kind": "none"}
    leaf = world.authority.leaf(STUB)
    server = scripted.Server(
        world.provider, world.provider.ipv4, 9444,
        lambda connection: monsters.monsters(STUB)[kind](connection, leaf))
    try:
        pool = make_pool(configuration).start()
        worker = pool.workers()
        began = time.monotonic()
        status, body = world.straight(pool, "fine", ipv4=IPV4)
        seconds = time.monotonic() - began
    finally:
        server.stop()
    assert status in (502, 503), body
    assert seconds < DEADLINE + SLACK
    assert pool.workers() == worker
