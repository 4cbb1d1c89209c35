"""What programs look at: /metrics, /healthz and `ddnsgate health`.

DDNSGATE_REQUESTS says how many requests are counted while workers are killed;
the suite makes some, 10,000 take a minute.
"""

import json
import os
import random
import signal
import threading
import time

import pytest

from lab import fastcgi, waiting
from lab.gateway import verifier
from lab.prometheus import Page
from lab.remembering import Scene
from lab.router import basic
from lab.stage import WEB, ZONE
from world import CLOSED_AT

REQUESTS = int(os.environ.get("DDNSGATE_REQUESTS", "2000"))
TYPE = "Content-Type: text/plain; version=0.0.4; charset=utf-8"
HOSTILE = 'a "quoted" \\ name\nin two lines'
USERS = [f"u{i}" for i in range(4)]
CALLS = "ddnsgate_provider_calls_total"
TOTAL = "ddnsgate_requests_total"


def get(pool, path, login=None, source="198.51.100.9", method="GET"):
    """Status, header and body of a page."""
    request = {"REQUEST_METHOD": method, "REQUEST_URI": path, "QUERY_STRING": "",
               "REMOTE_ADDR": source}
    if login:
        request["HTTP_AUTHORIZATION"] = basic(*login)
    status, text = fastcgi.call(pool.socket, request, timeout=20.0)
    return status, *text.partition("\r\n\r\n")[::2]


@pytest.fixture
def scene(world, binary, folder, request):
    scene = Scene(world, binary, f"{folder}/{request.node.name}", workers=8,
                  users=["home", *USERS])
    home = scene.configuration["providers"]["home"]
    scene.configuration |= {
        "providers": {"home": home, HOSTILE: home},
        "operators": {"anna": {"verifier": verifier("anna", "a-password")}},
        "metrics": {"allow": ["10.20.0.0/16"]}}
    scene.pool.configure(scene.configuration)
    scene.pool.renew()
    yield scene
    scene.stop()


def read(scene):
    status, head, body = get(scene.pool, "/metrics", source="10.20.30.40")
    assert (status, TYPE in head) == (200, True), body
    return Page(body)


def test_who_may_read_the_metrics(scene):
    token = scene.world.token
    for login, source, status in (
            (("anna", "a-password"), "198.51.100.9", 200),
            (("anna", "wrong"), "198.51.100.9", 401),
            (("home", token), "198.51.100.9", 401),     # a router's
            (None, "198.51.100.9", 401),
            (None, "10.21.0.1", 401),
            (None, "10.20.0.1", 200)):
        assert get(scene.pool, "/metrics", login, source)[0] == status, (login, source)
    # An operator is no router.
    assert scene.world.straight(scene.pool, "anna", "a-password", ipv4=WEB[0])[0] == 401
    mark = scene.pool.mark()
    get(scene.pool, "/metrics", ("anna", "wrong"))
    line = scene.pool.since(mark, "401")[-1]
    assert '"anna": 401: wrong token' in line and '"/metrics"' in line


def test_without_readers_there_is_no_page(scene):
    for name in ("operators", "metrics"):
        del scene.configuration[name]
    scene.pool.configure(scene.configuration)
    scene.pool.renew()
    assert get(scene.pool, "/metrics")[0] == 404


def test_promtool_finds_nothing(scene):
    scene.update(ipv4=WEB[0])
    page = read(scene)
    assert page.lint() == ""
    assert page.value(CALLS, provider="home", outcome="written") == 1
    assert (CALLS, frozenset({("provider", HOSTILE), ("outcome", "token")})) in page.samples
    assert page.value("ddnsgate_host_update_age_seconds", host=f"home.{ZONE}") < 60
    assert page.value("ddnsgate_workers") >= 8
    assert page.value("ddnsgate_store_usable") == 1


