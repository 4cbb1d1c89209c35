"""DNS UPDATE with TSIG: Knot, BIND, and a server that should not be trusted."""

import base64
import concurrent.futures
import glob
import ipaddress
import json
import re
import time

import dns.rcode
import pytest
from lab import talker, waiting
from lab.bind import Bind
from lab.gateway import Gateway, Pool, verifier
from lab.knot import Knot
from lab.memory import written
from lab.nameserver import DOMAINS, PORT, RECORDS, Grant, Key
from lab.resolver import Resolver
from lab.stage import CLAIM, HOST, USER, WEB, ZONE
from lab.talker import Talker

IPV4, IPV6 = WEB
IPV4_BEFORE, IPV6_BEFORE = "89.12.7.20", "2a01:c22:a110:3cfc::8"
CHILD = f"below.{ZONE}"
ELSEWHERE = "elsewhere.example"
DEADLINE, SLACK = 5.0, 1.5
AGAIN = 15                          # the resolver is asked again by then
HOUR = 3600
FAKETIME = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")

PROXY_AT = ("185.30.20.20", "2a03:4000:6:1::20")
SERVERS_AT = {"knot": ("37.120.161.53", "2a03:4000:7:2::53"),
              "bind": ("37.120.162.53", "2a03:4000:7:3::53")}
LATE_AT = "37.120.163.53"
TALKER_AT = "37.120.164.53"
MUTE_AT = "37.120.165.53"            # has no room for another connection

KEY = Key("router")
ONLY_A = Key("only-a")
SHA512 = Key("Long.Key", "hmac-sha512")
UNKNOWN = Key("unknown")
WRONG_SECRET = Key("router")
KINDS = ["A", "AAAA"]
NAMES = [ZONE, *(f"{n}.{ZONE}" for n in (
    "plain", "set", "alias", "away.sub", "*.wild", "ttl", "gone", "deep.er"))]
GRANTS = [Grant(KEY, ZONE, NAMES, KINDS), Grant(KEY, CHILD, [f"host.{CHILD}"], KINDS),
          Grant(ONLY_A, ZONE, [f"plain.{ZONE}"], ["A"]),
          Grant(SHA512, ZONE, [f"plain.{ZONE}"], KINDS)]

# The account of the reference case, and more: what is the host, which key?
UNPROVEN = {"ipv4": True, "ipv6": "router", "proof": {"kind": "none"}}
ACCOUNTS = {
    USER: (ZONE, HOST, KEY),
    "plain": (f"plain.{ZONE}", UNPROVEN, KEY),
    "wrong-secret": (f"plain.{ZONE}", UNPROVEN, WRONG_SECRET),
    "unknown-key": (f"plain.{ZONE}", UNPROVEN, UNKNOWN),
    "no-base64": (f"plain.{ZONE}", UNPROVEN, Key("router", secret="%%%")),
    "only-a": (f"plain.{ZONE}", UNPROVEN, ONLY_A),
    "not-granted": (f"other.{ZONE}", UNPROVEN, KEY),
    "alias": (f"alias.{ZONE}", UNPROVEN, KEY),
    "away": (f"away.sub.{ZONE}", UNPROVEN, KEY),
    "away-told": (f"away.sub.{ZONE}", {**UNPROVEN, "zone": ZONE}, KEY),
    "wild": (f"*.wild.{ZONE}", UNPROVEN, KEY),
    "set": (f"set.{ZONE}", {**UNPROVEN, "replace_set": True}, KEY),
    "ttl": (f"ttl.{ZONE}", {**UNPROVEN, "ttl": 300}, KEY),
    "gone": (f"gone.{ZONE}", {**UNPROVEN, "removal": True}, KEY),
    "deep": (f"deep.er.{ZONE}", UNPROVEN, KEY),
    "child": (f"host.{CHILD}", UNPROVEN, KEY),
    "elsewhere": (ELSEWHERE, UNPROVEN, KEY),
    "elsewhere-told": (ELSEWHERE, {**UNPROVEN, "zone": ELSEWHERE}, KEY),
    "sha512": (f"plain.{ZONE}", UNPROVEN, SHA512),
    "late": (f"plain.{ZONE}", UNPROVEN, KEY),
    "second": (f"plain.{ZONE}", UNPROVEN, KEY),
}

