"""Who guesses is held up, a crowd is sent away, and a router that polls notices neither."""

import concurrent.futures
import os
import re

import pytest
from lab import fastcgi
from lab.gateway import USER as UID, verifier
from lab.stage import WEB

BURST = 30                  # failures of one source, as ddnsgate(8) says
ROUNDS = 600_000
STRANGER = "198.51.100.9"
PLACES = max(1, os.cpu_count() // 2)
WORKERS = 8 * PLACES + 8


def ask(world, pool, user, token, source, path="/update", **query):
    """Status, headers and body of an update from any address."""
    parameters = world.parameters(user, token, **query)
    parameters |= {"REMOTE_ADDR": source,
                   "REQUEST_URI": f"{path}?{parameters['QUERY_STRING']}"}
    status, text = fastcgi.call(pool.socket, parameters)
    headers, _, body = text.partition("\r\n\r\n")
    return status, headers, body


@pytest.fixture
def pool(world, dns, make_pool):
    return make_pool().start()


@pytest.fixture
def guesser(world, pool):
    """It has failed as often as it may."""
    assert world.straight(pool, "unproven", ipv4=WEB[0])[0] == 200
    for i in range(BURST):
        user = "unproven" if i % 2 else "nobody"
        assert ask(world, pool, user, "guess", world.router.ipv4)[0] == 401
    return pool


def wait_of(headers):
    return int(re.search(r"Retry-After: (\d+)", headers)[1])


def test_a_guesser_is_no_longer_heard(world, guesser):
    source = world.router.ipv4
    status, headers, body = ask(world, guesser, "unproven", "guess", source)
    assert (status, body) == (429, "limit\n")
    assert 0 < wait_of(headers) <= 60
    status, headers, body = ask(world, guesser, "unproven", "guess", source, "/nic/update")
    assert (status, body) == (503, "911\n")
    assert 0 < wait_of(headers) <= 60
    # Whether it would have been right is not told either.
    assert ask(world, guesser, "single", world.token, source)[0] == 429


def test_a_router_behind_the_same_address_still_is(world, guesser):
    ask(world, guesser, "unproven", "guess", world.router.ipv4)
    assert world.straight(guesser, "unproven", ipv4=WEB[0])[0] == 200


def test_somebody_else_is(world, guesser):
    assert ask(world, guesser, "unproven", "guess", STRANGER)[0] == 401
    assert ask(world, guesser, "unproven", world.token, STRANGER, ipv4=WEB[0])[0] == 200


def test_a_request_without_a_login_is_no_guess(world, pool):
    parameters = world.parameters("unproven", ipv4=WEB[0])
    del parameters["HTTP_AUTHORIZATION"]
    for _ in range(BURST + 1):
        assert fastcgi.call(pool.socket, parameters)[0] == 401
    assert ask(world, pool, "unproven", "guess", world.router.ipv4)[0] == 401


def test_a_reload_forgets_neither_guess_nor_router(world, guesser):
    guesser.renew()
    assert ask(world, guesser, "unproven", "guess", world.router.ipv4)[0] == 429
    assert world.straight(guesser, "unproven", ipv4=WEB[0])[0] == 200


def test_a_router_that_was_right_before_the_start_is_not_locked_out(world, dns, make_pool):
    """By somebody behind the same address; it is known from the history."""
    pool = make_pool()
    state = f"{pool.folder}/state"
    os.mkdir(state)
    os.chown(state, UID, UID)
    pool.configure(world.configuration(state=state))
    pool.start()
    assert world.straight(pool, "unproven", ipv4=WEB[0])[0] == 200
    pool.stop()
    pool.start()
    for _ in range(BURST):
        assert ask(world, pool, "nobody", "guess", world.router.ipv4)[0] == 401
    assert ask(world, pool, "nobody", "guess", world.router.ipv4)[0] == 429
    assert ask(world, pool, "single", world.token, world.router.ipv4)[0] == 429
    assert world.straight(pool, "unproven", ipv4=WEB[0])[0] == 200


def test_an_old_token_is_wrong_at_once(world, pool):
    """Although it was right a moment ago."""
    assert world.straight(pool, "unproven", ipv4=WEB[0])[0] == 200
    configuration = world.configuration()
    configuration["accounts"]["unproven"]["verifier"] = verifier("unproven", "another")
    pool.configure(configuration)
    pool.renew()
    assert world.straight(pool, "unproven", ipv4=WEB[0])[0] == 401


def test_a_crowd_of_strangers_is_sent_away(world, dns, make_pool):
    """They cannot take all cores or all workers from a router that is known."""
    configuration = world.configuration(workers=WORKERS)
    configuration["accounts"]["unproven"]["verifier"] = (
        verifier("unproven", world.token, ROUNDS))
    pool = make_pool(configuration).start()
    assert world.straight(pool, "unproven", ipv4=WEB[0])[0] == 200
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as strangers:
        told = [strangers.submit(ask, world, pool, "unproven", "guess", f"198.51.100.{i}")
                for i in range(WORKERS)]
        known = [world.straight(pool, "unproven", ipv4=WEB[0])[0] for _ in range(5)]
    assert known == [200] * 5
    answers = [answer.result() for answer in told]
    assert {status for status, _, _ in answers} == {401, 503}
    for status, headers, body in answers:
        assert body == ("busy\n" if status == 503 else "badauth\n")
        assert (wait_of(headers) == 10) if status == 503 else "Retry-After" not in headers
