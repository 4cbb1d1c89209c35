"""Any web server may stand in front: the same requests get the same answers."""

import collections
import contextlib
import dataclasses
import os
import pathlib
import socket
import ssl

import pytest
from household import OFFICE
from lab import devices, frontends, waiting
from lab.clients import Update
from lab.stage import BEFORE, CLAIM, GATEWAY, WEB, ZONE
from world import CLOSED_AT

FORM = "Content-Type: application/x-www-form-urlencoded"
IPV4, IPV6 = WEB
PREFIX = CLAIM["prefix"]


@dataclasses.dataclass(frozen=True)
class Front:
    name: str
    address: str
    folder: str


def update(user="device", token=None):
    """Filled in later, where the token is known."""
    return Update(GATEWAY, user, token, f"{user}.{ZONE}", IPV4)


# A request: user, target, headers, body; status, answer.  {token} is the one.
REQUESTS = {
    "native, changed": (
        "device", f"/update?ipv4={IPV4}&prefix={PREFIX}", 200,
        f"device.{ZONE} good {IPV4} {IPV6}\n"),
    "native, unchanged": (
        "device", f"/update?ipv4={IPV4}&prefix={PREFIX}", 200,
        f"device.{ZONE} nochg {IPV4} {IPV6}\n"),
    "dyndns2": (
        "device", f"/nic/update?hostname=device.{ZONE}&myip={IPV4}", 200,
        f"nochg {IPV4}\n"),
    "the other path": ("device", f"/v3/update?myip={IPV4}", 200, f"nochg {IPV4}\n"),
    "no login": (None, f"/nic/update?myip={IPV4}", 401, "badauth\n"),
    "wrong password": ("wrong", f"/nic/update?myip={IPV4}", 401, "badauth\n"),
    "not your name": (
        "device", f"/nic/update?hostname=neighbour.{ZONE}&myip={IPV4}",
        403, "nohost\n"),
    "not an address": ("device", "/nic/update?myip=89.14", 400, "dnserr\n"),
    "proof failed": ("device", f"/nic/update?myip={CLOSED_AT}", 503, "dnserr\n"),
    "proof failed, native": (
        "device", f"/update?ipv4={CLOSED_AT}", 403, f"device.{ZONE} proof\n"),
    "provider busy": ("busy", f"/nic/update?myip={IPV4}", 503, "911\n"),
    "provider down": ("down", f"/nic/update?myip={IPV4}", 503, "911\n"),
    "provider refuses": (
        "mixed", f"/nic/update?hostname=no.zone.example&myip={IPV4}", 502, "dnserr\n"),
    "another method": ("device", "PUT /nic/update", 405, "badagent\n"),
    "double slash": ("device", f"//update?ipv4={IPV4}", 200,
                     f"device.{ZONE} nochg {IPV4}\n"),
    "backslash": ("device", rf"/\/nic/update?myip={IPV4}", 200, f"nochg {IPV4}\n"),
    "escaped blanks": ("device", f"/nic/update?myip=%20{IPV4}%20", 200,
                       f"nochg {IPV4}\n"),
    "escaped colons": (
        "device", f"/nic/update?prefix={PREFIX.replace(':', '%3a')}", 200,
        f"nochg {IPV6}\n"),
    "old FRITZ!Box": (
        "device", f"/nic/update?myip={IPV4}%20http:/{GATEWAY}/nic/update?myip=", 200,
        f"nochg {IPV4}\n"),
    "odd bytes": ("device", f"/nic/update?myip={IPV4}&a=|\"{{}}^`\\", 200,
                  f"nochg {IPV4}\n"),
    "login in the query": (
        None, f"/nic/update?myip={IPV4}&username=device&password={{token}}", 200,
        f"nochg {IPV4}\n"),
    "login in the query, not allowed": (
        None, f"/nic/update?myip={IPV4}&username=header&password={{token}}", 401,
        "badauth\n"),
    # This pool has no state, and nobody who may read its metrics.
    "health": (None, "/healthz", 503, "the state cannot be used\n"),
    "metrics": (None, "/metrics", 404, "notfound\n"),
    "a form": ("device", f"POST /nic/update myip={IPV4}", 200, f"nochg {IPV4}\n"),
    "a form with the login": (
        None, f"POST /nic/update myip={IPV4}&username=device&password={{token}}", 200,
        f"nochg {IPV4}\n"),
    "checkip": (None, "/nic/checkip", 200, "Current IP Address: {router}\n"),
    "JSON": ("device", f"/update?ipv4={IPV4} Accept:", 200,
             f'{{"status":200,"hosts":[{{"name":"device.{ZONE}","verdict":"nochg",'
             f'"records":[{{"type":"A","address":"{IPV4}","verdict":"nochg"}}]}}]}}\n'),
    "a long token": ("long", f"/nic/update?myip={IPV4}", 401, "badauth\n"),
    "another path": ("device", "/index.php", 404, None),
}
KINDS = collections.defaultdict(lambda: "text/plain; charset=utf-8",
                                {"{": "application/json"})