def test_each_outcome_is_counted(scene):
    before = read(scene)
    scene.update(ipv4=WEB[0])
    scene.update(ipv4=WEB[0])
    scene.update("proved", ipv4=CLOSED_AT)
    scene.update("proved", ipv4=WEB[0])
    scene.world.straight(scene.pool, "home", "wrong", ipv4=WEB[0])
    get(scene.pool, "/nothing")
    get(scene.pool, "/healthz")
    get(scene.pool, "/checkip")
    after = read(scene)
    more = after.more(before)

    def counted(name, **labels):
        return more.get((name, frozenset(labels.items())), 0)
    for outcome, n in (("good", 2), ("nochg", 1), ("proof", 1), ("login", 1)):
        assert counted(TOTAL, protocol="update", outcome=outcome) == n, outcome
    assert counted(TOTAL, protocol="other", outcome="path") == 1
    assert counted(TOTAL, protocol="health", outcome="good") == 1
    assert counted(TOTAL, protocol="checkip", outcome="good") == 1
    assert counted(TOTAL, protocol="metrics", outcome="good") == 1
    logins = "ddnsgate_logins_total"
    assert (counted(logins, outcome="right") + counted(logins, outcome="recent"),
            counted(logins, outcome="wrong")) == (4, 1)
    proofs = "ddnsgate_proofs_total"
    assert counted(proofs, family="ipv4", outcome="good") == 1
    assert counted(proofs, family="ipv4", outcome="no_answer") == 1
    assert counted(CALLS, provider="home", outcome="written") == 2
    # Each span is counted where there was one.
    assert counted("ddnsgate_update_duration_seconds_count") == 5
    assert counted("ddnsgate_login_duration_seconds_count") == 5
    assert counted("ddnsgate_proof_duration_seconds_count") == 2
    assert counted("ddnsgate_update_duration_seconds_bucket", le="+Inf") == 5
    assert after.value("ddnsgate_proof_duration_seconds_sum") > 4   # the closed port


def test_what_ends_after_the_reply_is_counted(scene):
    """The provider answers a write when the router has its reply already."""
    before = read(scene)
    scene.recorder.gate.clear()
    assert scene.update(ipv4=WEB[0])[0] == 503
    scene.recorder.gate.set()
    written = waiting.until(
        lambda: read(scene).value(CALLS, outcome="written") -
        before.value(CALLS, outcome="written"), "the call to be counted")
    assert written == 1


class Load(threading.Thread):
    """Sends updates of one account that change nothing; what it heard."""

    def __init__(self, scene, user, count):
        super().__init__()
        self.scene, self.user, self.count = scene, user, count
        self.answered = self.cut = 0

    def run(self):
        for _ in range(self.count):
            try:
                status, _ = self.scene.ask(self.user, ipv4=WEB[0])
            except OSError:
                status = 0
            if status == 0:
                self.cut += 1
            else:
                self.answered += 1


