"""Situations of one request, to be played over and over with a fault in each.

A story says what the router asks for in each of two turns, what the provider
does meanwhile, and what is heard if nothing goes wrong.  Whatever goes wrong,
play() holds it to this:

- a host that is "good" or "nochg" has at the provider what was claimed;
- a request that was not answered, or with a failure, may have been carried out
  or not, but what is asked next, be it the same or the address of before, is
  true as well, and is answered in time.
"""

import contextlib
import dataclasses
import os
import signal
import threading
import time
import typing

from lab import fastcgi, waiting
from lab.provider import answer
from lab.stage import ZONE
from yard import IPV4, JSON, PROVEN, STRANGER, in_background

SERVED = 20                             # seconds until the next request is served
NUMBERS = {"A": "ipv4", "AAAA": "ipv6"}


@dataclasses.dataclass
class Story:
    user: str = "plain"
    names: tuple = ("plain",)
    # What is claimed in turn 0 and in turn 1.
    claims: tuple = ({"ipv4": IPV4[0]}, {"ipv4": IPV4[1]})
    more: dict = dataclasses.field(default_factory=dict)
    status: int = 200                   # of the request, if nothing goes wrong
    changes: bool = True                # may it change what is published?
    fault: typing.Callable | None = None    # of the provider, while it lasts
    before: typing.Callable | None = None   # before(player, story)
    request: typing.Callable | None = None  # in place of player.ask()
    workers: int = 1
    database: bool = False
    slow: bool = False                  # lasts for seconds if nothing goes wrong

    def waits(self):
        """A proof that fails is told after seconds as well (docs/threats.md)."""
        return self.slow or self.status == 403


def refuse(status, body=b'{"error": "as told"}', *headers):
    return lambda request: (answer(status, body, JSON, *headers)
                            if request.method != "GET" else None)


def cut_off(request):
    if request.method == "GET":
        return None
    raise EOFError


def publish(player, story):
    """The claim of this turn is what is published already."""
    tell(player, story, player.turn)


def forget(player, _):
    """So that the state knows nothing of the host."""
    player.pool.host.run(["sh", "-c", '"$@" || true', "sh", player.pool.binary, "forget",
                          f"plain.{ZONE}", "--config", player.pool.configuration])


def damage(player, _):
    """Nothing in the state's file makes sense."""
    with contextlib.suppress(FileNotFoundError):
        size = os.path.getsize(f"{player.state}/state.db")
        with open(f"{player.state}/state.db", "r+b") as f:
            f.write(b"\xff" * size)
        os.truncate(f"{player.state}/state.db-wal", 0)


def new_login(player, _):
    """Nobody remembers the login: the whole pool is another one."""
    player.pool.renew()


class Slowly:
    """The provider is read so slowly that another request comes in between."""

    def __init__(self, player, other):
        self.player, self.other = player, other
        self.thread = None

    def __call__(self, request):
        if self.thread is None and request.method == "GET":
            self.thread = in_background(self.other)
            time.sleep(1.3)             # the older one looks each second
        return None


def meets(newer):
    """Another worker gets a request for the host: a newer claim, or the same."""
    def request(player, story, turn):
        others = [p for p in player.pool.workers() if p != player.aim]
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
        now = time.time()
        heard = {}

        def other():
            for pid in others:
                os.kill(pid, signal.SIGCONT)
            heard["other"] = player.ask(story.user, headers={
                "REQUEST_MSEC": f"{now + 1:.3f}"}, **story.claims[
                    1 - turn if newer else turn])

        player.keeper.fault = slowly = Slowly(player, other)
        try:
            heard["first"] = player.ask(story.user, headers={
                "REQUEST_MSEC": f"{now:.3f}"}, **story.claims[turn])
        finally:
            for pid in others:
                os.kill(pid, signal.SIGCONT)
            if slowly.thread:
                slowly.thread.join()
            player.keeper.fault = None
        if newer and heard.get("other", (0,))[0] == 200:
            player.turn = 1 - turn      # that one is the newest
            check(player, story, heard["other"], player.turn)
            return 0, ""                # the older one says nothing any more
        return heard["first"]
    return request


