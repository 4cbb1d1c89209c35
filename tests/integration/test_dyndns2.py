"""The protocol of Dyn at /nic/update: words, statuses, and all that devices lack."""

import json
import re

import pytest
from household import LINE, RELAY, SHELF
from lab import devices
from lab.clients import Update
from lab.router import basic
from lab.stage import BEFORE, CLAIM, GATEWAY, WEB, ZONE
from world import CLOSED_AT

IPV4, IPV6 = WEB
PREFIX = CLAIM["prefix"]
UNCHANGED = list(BEFORE.values())
ROUTER_IPV6 = CLAIM["ipv6"]
# What some client takes for a success, wherever it stands.
LOOKS_GOOD = re.compile("ok|good|true|updated|success|nochg", re.I)


@pytest.fixture
def published(household):
    """published(name): its addresses now; before each test, those of old."""
    household.world.powerdns.set(*household.names(), **BEFORE)
    return lambda name: household.world.powerdns.addresses(f"{name}.{ZONE}")


@pytest.fixture
def ask(household):
    """ask(user, query): the answer of /nic/update."""
    def get(user, query, path="/nic/update", token=None, host=None, ipv6=False,
            **headers):
        box = household.gateway.router(host or household.world.router, ipv6)
        if user:
            headers["Authorization"] = basic(user, token or household.world.token)
        answer = box.get(f"{path}?{query}", headers)
        assert int(answer.header("Content-Length")) == len(answer.body)
        assert answer.header("Transfer-Encoding") is None
        assert (answer.header("Retry-After") is not None) == (answer.status == 503)
        return answer
    return get


def seen(answer):
    return answer.status, answer.body


@pytest.fixture
def form(household):
    """form(user, body): the answer to a POST."""
    def post(user, body, target="/nic/update", kind="application/x-www-form-urlencoded",
             method="POST"):
        update = Update(GATEWAY, user, household.world.token, "", "")
        return devices.send(
            household.world.router, household.gateway.host.ipv4, GATEWAY,
            household.gateway.trust, devices.request(
                target, update, f"Content-Type: {kind}",
                f"Content-Length: {len(body)}", method=method, body=body,
                login=user is not None))
    return post


# Words and statuses.

def words(sent):
    return f"good {sent}\n", f"nochg {sent}\n"


@pytest.mark.parametrize("path", ["/nic/update", "/v3/update"])
def test_good_and_then_nochg_with_the_address_that_was_sent(ask, published, path):
    for word in words(IPV4):
        answer = ask("device", f"hostname=device.{ZONE}&myip={IPV4}", path=path)
        assert seen(answer) == (200, word)
        assert answer.header("Content-Type").startswith("text/plain")
    assert published("device") == [IPV4, BEFORE["AAAA"]]