# Has no words for "only with this status".
WITHOUT_RETRY_AFTER = ("lighttpd",)


def bytes_of(token, user, what):
    """The request itself."""
    who = update(user or "device", {"wrong": "wrong", "long": "x" * 1000}.get(
        user, token))
    method, target, body, headers = "GET", what.replace("{token}", token), "", []
    if not target.startswith("/"):
        method, target, *rest = target.split(" ")
        body = "".join(rest)
        headers = [FORM, f"Content-Length: {len(body)}"]
    elif target.endswith(" Accept:"):
        target, headers = target.partition(" ")[0], ["Accept: application/json"]
    return devices.request(target, who, "User-Agent: a device", "Connection: close",
                           *headers, method=method, body=body, login=user is not None)


@pytest.fixture(scope="module", params=["nginx", *frontends.ALL])
def front(household, request):
    """A web server in front of the household's pool."""
    household.world.move_router()       # each has the same wrong passwords
    name = request.param
    if name == "nginx":
        yield Front(name, household.gateway.host.ipv4, household.pool.folder)
        return
    place = frontends.make_place(
        household.office, f"{household.world.folder}/{name.replace(', ', '-')}",
        OFFICE[1 + list(frontends.ALL).index(name)], GATEWAY, household.leaf,
        household.pool.socket)
    process = frontends.ALL[name](place)
    yield Front(name, place.address, place.folder)
    process.stop()


def send(household, address, request):
    return devices.send(household.world.router, address, GATEWAY,
                        household.gateway.trust, request)


def test_the_same_requests_get_the_same_answers(household, front, matrix):
    household.world.powerdns.set(f"device.{ZONE}", **BEFORE)
    token, wrong = household.world.token, {}
    for name, (user, what, status, body) in REQUESTS.items():
        body = body and body.replace("{router}", household.world.router.ipv4)
        answer = send(household, front.address, bytes_of(token, user, what))
        later = status == 503 or name.startswith("proof failed")
        retry = {"busy": "77"}.get(user, "60") if later else None
        same = (answer.status == status and body in (None, answer.body)
                and answer.headers.get("retry-after") == retry
                and int(answer.headers.get("content-length", -1)) == len(answer.body)
                and ("www-authenticate" in answer.headers) == (status == 401)
                and (body is None or answer.headers["content-type"] == KINDS[body[0]]))
        matrix("front ends", name, front.name, answer.status if same else "differs")
        if not same:
            wrong[name] = answer, answer.headers
    assert not wrong
    assert household.world.powerdns.addresses(f"device.{ZONE}") == list(WEB)


def test_a_page_for_people_passes_whole(household, front, matrix):
    """It is longer than what a worker hands over in one write."""
    answer = send(household, front.address, bytes_of(
        household.world.token, "many", "/status"))
    matrix("front ends", "a page for people", front.name, answer.status)
    assert answer.status == 200 and answer.body.endswith("</html>\n")
    assert answer.body.count("<article>") == 24
    assert len(answer.body) == int(answer.headers["content-length"]) > 8192
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_slow_bodies_close_no_front(household, front, matrix):
    """A place is taken by a request that is complete, not by a header."""
    token, name = household.world.token, f"/nic/update?myip={IPV4}"
    slow = bytes_of(token, "device", f"POST /nic/update myip={IPV4}" + "&x=" + "y" * 100)
    good = bytes_of(token, "device", name)
    with contextlib.ExitStack() as under_way:
        def begin():
            connection = under_way.enter_context(devices.connect(
                household.world.router, front.address, GATEWAY,
                household.gateway.trust))
            connection.sendall(slow[:-50])
            return connection
        for _ in range(48):
            begin()
        statuses = [send(household, front.address, good).status for _ in range(45)]
        # And one of their kind is answered once it is complete.
        connection = begin()
        connection.sendall(slow[-50:])
        answer = devices.Answer(connection.recv(65536))
    matrix("front ends", "48 slow bodies: of 45 good", front.name, statuses.count(200))
    assert statuses == [200] * 45
    assert (answer.status, answer.body) == (200, f"nochg {IPV4}\n")


@contextlib.contextmanager
def away(pool):
    """Nobody listens where ddnsgate did."""
    os.rename(pool.socket, f"{pool.socket}.away")
    try:
        yield
    finally:
        os.rename(f"{pool.socket}.away", pool.socket)