# What a server does: the answer to the router, what the log says of it, and
# whether an update was sent at all.
BAD = 502
BUSY = 503
BEHAVIOURS = {
    "fine": (talker.fine, 200, "good", True),
    "no-question": (talker.no_question, 200, "good", True),
    "copies": (talker.copies, 200, "good", True),
    "hang": (talker.hang, BUSY, "timed out", False),
    "drip": (talker.drip, BUSY, "timed out", False),
    "close": (talker.close, BUSY, "closed the connection", False),
    "cut": (talker.cut, BUSY, "closed the connection", False),
    "garbage": (talker.garbage, BAD, "makes no sense", False),
    "header": (talker.header, BAD, "5 bytes", False),
    "unsigned": (talker.unsigned, BAD, "is not signed", False),
    "lying-mac": (talker.lying_mac, BAD, "is not signed", False),
    "short-mac": (talker.short_mac, BAD, "is not signed", False),
    "no-mac": (talker.no_mac, BAD, "is not signed", False),
    "other-secret": (talker.other_secret, BAD, "is not signed", False),
    "other-key": (talker.other_key, BAD, "is not signed", False),
    "stale": (talker.stale, BAD, "not made now", False),
    "wrong-id": (talker.wrong_id, BAD, "something else", False),
    "wrong-opcode": (talker.wrong_opcode, BAD, "something else", False),
    "echo": (talker.echo, BAD, "something else", False),
    "wrong-question": (talker.wrong_question, BAD, "another question", False),
    "truncated": (talker.truncated, BAD, "another question", False),
    "not-authoritative": (talker.not_authoritative, BAD, "has no zone", False),
    "another-zone": (talker.another_zone, BAD, "has no zone", False),
    "below-dname": (talker.below_dname, BAD, "does not speak for", False),
    "lying-of-a": (talker.on_type("A", talker.lying_mac), BAD, "is not signed", False),
    "lying-of-aaaa": (talker.on_type("AAAA", talker.lying_mac), BAD, "is not signed",
                      False),
    "not-ours-of-aaaa": (talker.on_type("AAAA", talker.not_authoritative), BAD,
                         "does not speak for", False),
} | {f"update-{name}": (talker.on_update(bad), status, text, True)
     for name, bad, status, text in (
         ("hang", talker.hang, BUSY, "timed out"),
         ("close", talker.close, BUSY, "closed the connection"),
         ("unsigned", talker.unsigned, BAD, "is not signed"),
         ("lying-mac", talker.lying_mac, BAD, "is not signed"),
         ("other-secret", talker.other_secret, BAD, "is not signed"),
         ("stale", talker.stale, BAD, "not made now"),
         ("wrong-id", talker.wrong_id, BAD, "something else"),
         ("wrong-question", talker.wrong_question, BAD, "another question"))
     } | {f"says-{name}": (talker.says(code, **how), status, f"{word} [", True)
          for name, code, how, status, word in (
              ("servfail", dns.rcode.SERVFAIL, {}, BUSY, "busy"),
              ("formerr", dns.rcode.FORMERR, {"signed": False}, BAD, "provider"),
              ("notimp", dns.rcode.NOTIMP, {"signed": False}, BAD, "provider"),
              ("refused", dns.rcode.REFUSED, {}, BAD, "provider"),
              ("notauth", dns.rcode.NOTAUTH, {}, BAD, "provider"),
              ("badtime", dns.rcode.NOTAUTH, {"tsig": 18}, BAD, "provider"),
              ("yxrrset", dns.rcode.YXRRSET, {}, BAD, "provider"),
              ("unheard-of", 15, {}, BAD, "provider"))}
# Where the zone is configured, the walk through the SOA records is left out.
TOLD = ("below-dname",)


