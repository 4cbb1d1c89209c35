"""The case from which everything grows: a router gets new addresses.

router -> nginx -> ddnsgate -> proofs -> PowerDNS, and dig has the last word.
"""

import subprocess

from lab import waiting
from lab.stage import BEFORE, CLAIM, USER, WEB, ZONE

IPV4, IPV6 = WEB


def test_proven_addresses_are_published(world, dns):
    assert dns.addresses(ZONE, world.router) == list(BEFORE.values())
    answer = world.update(USER, **CLAIM)
    assert (answer.status, answer.body) == (200, f"{ZONE} good {IPV4} {IPV6}\n")
    assert answer.header("Content-Type").startswith("text/plain")
    assert int(answer.header("Content-Length")) == len(answer.body)
    assert dns.addresses(ZONE, world.router) == [IPV4, IPV6]


def test_the_second_time_nothing_is_written(world, dns):
    def writes(since):
        return [c for c in dns.calls()[since:] if not c.startswith("GET")]
    start = len(dns.calls())
    world.update(USER, **CLAIM)
    # What stands before PowerDNS notes a call after its answer.
    waiting.until(lambda: writes(start), "the first write to be noted")
    before = len(dns.calls())
    answer = world.update(USER, **CLAIM)
    assert (answer.status, answer.body) == (200, f"{ZONE} nochg {IPV4} {IPV6}\n")
    assert writes(before) == []


def test_what_somebody_else_changed_is_repaired(world, dns):
    world.update(USER, **CLAIM)
    dns.set(ZONE, AAAA=BEFORE["AAAA"])
    answer = world.update(USER, **CLAIM)
    assert (answer.status, answer.body) == (200, f"{ZONE} good {IPV4} {IPV6}\n")
    assert dns.addresses(ZONE) == [IPV4, IPV6]


def test_json_says_the_same_with_a_verdict_for_each_record(world, dns):
    dns.set(ZONE, A=IPV4)
    answer = world.update(USER, accept="application/json", **CLAIM)
    assert answer.header("Content-Type").startswith("application/json")
    assert (answer.status, answer.json()) == (200, {"status": 200, "hosts": [{
        "name": ZONE, "verdict": "good", "records": [
            {"type": "A", "address": IPV4, "verdict": "nochg"},
            {"type": "AAAA", "address": IPV6, "verdict": "good"}]}]})


def test_one_log_line_tells_the_whole_story(world, dns):
    mark = world.ddnsgate.mark()
    world.update(USER, **CLAIM)
    lines = [line for line in world.ddnsgate.since(mark, ZONE) if ZONE in line]
    assert len(lines) == 1, lines
    for part in (world.router.ipv4, USER, "200", IPV4, IPV6, "good",
                 "login", "proofs", "provider"):
        assert part in lines[0], f"{part} is not in {lines[0]!r}"


def test_over_ipv6_it_is_the_same(world, dns):
    mark = world.ddnsgate.mark()
    box = world.front.router(world.router, ipv6=True)
    answer = box.update(USER, world.token, **CLAIM)
    assert (answer.status, answer.body) == (200, f"{ZONE} good {IPV4} {IPV6}\n")
    assert any(world.router.ipv6 in line for line in world.ddnsgate.since(mark, ZONE))


def test_hash_makes_the_verifier_of_the_configuration(world, dns, make_pool):
    verifier = subprocess.run(
        [world.binary, "hash", "--iterations", "1000"], check=True, text=True,
        input=f"{USER}:{world.token}\n", stdout=subprocess.PIPE).stdout.strip()
    assert verifier.startswith("$pbkdf2-sha256$i=1000$")
    configuration = world.configuration()
    configuration["accounts"][USER]["verifier"] = verifier
    pool = make_pool(configuration).start()
    status, text = world.straight(pool, USER, **CLAIM)
    assert (status, text) == (200, f"{ZONE} good {IPV4} {IPV6}\n")


def test_check_explains_a_good_configuration(world):
    told = subprocess.run(
        [world.binary, "check", "--config", world.ddnsgate.configuration],
        text=True, capture_output=True, check=False)
    assert told.returncode == 0, told.stderr
    assert ZONE in told.stdout and USER in told.stdout