def test_without_ddnsgate_the_router_is_told_to_come_back(household, front, matrix):
    request = bytes_of(household.world.token, "device", f"/nic/update?myip={IPV4}")
    with away(household.pool):
        answer = send(household, front.address, request)
    matrix("front ends", "ddnsgate is away", front.name, answer.status)
    assert answer.status == 503
    assert (answer.headers.get("retry-after") == "60"
            or front.name in WITHOUT_RETRY_AFTER)
    assert not {"good", "nochg"} & set(answer.body.lower().split())
    waiting.until(lambda: send(household, front.address, request).status == 200,
                  "the web server to try again")


def logged(front):
    """All that the web server wrote."""
    return {str(path): path.read_bytes()
            for path in pathlib.Path(front.folder).rglob("*") if path.is_file()}


def test_no_log_of_any_web_server_holds_a_password(household, front):
    """In the query, as Synology and DrayTek send it; error logs included."""
    token = household.world.token
    query = f"/nic/update?myip={IPV4}&username=device&password={{token}}"
    for what in (query, f"//nic/update?{query.partition('?')[2]}",
                 f"POST {query} " + "x=" + "y" * 8000, f"PUT {query}",
                 f"/elsewhere?{query.partition('?')[2]}"):
        send(household, front.address, bytes_of(token, None, what))
    with away(household.pool):
        assert send(household, front.address,
                    bytes_of(token, None, query)).status == 503
        send(household, front.address, bytes_of(
            token, None, f"POST {query} a=b"))
    if front.name == "nginx":
        crowd(household, front, bytes_of(token, None, f"POST {query} a=b"))
    waiting.until(lambda: any(b"/nic/update" in text
                              for text in logged(front).values()),
                  "a log; lighttpd writes it every 4 s")
    assert [name for name, text in logged(front).items()
            if token.encode() in text or b"password=" in text] == []


@contextlib.contextmanager
def silent(path):
    """A server that takes connections and answers nothing."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        os.chmod(path, 0o666)
        server.settimeout(15)
        server.listen(16)
        try:
            yield server
        finally:
            os.unlink(path)


def crowd(household, front, request):
    """More requests at once than nginx admits from one address."""
    with away(household.pool), silent(household.pool.socket) as server, \
            contextlib.ExitStack() as lined_up:
        for _ in range(8):
            lined_up.enter_context(devices.connect(
                household.world.router, front.address, GATEWAY,
                household.gateway.trust)).sendall(request)
            lined_up.enter_context(server.accept()[0])
        answer = send(household, front.address, request)
    assert (answer.status, answer.body) == (503, "busy\n")
    assert answer.headers["retry-after"] == "60"


def test_nginx_counts_ipv6_by_64(household):
    """A customer has as many addresses of one /64 as he likes."""
    near = [f"2a01:c22:77:1::{i}" for i in range(1, 10)]
    far = "2a01:c22:77:2::1"
    host = household.world.network.add("customer", *near, far)
    request = bytes_of(household.world.token, "device", f"/update?ipv4={IPV4}")
    gateway = household.gateway
    context = ssl.create_default_context(cafile=gateway.trust)
    with away(household.pool), silent(household.pool.socket) as server, \
            contextlib.ExitStack() as lined_up:
        def ask(source):
            plain = host.socket(socket.AF_INET6)
            plain.settimeout(15)
            plain.bind((source, 0))
            plain.connect((gateway.host.ipv6, gateway.port))
            connection = lined_up.enter_context(
                context.wrap_socket(plain, server_hostname=GATEWAY))
            connection.sendall(request)
            return connection
        for source in near[:-1]:
            ask(source)
            lined_up.enter_context(server.accept()[0])
        assert devices.Answer(ask(near[-1]).recv(65536)).status == 503
        ask(far)
        lined_up.enter_context(server.accept()[0])


def test_nginx_still_logs_the_errors_of_all_others(household):
    log = pathlib.Path(household.pool.folder, "front-ddnsgate-error.log")
    before = log.stat().st_size
    with away(household.pool):
        send(household, household.gateway.host.ipv4, bytes_of(
            household.world.token, "device", f"/nic/update?myip={IPV4}"))
    assert f"myip={IPV4}" in log.read_text()[before:]


def test_no_password_passes_to_the_error_log_when_others_fail(household):
    """The parameter decides, wherever it stands and however it is written."""
    log = pathlib.Path(household.pool.folder, "front-ddnsgate-error.log")
    before = log.stat().st_size
    with away(household.pool):
        for login in ("password=SECRET&username=device", "Password=SECRET",
                      "username=device&password=&password=SECRET"):
            send(household, household.gateway.host.ipv4, bytes_of(
                "", None, f"/nic/update?{login}&myip={IPV4}"))
    assert "SECRET" not in log.read_text()[before:]