class Scene:
    """ddnsgate behind nginx, with all those servers as its providers."""

    def __init__(self, world):
        self.world = world
        network = world.network
        self.running = []
        self.hosts = {name: network.add(name, *at) for name, at in SERVERS_AT.items()}
        self.servers = {}
        for name, kind in (("knot", Knot), ("bind", Bind)):
            self.servers[name] = self.keep(kind(
                self.hosts[name], f"{world.folder}/{name}", [ZONE, CHILD], GRANTS))
        host = network.add("talker", TALKER_AT)
        self.talkers = {name: self.keep(Talker(host, TALKER_AT, 1024 + i, ZONE, KEY, row[0]))
                        for i, (name, row) in enumerate(BEHAVIOURS.items())}
        mute = network.add("mute", MUTE_AT)
        self.full = [mute.listen(MUTE_AT, PORT, backlog=0), mute.connect(MUTE_AT, PORT)]
        proxy = network.add("proxy2", *PROXY_AT)
        self.pool = Pool(proxy, f"{world.folder}/rfc2136", world.binary,
                         self.configuration(), world.sanitizer("rfc2136"))
        name = f"rfc2136.dns.{ZONE}"
        self.gateway = self.keep(Gateway(self.pool.start(), name,
                                         world.authority.leaf(name), world.authority.pem))
        self.router = self.gateway.router(world.router)

    def keep(self, service):
        self.running.append(service)
        return service

    def configuration(self):
        providers, accounts = {}, {}
        for server, host in self.hosts.items():
            providers |= {
                server: self.provider([host.ipv4]),
                f"{server}-sha512": self.provider([host.ipv4], algorithm=SHA512.algorithm),
                f"{server}-late": self.provider([LATE_AT]),
                f"{server}-second": self.provider([MUTE_AT, host.ipv6])}
            for user, row in ACCOUNTS.items():
                user = f"{server}-{user}"
                accounts[user] = self.account(
                    user, user if user in providers else server, *row)
        for behaviour, service in self.talkers.items():
            told = {"zone": ZONE} if behaviour in TOLD else {}
            providers[behaviour] = self.provider([TALKER_AT], port=str(service.port))
            accounts[behaviour] = self.account(
                behaviour, behaviour, f"home.{ZONE}", {**UNPROVEN, **told}, KEY)
        return {**self.world.configuration(), "workers": 16,
                "providers": providers, "accounts": accounts}

    @staticmethod
    def provider(addresses, **config):
        return {"description": "rfc2136", "addresses": addresses,
                "config": {"server": f"ns.{ZONE}", **config}}

    @staticmethod
    def account(user, provider, name, rules, key):
        return {"provider": provider, "verifier": verifier(user, key.token),
                "hosts": {name: rules}}

    def update(self, user, key=KEY, **parameters):
        return self.router.update(user, key.token, **parameters)

    def stop(self):
        while self.running:
            self.running.pop().stop()
        for full in self.full:
            full.close()


@pytest.fixture(scope="module")
def scene(world):
    scene = Scene(world)
    yield scene
    scene.stop()


@pytest.fixture(params=["knot", "bind"])
def server(request, scene):
    """A server with nothing in it but what a zone must have."""
    server = scene.servers[request.param]
    server.update = lambda user, **parameters: scene.update(
        f"{request.param}-{user}", ACCOUNTS[user][2], **parameters)
    server.name = request.param
    server.write(ZONE, *(f"delete {name}." for name in NAMES[1:]),
                 *(f"delete {ZONE}. {kind}" for kind in (*KINDS, "TXT")))
    server.write(CHILD, f"delete host.{CHILD}.")
    return server


def plain(server, name=f"plain.{ZONE}"):
    return server.records(name, "A", "AAAA", "TXT")


BOTH = {"ipv4": IPV4, "ipv6": IPV6}


def test_the_reference_case(server):
    """From the router to dig, with proofs; an old pair is replaced."""
    server.write(ZONE, f"add {ZONE}. 777 A {IPV4_BEFORE}",
                 f"add {ZONE}. 888 AAAA {IPV6_BEFORE}", f"add {ZONE}. 999 TXT sibling")
    answer = server.update(USER, **CLAIM)
    assert (answer.status, answer.body) == (200, f"{ZONE} good {IPV4} {IPV6}\n")
    assert plain(server, ZONE) == [
        (777, "A", IPV4), (888, "AAAA", IPV6), (999, "TXT", '"sibling"')]
    assert server.dig(ZONE, "NS") == [f"ns.{ZONE}."]