def reloads(player, story, turn):
    """The configuration is read again while the provider is read."""
    def fault(request):
        if request.method == "GET":
            player.pool.reload()

    player.keeper.fault = fault
    try:
        return player.ask(story.user, **story.claims[turn])
    finally:
        player.keeper.fault = None


def form(player, story, turn):
    """A form that is sent, with the credential in it."""
    fields = f"username=query&password={player.yard.token}&ipv4={story.claims[turn]['ipv4']}"
    body = fields.encode()
    parameters = {"REQUEST_METHOD": "POST", "REQUEST_URI": "/update", "QUERY_STRING": "",
                  "REMOTE_ADDR": "89.14.163.1",
                  "CONTENT_TYPE": "application/x-www-form-urlencoded",
                  "CONTENT_LENGTH": str(len(body))}
    try:
        with fastcgi.connect(player.pool.socket) as client:
            client.sendall(fastcgi.begin()
                           + fastcgi.stream(fastcgi.PARAMS, fastcgi.pairs(parameters))
                           + fastcgi.stream(fastcgi.STDIN, body))
            text = fastcgi.output(fastcgi.receive(client)).decode()
    except ConnectionError:
        return 0, ""
    if not text:
        return 0, ""
    first, _, _ = text.partition("\r\n")
    status = int(first.split()[1]) if first.startswith("Status:") else 200
    return status, text.partition("\r\n\r\n")[2]


def hang_up(player, story, turn):
    """The web server closes as soon as it has asked."""
    request = player.yard.parameters(story.user, **story.claims[turn])
    try:
        with fastcgi.connect(player.pool.socket) as client:
            client.sendall(fastcgi.request(request))
    except ConnectionError:
        pass
    # The only worker takes one after the other.
    waiting.until(player.pool.answers, "the worker to be done", 20)
    return 0, ""


BOTH = tuple({"ipv4": v4, "ipv6": v6} for v4, v6 in PROVEN)
TWO = {"user": "two", "names": ("one", "two")}

STORIES = {
    "a new address": Story(),
    "of both families, proved": Story(user="both", names=("both",), claims=BOTH),
    "proved by the handshake": Story(
        user="tls", names=("tls",), claims=tuple({"ipv4": v4} for v4, _ in PROVEN)),
    "nothing has changed": Story(before=publish),
    "the proof fails": Story(
        user="both", names=("both",), status=403, changes=False,
        claims=({"ipv4": STRANGER}, {"ipv4": STRANGER})),
    "one family is proved": Story(
        user="partial", names=("partial",), status=403,
        claims=tuple({"ipv4": STRANGER, "ipv6": v6} for _, v6 in PROVEN)),
    "the provider refuses": Story(
        fault=refuse("422"), status=502, changes=False),
    "the provider knows no token": Story(
        fault=lambda request: answer("401", b"{}", JSON), status=502, changes=False),
    "the provider is busy": Story(
        fault=refuse("429", b"{}", "Retry-After: 77"), status=503, changes=False),
    "the provider hangs up": Story(fault=cut_off, status=503),
    "two hosts": Story(**TWO),
    "one of two hosts is named": Story(
        user="two", names=("one",), more={"hostname": f"one.{ZONE}"}),
    "removal": Story(
        user="removal", names=("removal",),
        claims=({"ipv4": IPV4[0], "ipv6": "none"}, {"ipv4": "none", "ipv6": PROVEN[0][1]})),
    "an address that is left": Story(
        user="public", names=("public",),
        claims=tuple({"ipv4": "10.0.0.1", "ipv6": v6} for _, v6 in PROVEN)),
    "the login is wrong": Story(
        status=401, changes=False, more={"token": "not-the-token"}),
    "the login is new": Story(before=new_login),
    "dyndns2": Story(
        more={"path": "/nic/update", "hostname": f"plain.{ZONE}"},
        claims=tuple({"myip": a} for a in IPV4)),
    "an answer in JSON": Story(more={"headers": {"HTTP_ACCEPT": "application/json"}}),
    "a form": Story(user="query", names=("query",), request=form),
    "a provider that can only be written": Story(
        user="dyn", names=("dyn",), more={"token": "login:password"}),
    "forced": Story(before=publish, more={"force": "yes"}),
    "the state is damaged": Story(before=damage),
    "the state knows nothing": Story(before=forget),
    "the state is a database": Story(database=True),
    "a newer claim comes": Story(workers=2, request=meets(newer=True), slow=True),
    "the same claim comes again": Story(workers=2, request=meets(newer=False), slow=True),
    "a reload in the middle": Story(request=reloads),
    "the client hangs up": Story(request=hang_up, status=0),
    "no such path": Story(
        more={"path": "/nowhere"}, status=404, changes=False),
    "a bad parameter": Story(
        claims=({"ipv4": "x.y"}, {"ipv4": "1.2.3"}), status=400, changes=False),
    "the answer comes late": Story(slow=True, status=503, fault="late"),
}