FAILURES = {
    "no login": (None, f"hostname=device.{ZONE}&myip={IPV4}", 401, "badauth"),
    "unknown user": ("nobody", f"hostname=device.{ZONE}&myip={IPV4}", 401, "badauth"),
    "somebody else's name": (
        "device", f"hostname=neighbour.{ZONE}&myip={IPV4}", 403, "nohost"),
    "nobody's name": ("device", f"hostname=no.such.name&myip={IPV4}", 403, "nohost"),
    "own name, then a foreign one": (
        "device", f"hostname=device.{ZONE},neighbour.{ZONE}&myip={IPV4}",
        403, "nohost"),
    "not a full name": ("device", f"hostname=device&myip={IPV4}", 400, "notfqdn"),
    "not a name": ("device", f"hostname=-.{ZONE}&myip={IPV4}", 400, "notfqdn"),
    "too many names": (
        "many", "hostname=" + ",".join(f"n{i}.{ZONE}" for i in [*range(1, 25), 1])
        + f"&myip={IPV4}", 400, "numhost"),
    "no name, of several": ("mixed", f"myip={IPV4}", 400, "notfqdn"),
    "an empty name, of several": ("mixed", f"hostname=&myip={IPV4}", 400, "notfqdn"),
    "a misspelt parameter and a name": (
        "many", f"hstname=n99.{ZONE}&myip={IPV4}", 403, "nohost"),
    "one name too often": (
        "device", "hostname=" + ",".join([f"device.{ZONE}"] * 21) + f"&myip={IPV4}",
        400, "numhost"),
    "no address at all": ("device", f"hostname=device.{ZONE}", 400, "dnserr"),
    "an empty address": ("device", f"hostname=device.{ZONE}&myip=", 400, "dnserr"),
    "not an address": ("device", f"hostname=device.{ZONE}&myip=89.14", 400, "dnserr"),
    "not public": ("device", f"hostname=device.{ZONE}&myip=10.0.0.1", 400, "dnserr"),
    "two of one family": (
        "device", f"hostname=device.{ZONE}&myip={IPV4},89.14.163.1", 400, "dnserr"),
    "a short prefix": (
        "device", f"hostname=device.{ZONE}&prefix=2a01:c22:b045::/48", 400, "dnserr"),
    "removal that is not allowed": (
        "leaver", f"hostname=stayer.{ZONE}&myip=none", 400, "dnserr"),
    "the proof fails": (
        "device", f"hostname=device.{ZONE}&myip={CLOSED_AT}", 503, "dnserr"),
    "the provider refuses": (
        "mixed", f"hostname=no.zone.example&myip={IPV4}", 502, "dnserr"),
    "the provider is busy": ("busy", f"hostname=busy.{ZONE}&myip={IPV4}", 503, "911"),
    "the provider is down": ("down", f"hostname=down.{ZONE}&myip={IPV4}", 503, "911"),
    "a name full of good words": (
        "good-lies", f"hostname=goodies-ok-true-updated-success-nochg.{ZONE}"
        f"&myip={CLOSED_AT}", 503, "dnserr"),
    "a bad address full of good words": (
        "device", f"hostname=device.{ZONE}&myip=good-nochg-ok", 400, "dnserr"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_is_one_bare_word_and_never_200(ask, published, matrix, case):
    user, query, status, word = FAILURES[case]
    answer = ask(user, query)
    matrix("words of dyndns2", case, "status", answer.status)
    matrix("words of dyndns2", case, "word", answer.body.strip())
    assert seen(answer) == (status, f"{word}\n")
    assert not LOOKS_GOOD.search(answer.body)
    assert (answer.header("WWW-Authenticate") is not None) == (status == 401)
    for name in ("device", "neighbour", "goodies-ok-true-updated-success-nochg", "n1"):
        assert published(name) == UNCHANGED


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_another_method_is_refused_with_a_bare_word(form, method):
    answer = form("device", "", method=method)
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, POST"
    assert not LOOKS_GOOD.search(answer.body)


def test_twenty_names_are_taken(ask, published):
    names = ",".join(f"n{i}.{ZONE}" for i in range(1, 21))
    assert seen(ask("many", f"hostname={names}&myip={IPV4}")) == (
        200, f"good {IPV4}\n" * 20)
    assert published("n20") == [IPV4, BEFORE["AAAA"]]
    assert published("n21") == UNCHANGED


def test_and_more_if_the_account_has_them(ask, published):
    names = ",".join(f"n{i}.{ZONE}" for i in range(1, 25))
    assert seen(ask("many", f"hostname={names}&myip={IPV4}")) == (
        200, f"good {IPV4}\n" * 24)
    assert published("n24") == [IPV4, BEFORE["AAAA"]]


@pytest.mark.parametrize("name", [
    "host", "HOSTNAME", "amp;hostname", "Host_ID", "fqdn", "hstname"])
@pytest.mark.parametrize("path", ["/nic/update", "/update"])
def test_what_should_narrow_never_widens(ask, published, name, path):
    answer = ask("many", f"{name}=n1.{ZONE}&ipv4={IPV4}", path=path)
    assert answer.status == 200, answer
    assert published("n1") == [IPV4, BEFORE["AAAA"]]
    assert published("n2") == UNCHANGED


def test_what_was_ignored_is_named_in_the_log(ask, published, household):
    mark = household.pool.mark()
    ask("device", f"hostname=device.{ZONE}&myip={IPV4}&ipv5=secret&system=dyndns")
    line = household.pool.since(mark, "device")[0]
    assert "; ignored: ipv5; login" in line
    assert "secret" not in line


@pytest.mark.parametrize("sent, kept", [
    (f"myip={IPV4},{ROUTER_IPV6}", IPV4),
    (f"myip={IPV4},2001:db8:1:de00::/59", IPV4),
])
def test_good_tells_what_is_kept(ask, published, sent, kept):
    """On a host without IPv6 nothing of it was kept."""
    assert seen(ask("plain", f"hostname=plain.{ZONE}&{sent}")) == (
        200, f"good {kept}\n")
    assert published("plain") == [IPV4, BEFORE["AAAA"]]


def test_a_network_is_no_address_but_a_prefix(ask, published):
    query = f"hostname=device.{ZONE}&myip={IPV4},{PREFIX}"
    assert seen(ask("device", query)) == (200, f"good {IPV4}\n")
    assert published("device") == [IPV4, IPV6]
    query = f"hostname=talking.{ZONE}&myip={IPV4},{PREFIX}"
    assert seen(ask("talking", query)) == (200, f"good {IPV4}\n")
    assert published("talking") == [IPV4, BEFORE["AAAA"]]


def test_the_native_way_has_its_own_limit(ask, published):
    names = ",".join(f"n{i}.{ZONE}" for i in range(1, 25))
    assert ask("many", f"hostname={names}&ipv4={IPV4}", path="/update").status == 200
    answer = ask("many", f"hostname={names},{names},{names}&ipv4={IPV4}",
                 path="/update")
    assert seen(answer) == (400, "hostname: more than 64 names\n")


# Several names.

def test_one_line_a_name_in_the_order_of_the_request(ask, published, household):
    household.world.powerdns.set(f"server.{ZONE}", A=IPV4)
    query = f"hostname=server.{ZONE},box.{ZONE}&myip={IPV4}"
    assert seen(ask("family", query)) == (200, f"nochg {IPV4}\ngood {IPV4}\n")
    household.world.powerdns.set(f"server.{ZONE}", A=BEFORE["A"])
    query = f"hostname=box.{ZONE},server.{ZONE},box.{ZONE}&myip={IPV4}"
    assert seen(ask("family", query)) == (
        200, f"nochg {IPV4}\ngood {IPV4}\nnochg {IPV4}\n")


def test_without_names_all_of_the_account_are_meant(ask, published):
    answer = ask("family", f"myip={IPV4}")
    assert seen(answer) == (503, f"good {IPV4}\ngood {IPV4}\nnochg\ndnserr\n")
    assert published("box")[0] == published("server")[0] == IPV4
    assert published("blind") == published("nas") == UNCHANGED


def test_an_unchanged_main_host_never_hides_a_changed_one(ask, published, household):
    """Every record is judged and published on its own merits."""
    household.world.powerdns.set(f"box.{ZONE}", A=household.world.router.ipv4, AAAA=ROUTER_IPV6)
    answer = ask("family", f"hostname=box.{ZONE},server.{ZONE},nas.{ZONE}"
                 f"&myip={ROUTER_IPV6}&prefix={PREFIX}")
    assert answer.status == 200
    assert answer.body.splitlines()[0] == f"nochg {ROUTER_IPV6}"
    assert [line.split()[0] for line in answer.body.splitlines()] == [
        "nochg", "good", "good"]
    assert published("server")[1] == published("nas")[1] == IPV6


@pytest.mark.parametrize("names, address, status, body", [
    (["fine", "blind"], IPV4, 503, "good {}\ndnserr\n"),
    (["blind", "fine"], IPV4, 503, "dnserr\ngood {}\n"),
    (["fine", "no"], IPV4, 502, "good {}\ndnserr\n"),
    (["no", "fine"], IPV4, 502, "dnserr\ngood {}\n"),
    (["fine", "blind", "no"], IPV4, 502, "good {}\ndnserr\ndnserr\n"),
    (["fine", "no"], CLOSED_AT, 502, "dnserr\ndnserr\n"),
    (["fine"], CLOSED_AT, 503, "dnserr\n"),
], ids=lambda v: "-".join(v) if isinstance(v, list) else None)
def test_the_worst_line_decides_the_status(
        ask, published, names, address, status, body):
    full = [f"{n}.zone.example" if n == "no" else f"{n}.{ZONE}" for n in names]
    answer = ask("mixed", f"hostname={','.join(full)}&myip={address}")
    assert seen(answer) == (status, body.format(address))
    assert published("blind") == UNCHANGED


def test_the_worst_family_wins_the_line_of_a_name(ask, published):
    answer = ask("device", f"hostname=device.{ZONE}&myip={CLOSED_AT}&prefix={PREFIX}")
    assert seen(answer) == (503, "dnserr\n")
    assert published("device") == UNCHANGED


# Addresses, by all the names that clients have for them.

@pytest.mark.parametrize("alias", [
    "myip", "ip", "ipv4", "myipv4", "ipaddr", "addr"])
@pytest.mark.parametrize("path", ["/nic/update", "/update"])
def test_names_of_the_ipv4_address(ask, published, alias, path):
    assert ask("device", f"{alias}={IPV4}", path=path).status == 200
    assert published("device") == [IPV4, BEFORE["AAAA"]]


@pytest.mark.parametrize("alias", [
    "myip", "ip", "ipv6", "myipv6", "myip6", "ip6", "ip6addr"])
@pytest.mark.parametrize("path", ["/nic/update", "/update"])
def test_names_of_the_ipv6_address(ask, published, alias, path):
    assert ask("talking", f"{alias}={ROUTER_IPV6}", path=path).status == 200
    assert published("talking") == [BEFORE["A"], ROUTER_IPV6]


@pytest.mark.parametrize("alias", [
    "prefix", "ipv6prefix", "ip6lanprefix", "ipv6lanprefix"])
@pytest.mark.parametrize("path", ["/nic/update", "/update"])
def test_names_of_the_prefix(ask, published, alias, path):
    assert ask("device", f"{alias}={PREFIX}", path=path).status == 200
    assert published("device") == [BEFORE["A"], IPV6]


@pytest.mark.parametrize("alias", ["hostname", "domain", "host_id"])
@pytest.mark.parametrize("path", ["/nic/update", "/update"])
def test_names_of_the_name(ask, published, alias, path):
    answer = ask("family", f"{alias}=box.{ZONE}&ipv4={IPV4}", path=path)
    assert answer.status == 200
    assert published("box")[0] == IPV4 and published("server") == UNCHANGED


def test_ddclient_s_way_to_say_host_id(ask, published):
    query = f"hostname=YES&host_id=box.{ZONE}&myip={IPV4}"
    assert seen(ask("family", query)) == (200, f"good {IPV4}\n")


@pytest.mark.parametrize("query", [
    "offline=YES", "offline=NO", "wildcard=ON", "wildcard=NOCHG", "mx=mail.example.org",
    "backmx=YES", "system=dyndns", "system=statdns", "system=custom", "dualstack=1",
    "unheard=of", "offline", ""])
def test_what_nobody_needs_is_ignored(ask, published, query):
    answer = ask("device", f"{query}&hostname=device.{ZONE}&myip={IPV4}&{query}")
    assert seen(answer) == (200, f"good {IPV4}\n")
    assert published("device") == [IPV4, BEFORE["AAAA"]]


@pytest.mark.parametrize("sent, word", [
    (f"myip={IPV4},{ROUTER_IPV6}", f"{IPV4},{ROUTER_IPV6}"),
    (f"myip={ROUTER_IPV6},{IPV4}", f"{IPV4},{ROUTER_IPV6}"),
    (f"myip={IPV4}&myipv6={ROUTER_IPV6}", f"{IPV4},{ROUTER_IPV6}"),
    (f"myip=%20{IPV4}/32%20,%20,{ROUTER_IPV6}/64", f"{IPV4},{ROUTER_IPV6}"),
    (f"myip={IPV4},{IPV4}&myip={IPV4}&myipv6={ROUTER_IPV6}", f"{IPV4},{ROUTER_IPV6}"),
    (f"myip={IPV4},&myipv6={ROUTER_IPV6.replace(':', '%3a')}", f"{IPV4},{ROUTER_IPV6}"),
    (f"myip={ROUTER_IPV6.upper()}&ipv4={IPV4}", f"{IPV4},{ROUTER_IPV6}"),
])
def test_lists_of_both_families(ask, published, sent, word):
    answer = ask("talking", f"hostname=talking.{ZONE}&{sent}")
    assert seen(answer) == (200, f"good {word}\n")
    assert published("talking") == [IPV4, ROUTER_IPV6]


def test_one_family_says_nothing_of_the_other(ask, published):
    """What was built from the prefix is not on a line that was asked for IPv4."""
    query = f"hostname=device.{ZONE}&myip={IPV4}&prefix={PREFIX}"
    assert seen(ask("device", query)) == (200, f"good {IPV4}\n")
    assert published("device") == [IPV4, IPV6]


def test_a_prefix_alone_hears_what_became_of_it(ask, published):
    query = f"hostname=device.{ZONE}&prefix={PREFIX}"
    assert seen(ask("device", query)) == (200, f"good {IPV6}\n")


def test_many_hosts_behind_one_prefix(ask, published):
    """The router and its servers, each with a kind of proof, in one request."""
    names = ",".join(f"{n}.{ZONE}" for n in ("box", "server", "nas"))
    sent = f"{IPV4},{ROUTER_IPV6}"
    answer = ask("family", f"hostname={names}&myip={sent}&prefix={PREFIX}")
    # To each what is kept of it: the server has an IPv6 address of its own.
    assert seen(answer) == (
        200, f"good {sent}\ngood {IPV4}\ngood {IPV6}\n")
    assert published("box") == [IPV4, ROUTER_IPV6]
    assert published("server") == [IPV4, IPV6]
    assert published("nas") == [BEFORE["A"], IPV6]


def test_a_mac_address_makes_the_suffix(ask, published):
    """EUI-64: the bit of the maker turned over, fffe in the middle."""
    made = "2a01:c22:b045:defc:5054:ff:fe12:3456"
    assert seen(ask("mac", f"prefix={PREFIX}")) == (200, f"good {made}\n")
    assert published("mac") == [BEFORE["A"], made]


# What is not public, and what goes away.

def test_if_public_leaves_a_carrier_s_address_out(ask, published, household):
    for address in ("100.64.7.9", "192.168.178.20", "192.0.0.2"):
        household.world.powerdns.set(f"cgnat.{ZONE}", **BEFORE)
        query = f"hostname=cgnat.{ZONE}&myip={address},{ROUTER_IPV6}"
        assert ask("cgnat", query).status == 200
        assert published("cgnat") == [BEFORE["A"], ROUTER_IPV6]
    answer = ask("cgnat", f"hostname=strict.{ZONE}&myip=100.64.7.9,{ROUTER_IPV6}")
    assert seen(answer) == (400, "dnserr\n")
    assert published("strict") == UNCHANGED


def test_if_public_says_so(ask, published, household):
    answer = ask("cgnat", f"hostname=cgnat.{ZONE}&ipv4=100.64.7.9&ipv6={ROUTER_IPV6}",
                 path="/update", Accept="application/json")
    assert json.loads(answer.body)["hosts"] == [{
        "name": f"cgnat.{ZONE}", "verdict": "good", "records": [
            {"type": "A", "address": "100.64.7.9", "verdict": "left"},
            {"type": "AAAA", "address": ROUTER_IPV6, "verdict": "good"}]}]
    mark = household.pool.mark()
    ask("cgnat", f"hostname=cgnat.{ZONE}&myip=100.64.7.9")
    assert "A 100.64.7.9 left [" in household.pool.since(mark, "cgnat")[0]


def test_if_public_publishes_a_public_one(ask, published):
    ask("cgnat", f"hostname=cgnat.{ZONE}&myip={IPV4}")
    assert published("cgnat") == [IPV4, BEFORE["AAAA"]]


@pytest.mark.parametrize("query, left", [
    ("ipv4=none", [BEFORE["AAAA"]]),
    ("ipv6=none", [BEFORE["A"]]),
    ("myip=none", []),
    ("ipv4=NONE", [BEFORE["AAAA"]]),
    ("prefix=none", [BEFORE["A"]]),
    (f"ipv4=none&ipv6={ROUTER_IPV6}", [ROUTER_IPV6]),
])
def test_the_word_none_removes(ask, published, query, left):
    answer = ask("leaver", f"hostname=leaver.{ZONE}&{query}")
    assert answer.status == 200 and answer.body.startswith("good"), answer
    assert published("leaver") == left
    answer = ask("leaver", f"hostname=leaver.{ZONE}&{query}")
    assert answer.status == 200 and answer.body.startswith("nochg"), answer
    assert published("leaver") == left


@pytest.mark.parametrize("query", ["ipv4=none", "ipv6=none", "myip=none"])
def test_it_removes_only_where_the_host_allows_it(ask, published, query):
    answer = ask("leaver", f"hostname=stayer.{ZONE}&{query}")
    assert seen(answer) == (400, "dnserr\n")
    assert published("stayer") == UNCHANGED


@pytest.mark.parametrize("query", [
    "ipv4=", "ipv4=%20", "ipv4=null", "ipv4=0", "ipv4=delete", "ipv4=0.0.0.0",
    f"ipv4=none&ipv4={IPV4}", f"myip=none,{IPV4}", "offline=YES"])
def test_no_other_word_removes(ask, published, query):
    answer = ask("leaver", f"hostname=leaver.{ZONE}&{query}")
    assert answer.status == 400, answer
    assert published("leaver") == UNCHANGED


def test_removal_at_a_provider_is_a_removal(ask, published, household):
    before = len(household.world.stub.seen("fine"))
    ask("stub-leaver", f"hostname=stub-leaver.{ZONE}&ipv4=none&ipv6={ROUTER_IPV6}")
    writes = [json.loads(r.body)["rrsets"] for r in
              household.world.stub.seen("fine")[before:] if r.method == "PATCH"]
    # An empty zone has no A to remove.
    assert [[(s["type"], s["changetype"]) for s in sets] for sets in writes] == [
        [("AAAA", "REPLACE")]]


# Devices with gaps.

def test_the_connection_tells_the_address(ask, published, household):
    answer = ask("mute", f"hostname=mute.{ZONE}")
    assert seen(answer) == (200, f"good {household.world.router.ipv4}\n")
    assert published("mute") == [household.world.router.ipv4, BEFORE["AAAA"]]


def test_an_ipv6_connection_tells_the_prefix(ask, published, household):
    answer = ask("mute", "", host=household.line, ipv6=True)
    assert answer.status == 200, answer
    assert published("mute") == [BEFORE["A"], LINE[1]]
    assert published("shelf") == [BEFORE["A"], SHELF[1]]


def test_what_the_device_says_goes_before_the_connection(ask, published):
    ask("mute", f"hostname=mute.{ZONE}&myip={IPV4}")
    assert published("mute") == [IPV4, BEFORE["AAAA"]]


def test_an_address_from_the_connection_is_proved_as_any_other(
        ask, published, household):
    answer = ask("proven-line", "", host=household.line)
    assert seen(answer) == (200, f"good {LINE[0]}\n")
    assert published("line") == [LINE[0], BEFORE["AAAA"]]
    answer = ask("proven-line", "")             # from the router: no server there
    assert seen(answer) == (503, "dnserr\n")
    assert published("line") == [LINE[0], BEFORE["AAAA"]]


def test_a_prefix_from_the_connection_is_proved_as_any_other(ask, published):
    """Nobody has ::8 in the /64 of the router."""
    answer = ask("mute", f"hostname=shelf.{ZONE}", ipv6=True)
    assert seen(answer) == (503, "dnserr\n")
    assert published("shelf") == UNCHANGED


def test_without_the_opt_in_the_connection_tells_nothing(ask, published):
    assert seen(ask("talking", f"hostname=talking.{ZONE}")) == (400, "dnserr\n")
    assert published("talking") == UNCHANGED


def login(user, token):
    return f"username={user}&password={token}"


def test_a_login_in_the_query_where_the_account_allows_it(ask, published, household):
    query = f"hostname=device.{ZONE}&myip={IPV4}&"
    assert seen(ask(None, query + login("device", household.world.token))) == (
        200, f"good {IPV4}\n")
    assert ask(None, query + login("device", "wrong")).status == 401
    # The header counts, if there is one.
    assert ask("device", query + login("device", household.world.token),
               token="wrong").status == 401
    assert published("device") == [IPV4, BEFORE["AAAA"]]


def test_a_login_in_the_query_tells_nothing_about_the_account(
        ask, published, household):
    """Allowed or not, right or wrong: the bytes of the answer are the same."""
    token = household.world.token
    answers = [ask(None, f"myip={IPV4}&{login}") for login in (
        login("header", token), login("header", "wrong"), login("device", "wrong"),
        login("nobody", token), login("nobody", "wrong"), "username=header",
        f"password={token}", login("", token), login("header", ""),
        login("a:b", token), "")]
    answers.append(ask("device", f"myip={IPV4}", token="wrong"))
    assert {a.status for a in answers} == {401}
    assert len({repr(a.seen()) for a in answers}) == 1
    assert published("header") == UNCHANGED
    assert ask("header", f"myip={IPV4}").status == 200


def test_a_form_is_as_good_as_a_query(form, published, household):
    answer = form("device", f"hostname=device.{ZONE}&myip={IPV4}")
    assert (answer.status, answer.body) == (200, f"good {IPV4}\n")
    assert published("device") == [IPV4, BEFORE["AAAA"]]
    answer = form("device", f"hostname=device.{ZONE}",
                  target=f"/nic/update?prefix={PREFIX.replace(':', '%3A')}")
    assert (answer.status, answer.body) == (200, f"good {IPV6}\n")
    answer = form("device", f"myip=+{IPV4}+", kind="text/plain")
    assert answer.status == 400             # not a form: nothing was said
    answer = form("device", f"myip=+{IPV4}+")
    assert answer.status == 200             # in a form, a plus is a blank


def test_a_form_may_hold_the_login(form, published, household):
    answer = form(None, f"myip={IPV4}&" + login("device", household.world.token))
    assert (answer.status, answer.body) == (200, f"good {IPV4}\n")
    answer = form(None, f"myip={IPV4}&" + login("header", household.world.token))
    assert (answer.status, answer.body) == (401, "badauth\n")
    assert published("header") == UNCHANGED


@pytest.mark.parametrize("path", ["/nic/checkip", "/checkip"])
def test_checkip_tells_anybody_where_he_comes_from(ask, household, path):
    assert seen(ask(None, "", path=path)) == (
        200, f"Current IP Address: {household.world.router.ipv4}\n")
    assert seen(ask(None, "", path=path, ipv6=True)) == (
        200, f"Current IP Address: {household.world.router.ipv6}\n")


# What a relay can do, and what it cannot.

def test_a_relay_passes_the_plain_proof(ask, published):
    """The limit of it: the real server answers, from somewhere else."""
    answer = ask("plain", f"myip={RELAY[0]}")
    assert seen(answer) == (200, f"good {RELAY[0]}\n")
    assert published("plain") == [RELAY[0], BEFORE["AAAA"]]


def test_a_relay_is_refused_by_its_echo(ask, published, household):
    mark = household.pool.mark()
    answer = ask("echo", f"myip={RELAY[0]}")
    assert seen(answer) == (503, "dnserr\n")
    assert published("echo") == UNCHANGED
    assert any("echo" in line.partition("[")[2]
               for line in household.pool.since(mark, f"echo.{ZONE}"))


def test_the_real_server_is_not(ask, published):
    answer = ask("echo", f"myip={SHELF[0]}")
    assert seen(answer) == (200, f"good {SHELF[0]}\n")
    assert published("echo") == [SHELF[0], BEFORE["AAAA"]]


def test_a_server_without_the_echo_is_refused(ask, published):
    """Its answer to the path is a page, and no address of ours."""
    answer = ask("echo", f"myip={IPV4}")
    assert seen(answer) == (503, "dnserr\n")
    assert published("echo") == UNCHANGED
