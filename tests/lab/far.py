"""An update when the web server and the provider are far away, and what it takes."""

import dataclasses
import re
import time

from . import fastcgi
from .packets import Capture
from .router import basic, query
from .stage import BEFORE, CLAIM, USER, ZONE

TO_WEB = 0.030                      # round trips in seconds
TO_PROVIDER = 0.040
PROOF_TRIPS = 3                     # TCP, TLS 1.3, HEAD
CONNECT_TRIPS = 2                   # TCP, TLS 1.3, unless the last one is kept


def build(stage, binary):
    """Everything, with a pool and no web server in front; RuntimeError: no delay."""
    stage.hosts(delay_web=TO_WEB / 2 * 1000, delay_provider=TO_PROVIDER / 2 * 1000)
    stage.web_server()
    stage.dns()
    stage.ddnsgate = stage.keep(stage.pool(binary)).start()


@dataclasses.dataclass
class Update:
    """One update, and what it took."""
    seconds: float
    packets: list
    line: str               # of the log
    calls: int              # of the provider's API
    proof_trips: float      # in seconds, all of them
    provider_trips: float

    @property
    def trips(self):
        """Of both at the same time."""
        return max(self.proof_trips, self.provider_trips)

    @property
    def phases(self):
        """What the log says, in seconds."""
        return {name: int(ms) / 1000 for name, ms in re.findall(
            r"(login|proofs|provider) (\d+) ms", self.line)}


def updates(stage):
    """The first update of a worker, and three that find a connection open."""
    provider = stage.provider.addresses
    text = query(CLAIM)
    parameters = {"REQUEST_METHOD": "GET", "REQUEST_URI": f"/update?{text}",
                  "QUERY_STRING": text, "REMOTE_ADDR": stage.router.ipv4,
                  "HTTP_AUTHORIZATION": basic(USER, stage.token)}
    for _ in range(4):
        stage.powerdns.set(ZONE, **BEFORE)
        mark, calls = stage.ddnsgate.mark(), len(stage.powerdns.calls())
        with Capture(stage.proxy) as capture:
            began = time.monotonic()
            status, answer = fastcgi.call(stage.ddnsgate.socket, parameters)
            seconds = time.monotonic() - began
        assert status == 200 and " good " in answer, answer
        line = [n for n in stage.ddnsgate.since(mark, ZONE) if ZONE in n][0]
        asked = len(stage.powerdns.calls()) - calls
        opened = sum(p.opening and p.target in provider for p in capture.packets)
        yield Update(seconds, capture.packets, line, asked, PROOF_TRIPS * TO_WEB,
                     (CONNECT_TRIPS * opened + asked) * TO_PROVIDER)


def first_and_best(stage):
    first, *others = updates(stage)
    return {"first": first, "best": min(others, key=lambda u: u.seconds)}