def test_counted_exactly_while_workers_are_killed(scene, matrix):
    for user in USERS:
        assert scene.update(user, ipv4=WEB[0])[0] == 200
    before = read(scene)
    chance = random.Random(5)
    load = [Load(scene, user, REQUESTS // len(USERS)) for user in USERS]
    for thread in load:
        thread.start()
    kills = 0
    while any(thread.is_alive() for thread in load):
        workers = scene.pool.workers()
        if workers:
            try:
                os.kill(chance.choice(workers), signal.SIGKILL)
                kills += 1
            except ProcessLookupError:
                pass
        if kills % 50 == 25:
            scene.pool.reload()
        time.sleep(chance.random() * 0.02)
    waiting.until(lambda: get(scene.pool, "/healthz")[0] == 200, "the pool", 20)
    answered = sum(thread.answered for thread in load)
    cut = sum(thread.cut for thread in load)
    counted = read(scene).value(TOTAL, protocol="update") - before.value(
        TOTAL, protocol="update")
    spans = read(scene).value("ddnsgate_update_duration_seconds_count") - before.value(
        "ddnsgate_update_duration_seconds_count")
    matrix("requests counted while workers are killed", f"{kills} kills",
           "sent, answered, cut, counted",
           f"{answered + cut}, {answered}, {cut}, {int(counted)}")
    assert kills > 5 and answered + cut == REQUESTS // len(USERS) * len(USERS)
    # Who was killed between count and reply has answered nobody.
    assert answered <= counted <= answered + cut
    assert spans == counted


def health(scene, config=None):
    told = scene.command("health", "--socket", scene.pool.socket, config=config)
    return told.returncode, told.stdout


def test_health(scene):
    assert get(scene.pool, "/healthz") [::2] == (200, "ok\n")
    assert get(scene.pool, "/healthz", method="POST")[0] == 405
    status, line = health(scene)
    assert status == 0 and line.startswith("DDNSGATE OK - ") and "workers" in line
    # Of another configuration's pool it knows no more than the socket.
    assert health(scene, config=f"{scene.pool.folder}/another.json") == (
        0, "DDNSGATE OK - it answers\n")
    # The same bytes in another file are the same configuration.
    scene.pool.configure(scene.configuration)
    assert get(scene.pool, "/healthz")[0] == 200
    scene.pool.configure(json.dumps(scene.configuration) + "\n")
    wrong = "the configuration on disk is not the one in force\n"
    waiting.until(lambda: get(scene.pool, "/healthz")[::2] == (503, wrong), "the change")
    assert health(scene) == (1, f"DDNSGATE WARNING - {wrong}")
    scene.pool.configure(scene.configuration)
    waiting.until(lambda: get(scene.pool, "/healthz")[0] == 200, "what is in force")
    scene.pool.configure(json.dumps(scene.configuration) + "\n")
    waiting.until(lambda: get(scene.pool, "/healthz")[0] == 503, "the change")
    scene.pool.renew()
    assert get(scene.pool, "/healthz")[0] == 200
    os.chmod(scene.state, 0o500)
    os.rename(f"{scene.state}/state.db", f"{scene.state}/away")
    status, _, said = get(scene.pool, "/healthz")
    assert (status, said) == (503, "the state cannot be used\n")
    os.chmod(scene.state, 0o700)
    scene.pool.stop()
    status, line = health(scene)
    assert status == 2 and line.startswith("DDNSGATE CRITICAL - ")
    assert len(line.splitlines()) == 1


def test_health_while_every_slow_place_is_taken(scene, matrix):
    scene.recorder.gate.clear()

    def insist(user, address):
        """As a router does that is told to come back: a busy place is not taken."""
        while not scene.recorder.gate.is_set():
            scene.update(user, ipv4=address)
    slow = [threading.Thread(target=insist, args=(user, address))
            for user in [*USERS, "home"] for address in (WEB[0], "89.14.163.7")]
    for thread in slow:
        thread.start()
    waiting.until(
        lambda: read(scene).value("ddnsgate_workers", state="slow") >= 5, "slow workers")
    spans = []
    while any(thread.is_alive() for thread in slow) and len(spans) < 500:
        begin = time.monotonic()
        status = get(scene.pool, "/healthz")[0]
        spans.append(time.monotonic() - begin)
        assert status == 200
    scene.recorder.gate.set()
    for thread in slow:
        thread.join()
    spans.sort()
    p99 = spans[int(len(spans) * 0.99)]
    matrix("/healthz with the slow places taken", f"{len(spans)} requests",
           "p50, p99 in ms", f"{spans[len(spans) // 2] * 1000:.1f}, {p99 * 1000:.1f}")
    assert len(spans) >= 100 and p99 < 1


def test_a_request_has_its_name_everywhere(scene):
    def ask(name):
        request = scene.world.parameters("home", ipv4=WEB[0]) | {"REQUEST_ID": name}
        return fastcgi.call(scene.pool.socket, request)[1]
    mark = scene.pool.mark()
    assert "X-Request-Id: 4f2a-B7\r\n" in ask("4f2a-B7")
    assert "request 4f2a-B7" in scene.pool.since(mark, "home: 200")[-1]
    event, = json.loads(scene.command("history", "--json").stdout)
    assert event["request_id"] == "4f2a-B7"
    mark = scene.pool.mark()
    assert "X-Request-Id" not in ask("a b")
    assert "request" not in scene.pool.since(mark, "home: 200")[-1]


def test_a_log_of_json(scene, folder):
    file = f"{scene.state}/log"
    scene.configuration["log"] = {"to": file, "format": "json"}
    scene.pool.configure(scene.configuration)
    scene.pool.renew()
    scene.update(ipv4=WEB[0])
    with open(file, encoding="ascii") as f:
        line = [json.loads(line) for line in f][-1]
    assert (line["account"], line["outcome"], line["status"], line["level"]) == (
        "home", "good", 200, "info")
    assert line["source"] == scene.world.router.ipv4
    assert f"home.{ZONE} A {WEB[0]} good" in line["message"]
