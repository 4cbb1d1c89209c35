"""Which addresses are taken, and that others cause no packet at all."""

import pytest
from lab.packets import Capture
from lab.router import basic
from lab.stage import BEFORE, CLAIM, USER, WEB, ZONE
from world import CERTIFICATES_AT

GOOD = CERTIFICATES_AT["good"]
UNCHANGED = list(BEFORE.values())

SPECIAL_IPV4 = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "127.0.0.1",
    "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.9",
    "192.0.2.1", "192.88.99.1", "192.168.178.1", "198.18.0.1", "198.51.100.7",
    "203.0.113.7", "224.0.0.1", "240.0.0.1", "255.255.255.255",
]
SPECIAL_IPV6 = [
    "::", "::1", "::7f00:1", "::ffff:7f00:1", "64:ff9b::a00:1", "100::1", "2001::1",
    "2001:db8::1", "2002:7f00:1::1", "3fff::1", "4000::1", "5f00::1", "fc00::1",
    "fd12:3456:789a::1", "fe80::1", "fec0::1", "ff02::1",
]
NO_IPV4 = [
    "89.14.163", "89.14.163.1561", "089.14.163.156", "0x59.14.163.156", "1494131612",
    "89.14.163.156.", "89.14.163.156/33", "89.14.163.156/", "89.14.163.156;1",
    "89.14.163.256", "::ffff:89.14.163", "89.14.163.0/24", "chaos-wg.net", "localhost", "eth0",
    "89.14.163.156%00", "89.14.163.156,10.0.0.1",
]
NO_IPV6 = [
    "2a01:c22:b045:defc::8%25", "[2a01:c22:b045:defc::8", "2a01::b045::8",
    "2a01:c22:b045:defc::8/129", "2a01:c22:b045:defc:1:2:3:4:5", "89.14.163.156",
    "::ffff:89.14.163.156", "2a01:c22:b045:defc::g",
]
NO_PREFIX = [
    "2a01:c22:b045::/48",               # the host's configuration asks for 56
    "2a01:c22:b045:de00::/129", "2a01:c22:b045:de00::/-1",
    "2a01:c22:b045:de00::/64x", "2a01:c22:b045:de00::/", "fd00:1:2:3::/64",
    "fe80::/64", "::/0", "89.14.163.0/24", "2001:db8:1:2::/64",
]


def from_the_box(world, account, query):
    """The query as it stands, so that the odd spellings stay odd."""
    return world.box.get(f"/update?{query}", {
        "Authorization": basic(account, world.token)})


def refused_silently(world, account, rows):
    """Sends the queries; each must get 400, and nothing must leave the proxy."""
    with Capture(world.proxy) as capture:
        answers = {query: from_the_box(world, account, query) for query in rows}
    wrong = {query: a for query, a in answers.items() if a.status != 400}
    assert not wrong
    sent = [p for p in capture.packets
            if p.source in world.proxy.addresses and p.source_port != 443]
    assert sent == []


def test_the_capture_would_have_seen_a_packet(world, dns):
    with Capture(world.proxy) as capture:
        world.update("both", ipv4=GOOD[0], ipv6=GOOD[1])
    opened = {p.target for p in capture.packets
              if p.opening and p.source in world.proxy.addresses}
    assert {*GOOD, world.provider.ipv4} <= opened | set(world.provider.addresses)


@pytest.mark.parametrize("account, parameter, addresses", [
    ("both", "ipv4", SPECIAL_IPV4),
    ("both", "ipv6", SPECIAL_IPV6),
    ("both", "ipv4", NO_IPV4),
    ("both", "ipv6", NO_IPV6),
    (USER, "prefix", NO_PREFIX),
], ids=["special-ipv4", "special-ipv6", "no-ipv4", "no-ipv6", "no-prefix"])
def test_refused_before_any_packet(world, dns, account, parameter, addresses):
    refused_silently(world, account, [f"{parameter}={a}" for a in addresses])
    assert dns.addresses(f"both.{ZONE}") == UNCHANGED
    assert dns.addresses(ZONE) == UNCHANGED


def test_our_own_addresses_are_refused(world, dns):
    ipv4, ipv6 = world.proxy.addresses
    refused_silently(world, "both", [f"ipv4={ipv4}", f"ipv6={ipv6}"])


def test_a_special_address_says_so_in_the_answer(world, dns):
    answer = world.update("both", ipv4="10.0.0.1")
    assert answer.body == f"both.{ZONE} address\n"