def test_create(server):
    answer = server.update("plain", **BOTH)
    assert (answer.status, answer.body) == (200, f"plain.{ZONE} good {IPV4} {IPV6}\n")
    assert plain(server) == [(60, "A", IPV4), (60, "AAAA", IPV6)]


def test_the_zone_is_one_of_many_and_has_many_records(server):
    """As in all other tests here; the names asked for are what matters, not the rest."""
    assert server.dig(f"other-{RECORDS - 1}.{ZONE}", "TXT") == ['"one of many"']
    assert server.dig(f"domain-{DOMAINS - 1}.example", "NS") == [
        f"ns.domain-{DOMAINS - 1}.example."]
    answer = server.update("plain", **BOTH)
    assert (answer.status, answer.body) == (200, f"plain.{ZONE} good {IPV4} {IPV6}\n")


def test_what_is_there_already_is_not_written(server):
    server.update("plain", **BOTH)
    before = server.serial(ZONE)
    answer = server.update("plain", **BOTH)
    assert (answer.status, answer.body) == (200, f"plain.{ZONE} nochg {IPV4} {IPV6}\n")
    answer = server.update("plain", ipv4=IPV4)
    assert (answer.status, answer.body) == (200, f"plain.{ZONE} nochg {IPV4}\n")
    assert server.serial(ZONE) == before


def test_only_what_differs_is_written(server):
    server.write(ZONE, f"add plain.{ZONE}. 777 A {IPV4}",
                 f"add plain.{ZONE}. 888 AAAA {IPV6_BEFORE}")
    answer = server.update("plain", **BOTH)
    assert (answer.status, answer.body) == (200, f"plain.{ZONE} good {IPV4} {IPV6}\n")
    assert plain(server) == [(777, "A", IPV4), (888, "AAAA", IPV6)]


def test_several_addresses_become_one_only_where_that_is_asked_for(server):
    both = sorted((777, "A", a) for a in (IPV4_BEFORE, IPV4))
    for name in ("plain", "set"):
        server.write(ZONE, *(f"add {name}.{ZONE}. 777 A {a}" for _, _, a in both))
    answer = server.update("plain", ipv4=IPV4)
    assert (answer.status, answer.body) == (BAD, f"plain.{ZONE} provider\n")
    assert sorted(plain(server)) == both
    answer = server.update("set", ipv4=IPV4)
    assert (answer.status, answer.body) == (200, f"set.{ZONE} good {IPV4}\n")
    assert plain(server, f"set.{ZONE}") == [(777, "A", IPV4)]


def test_an_absent_family_is_kept(server):
    server.write(ZONE, f"add plain.{ZONE}. 777 AAAA {IPV6_BEFORE}")
    assert server.update("plain", ipv4=IPV4).status == 200
    assert plain(server) == [(60, "A", IPV4), (777, "AAAA", IPV6_BEFORE)]


def test_the_configured_time_to_live_wins(server):
    server.write(ZONE, f"add ttl.{ZONE}. 777 A {IPV4_BEFORE}")
    assert server.update("ttl", **BOTH).status == 200
    assert plain(server, f"ttl.{ZONE}") == [(300, "A", IPV4), (300, "AAAA", IPV6)]


def test_removal(server):
    server.update("gone", **BOTH)
    server.write(ZONE, f"add gone.{ZONE}. 999 TXT sibling")
    answer = server.update("gone", ipv4="none", ipv6=IPV6)
    assert (answer.status, answer.body.split()[1]) == (200, "good")
    assert plain(server, f"gone.{ZONE}") == [
        (60, "AAAA", IPV6), (999, "TXT", '"sibling"')]
    before = server.serial(ZONE)
    answer = server.update("gone", ipv4="none", ipv6=IPV6)
    assert (answer.status, answer.body.split()[1]) == (200, "nochg")
    assert server.serial(ZONE) == before


def test_a_wildcard(server):
    assert server.update("wild", **BOTH).status == 200
    assert server.dig(f"any.wild.{ZONE}", "A") == [IPV4]


