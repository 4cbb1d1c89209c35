"""Who may ask: and that a refusal tells nobody which part was wrong."""

import base64

import pytest
from lab import fastcgi
from lab.router import basic
from lab.stage import BEFORE, CLAIM, USER, ZONE


def encoded(text):
    return base64.b64encode(text.encode()).decode()


@pytest.fixture(scope="module")
def refused(world):
    """What a router sees for each wrong header; None is no header at all."""
    headers = {
        "wrong token": basic(USER, "not-the-token"),
        "unknown user": basic("nobody", world.token),
        "empty token": basic(USER, ""),
        "empty user": basic("", world.token),
        "token with a byte more": basic(USER, world.token + "x"),
        "token with a byte less": basic(USER, world.token[:-1]),
        "user in capitals": basic(USER.upper(), world.token),
        "another scheme": f"Bearer {world.token}",
        "no colon": f"Basic {encoded(USER + world.token)}",
        "no base64": "Basic !!!!",
        "nothing": "Basic ",
        "a NUL": f"Basic {encoded(USER + ':' + world.token + chr(0))}",
        "long": basic(USER, "x" * 6000),
        "no header": None,
    }
    return {name: world.box.get(
        "/update?ipv4=89.14.163.156", {"Authorization": h} if h is not None else {})
        for name, h in headers.items()}


def test_all_refusals_are_the_same_bytes(refused):
    seen = {name: answer.seen() for name, answer in refused.items()}
    assert len({repr(s) for s in seen.values()}) == 1, seen


def test_a_refusal_says_how_to_log_in(refused):
    answer = refused["wrong token"]
    assert answer.status == 401
    assert answer.header("WWW-Authenticate").startswith("Basic realm=")
    assert "text/plain" in answer.header("Content-Type")
    for word in ("good", "nochg", "ok", "true", "updated"):     # routers look for these
        assert word not in answer.body.lower()


def test_a_refusal_changes_nothing(world, dns):
    world.box.update(USER, "not-the-token", **CLAIM)
    assert dns.addresses(ZONE) == list(BEFORE.values())


def test_the_scheme_may_be_written_in_any_case(world, dns):
    answer = world.box.get("/update?ipv4=89.14.163.156", {
        "Authorization": basic(USER, world.token).replace("Basic", "bASIC")})
    assert answer.status == 200, answer


def test_the_token_of_another_account_is_no_key(world, dns, make_pool):
    configuration = world.configuration()
    configuration["accounts"]["single"]["verifier"] = (
        configuration["accounts"]["several"]["verifier"])
    pool = make_pool(configuration).start()
    mark = pool.mark()
    assert world.straight(pool, "single", ipv4="89.14.163.156")[0] == 401
    # As after an account was renamed: the token is right, as far as one can see.
    pool.since(mark, "or the verifier was made for another user name")


def test_nginx_refuses_a_header_of_100_kB(world, dns):
    answer = world.box.update(USER, "x" * 100_000, **CLAIM)
    assert 400 <= answer.status < 500, answer


def test_so_does_ddnsgate_when_it_comes_straight(world, dns):
    parameters = world.parameters(USER, **CLAIM)
    parameters["HTTP_AUTHORIZATION"] = basic(USER, "x" * 100_000)
    status, _ = fastcgi.call(world.ddnsgate.socket, parameters)
    assert status != 200
    assert world.update(USER, **CLAIM).status == 200


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/", 404), ("GET", "/updates", 404), ("GET", "/update/", 404),
    ("PUT", "/update", 405), ("DELETE", "/update", 405)])
def test_other_paths_and_methods(world, method, path, status):
    parameters = world.parameters(USER, **CLAIM)
    parameters |= {"REQUEST_METHOD": method,
                   "REQUEST_URI": f"{path}?{parameters['QUERY_STRING']}"}
    assert fastcgi.call(world.ddnsgate.socket, parameters)[0] == status
