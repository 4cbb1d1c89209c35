"""The FastCGI socket itself: who may connect, and what wrong bytes can do."""

import select
import subprocess
import threading
import time

import pytest
from lab import fastcgi, waiting
from lab.stage import BEFORE, CLAIM, USER, ZONE

# A worker waits 2 s for the whole request; the rest is for a slow machine.  Who
# held one in these tests would hold it for a minute, or for ever.
SOON = 10.0


@pytest.fixture(scope="module")
def pool(world):
    """Two workers only, so that it would be seen if they were held."""
    two = world.pool(world.binary, {**world.configuration(), "workers": 2},
                     "two-workers", world.sanitizer("two-workers")).start()
    yield two
    two.stop()


def served(world, pool):
    """Seconds until a good request is answered."""
    began = time.monotonic()
    status, body = world.straight(pool, USER, **CLAIM)
    assert (status, body.split()[0]) == (200, ZONE), (status, body)
    return time.monotonic() - began


def refused(pool, data):
    """Sends bytes and ends the sending; what comes back as an answer."""
    with fastcgi.connect(pool.socket) as client:
        try:
            client.sendall(data)
            client.shutdown(1)
        except OSError:                 # it has hung up already: good
            pass
        return fastcgi.output(fastcgi.receive(client))


def good(world):
    return world.parameters(USER, **CLAIM)


def whole(parameters):
    return fastcgi.stream(fastcgi.PARAMS, fastcgi.pairs(parameters))


END = fastcgi.record(fastcgi.STDIN)

BROKEN = {
    "nothing": lambda p: b"",
    "garbage": lambda p: b"\xff" * 4096,
    "http": lambda p: b"GET /update HTTP/1.1\r\nHost: x\r\n\r\n",
    "version 2": lambda p: b"\x02" + fastcgi.request(p)[1:],
    "half a header": lambda p: fastcgi.begin()[:5],
    "only a beginning": lambda p: fastcgi.begin(),
    "no end of parameters":
        lambda p: fastcgi.begin() + fastcgi.record(fastcgi.PARAMS, fastcgi.pairs(p)),
    "parameters cut in a pair":
        lambda p: fastcgi.begin() + fastcgi.record(
            fastcgi.PARAMS, fastcgi.pairs(p)[:-3]),
    "parameters ended in a pair":
        lambda p: fastcgi.begin() + fastcgi.stream(
            fastcgi.PARAMS, fastcgi.pairs(p)[:-3]) + END,
    "an abort instead of the end":
        lambda p: fastcgi.begin() + fastcgi.record(fastcgi.PARAMS, fastcgi.pairs(p))
        + fastcgi.record(fastcgi.ABORT),
    "parameters for ever":
        lambda p: fastcgi.begin() + fastcgi.record(fastcgi.PARAMS, b"\x01\x01ab" * 9)
        * 20_000,
}