def test_a_zone_of_its_own_below_another_one(server):
    assert server.update("child", **BOTH).status == 200
    assert plain(server, f"host.{CHILD}") == [(60, "A", IPV4), (60, "AAAA", IPV6)]


def test_a_name_with_more_labels_than_its_zone_and_one(server):
    assert server.update("deep", **BOTH).status == 200
    assert plain(server, f"deep.er.{ZONE}") == [(60, "A", IPV4), (60, "AAAA", IPV6)]


def test_below_an_alias_of_others_the_zone_is_still_found(server):
    """The answer for the SOA is the alias; the zone is that of a shorter name."""
    server.write(ZONE, f"add *.er.{ZONE}. 60 CNAME target.{CHILD}.")
    try:
        assert server.update("deep", **BOTH).status == 200
        assert plain(server, f"deep.er.{ZONE}") == [(60, "A", IPV4), (60, "AAAA", IPV6)]
    finally:
        server.write(ZONE, f"delete *.er.{ZONE}.")


def test_a_long_key_with_capitals_in_its_name(server):
    assert server.update("sha512", **BOTH).status == 200
    assert plain(server) == [(60, "A", IPV4), (60, "AAAA", IPV6)]


def test_the_second_address_is_tried(server):
    began = time.monotonic()
    assert server.update("second", **BOTH).status == 200
    assert plain(server) == [(60, "A", IPV4), (60, "AAAA", IPV6)]
    assert time.monotonic() - began < DEADLINE


# What must fail, and what the log says of it.
REFUSALS = {
    "wrong-secret": "BADSIG",
    "unknown-key": "does not know the key",     # said unsigned by Knot 3.4
    "no-base64": "its secret in base64",
    "only-a": "does not let it do that",
    "not-granted": "does not let it do that",
    "away": "has no zone",
    "away-told": "does not speak for",
    "elsewhere": "has no such zone",
    "elsewhere-told": "has no such zone",
}


@pytest.mark.parametrize("user", REFUSALS)
def test_a_refusal_changes_nothing(scene, server, user):
    name = ACCOUNTS[user][0]
    server.write(ZONE, f"add plain.{ZONE}. 777 A {IPV4_BEFORE}",
                 f"add sub.{ZONE}. 777 NS ns.{ELSEWHERE}.")
    before = server.serial(ZONE)
    mark = scene.pool.mark()
    answer = server.update(user, **BOTH)
    assert (answer.status, answer.body) == (502, f"{name} provider\n")
    line, = (n for n in scene.pool.since(mark, f"{server.name}-{user}:")
             if f"{server.name}-{user}:" in n)
    assert len(re.findall(REFUSALS[user], line)) == 2, line
    assert server.serial(ZONE) == before


def test_an_alias_is_not_covered_up(scene, server):
    """By RFC 2136 the server ignores the address and says NOERROR."""
    server.write(ZONE, f"add alias.{ZONE}. 777 CNAME ns.{ZONE}.")
    mark = scene.pool.mark()
    answer = server.update("alias", **BOTH)
    assert (answer.status, answer.body) == (502, f"alias.{ZONE} provider\n")
    assert "a CNAME stands there" in "".join(scene.pool.since(mark, "CNAME"))
    assert server.dig(f"alias.{ZONE}", "CNAME") == [f"ns.{ZONE}."]


def test_a_clock_that_is_an_hour_late(world, scene):
    """(BIND and libfaketime do not get on.)"""
    if not FAKETIME:
        pytest.skip("libfaketime is not installed")
    late = Knot(world.network.add("late", LATE_AT), f"{world.folder}/late", [ZONE], GRANTS, {
        "LD_PRELOAD": FAKETIME[0], "FAKETIME": f"-{HOUR}", "DONT_FAKE_MONOTONIC": "1"})
    try:
        mark = scene.pool.mark()
        answer = scene.update("knot-late", **BOTH)
        assert (answer.status, answer.body) == (502, f"plain.{ZONE} provider\n")
        assert "BADTIME: its clock and ours differ" in "".join(
            scene.pool.since(mark, "BADTIME"))
        assert plain(late) == []
    finally:
        late.stop()


