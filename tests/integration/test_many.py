"""An account of many hosts: how long it takes, and what one of them does to others."""

import json
import time

import pytest
from lab import certificates, vendor, waiting
from lab.gateway import verifier
from lab.stage import ZONE

MANY = 64
ADDRESS = "89.14.163.156"
FORCED = "46.5.20.66"
UNICODE = ("xn--mnchen-3ya.example", "m\u00fcnchen.example")
DESCRIPTIONS = {"cloudflare": vendor.CLOUDFLARE, "digitalocean": vendor.DIGITALOCEAN,
                "linode": vendor.LINODE, "powerdns": vendor.POWERDNS}


@pytest.fixture(scope="module")
def server(world):
    leaf = world.authority.issue("vendors", certificates.subject("vendors"),
                                 sorted(DESCRIPTIONS.values()))
    everyone = vendor.Vendor(world.impostor, FORCED, leaf, ZONE)
    yield everyone
    everyone.stop()


def account(world, provider, below, names, **options):
    return {"verifier": verifier(f"{provider}-{len(names)}", world.token), "provider": provider,
            "hosts": {f"{name}.{below}": {"ipv4": True, "proof": {"kind": "none"}, **options}
                      for name in names}}


@pytest.fixture(scope="module")
def pool(world, server):
    """Accounts "PROVIDER-COUNT", one with a zone that a vendor spells in Unicode."""
    many = [f"h{i:02}" for i in range(MANY)]
    few = ["a", "b", "c", "d"]
    accounts = {
        "cloudflare-64": account(world, "cloudflare", ZONE, many),
        "digitalocean-64": account(world, "digitalocean", ZONE, many, zone=ZONE),
        "cloudflare-4": account(world, "cloudflare", ZONE, few),
        "digitalocean-4": account(world, "digitalocean", ZONE, few),
        "powerdns-4": account(world, "powerdns", ZONE, few),
        "cloudflare-1": account(world, "cloudflare", UNICODE[0], ["a"]),
        "linode-1": account(world, "linode", ZONE, ["a"], zone=ZONE),
    }
    providers = {name: {"description": name, "addresses": [FORCED]} for name in DESCRIPTIONS}
    providers["powerdns"]["config"] = {"base": f"https://{vendor.POWERDNS}"}
    pool = world.pool(world.binary, world.configuration(
        workers=2, providers=providers, accounts=accounts), "many", world.sanitizer("many"))
    pool.start()
    yield pool
    pool.stop()


def update(world, pool, user):
    """What each host's line says, and the seconds that it took.

    What an update before it began at the provider may still go on.
    """
    while True:
        began = time.monotonic()
        _, text = world.straight(pool, user, ipv4=ADDRESS)
        took = time.monotonic() - began
        if text != "busy\n":
            return dict(line.split(" ", 1) for line in text.splitlines()), took
        time.sleep(0.2)


@pytest.mark.parametrize("user, requests, writes", [
    # The zone by two requests, once; 64 names are read, and all written by one.
    ("cloudflare-64", 2 + MANY + 1, 1),
    # The zone is given; each name is read and written by itself.
    ("digitalocean-64", 2 * MANY, MANY),
])
def test_all_hosts_are_published_by_one_try(world, pool, server, user, requests, writes):
    server.reset(delay=0.1)
    said, took = update(world, pool, user)
    print(f"{user}: {len(server.requests)} requests, {took:.1f} s")
    assert set(said.values()) == {f"good {ADDRESS}"} and len(said) == MANY
    assert len(server.records) == MANY
    assert (len(server.requests), len(server.writing())) == (requests, writes)
    assert 2 <= server.most_at_once <= 6
    # Again, with nothing to do: no request writes.
    server.requests.clear()
    said, _ = update(world, pool, user)
    assert set(said.values()) == {f"nochg {ADDRESS}"}
    assert server.writing() == []


def test_a_provider_for_which_one_try_is_too_short(world, pool, server):
    """What is known is written in time, and another try begins with another host."""
    server.reset(delay=0.5)
    tries = 0
    while len(server.records) < MANY:
        said, _ = update(world, pool, "cloudflare-64")
        tries += 1
        assert tries > 1 or server.records, said
        assert tries < 20, f"{len(server.records)} of {MANY}"
    print(f"{tries} tries")


@pytest.mark.parametrize("user, bad", [
    ("cloudflare-4", f"b.{ZONE}"), ("powerdns-4", f"b.{ZONE}.")])
def test_one_refused_host_stops_no_other(world, pool, server, user, bad):
    server.reset(bad=[bad])
    said, _ = update(world, pool, user)
    assert said == {f"{name}.{ZONE}": "provider" if name == "b" else f"good {ADDRESS}"
                    for name in "abcd"}
    assert len(server.records) == 3 and bad not in server.records


def test_one_failing_host_stops_no_other(world, pool, server):
    server.reset(failing=["b"])
    server.records = dict.fromkeys("abcd", "89.12.7.20")
    said, _ = update(world, pool, "digitalocean-4")
    assert said == {f"{name}.{ZONE}": "busy" if name == "b" else f"good {ADDRESS}"
                    for name in "abcd"}
    assert server.records == {**dict.fromkeys("acd", ADDRESS), "b": "89.12.7.20"}


def test_a_zone_that_is_spelt_in_unicode(world, pool, server):
    server.zone = UNICODE[0]
    try:
        for shown in (UNICODE[1], UNICODE[1].upper(), f"{UNICODE[0]}."):
            server.reset(shown=shown)
            said, _ = update(world, pool, "cloudflare-1")
            assert said == {f"a.{UNICODE[0]}": f"good {ADDRESS}"}, json.dumps(shown)
    finally:
        server.zone = ZONE


def test_a_list_that_takes_longer_than_the_router_waits(world, pool, server):
    """Ten pages of 500 records: what was begun is finished after the reply."""
    server.reset(delay=0.7, others=5000)
    said, took = update(world, pool, "linode-1")
    print(f"answered after {took:.1f} s, {len(server.requests)} requests")
    assert said == {f"a.{ZONE}": "busy"} and server.records == {}
    waiting.until(lambda: server.records == {"a": ADDRESS}, "the record is made", 60)
    assert [r[0] for r in server.requests] == 11 * ["GET"] + ["POST"]
    server.delay = 0
    said, _ = update(world, pool, "linode-1")
    assert said == {f"a.{ZONE}": f"nochg {ADDRESS}"}