TOO_MUCH = {
    "65 parameters": lambda p: {**p, **{f"X_{i}": "" for i in range(65 - len(p))}},
    "1000 parameters": lambda p: {**p, **{f"X_{i}": "" for i in range(1000)}},
    "64 kB in one": lambda p: {**p, "HTTP_COOKIE": "x" * 65_536},
    "64 kB in many": lambda p: {**p, **{f"X_{i}": "x" * 3000 for i in range(30)}},
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_requests_are_refused_and_do_no_harm(world, dns, pool, name):
    answer = refused(pool, BROKEN[name](good(world)))
    assert answer == b"" or answer.startswith(b"Status: 400 "), answer
    assert dns.addresses(ZONE) == list(BEFORE.values())
    assert served(world, pool) < SOON


def test_a_length_of_gigabytes_costs_no_more_than_a_worker(
        world, dns, plain_binary, make_pool):
    """libfcgi may abort; a sanitizer always does, so this goes without."""
    pool = make_pool({**world.configuration(), "workers": 2},
                     binary=plain_binary).start()
    for length in (b"\xf1\x00\x00\x00", b"\xff\xff\xff\xff", b"\x80\xff\xff\xff"):
        refused(pool, fastcgi.begin() + fastcgi.record(
            fastcgi.PARAMS, length * 2 + b"x" * 64))
        assert served(world, pool) < SOON


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much_is_refused(world, dns, pool, name):
    answer = refused(pool, fastcgi.begin() + whole(TOO_MUCH[name](good(world))) + END)
    assert b"good" not in answer and b"nochg" not in answer
    assert answer == b"" or answer.startswith(b"Status: 4"), answer
    assert served(world, pool) < SOON


def test_64_parameters_are_not_too_much(world, dns, pool):
    parameters = good(world)
    parameters |= {f"X_{i}": "" for i in range(64 - len(parameters))}
    assert fastcgi.call(pool.socket, parameters)[0] == 200


def test_head_changes_nothing_and_gets_no_body(world, dns, pool):
    status, text = fastcgi.call(pool.socket, {**good(world), "REQUEST_METHOD": "HEAD"})
    assert status == 405 and "\r\nAllow: GET, POST\r\n" in text
    assert text.endswith("\r\n\r\n")
    assert dns.addresses(ZONE) == list(BEFORE.values())
    status, text = fastcgi.call(pool.socket, {
        "REQUEST_METHOD": "HEAD", "REQUEST_URI": "/nic/checkip",
        "REMOTE_ADDR": "::ffff:192.0.2.1"})
    assert status == 200 and text.endswith("\r\n\r\n")


def test_who_does_not_say_where_from_is_limited_all_the_same(world, dns, make_pool):
    pool = make_pool().start()
    wrong = {**good(world), "HTTP_AUTHORIZATION": "Basic cm91dGVyOndyb25n"}
    del wrong["REMOTE_ADDR"]
    mark = pool.mark()
    seen = [fastcgi.call(pool.socket, wrong)[0] for _ in range(32)]
    assert seen[:30] == [401] * 30 and seen[-1] == 429
    assert sum("REMOTE_ADDR" in line for line in pool.since(mark, "REMOTE_ADDR")) == 1


def test_several_accounts_from_an_address_that_is_not_public(world, dns, make_pool):
    pool = make_pool().start()
    mark = pool.mark()
    for user in (USER, USER, "both", "several", "both"):
        fastcgi.call(pool.socket, {**world.parameters(user, **CLAIM),
                                   "REMOTE_ADDR": "172.17.0.1"})
    lines = [line for line in pool.since(mark, "several accounts")
             if "several accounts" in line]
    assert len(lines) == 1 and "172.17.0.1 (private use, RFC 1918)" in lines[0]


def test_of_two_parameters_with_one_name_the_first_counts(world, dns, pool):
    rows = [*good(world).items(), ("REMOTE_ADDR", "192.0.2.99"),
            ("QUERY_STRING", "ipv4=10.0.0.1")]
    mark = pool.mark()
    fastcgi.call(pool.socket, rows)
    assert not any("192.0.2.99" in line for line in pool.since(mark, ZONE))


def test_keeping_the_connection_open_holds_no_worker(world, dns, pool):
    with fastcgi.connect(pool.socket) as first, fastcgi.connect(pool.socket) as second:
        for client in (first, second):
            client.sendall(fastcgi.request(good(world), keep=True))
            assert f"{ZONE} ".encode() in fastcgi.output(fastcgi.receive(client))
        assert served(world, pool) < SOON


def test_silent_connections_hold_nobody_up(world, dns, pool):
    silent = [fastcgi.connect(pool.socket) for _ in range(2)]
    try:
        assert served(world, pool) < SOON
    finally:
        for client in silent:
            client.close()


def test_nor_does_a_request_that_comes_a_byte_at_a_time(world, dns, pool):
    stop = threading.Event()

    def drip():
        with fastcgi.connect(pool.socket) as client:
            for byte in fastcgi.request(good(world)):
                try:
                    client.sendall(bytes([byte]))
                except OSError:         # it has had enough: good
                    return
                if stop.wait(0.1):
                    return
    drippers = [threading.Thread(target=drip) for _ in range(2)]
    for dripper in drippers:
        dripper.start()
    waiting.until(lambda: pool.holding() == 2, "both to be accepted")
    try:
        assert served(world, pool) < SOON
    finally:
        stop.set()
        for dripper in drippers:
            dripper.join()


def test_nor_does_one_who_goes_on_talking(world, dns, pool):
    """It neither reads the answer nor hangs up."""
    stop, answered = threading.Event(), threading.Semaphore(0)

    def talk():
        with fastcgi.connect(pool.socket) as client:
            client.sendall(fastcgi.request(good(world)))
            select.select([client], [], [], 10)
            answered.release()
            while not stop.wait(0.2):
                try:
                    client.sendall(b"?")
                except OSError:         # it has hung up: good
                    return
    talkers = [threading.Thread(target=talk) for _ in range(2)]
    for talker in talkers:
        talker.start()
    try:
        assert all(answered.acquire(timeout=15) for _ in talkers)
        assert served(world, pool) < SOON
    finally:
        stop.set()
        for talker in talkers:
            talker.join()


CONNECT = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(10)
s.connect(sys.argv[1])
try:
    s.sendall(sys.stdin.buffer.read())
    answer = s.recv(65536)
except ConnectionError:
    answer = b""
sys.stdout.buffer.write(answer)
"""


@pytest.mark.parametrize("user, welcome", [
    ("root", True), ("www-data", True), ("61500", True), ("nobody", False),
    ("61501", False)])
def test_only_the_web_server_may_connect(world, dns, make_pool, user, welcome):
    """Even where the mode of the socket is too generous."""
    pool = make_pool(name="open")
    pool.start(pool.spawn(mode="0666"))
    group = "61501" if user.isdigit() else {"nobody": "nogroup"}.get(user, user)
    answer = subprocess.run(
        ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups",
         "/usr/bin/python3", "-c", CONNECT, pool.socket],
        input=fastcgi.request(good(world)), stdout=subprocess.PIPE, check=True).stdout
    assert (fastcgi.output(answer) != b"") == welcome, answer