@pytest.fixture(scope="module")
def outcomes(scene):
    """Every behaviour, all at once: {name: (answer, seconds)}, and the log."""
    def ask(name):
        began = time.monotonic()
        answer = scene.update(name, **BOTH)
        return answer, time.monotonic() - began
    mark = scene.pool.mark()
    with concurrent.futures.ThreadPoolExecutor(8) as workers:
        answers = dict(zip(BEHAVIOURS, workers.map(ask, BEHAVIOURS)))
    return answers, scene.pool.since(mark)


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_server_that_misbehaves(scene, outcomes, name):
    _, status, text, wrote = BEHAVIOURS[name]
    (answer, seconds), log = outcomes[0][name], outcomes[1]
    word = {200: f"good {IPV4} {IPV6}", BAD: "provider", BUSY: "busy"}[status]
    assert (answer.status, answer.body) == (status, f"home.{ZONE} {word}\n")
    assert seconds < DEADLINE + SLACK, f"answered after {seconds:.1f} s"
    line, = (n for n in log if f" {name}: " in n)
    assert text in line
    assert len(scene.talkers[name].updates()) == wrote


def test_both_addresses_go_in_one_update(scene, outcomes):
    question, = scene.talkers["fine"].updates()
    zone, prerequisites, changes, _ = (
        [str(rrset) for rrset in section] for section in question.sections)
    name = f"home.{ZONE}."
    assert zone == [f"{ZONE}. IN SOA"]
    assert prerequisites == [f"{name} NONE CNAME"]
    assert changes == [f"{name} ANY A", f"{name} ANY AAAA",
                       f"{name} 60 IN A {IPV4}", f"{name} 60 IN AAAA {IPV6}"]
    assert question.had_tsig and question.flags & 0x07FF == 0


def test_every_query_is_signed_and_asks_for_no_recursion(scene, outcomes):
    questions = scene.talkers["fine"].questions
    assert [(str(q.sections[0][0]), q.had_tsig, q.flags & 0x07FF) for q in questions[:-1]] == [
        (f"home.{ZONE}. IN {kind}", True, 0) for kind in ("SOA", *KINDS)]


def secrets_of(key):
    return key.secret.encode(), base64.b64decode(key.secret)


def test_the_log_never_shows_a_secret(scene, outcomes):
    for key in (KEY, WRONG_SECRET, UNKNOWN, ONLY_A, SHA512):
        assert key.secret not in scene.pool.printed()


def test_no_idle_worker_remembers_a_secret(world, scene, plain_binary, make_pool):
    """Neither its base64 nor its bytes."""
    pool = make_pool({**scene.configuration(), "workers": 1}, binary=plain_binary).start()
    users = {"knot-plain": KEY, "bind-sha512": SHA512, "knot-wrong-secret": WRONG_SECRET,
             "bind-unknown-key": UNKNOWN, "lying-mac": KEY, "close": KEY}
    for user, key in users.items():
        status, _ = world.straight(pool, user, key.token, **BOTH)
        assert status in (200, 502, 503)
    shown = {(user, i) for pid in (pool.process.pid, *pool.workers())
             for part in written(pid) for user, key in users.items()
             for i, secret in enumerate(secrets_of(key)) if secret in part}
    assert shown == set()


def test_hosts_in_other_zones_do_not_suffer(scene, server, make_pool):
    """One has no zone there, one the key may not change, and one is good."""
    rules = {**UNPROVEN, "ipv6": "router"}
    names = [ELSEWHERE, f"other.{ZONE}", f"host.{CHILD}"]
    configuration = scene.configuration()
    configuration["accounts"] = {USER: {
        "provider": server.name, "verifier": verifier(USER, KEY.token),
        "hosts": dict.fromkeys(names, rules)}}
    pool = make_pool(configuration).start()
    status, body = scene.world.straight(pool, USER, KEY.token, **BOTH)
    assert status == 502
    assert sorted(body.splitlines()) == sorted([
        f"{ELSEWHERE} provider", f"other.{ZONE} provider",
        f"host.{CHILD} good {IPV4} {IPV6}"])
    assert plain(server, f"other.{ZONE}") == []
    assert plain(server, f"host.{CHILD}") == [(60, "A", IPV4), (60, "AAAA", IPV6)]


