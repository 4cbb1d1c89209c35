"""What a web host sends costs no more time than it is given."""

import concurrent.futures
import time

import pytest
from lab import waiting
from lab.stage import CLAIM, USER, ZONE
from world import MONSTERS, MONSTERS_AT

DEADLINE = 5.0          # of all proofs together
SLACK = 1.5             # for two busy cores
ROOM = 10.0             # for a machine that is so much slower, or so busy
GOOD_P99 = 2.0          # seconds, while many monsters are proved
REASONS = {
    "huge-key": "an RSA key in its chain has 65536 bits, more than 8192",
    "huge-key-1.2": "an RSA key in its chain has 65536 bits, more than 8192",
    "huge-key-above": "an RSA key in its chain has 65536 bits, more than 8192",
    "huge-exponent": "has 100000 bits, more than 64",
    "many-names": "bytes, more than 32768",
    "long-name": "bytes, more than 32768",
    "huge-extension": "bytes, more than 32768",
    "long-chain": "more than 15 others",
    "huge-staple": "more than 4096 bytes about its revocation",
    "huge-staple-1.2": "more than 4096 bytes about its revocation",
    "drips": "TLS: no answer in time",
    "tickets": "the server sends without end",
    "key-updates": "the server sends handshake messages without end",
}


@pytest.fixture(scope="module")
def refusals(world):
    """The answer to each of them, and its seconds, four at a time."""
    def ask(kind):
        began = time.monotonic()
        answer = world.update("single", ipv4=MONSTERS_AT[kind])
        return answer, time.monotonic() - began
    workers = set(world.ddnsgate.workers())
    with concurrent.futures.ThreadPoolExecutor(4) as crowd:
        answers = dict(zip(MONSTERS, crowd.map(ask, MONSTERS)))
    assert workers <= set(world.ddnsgate.workers()), "a worker did not survive"
    return answers


@pytest.mark.parametrize("kind", MONSTERS)
def test_it_is_refused_in_time(world, refusals, matrix, kind):
    answer, seconds = refusals[kind]
    assert (answer.status, answer.body) == (403, f"single.{ZONE} proof\n")
    assert seconds < DEADLINE + 1 + SLACK
    assert any(REASONS[kind] in line for line in world.ddnsgate.printed().splitlines()
               if f" {MONSTERS_AT[kind]} proof" in line)
    matrix("Monsters: s until the answer", kind, "seconds", f"{seconds:.2f}")


def test_many_at_once_leave_the_others_alone(world, dns, make_pool, matrix):
    pool = make_pool({**world.configuration(), "workers": 32}).start()
    workers = set(waiting.until(lambda: len(pool.workers()) == 32 and pool.workers(),
                                "32 workers"))
    assert world.straight(pool, USER, **CLAIM)[0] == 200
    times = []
    with concurrent.futures.ThreadPoolExecutor(40) as crowd:
        asked = [crowd.submit(world.straight, pool, "single", ipv4=MONSTERS_AT["huge-key"])
                 for _ in range(40)]
        while len(times) < 100 or not all(a.done() for a in asked):
            began = time.monotonic()
            assert world.straight(pool, USER, **CLAIM)[0] == 200
            times.append(time.monotonic() - began)
    # 503: too many at once of one account, which is as good.
    assert {a.result()[0] for a in asked} <= {403, 503}
    assert workers <= set(pool.workers()), "a worker did not survive it"
    p99 = sorted(times)[len(times) * 99 // 100]
    matrix("40 huge keys on 32 workers", "a good update", "p99 ms", round(1000 * p99))
    assert p99 < GOOD_P99 * ROOM
