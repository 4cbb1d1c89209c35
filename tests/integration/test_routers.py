"""examples/routers: what the pages tell people to type is typed, and it works."""

import os
import re
import subprocess
import textwrap

import pytest
from household import LINE
from lab import clients, devices
from lab.clients import Update
from lab.gateway import ROOT
from lab.stage import BEFORE, CLAIM, GATEWAY, ROUTER, WEB, ZONE

PAGES = sorted(name.removesuffix(".md")
               for name in os.listdir(f"{ROOT}/examples/routers"))
# How many update URLs each page has, so that none is overlooked.
URLS = {"curl": 1, "ddclient": 1, "draytek": 1, "fritzbox": 1, "inadyn": 1,
        "mikrotik": 1, "openwrt": 2, "opnsense": 2, "pfsense": 3, "synology": 1,
        "unifi": 1}
# The words of each device for its IPv4 address, the name, and the login.
IPV4_WORDS = ("192.0.2.1", "<ipaddr>", "[IP]", "__MYIP__", "%IP%", "%i", "###IP###")
NAME_WORDS = ("[DOMAIN]", "__HOSTNAME__", "%h")
OTHER_WORDS = {"<ip6addr>": CLAIM["ipv6"], "<ip6lanprefix>": CLAIM["prefix"],
               "2001:db8::/56": "2a01:c22:b045:de00::/56"}
# Where a device has only its own IPv6 address to tell the prefix by.
SAMPLE = "2a01:c22:b045:de00:1234:56ff:fe78:9abc"
TOKEN = ("the-token-of-your-DNS-provider", "the token of your DNS provider")


