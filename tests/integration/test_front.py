"""What the shipped nginx.conf does by itself."""

import concurrent.futures
import os
import signal

import pytest
from lab import waiting
from lab.gateway import Gateway
from lab.process import title
from lab.stage import CLAIM, GATEWAY, USER, WEB, ZONE
from world import SCRIPTED_AT

SLOW = SCRIPTED_AT["slow"]          # proves itself after 1.5 s
FROM_ONE_ADDRESS = 8


@pytest.fixture(scope="module")
def front(world):
    """A gateway of its own, beside the one that all tests use."""
    pool = world.pool(world.binary, None, "front", world.sanitizer("front")).start()
    pool.since(0, "ready; ")            # its first workers answer before that
    gateway = Gateway(pool, GATEWAY, world.authority.leaf(GATEWAY), world.authority.pem,
                      port=8443)
    yield gateway
    gateway.stop()


@pytest.fixture
def box(world, front):
    return front.router(world.router)


def log(front, name):
    with open(f"{front.pool.folder}/front-{name}.log", encoding="ascii") as f:
        return f.read()


def test_neither_query_nor_user_is_logged(world, dns, front, box):
    assert box.update(USER, world.token, **CLAIM).status == 200
    # nginx writes it when the answer has gone out.
    line = waiting.until(lambda: log(front, "ddnsgate"), "a line of the log").splitlines()[-1]
    assert "GET /update 200 " in line
    for part in ("?", WEB[0], USER, "prefix"):
        assert part not in line, line


@pytest.mark.parametrize("path", ["/", "/updates", "/update/", "/index.php", "/nic"])
def test_other_paths_never_reach_ddnsgate(front, box, path):
    mark = front.pool.mark()
    answer = box.get(path)
    assert answer.status == 404 and "nginx" in answer.body, answer
    assert front.pool.printed()[mark:] == ""


@pytest.mark.parametrize("path", ["/update", "//update", "/nic/update", "/v3/update"])
def test_these_paths_reach_it(box, path):
    assert box.get(path).header("WWW-Authenticate"), path


def test_ddnsgate_s_own_errors_pass_unchanged(world, dns, box):
    answer = box.update("all-401", world.token, ipv4=WEB[0])
    assert (answer.status, answer.body) == (502, f"host-all-401.{ZONE} provider\n")


def test_one_address_cannot_take_all_workers(world, dns, front, box):
    # Of one account ddnsgate itself lets no more than four be slow.
    users = ("fine", "single", "partial")
    with concurrent.futures.ThreadPoolExecutor(12) as clients:
        answers = list(clients.map(
            lambda i: box.update(users[i % 3], world.token, ipv4=SLOW), range(12)))
    # nginx says no more than that; PowerDNS, asked by so many at once, may fail,
    # and ddnsgate then tells of which host it speaks.
    kept_out = [a for a in answers if (a.status, a.body) == (503, "busy\n")]
    assert len(kept_out) == 12 - FROM_ONE_ADDRESS, answers
    assert sum(a.status == 200 for a in answers) >= FROM_ONE_ADDRESS / 2, answers


def test_without_ddnsgate_routers_are_told_to_come_back(world, front, box):
    front.pool.stop()
    answer = box.update(USER, world.token, **CLAIM)
    assert (answer.status, answer.body) == (503, "busy\n")
    assert answer.header("Retry-After") == "60"
    assert answer.header("Content-Type").startswith("text/plain")
    assert world.token not in log(front, "ddnsgate-error")
    front.pool.start()


@pytest.mark.parametrize("deaths, seen", [(1, (200, None)), (2, (200, None)),
                                          (3, (503, "60"))])
def test_a_worker_that_dies_at_work(world, dns, front, box, deaths, seen):
    """nginx tries twice more; then it is the same to them as if it was away."""
    with concurrent.futures.ThreadPoolExecutor(1) as client:
        before = world.scripted["slow"].connections
        asked = client.submit(box.update, "single", world.token, ipv4=SLOW)
        for death in range(deaths):
            waiting.until(lambda: world.scripted["slow"].connections > before + death,
                          "the slow host to be asked once more")
            worker, = (pid for pid in front.pool.workers() if title(pid).endswith("proof"))
            os.kill(worker, signal.SIGKILL)
        answer = asked.result()
    assert (answer.status, answer.header("Retry-After")) == seen, answer