def test_one_special_address_spoils_the_whole_host(world, dns):
    answer = world.update("both", ipv4=GOOD[0], ipv6="fd00::1")
    assert answer.status == 400, answer
    assert dns.addresses(f"both.{ZONE}") == UNCHANGED


def test_allow_opens_a_network_of_a_laboratory(world, dns):
    answer = world.update("laboratory", ipv4="10.1.2.3")
    assert answer.status == 200, answer
    assert world.update("laboratory", ipv4="192.168.1.1").status == 400
    assert dns.dig(f"laboratory.{ZONE}", "A") == ["10.1.2.3"]


@pytest.mark.parametrize("parameters, wanted", [
    ({"ipv4": WEB[0]}, [WEB[0], BEFORE["AAAA"]]),
    ({"prefix": CLAIM["prefix"]}, [BEFORE["A"], WEB[1]]),
    ({"ipv4": WEB[0], "prefix": ""}, [WEB[0], BEFORE["AAAA"]]),
    ({"ipv4": "", "prefix": CLAIM["prefix"]}, [BEFORE["A"], WEB[1]]),
    ({"ipv4": "", "ipv6": "", "prefix": ""}, UNCHANGED),
    ({}, UNCHANGED),
], ids=["only-ipv4", "only-prefix", "empty-prefix", "empty-ipv4", "all-empty", "none"])
def test_absent_or_empty_means_keep(world, dns, parameters, wanted):
    answer = world.update(USER, **parameters)
    assert dns.addresses(ZONE) == wanted, answer
    if wanted != UNCHANGED:
        assert answer.status == 200, answer


@pytest.mark.parametrize("query", [
    f"ipv4=%20{GOOD[0]}%20&ipv6={GOOD[1]}",
    f"ipv4=::ffff:{GOOD[0]}&ipv6=[{GOOD[1]}]", f"ipv4=\"{GOOD[0]}\"&ipv6={GOOD[1]}%25eth0",
    f"IPV4={GOOD[0]}&amp;MyIPv6={GOOD[1]},fd00::1", f"ipv4={GOOD[0]}/32&ipv6={GOOD[1]}/64",
    f"ipv4={GOOD[0]}&ipv6={GOOD[1].upper().replace(':', '%3A')}"])
def test_what_routers_put_around_an_address(world, dns, query):
    answer = from_the_box(world, "both", query)
    assert answer.status == 200, answer
    assert dns.addresses(f"both.{ZONE}") == list(GOOD)


@pytest.mark.parametrize("none", [
    "prefix=::/64", "prefix=fe80::/64", "prefix=%3Cip6lanprefix%3E", "myipv6=no",
    "myipv6=preserve", "ipv6=__MYIPV6__", "ipv6=%25i", "ipv6=[IP]", "ipv6=fe80::1%25eth0"])
def test_no_ipv6_now_is_no_reason_against_ipv4(world, dns, none):
    answer = from_the_box(world, USER, f"ipv4={WEB[0]}&{none}")
    assert answer.status == 200, answer
    assert dns.addresses(ZONE) == [WEB[0], BEFORE["AAAA"]]


@pytest.mark.parametrize("prefix", [
    "2a01:c22:b045:de00", "2a01:c22:b045:de00/56", "fd00:1:2:3::/64,2a01:c22:b045:de00::/64",
    "2a01:c22:b045:de00::/56", "2a01:c22:b045:de00::/64", "2a01:c22:b045:de7f::/64",
    "2A01:0C22:B045:DE00:0:0:0:0/64", "2a01:c22:b045:de00:1:2:3:4/60"])
def test_the_delegated_length_is_ours_to_know(world, dns, prefix):
    answer = world.update(USER, prefix=prefix)
    assert (answer.status, answer.body) == (200, f"{ZONE} good {WEB[1]}\n")


def test_hostname_narrows_the_request(world, dns):
    answer = world.update("several", ipv4=GOOD[0], hostname=f"b.{ZONE}")
    assert (answer.status, answer.body) == (200, f"b.{ZONE} good {GOOD[0]}\n")
    assert dns.dig(f"a.{ZONE}", "A") == [BEFORE["A"]]


@pytest.mark.parametrize("hostname", [
    ZONE, f"a.{ZONE},{ZONE}", f"a.{ZONE},nobody.example", "nobody.example"])
def test_the_host_of_somebody_else_stops_everything(world, dns, hostname):
    answer = world.update("several", ipv4=GOOD[0], hostname=hostname)
    assert answer.status == 403, answer
    assert dns.dig(f"a.{ZONE}", "A") == [BEFORE["A"]]
    assert dns.addresses(ZONE) == UNCHANGED
