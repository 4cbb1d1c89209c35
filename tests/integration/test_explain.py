"""ddnsgate explain: one update walked through, from the claim to the requests."""

import os
import subprocess

from lab import provider
from lab.gateway import verifier
from lab.remembering import Recorder
from lab.stage import BEFORE, CLAIM, WEB, ZONE
from world import CERTIFICATES_AT

IPV4, IPV6 = WEB
PORT = 9447


def explain(world, binary, *words, token=None, configuration=None):
    return subprocess.run(
        world.proxy.command([binary, "explain", "--config",
                             configuration or world.ddnsgate.configuration, *words]),
        env=os.environ | world.sanitizer("command"), check=False, text=True,
        input=f"{token}\n" if token else "", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def claim():
    return [f"{name}={value}" for name, value in CLAIM.items()]


def test_what_would_be_published(world, dns, binary):
    before = len(dns.calls())
    told = explain(world, binary, ZONE, *claim(), token=world.token)
    assert told.returncode == 0, told.stdout
    assert f"  A     {IPV4}, as the router sends it\n" in told.stdout
    assert f"  AAAA  {IPV6}, the first 56 bits of the prefix, then " in told.stdout
    for address in WEB:
        assert f"  {address}: proved in " in told.stdout
    for kind, old in BEFORE.items():
        assert f"  {kind:5} is {old} there, and would be replaced\n" in told.stdout
    assert f'"content":"{IPV4}"' in told.stdout
    assert world.token not in told.stdout
    # Nothing was written.
    assert dns.addresses(ZONE) == list(BEFORE.values())
    assert all(call.startswith("GET") for call in dns.calls()[before:])
    dns.set(ZONE, A=IPV4, AAAA=IPV6)
    told = explain(world, binary, ZONE, *claim(), token=world.token)
    assert told.stdout.count("is there already, so nothing would be written") == 2


def test_the_provider_need_not_be_asked(world, dns, binary):
    before = dns.calls()
    told = explain(world, binary, "--no-provider", ZONE, *claim())
    assert told.returncode == 0
    assert "read now" not in told.stdout and f'"content":"{IPV4}"' in told.stdout
    assert dns.calls() == before


class Busy(Recorder):
    """Cannot answer what comes first."""

    def behave(self, request):
        return super().behave(request) if len(self.requests) > 1 else provider.answer("502")


def test_a_provider_that_is_busy_for_a_moment_is_asked_again(world, binary, make_pool):
    """For the pause until then no request is under way, and yet not all is read."""
    name, host = f"busy.dns.{ZONE}", f"home.{ZONE}"
    busy = Busy(world.provider, world.provider.ipv4, PORT, world.authority.leaf(name), ZONE)
    busy.held[host, "A"] = [BEFORE["A"]]
    pool = make_pool({
        "ca": world.authority.pem, "state": "/dev/null/none",
        "providers": {"home": {"description": "powerdns", "addresses": [world.provider.ipv4],
                               "config": {"base": f"https://{name}:{PORT}"}}},
        "accounts": {"home": {"verifier": verifier("home", world.token), "provider": "home",
                              "hosts": {host: {"ipv4": True, "proof": {"kind": "none"}}}}}},
        "busy")
    try:
        told = explain(world, binary, host, f"ipv4={IPV4}", token=world.token,
                       configuration=pool.configuration)
    finally:
        busy.stop()
    assert told.returncode == 0, told.stdout
    assert f"  A     is {BEFORE['A']} there, and would be replaced\n" in told.stdout
    assert busy.requests[0] == busy.requests[1]
    assert not busy.writes


def test_a_refusal_is_told_where_it_comes_from(world, dns, binary):
    told = explain(world, binary, f"both.{ZONE}", "ipv4=10.0.0.1")
    assert told.returncode == 1
    assert "  A     10.0.0.1, as the router sends it\n        refused: " in told.stdout
    expired = CERTIFICATES_AT["expired"][0]
    told = explain(world, binary, f"both.{ZONE}", f"ipv4={expired}", token=world.token)
    assert told.returncode == 1
    assert f"  {expired}: certificate: it ended" in told.stdout or "expired" in told.stdout
    assert "at the provider" not in told.stdout
    told = explain(world, binary, f"both.{ZONE}", f"ipv4={IPV4}", token="x" * 20)
    assert told.returncode == 1 and "HTTP 401" in told.stdout


def test_what_cannot_be_explained(world, binary):
    told = explain(world, binary, f"nobody.{ZONE}", f"ipv4={IPV4}")
    assert (told.returncode, told.stdout) == (
        1, f"ddnsgate: no account has the host nobody.{ZONE}\n")
    told = explain(world, binary, ZONE, IPV4)
    assert told.returncode == 2 and "write it as the router sends it" in told.stdout
    told = explain(world, binary, ZONE, "ipv4=house")
    assert told.returncode == 1 and "ddnsgate: ipv4" in told.stdout