@pytest.fixture
def page(household):
    """page(name, account): what the program prints."""
    def show(name, account="device"):
        done = subprocess.run(
            [household.world.binary, "router", name, "--account", account, "--config",
             household.pool.configuration], text=True, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout
    return show


@pytest.fixture
def before(household):
    household.world.powerdns.set(*household.names(), **BEFORE)
    return household


def send(household, request):
    """The answer to a device that is the router."""
    return devices.send(household.world.router, household.gateway.host.ipv4, GATEWAY,
                        household.gateway.trust, request)


def urls(text):
    """Every URL for an update on a page, or its path where only that is typed."""
    script = text.replace('" . $v4 . "', "192.0.2.1/32").replace(
        '" . $prefix)', "2001:db8::/56")
    found = re.findall(
        rf"(?:https://)?{re.escape(GATEWAY)}(/[^\s`'\"]+)|^    (/nic/\S+)"
        r"|ddns-path *= *\"(/[^\"]+)", script, re.M)
    return [one for one in ("".join(f) for f in found) if "update?" in one]


def fill(url, update):
    """What a device makes of it."""
    for word in NAME_WORDS:
        url = url.replace(word, update.hostname)
    for word in IPV4_WORDS:
        url = url.replace(f"prefix={word}", f"prefix={SAMPLE}")
        url = url.replace(f"myipv6={word}", f"myipv6={CLAIM['ipv6']}")
        url = url.replace(word, update.ipv4)
    for word, value in OTHER_WORDS.items():
        url = url.replace(word, value)
    for word in ("__USERNAME__", "###USER###"):
        url = url.replace(word, update.user)
    for word in ("__PASSWORD__", "###PASSWORD###"):
        url = url.replace(word, update.token)
    assert not re.search(r"[][<>{}#]|__|%[A-Za-z]", url), f"not filled: {url}"
    return url


def test_every_page_is_listed_and_known_here(household):
    told = subprocess.run([household.world.binary, "router", "--list"], text=True,
                          capture_output=True, check=True).stdout
    assert told.split() == PAGES == sorted(URLS)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_filled_in(page, name):
    text = page(name)
    assert "device" in text and GATEWAY in text
    assert not re.search(r"\{(url|server|user|hosts?)\}|example\.org", text)
    assert len(urls(text)) == URLS[name]


@pytest.mark.parametrize("name", PAGES)
def test_the_urls_of_a_page_update(before, page, name):
    for number in range(URLS[name]):
        account, wanted = "device", WEB[1]
        if "myipv6=" in urls(page(name))[number]:       # says so: for a router
            account, wanted = "talking", CLAIM["ipv6"]
        update = Update(GATEWAY, account, before.world.token, f"{account}.{ZONE}",
                        WEB[0])
        before.world.powerdns.set(update.hostname, **BEFORE)
        url = fill(urls(page(name, account))[number], update)
        answer = send(before, devices.request(
            url, update, login="password=" not in url))
        assert answer.status == 200, (url, answer)
        assert "good" in answer.body
        ipv6 = re.search("prefix=|myipv6=", url)
        assert before.after(update) == [
            WEB[0] if WEB[0] in url else BEFORE["A"],
            wanted if ipv6 else BEFORE["AAAA"]]


def test_no_page_sends_the_login_where_it_need_not(page):
    assert [name for name in PAGES if "password=" in "".join(urls(page(name)))] == [
        "draytek", "synology"]


def block(text, word):
    """The first indented block of a page that has a word in it."""
    blocks = re.findall(r"(?:^(?:    .*)?\n)+", text, re.M)
    return textwrap.dedent(next(b for b in blocks if word in b)).strip() + "\n"


@pytest.fixture
def machine(before, tmp_path):
    """At home, on a line with a web server: its own address can be proved."""
    return clients.Machine(before.line, str(tmp_path), {
        GATEWAY: before.gateway.host.ipv4}, before.gateway.trust)


@pytest.fixture
def typed(before, page):
    """typed(name, word): a block of a page, with the token put in."""
    def text(name, word, account="device"):
        lines = block(page(name, account), word)
        for placeholder in TOKEN:
            lines = lines.replace(placeholder, before.world.token)
        return lines
    return text


def test_ddclient_with_the_file_of_its_page(before, machine, typed, page):
    file = typed("ddclient", "protocol=dyndns2").replace(
        "ssl=yes\n", f"ssl=yes\nssl_ca_file={machine.trust}\n")
    path = machine.write("ddclient.conf", file, machine.desk())
    said = clients.ddclient_says(machine, path, f"{path}.cache", f"device.{ZONE}")
    assert said == "SUCCESS, exit 0, cached"
    assert before.world.powerdns.dig(f"device.{ZONE}", "A") == [LINE[0]]
    machine.write("ddclient.conf", file.replace(before.world.token, "wrong"),
                  os.path.dirname(path))
    done = machine.run(["ddclient", "-daemon=0", "-force", "-verbose", "-noquiet",
                        "-file", path, "-cache", f"{path}.cache"])
    words = re.findall(r"\| (FAILED: .*?) \|", page("ddclient"))
    assert words and all(all(part in " ".join(done.stdout.split())
                             for part in w.split(" ... ")) for w in words)


def test_inadyn_with_the_file_of_its_page(before, machine, typed, monkeypatch):
    monkeypatch.setenv("CURL_CA_BUNDLE", machine.trust)     # for its checkip-command
    desk = machine.desk()
    file = f'ca-trust-file = "{machine.trust}"\n' + typed("inadyn", "custom ddnsgate")
    path = machine.write("inadyn.conf", file, desk)
    assert clients.inadyn_says(machine, desk, path) == "exit 0, cached"
    assert before.world.powerdns.dig(f"device.{ZONE}", "A") == [LINE[0]]


@pytest.mark.parametrize("account, said", [
    ("device", [f"device.{ZONE} good {WEB[0]} {WEB[1]}\n", None]),
    ("proven-line", [None, f"line.{ZONE} good {LINE[0]}\n"]),
])
def test_curl_with_the_commands_of_its_page(before, machine, typed, page, account, said,
                                            monkeypatch):
    """The second one is for an account that takes the address of the connection."""
    monkeypatch.setenv("CURL_CA_BUNDLE", machine.trust)
    netrc = machine.write("netrc", typed("curl", "machine ", account), machine.desk())
    commands = re.findall(r"^    (curl .*)$", page("curl", account), re.M)
    assert len(commands) == len(said) == 2
    for command, words in zip(commands, said):
        if words is None:
            continue
        for placeholder, value in (
                ("/etc/ddnsgate.netrc", netrc), ("192.0.2.1", WEB[0]),
                ("2001:db8::/56", CLAIM["prefix"])):
            command = command.replace(placeholder, value)
        done = machine.run(["sh", "-c", command])
        assert (done.returncode, done.stdout) == (0, words)


def test_the_commands_of_the_curl_page_say_nothing_when_they_fail(
        before, machine, typed, page, monkeypatch):
    monkeypatch.setenv("CURL_CA_BUNDLE", machine.trust)
    netrc = machine.write("netrc", typed("curl", "machine "), machine.desk())
    command = re.findall(r"^    (curl -4.*)$", page("curl"), re.M)[0]
    done = machine.run(["sh", "-c", command.replace("/etc/ddnsgate.netrc", netrc)])
    assert (done.returncode, done.stdout) == (22, "")


# What the pages say about failures: the statuses of each table.

CGNAT = "/update?ipv4=100.64.7.9"
SHORT = "/update?prefix=2a01:c22:b045::/48"


@pytest.mark.parametrize("pages, target, status", [
    (("fritzbox",), f"{CGNAT}&ipv6=&prefix=", "400"),
    (("fritzbox", "mikrotik"), SHORT, "400"),
    (("unifi",), f"/nic/update?hostname=device.{ZONE}&myip=100.64.7.9", "400"),
    (("inadyn", "opnsense", "openwrt"), "/nic/update?myip=100.64.7.9", "400"),
    (("unifi", "inadyn", "opnsense", "openwrt"),
     f"/nic/update?hostname=neighbour.{ZONE}&myip={WEB[0]}", "403"),
    (("fritzbox", "mikrotik"), f"/update?ipv4={ROUTER[0]}", "403"),
    (("unifi", "inadyn", "opnsense"), f"/nic/update?myip={ROUTER[0]}", "503"),
])
def test_the_statuses_that_the_pages_explain(before, page, pages, target, status):
    update = Update(GATEWAY, "device", before.world.token, "", "")
    answer = send(before, devices.request(target, update))
    assert str(answer.status) == status, answer
    for name in pages:
        assert re.search(rf"^\|[^|]*\b{status}\b|^\|[^|]*\|[^|]*\b{status}\b",
                         page(name), re.M), f"{name} does not explain {status}"


@pytest.mark.parametrize("pages, target, word", [
    (("draytek", "pfsense", "curl"), None, "badauth"),
    (("draytek", "pfsense"), f"/nic/update?myip={ROUTER[0]}", "dnserr"),
    (("pfsense",), f"/nic/update?hostname=neighbour.{ZONE}&myip={WEB[0]}", "nohost"),
    (("curl",), f"/update?ipv4={ROUTER[0]}", "proof"),
    (("curl",), CGNAT, "address"),
])
def test_the_words_that_the_pages_explain(before, page, pages, target, word):
    update = Update(GATEWAY, "device", before.world.token, "", "")
    answer = send(before, devices.request(target or "/nic/update", update,
                                          login=target is not None))
    assert answer.body.split()[-1] == word
    for name in pages:
        assert re.search(rf"^\|[^|]*`{word}`", page(name), re.M), name
