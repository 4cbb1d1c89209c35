"""What no web server sends, on the socket itself: all of it at once, and many.

The list is that of docs/reference/fastcgi.md 1.2, 1.3 and 4.  After each case
the next good request is answered within 3 seconds while the peers of the case
still hold on, and the pool is whole: the same workers, and nothing is kept.
"""

import contextlib
import select
import time

import pytest
from lab import fastcgi, waiting
from lab.stage import CLAIM, USER, ZONE

WORKERS, PEERS = 4, 16
SOON = 3.0                              # seconds, beside what a request takes


@pytest.fixture(scope="module")
def pool(world):
    few = world.pool(world.binary, {**world.configuration(), "workers": WORKERS},
                     "abuse", world.sanitizer("abuse")).start()
    waiting.until(lambda: len(few.workers()) == WORKERS, "the workers")
    yield few
    few.stop()


def served(world, pool):
    """Seconds until a good request is answered."""
    began = time.monotonic()
    with connect(pool) as client:
        client.sendall(fastcgi.request(world.parameters(USER, **CLAIM)))
        answer = fastcgi.output(fastcgi.receive(client))
    assert answer.startswith(b"Status: 200 ") and ZONE.encode() in answer, answer
    return time.monotonic() - began


def pairs(n, value="x"):
    return fastcgi.pairs({f"X_{i}": value for i in range(n)})


def post(parameters):
    """All of a POST but its body."""
    return fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, fastcgi.pairs({
        **parameters, "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/x-www-form-urlencoded"}))


GET_VALUES = 9
ASK = fastcgi.record(GET_VALUES, b"\x0e\x00FCGI_MAX_CONNS", 0)
END = fastcgi.record(fastcgi.STDIN)

# What each peer sends before it stays, silent and connected.
SENT = {
    "nothing": lambda p: b"",
    "one byte": lambda p: b"\x01",
    "half a header": lambda p: fastcgi.begin()[:5],
    "only a beginning": lambda p: fastcgi.begin(),
    "half of the parameters": lambda p: fastcgi.request(p)[:100],
    "parameters without an end":
        lambda p: fastcgi.begin() + fastcgi.record(fastcgi.PARAMS, fastcgi.pairs(p)),
    "parameters that end in a pair":
        lambda p: fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, fastcgi.pairs(p)[:-3]),
    "a POST without its body": post,
    "half of a body":
        lambda p: post(p) + fastcgi.record(fastcgi.STDIN, b"ipv4=1"),
    "a body that is too long":
        lambda p: post(p) + fastcgi.record(fastcgi.STDIN, b"a" * 60_000),
    "a request that is kept": lambda p: fastcgi.request(p, keep=True),
    "two requests": lambda p: fastcgi.request(p, keep=True) * 2,
    "a question about values": lambda p: ASK,
    "questions without end": lambda p: ASK * 5000,
    "records of unknown types": lambda p: fastcgi.record(77, b"?" * 99, 0) * 7,
    "an abort": lambda p: fastcgi.begin() + fastcgi.record(fastcgi.ABORT),
    "an abort behind parameters":
        lambda p: fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, fastcgi.pairs(p))[:-8]
        + fastcgi.record(fastcgi.ABORT),
    "a second beginning": lambda p: fastcgi.begin() * 2,
    "parameters before the beginning":
        lambda p: fastcgi.stream(fastcgi.PARAMS, fastcgi.pairs(p)) + END,
    "two requests in turn":
        lambda p: fastcgi.begin() + fastcgi.record(fastcgi.BEGIN, b"\0\1" + bytes(6), 2),
    "another role":
        lambda p: fastcgi.record(fastcgi.BEGIN, b"\0\x09" + bytes(6)),
    "request 0": lambda p: fastcgi.record(fastcgi.BEGIN, b"\0\1" + bytes(6), 0),
    "version 2": lambda p: b"\x02" + fastcgi.request(p)[1:],
    "a short beginning": lambda p: fastcgi.record(fastcgi.BEGIN, b"\0\1"),
    "garbage": lambda p: b"\xff" * 4096,
    "zeros": lambda p: bytes(4096),
    "HTTP": lambda p: b"GET /update HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": lambda p: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "a length of 2 GB":
        lambda p: fastcgi.begin() + fastcgi.record(fastcgi.PARAMS, b"\xff" * 8),
    "a length of 1.9 GB":
        lambda p: fastcgi.begin() + fastcgi.record(
            fastcgi.PARAMS, b"\x01\xf1\x00\x00\x00x"),
    "a NUL": lambda p: fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, b"\1\2a\0b") + END,
    "a = in a name":
        lambda p: fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, b"\2\1a=b") + END,
    "200,000 parameters":
        lambda p: fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, pairs(200_000)) + END,
    "a parameter of 30 MB":
        lambda p: fastcgi.begin() + fastcgi.stream(
            fastcgi.PARAMS, b"\x01" + fastcgi.length(30_000_000) + b"x" * 30_000_000) + END,
    "padding without end":
        lambda p: fastcgi.begin() + (b"\1\4\0\1\0\4\xff\0\1\1ab" + bytes(255)) * 2000,
    "another request's parameters":
        lambda p: fastcgi.begin() + fastcgi.record(fastcgi.PARAMS, fastcgi.pairs(p), 2),
    "a body of a GET":
        lambda p: fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, fastcgi.pairs(p))
        + fastcgi.stream(fastcgi.STDIN, b"z" * 200_000),
}


