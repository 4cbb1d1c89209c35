"""An update when the web server and the provider are far away, and what it takes."""

import dataclasses
import re
import time

from . import fastcgi
from .packets import Capture
from .router import basic, query
from .stage import BEFORE, CLAIM, USER, WEB, ZONE

TO_WEB = 0.030                      # round trips in seconds
TO_PROVIDER = 0.040
RECORDS = 20                        # of a household's zone; a write reads them all
PROOF_TRIPS = 3                     # TCP, TLS 1.3, HEAD
CONNECT_TRIPS = 2                   # TCP, TLS 1.3, unless the last one is kept


def build(stage, binary, **changes):
    """Everything, with a pool and no web server in front; RuntimeError: no delay."""
    stage.hosts(delay_web=TO_WEB / 2 * 1000, delay_provider=TO_PROVIDER / 2 * 1000)
    stage.web_server()
    stage.dns(records=RECORDS)
    stage.ddnsgate = stage.keep(
        stage.pool(binary, stage.configuration(**changes))).start()


@dataclasses.dataclass
class Update:
    """One update, and what it took."""
    seconds: float
    packets: list
    line: str               # of the log
    calls: int              # of the provider's API
    proof_trips: float      # in seconds, all of them
    read_trips: float       # with those that connect
    write_trips: float

    @property
    def provider_trips(self):
        return self.read_trips + self.write_trips

    @property
    def trips(self):
        """It is read while the proofs run, and written after both."""
        return max(self.proof_trips, self.read_trips) + self.write_trips

    @property
    def phases(self):
        """What the log says, in seconds."""
        return {name: int(ms) / 1000 for name, ms in re.findall(
            r"(login|proofs|provider) (\d+) ms", self.line)}


def update(stage, word):
    """One update, in whose answer there is a word."""
    provider = stage.provider.addresses
    text = query(CLAIM)
    parameters = {"REQUEST_METHOD": "GET", "REQUEST_URI": f"/update?{text}",
                  "QUERY_STRING": text, "REMOTE_ADDR": stage.router.ipv4,
                  "HTTP_AUTHORIZATION": basic(USER, stage.token)}
    mark, calls = stage.ddnsgate.mark(), len(stage.powerdns.calls())
    with Capture(stage.proxy) as capture:
        began = time.monotonic()
        status, answer = fastcgi.call(stage.ddnsgate.socket, parameters)
        seconds = time.monotonic() - began
    assert status == 200 and f" {word} " in answer, answer
    line = [n for n in stage.ddnsgate.since(mark, ZONE) if ZONE in n][0]
    asked = stage.powerdns.calls()[calls:]
    writes = sum(call.startswith("PATCH ") for call in asked)
    opened = sum(p.opening and p.target in provider for p in capture.packets)
    return Update(seconds, capture.packets, line, len(asked), PROOF_TRIPS * TO_WEB,
                  (CONNECT_TRIPS * opened + len(asked) - writes) * TO_PROVIDER,
                  writes * TO_PROVIDER)


def updates(stage):
    """The first update of a worker, and three that find a connection open."""
    for _ in range(4):
        stage.powerdns.set(ZONE, **BEFORE)
        yield update(stage, "good")


def first_and_best(stage):
    first, *others = updates(stage)
    return {"first": first, "best": min(others, key=lambda u: u.seconds)}


def own_write(stage):
    """What the provider itself takes for a write, in seconds, asked from beside it."""
    def one():
        began = time.monotonic()
        stage.powerdns.set(ZONE, **BEFORE)
        return time.monotonic() - began
    return min(one() for _ in range(5))


def cold(stage, word):
    """The best of three first ones of a worker, which change something or not."""
    def one():
        stage.powerdns.set(ZONE, **(BEFORE if word == "good" else
                                    dict(zip(("A", "AAAA"), WEB))))
        stage.ddnsgate.renew()
        return update(stage, word)
    return min((one() for _ in range(3)), key=lambda u: u.seconds)
