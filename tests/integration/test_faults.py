"""A provider with a memory: what is there is not written again, and nonsense is no answer."""

import json
import time

import pytest
from lab import scripted
from lab.gateway import verifier
from lab.memory import kilobytes
from lab.provider import Provider, answer, read_request
from lab.stage import IMPOSTOR, WEB, ZONE
from world import STUB

IPV4 = WEB[0]
PORT = 9445
ELSEWHERE_PORT = 9446
MEMORY_ALLOWED = 6 << 10            # kB that all faults together may add
JSON = "Content-Type: application/json"


def zone(rrsets):
    return {"id": f"{ZONE}.", "name": f"{ZONE}.", "rrsets": rrsets}


def truncated(connection):
    body = json.dumps(zone([])).encode()
    connection.sendall(answer("200", body, JSON)[:-1])


def slow(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b" ")
        time.sleep(0.1)


def large(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n[")
    for _ in range(800):
        connection.sendall(b" " * 65536)


def whole(status, body, *headers):
    return lambda connection: connection.sendall(answer(status, body, *headers))


DEEP = b'{"rrsets": ' + 10000 * b"[" + 10000 * b"]" + b"}"
PAGE = b"<!DOCTYPE html><html><body>Please <a href='/login'>log in</a></body></html>"

# What answers every question, and the status that the router gets.
FAULTS = {
    "truncated": (truncated, 503),
    "slow": (slow, 503),
    "large": (large, 502),
    "deep": (whole("200", DEEP, JSON), 502),
    "page": (whole("200", PAGE, "Content-Type: text/html"), 502),
    "redirect": (whole("302", b"", f"Location: https://{IMPOSTOR[0]}:{ELSEWHERE_PORT}/"), 502),
    "nul-within": (whole("200", b'{"rrsets": [], "na\0me": 1}', JSON), 502),
    "empty": (whole("200", b"", JSON), 502),
}
# json-c would end at the first value, and take what stands before the rest.
LENIENT = {
    "nul": (whole("200", json.dumps(zone([])).encode() + b"\0{}", JSON), 502),
    "more": (whole("200", json.dumps(zone([])).encode() + PAGE, JSON), 502),
}
AFTER = {                           # reading works, and this answers the write
    "write-page": (whole("200", PAGE, "Content-Type: text/html"), 502),
    "write-redirect": (FAULTS["redirect"][0], 502),
    "write-truncated": (lambda connection: connection.sendall(b"HTTP/1.1 20"), 503),
}


class Stateful(Provider):
    """PowerDNS with a zone in memory; /NAME/... has the fault of that name."""

    def __init__(self, *arguments):
        self.rrsets = {}
        super().__init__(*arguments)

    def serve(self, connection):
        while True:
            request = read_request(connection)
            with self.lock:
                self.requests.append(request)
            faults = FAULTS | LENIENT if request.method == "GET" else AFTER
            if request.behaviour in faults:
                faults[request.behaviour][0](connection)
                return
            connection.sendall(self.behave(request))

    def behave(self, request):
        if request.method == "PATCH":
            for rrset in json.loads(request.body)["rrsets"]:
                self.rrsets[rrset["name"], rrset["type"]] = rrset
            return answer("204")
        path = request.line.split()[1].split("?")[0]
        found = zone(list(self.rrsets.values()))
        return answer("200", json.dumps([found] if path.endswith("/zones") else found).encode(),
                      JSON)

    def writes(self, name):
        return [r for r in self.seen(name) if r.method != "GET"]


@pytest.fixture(scope="module")
def provider(world):
    provider = Stateful(world.provider, world.provider.ipv4, PORT,
                        world.authority.leaf(STUB), ZONE)
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def elsewhere(world):
    """Where the redirect leads; who comes is counted."""
    server = scripted.Server(world.impostor, IMPOSTOR[0], ELSEWHERE_PORT, scripted.answer)
    yield server
    server.stop()


def configured(world):
    configuration = {**world.configuration(), "workers": 1}
    only = configuration["accounts"]["fine"]
    home = configuration["providers"]["home"]
    for name in ("memory", *FAULTS, *LENIENT, *AFTER):
        configuration["providers"][f"f-{name}"] = {
            **home, "addresses": [world.provider.ipv4],
            "config": {"base": f"https://{STUB}:{PORT}/{name}"}}
        configuration["accounts"][f"f-{name}"] = {
            **only, "provider": f"f-{name}", "verifier": verifier(f"f-{name}", world.token),
            "hosts": {f"f-{name}.{ZONE}": {"ipv4": True, "zone": ZONE,
                                           "proof": {"kind": "none"}}}}
    return configuration


def update(world, pool, name, ipv4=IPV4):
    return world.straight(pool, f"f-{name}", ipv4=ipv4)


def test_what_is_there_is_not_written_again(world, provider, make_pool):
    pool = make_pool(configured(world)).start()
    other = WEB[0].rpartition(".")[0] + ".157"
    answers = [update(world, pool, "memory", ipv4) for ipv4 in (IPV4, IPV4, other, other, IPV4)]
    assert [status for status, _ in answers] == 5 * [200], answers
    assert [body.split()[1] for _, body in answers] == [
        "good", "nochg", "good", "nochg", "good"], answers
    assert len(provider.writes("memory")) == 3


def test_no_fault_is_success_and_none_hurts_the_worker(world, provider, elsewhere,
                                                       plain_binary, make_pool):
    pool = make_pool(configured(world), binary=plain_binary).start()
    worker, = pool.workers()
    assert update(world, pool, "memory")[0] == 200
    before = kilobytes(worker, "VmHWM", "status")
    got = {name: update(world, pool, name) for name in (*FAULTS, *AFTER)}
    words = {502: "provider", 503: "busy"}
    assert got == {name: (status, f"f-{name}.{ZONE} {words[status]}\n")
                   for name, (_, status) in (FAULTS | AFTER).items()}
    assert [name for name in FAULTS if provider.writes(name)] == []
    assert [name for name in FAULTS if not provider.seen(name)] == []
    assert elsewhere.connections == 0
    assert pool.workers() == [worker]
    grown = kilobytes(worker, "VmHWM", "status") - before
    assert grown <= MEMORY_ALLOWED, f"{grown} kB more"
    assert update(world, pool, "memory")[0] == 200


@pytest.mark.parametrize("name", LENIENT)
def test_a_doubtful_answer_is_none(world, provider, make_pool, name):
    pool = make_pool(configured(world)).start()
    status, body = update(world, pool, name)
    assert (status, body) == (502, f"f-{name}.{ZONE} provider\n")
    assert provider.writes(name) == []