def wanted(story, turn):
    """What each host has at the provider once the claim of that turn is carried out."""
    claim = story.claims[turn]
    claim = {"ipv4": claim["myip"]} if "myip" in claim else claim
    return {(name, kind): [] if claim[word] == "none" else [claim[word]]
            for name in story.names for kind, word in NUMBERS.items()
            if word in claim and not claim[word].startswith("10.")
            and claim[word] != STRANGER}


def is_true(player, story, turn):
    return all(player.held(*where) == addresses
               for where, addresses in wanted(story, turn).items())


def check(player, story, heard, turn):
    """Nothing that was said is untrue."""
    status, body = heard
    if status == 200:
        assert is_true(player, story, turn), (
            f"{heard} to {story.claims[turn]}, but the provider has {player.keeper.held}")
    if status in (200, 403, 503) and "partial." in body and " good" in body:
        assert player.held("partial", "AAAA") == wanted(story, turn)["partial", "AAAA"]


def tell(player, story, turn):
    """The claim of a turn until it is served, and that what is said is true."""
    if not story.changes:               # it cannot be carried out: ask for another
        story = STORIES["a new address"]
    elif story.status == 403:           # nor can all of it
        story = dataclasses.replace(story, claims=BOTH)
    more = {k: v for k, v in story.more.items() if k not in ("path", "force", "headers")}
    end = time.monotonic() + SERVED
    while True:
        began = time.monotonic()
        if "myip" in story.claims[turn]:
            heard = player.ask(story.user, story.more["path"], **more, **story.claims[turn])
        else:
            heard = player.ask(story.user, **more, **story.claims[turn])
        took = time.monotonic() - began
        assert took < 12, f"{took:.1f} s for {heard}"
        check(player, story, heard, turn)
        if heard[0] == 200:
            return heard
        if heard[0] == 429:     # a kill at each call uses up the proofs that may fail
            player.start_anew()
        assert began < end, f"not served: {heard}; the log says\n" + "\n".join(
            player.pool.printed().splitlines()[-8:])
        time.sleep(0.05)


def late(player):
    """The provider answers once the router has its reply."""
    def fault(request):
        if request.method != "GET":
            player.late.wait(20)
        return None
    return fault


def begin(player, story):
    """The next turn; ready for the fault to be ordered."""
    player.turn = 1 - player.turn
    if story.before:
        story.before(player, story)


def perform(player, story):
    """The request, with the provider's faults; what was heard of it."""
    turn = player.turn
    if story.fault == "late":
        player.late = threading.Event()
        player.keeper.fault = late(player)
    elif story.request is None or story.fault:
        player.keeper.fault = story.fault
    try:
        if story.request:
            return story.request(player, story, turn)
        return player.ask(story.user, **story.more, **story.claims[turn])
    finally:
        if story.fault == "late":
            player.late.set()
        player.keeper.fault = None


def rehearse(player, story):
    """Without a fault: what the worker opens once is open then."""
    player.aim = player.worker()
    begin(player, story)
    conclude(player, story, perform(player, story), False)


def conclude(player, story, heard, back):
    """The request was answered, or not; what comes next must be true."""
    turn = player.turn
    check(player, story, heard, turn)
    if not story.changes and story.user == "both":
        assert not any(STRANGER in row for row in player.keeper.writes[-4:])
    if back:
        turn = player.turn = 1 - turn
    tell(player, story, turn)