def test_without_pinned_addresses_the_resolver_is_asked(scene, world, make_pool):
    """And asked again soon, when nobody answers at the address it gave."""
    configuration = scene.configuration()
    configuration["providers"] = {"home": {
        "description": "rfc2136", "config": {"server": f"ns.{ZONE}"}}}
    configuration["accounts"] = {USER: Scene.account(USER, "home", *ACCOUNTS["plain"])}
    resolver = Resolver(world.proxy, world.folder, world.router.ipv4)   # port 53 is closed
    try:
        pool = make_pool(configuration).start()

        def ask():
            return world.straight(pool, USER, KEY.token, **BOTH)
        waiting.until(lambda: ask()[0] == 503 and "refused" in pool.printed(), "a refusal")
        resolver.addresses = [ipaddress.ip_address(
            SERVERS_AT["knot"][0])]
        waiting.until(lambda: ask()[0] == 200, "the new address", AGAIN, step=0.5)
    finally:
        resolver.stop()
    assert set(resolver.asked) == {f"ns.{ZONE}"}


@pytest.fixture
def alone(tmp_path):
    """A file with one provider, for the commands of an administrator."""
    def write(**config):
        file = tmp_path / "ddnsgate.json"
        file.write_text(json.dumps({
            "providers": {"home": {"description": "rfc2136", "config": config}},
            "accounts": {USER: Scene.account(USER, "home", ZONE, UNPROVEN, KEY)}}))
        file.chmod(0o644)
        return str(file)
    return write


def test_the_list_of_providers_has_it(world):
    assert "\nrfc2136 " in "\n" + world.proxy.run([world.binary, "provider", "list"])


def test_an_administrator_can_run_it(world, server, alone):
    told = world.proxy.run([
        world.binary, "provider", "run", "--config", alone(server=server.host.ipv4), "home",
        f"plain.{ZONE}", IPV4], input=f"{KEY.token}\n")
    assert f"plain.{ZONE} A {IPV4} changed\n" in told
    assert plain(server) == [(60, "A", IPV4)]


def test_a_rehearsal_is_what_nsupdate_takes(world, server, alone):
    file = alone(server=server.host.ipv4, algorithm=SHA512.algorithm)
    server.write(ZONE, f"add plain.{ZONE}. 60 A {IPV4_BEFORE}")
    told = world.proxy.run([
        world.binary, "provider", "run", "--dry-run", "--config", file, "home",
        f"plain.{ZONE}", IPV4, IPV6])
    masked = f"key {SHA512.algorithm}:*** ***\n"
    assert masked in told
    assert plain(server) == [(60, "A", IPV4_BEFORE)]
    world.proxy.run(["nsupdate", "-v"], input=told.replace(
        masked, f"key {SHA512.algorithm}:{SHA512.name} {SHA512.secret}\n"))
    assert plain(server) == [(60, "A", IPV4), (60, "AAAA", IPV6)]


def test_what_is_understood_is_told(world, alone, server):
    told = world.proxy.run([world.binary, "check", "--resolve", "--config", alone(
        server=server.host.ipv6, port="5353", algorithm="hmac-sha384")])
    assert (f"provider home\n  updates to {server.host.ipv6}, port 5353, hmac-sha384\n"
            f"  at {server.host.ipv6}, by the resolver\naccount") in told


# What is wrong in "config", and what is said of it.
MISTAKES = {
    "/config/server: is missing": {},
    "/config/server: must be the name": {"server": "a b"},
    "/config/port: must be": {"server": "ns.example", "port": "65536"},
    "/config/port: must": {"server": "ns.example", "port": "+53"},
    "/config/algorithm: must be": {"server": "ns.example", "algorithm": "hmac-md5"},
    "/config/key: provider rfc2136 has": {"server": "ns.example", "key": "x"},
}


@pytest.mark.parametrize("said", MISTAKES)
def test_a_mistake_in_the_configuration(world, alone, said):
    file = alone(**MISTAKES[said])
    told = world.proxy.run(["sh", "-c", '"$0" check --config "$1" 2>&1 || true',
                            world.binary, file])
    assert f"{file}: /providers/home{said}" in told