def connect(pool):
    """As a web server would that does not give up: the queue may be full."""
    end = time.monotonic() + 30
    while True:
        with contextlib.suppress(BlockingIOError):
            return fastcgi.connect(pool.socket)
        assert time.monotonic() < end, "the queue stays full"
        time.sleep(0.005)


def send(client, data):
    """As much as the other side takes at once."""
    client.setblocking(False)
    with contextlib.suppress(OSError):
        while data:
            data = data[client.send(data):]
            if not select.select([], [client], [], 0.05)[1]:
                return


def check(world, pool, usual, workers):
    """The next good request, and then what is left of the pool."""
    took = served(world, pool)
    assert took < SOON + 5 * usual, f"{took:.1f} s"
    assert sorted(pool.workers()) == workers


@pytest.mark.parametrize("name", SENT)
def test_the_next_good_request_is_answered_soon(world, dns, pool, name):
    usual, workers = served(world, pool), sorted(pool.workers())
    data = SENT[name](world.parameters("nobody"))
    with contextlib.ExitStack() as stack:
        for _ in range(PEERS):
            send(stack.enter_context(connect(pool)), data)
        check(world, pool, usual, workers)
    waiting.until(lambda: pool.holding() == 0, "all of them to be closed")


def test_peers_that_say_nothing_are_sent_away(world, dns, pool):
    """Even while they hold on, and though nobody needs the place."""
    with contextlib.ExitStack() as stack:
        for name in ("nothing", "one byte", "only a beginning"):
            for _ in range(PEERS):
                send(stack.enter_context(connect(pool)),
                     SENT[name]({}))
        waiting.until(lambda: pool.holding() >= PEERS, "them to be accepted")
        waiting.until(lambda: pool.holding() == 0, "all of them to be closed", 20)


def test_more_peers_than_there_are_seats(world, dns, pool):
    """Ten times as many as the queue holds: one comes as one is sent away."""
    usual, workers = served(world, pool), sorted(pool.workers())
    with contextlib.ExitStack() as stack:
        for _ in range(640):
            stack.enter_context(connect(pool))
        check(world, pool, usual, workers)
    waiting.until(lambda: pool.holding() == 0, "all of them to be closed")


def test_peers_that_come_and_go(world, dns, pool):
    usual, workers = served(world, pool), sorted(pool.workers())
    data = fastcgi.request(world.parameters("nobody"))
    for i in range(400):
        with connect(pool) as client:
            send(client, data[:i])
    check(world, pool, usual, workers)


def test_peers_that_do_not_read(world, dns, pool):
    """Nor hang up: a request each, whose answer nobody takes."""
    usual, workers = served(world, pool), sorted(pool.workers())
    with contextlib.ExitStack() as stack:
        for _ in range(PEERS):
            client = stack.enter_context(connect(pool))
            send(client, fastcgi.request(world.parameters("nobody")))
            send(client, b"?" * 300_000)
        check(world, pool, usual, workers)


def test_a_request_in_pieces_is_one(world, dns, pool):
    """Each byte alone, among many that say nothing."""
    data = fastcgi.request(world.parameters(USER, **CLAIM))
    with contextlib.ExitStack() as stack:
        for _ in range(PEERS):
            stack.enter_context(connect(pool))
        client = stack.enter_context(connect(pool))
        for byte in data[:-400]:
            client.sendall(bytes([byte]))
        client.sendall(data[-400:])
        assert f"{ZONE} ".encode() in fastcgi.output(fastcgi.receive(client))
