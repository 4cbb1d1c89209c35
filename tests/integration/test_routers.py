"""examples/routers: what the pages tell people to type is typed, and it works."""

import functools
import json
import os
import re
import subprocess
import textwrap

import pytest
from household import LINE, TOKEN
from lab import clients, devices
from lab.clients import Update
from lab.gateway import ROOT
from lab.stage import BEFORE, CLAIM, GATEWAY, ROUTER, WEB, ZONE

PAGES = sorted(name.removesuffix(".txt")
               for name in os.listdir(f"{ROOT}/examples/routers"))
# How many update URLs each page has, so that none is overlooked: for an account
# with a host for the router and hosts behind it.
URLS = {"curl": 1, "ddclient": 1, "docker": 1, "draytek": 1, "fritzbox": 1,
        "homeassistant": 1, "inadyn": 1, "kubernetes": 1, "linux": 1, "mikrotik": 1,
        "omada": 1, "openwrt": 2, "opnsense": 2, "pfsense": 3, "synology": 1,
        "teltonika": 1, "unifi": 1, "windows": 1, "zyxel": 1}
ACCOUNTS = ("device", "talking", "family")
# The words of each device for its IPv4 address, the name, and the login.
IPV4_WORDS = ("192.0.2.1", "<ipaddr>", "[IP]", "__MYIP__", "%IP%", "%i", "###IP###",
              "$v4")
IPV6_WORDS = ("$v6",)
NAME_WORDS = ("[DOMAIN]", "__HOSTNAME__", "%h")
OTHER_WORDS = {"<ip6addr>": CLAIM["ipv6"], "<ip6lanprefix>": CLAIM["prefix"],
               "2001:db8::/56": "2a01:c22:b045:de00::/56"}
# Where a device has only its own IPv6 address to tell the prefix by.
SAMPLE = "2a01:c22:b045:de00:1234:56ff:fe78:9abc"
EXPANDED = "2a01:0c22:b045:de00:1234:56ff:fe78:9abc"    # as OpenWrt writes it


def send(household, request):
    """The answer to a device that is the router."""
    return devices.send(household.world.router, household.gateway.host.ipv4, GATEWAY,
                        household.gateway.trust, request)


def urls(text):
    """Every URL for an update on a page, or its path where only that is typed."""
    script = text.replace('" . $v4 . "', "192.0.2.1/32").replace(
        '" . $prefix)', "2001:db8::/56").replace('"$url/', f'"https://{GATEWAY}/')
    script = script.replace("{{ states('sensor.myip') }}", "$v4").replace(
        "{{ states('sensor.myip_ipv6') }}", "$v6").replace("\\\n          &", "&")
    found = re.findall(
        rf"(?:https://)?{re.escape(GATEWAY)}(/[^\s`'\"]+)|^    (/nic/\S+)"
        r"|ddns-path *= *\"(/[^\"]+)", script, re.M)
    return [one for one in ("".join(f) for f in found) if "update?" in one]


def fill(url, update):
    """What a device makes of it."""
    for word in NAME_WORDS:
        url = url.replace(word, update.hostname)
    for word in (*IPV4_WORDS, *IPV6_WORDS):
        url = url.replace(f"prefix={word}", f"prefix={SAMPLE}")
        url = url.replace(f"ipv6={word}", f"ipv6={CLAIM['ipv6']}")
        url = url.replace(word, update.ipv4)
    for word, value in OTHER_WORDS.items():
        url = url.replace(word, value)
    for word in ("__USERNAME__", "###USER###"):
        url = url.replace(word, update.user)
    for word in ("__PASSWORD__", "###PASSWORD###"):
        url = url.replace(word, update.token)
    assert not re.search(r"[][<>{}#$]|__|%[A-Za-z]", url), f"not filled: {url}"
    return url


def test_every_page_is_listed_and_known_here(household):
    told = subprocess.run([household.world.binary, "router", "--list"], text=True,
                          capture_output=True, check=True).stdout
    assert told.split() == PAGES == sorted(URLS)


def test_readme_lists_every_page():
    with open(f"{ROOT}/README.md", encoding="utf-8") as f:
        rows = re.findall(r"^\|.*\| \[(\w+)\]\(examples/routers/(\w+)\.txt\) \|",
                          f.read(), re.M)
    assert sorted(rows) == [(name, name) for name in PAGES]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_it_was_tried_with(page, name):
    last = " ".join(page(name).strip().split("\n\n")[-1].split())
    assert re.search(r"^Tried with .*\d\.\d|has no public code\. This page follows ",
                     last), last


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_filled_in(page, name):
    text = page(name)
    assert "device" in text and GATEWAY in text
    assert not re.search(r"\{[-+a-z]+\}|example\.org", text)
    assert len(urls(page(name, "family"))) == URLS[name]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_page_is_plain_text_for_a_terminal(page, name, account):
    """Only a line that is pasted whole may be long."""
    text = page(name, account)
    assert not re.search(r"`|\*\*|^[#|]|^$\n^$|[ \t]$", text, re.M)
    assert [line for line in text.splitlines()
            if len(line) > 80 and not line.startswith("    ")] == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("account", ["device", "talking"])
def test_the_urls_of_a_page_update(before, page, name, account):
    behind = account == "device"
    for template in urls(page(name, account)):
        update = Update(GATEWAY, account, before.world.token, f"{account}.{ZONE}",
                        WEB[0])
        before.world.powerdns.set(update.hostname, **BEFORE)
        url = fill(template, update)
        answer = send(before, devices.request(
            url, update, login="password=" not in url))
        ipv4, ipv6 = WEB[0] in url, tells_ipv6(url, behind)
        assert answer.status == (200 if ipv4 or ipv6 else 400), (url, answer)
        assert "good" in answer.body or not (ipv4 or ipv6)
        assert before.after(update) == [
            WEB[0] if ipv4 else BEFORE["A"],
            (WEB[1] if behind else CLAIM["ipv6"]) if ipv6 else BEFORE["AAAA"]]


def tells_ipv6(url, behind):
    """Does an update with url tell a host behind the router, or the router
    itself, its IPv6 address?"""
    return re.search("prefix=" if behind else r"[?&](my)?ipv6=", url) is not None


def test_no_page_sends_the_login_where_it_need_not(page):
    assert [name for name in PAGES if "password=" in "".join(urls(page(name)))] == [
        "draytek", "synology"]


# What the pages print is typed into each device, which then sends what its own
# code makes of it, and judges the answer by its own rules.

def fields(text):
    """The fields of a page: by their label, in English, what is typed there."""
    return {label.partition(" (")[0] if label.startswith(("Update", "Domain", "User ",
                                                          "Pass")) else label: value
            for label, value in re.findall(r"^  (\S.*?)(?:\n +|  +)(\S.*)$",
                                           text.split("\nWhat it shows\n")[0], re.M)}


def lines(text):
    """Those that are pasted whole."""
    return re.findall(rf"^    (\S*{re.escape(GATEWAY)}/\S+|/nic/\S+)$", text, re.M)


def names(text):
    """The hosts, where they are in a line of their own."""
    return re.search(rf"^    (\S+\.{re.escape(ZONE)})$", text, re.M)[1]


def services(text):
    """/etc/config/ddns of OpenWrt: the options of each service."""
    return [dict(re.findall(r"option (\w+) '(.*)'", one))
            for one in text.split("config service")[1:]]


@pytest.fixture
def told(before, page):
    """told(name, account): the fields of a page, with the token put in."""
    def typed_in(name, account, **others):
        return {label: before.world.token if value in TOKEN else value for label, value
                in (fields(page(name, account)) | others).items()}
    return typed_in


@pytest.fixture
def answers(before):
    """answers(request): the reply to it."""
    return functools.partial(send, before)


@pytest.mark.parametrize("tool", clients.OPENWRT)
def test_openwrt_with_the_options_of_its_page(before, machine, page, tool):
    ipv4, ipv6 = services(page("openwrt", "device").replace(
        "the token of your DNS provider", before.world.token))
    assert clients.openwrt(machine, ipv4, LINE[0], tool) == (
        f"Update successful: device.{ZONE} good {LINE[0]}")
    assert clients.openwrt(machine, ipv6, EXPANDED, tool) == (
        f"Update successful: device.{ZONE} good {WEB[1]}")
    assert before.published("device") == [LINE[0], WEB[1]]


def test_openwrt_has_one_line_for_the_router_and_what_is_behind_it(
        before, machine, page):
    ipv6 = services(page("openwrt", "family").replace(
        "the token of your DNS provider", before.world.token))[1]
    assert clients.openwrt(machine, ipv6, EXPANDED, "wget").startswith(
        "Update successful: ")
    assert ipv6["lookup_host"] == f"box.{ZONE}"
    assert before.published("box")[1] == SAMPLE
    assert before.published("server")[1] == before.published("nas")[1] == WEB[1]


def test_openwrt_sees_a_wrong_password_with_wget_alone(before, machine, page):
    """Which is why the page wants wget-ssl."""
    text = page("openwrt")
    ipv4 = services(text)[0]
    said = clients.openwrt(machine, ipv4, LINE[0], "wget")
    assert said == "Transfer failed: Username/Password Authentication Failed."
    assert "Authentication Failed" in explained(text)
    assert clients.openwrt(machine, ipv4, LINE[0], "curl") == (
        "Update successful: badauth")
    assert re.search("^Install .*wget-ssl", text, re.M)
    assert before.published("device") == list(BEFORE.values())


def test_openwrt_without_words_for_the_login_sends_none(before, machine, page):
    ipv4 = services(page("openwrt"))[0]
    bare = ipv4["update_url"].replace("[USERNAME]:[PASSWORD]@", "")
    mark = before.pool.mark()
    assert bare != ipv4["update_url"]
    assert clients.openwrt(machine, ipv4 | {"update_url": bare}, LINE[0],
                           "wget").startswith("Transfer failed")
    assert [": 401: no credential" in one for one in before.pool.since(mark)] == [True]


@pytest.mark.parametrize("account, kind, number, wanted", [
    ("device", "Custom", 0, [WEB[0], BEFORE["AAAA"]]),
    ("talking", "Custom (v6)", 1, [BEFORE["A"], CLAIM["ipv6"]]),
])
def test_pfsense_with_the_fields_of_its_page(before, told, answers, page, account, kind,
                                             number, wanted):
    text = page("pfsense", account)
    box = devices.Typed(told("pfsense", account, **{
        "Service Type": kind, "Update URL": lines(text)[number]}),
        ipv4=WEB[0], ipv6=CLAIM["ipv6"])
    assert devices.typed_pfsense(answers, box) in explained(text)
    assert before.published(account) == wanted
    box.fields["Password"] = "wrong"
    word, _, answer = devices.typed_pfsense(answers, box).partition("[")
    assert word == "(Error) Result did not match. " and f"{word}[...]" in text
    assert answer.strip("]\n") == "badauth" and "badauth" in explained(text)


def test_pfsense_with_a_prefix_must_not_compare(before, told, answers, page):
    """And so takes every answer for a success, which the page says."""
    text = page("pfsense")
    typed = told("pfsense", "device", **{"Service Type": "Custom (v6)",
                                         "Update URL": lines(text)[1]})
    box = devices.Typed(typed | {"Result Match": ""}, ipv6=SAMPLE)
    assert devices.typed_pfsense(answers, box).startswith("(Success)")
    assert before.published("device") == [BEFORE["A"], WEB[1]]
    assert devices.typed_pfsense(answers, devices.Typed(
        typed, ipv6=SAMPLE)).startswith("(Error)")
    box.fields["Password"] = "wrong"
    assert devices.typed_pfsense(answers, box).startswith("(Success)")
    assert "a wrong password too" in text
    assert "a wrong password too" not in page("pfsense", "talking")


def test_fritzbox_with_the_fields_of_its_page(before, told, answers, page):
    box = devices.Typed(told("fritzbox", "family", **{
        "Update URL": lines(page("fritzbox", "family"))[0]}),
        ipv4=WEB[0], ipv6=CLAIM["ipv6"], prefix=CLAIM["prefix"])
    assert box["Domain name"] == f"box.{ZONE}"
    # One host of this account can never be proved: nothing that fails is 200.
    assert devices.typed_fritzbox(answers, box) == "HTTP 403"
    assert before.published("server") == list(WEB)
    assert devices.fritzbox_looks(box, before.published("box")) == (
        "successfully registered")
    assert devices.fritzbox_looks(box, before.published("server")) in explained(
        page("fritzbox"))


GERMAN = {
    "Internet > Permit Access > DynDNS": "Internet > Freigaben > DynDNS",
    "Use DynDNS": "DynDNS benutzen", "User-defined": "Benutzerdefiniert",
    "Update URL": "Update-URL", "Domain name": "Domainname", "User name": "Benutzername",
    "Password": "Kennwort", "MyFRITZ! Account,": "MyFRITZ!-Konto",
    "Online Monitor": "Online-Monitor", "successfully registered": "erfolgreich angemeldet"}


def test_the_fritzbox_page_has_the_german_labels_beside_the_english_ones(page):
    text = " ".join(page("fritzbox").split())
    for english, german in GERMAN.items():
        assert re.search(rf'{re.escape(english)}"? \(?(German: )?"?{german}', text), english


def test_fritzbox_with_one_host_is_told_that_it_is_not_the_box(
        before, told, answers, page):
    """The update works; what the box looks up must be another name."""
    text = page("fritzbox")
    box = devices.Typed(told("fritzbox", "device", **{"Update URL": lines(text)[0]}),
                        ipv4=WEB[0], ipv6=CLAIM["ipv6"], prefix=CLAIM["prefix"])
    assert devices.typed_fritzbox(answers, box) == "registered"
    assert before.published("device") == list(WEB)
    assert "see below" in box["Domain name"] and f"device.{ZONE}" not in text
    assert '"ipv6": "router"' in text and "MyFRITZ!" in text
    assert "see below" not in page("fritzbox", "family")


def test_a_host_with_ipv4_alone_has_the_address_of_the_router(page):
    assert fields(page("fritzbox", "plain"))["Domain name"] == f"plain.{ZONE}"


def test_opnsense_with_the_fields_of_its_page(before, told, answers, page):
    text = page("opnsense")
    first, second = text.split("And one account for IPv6")
    ipv4 = told("opnsense", "device") | fields(first)
    ipv4 |= {"Password": before.world.token, "Hostname(s)": names(text)}
    ipv6 = ipv4 | fields(second) | {"Server": lines(second)[0]}
    box = devices.Typed(ipv4, ipv4=WEB[0], ipv6=SAMPLE)
    assert devices.typed_opnsense(answers, box) == f"set new ip {WEB[0]}"
    assert devices.typed_opnsense(answers, devices.Typed(ipv6, ipv6=SAMPLE)) == (
        f"set new ip {SAMPLE}")
    assert before.published("device") == list(WEB)
    box.fields["Password"] = "wrong"
    assert devices.typed_opnsense(answers, box) == (
        f"failed to set new ip {WEB[0]} [401 - badauth]")


def test_opnsense_serves_all_hosts_of_an_account(before, told, answers, page):
    """Those that have no address of the family that is told do not matter."""
    text = page("opnsense", "family")
    ipv6 = told("opnsense", "family", Server=lines(text.split("And one")[1])[0],
                **{"Hostname(s)": names(text)})
    assert names(text).count(",") == 3
    assert devices.typed_opnsense(answers, devices.Typed(
        ipv6, ipv6=SAMPLE)) == f"set new ip {SAMPLE}"
    assert before.published("box") == [BEFORE["A"], SAMPLE]
    assert before.published("server") == [BEFORE["A"], WEB[1]]


def test_unifi_with_the_fields_of_its_page(before, machine, told, page):
    """inadyn, with a file as the gateway makes it of them."""
    typed = told("unifi", "device")
    server, slash, path = lines(page("unifi"))[0].partition("/")
    file = textwrap.dedent(f"""\
        ca-trust-file = "{machine.trust}"
        custom {server}:1 {{
            hostname = "{typed['Hostname']}"
            username = "{typed['Username']}"
            password = "{typed['Password']}"
            ddns-server = "{server}"
            ddns-path = "{slash}{path}"
            checkip-command = "/bin/echo {LINE[0]}"
        }}
        """)
    desk = machine.desk()
    assert clients.inadyn_says(
        machine, desk, machine.write("inadyn.conf", file, desk)) == "exit 0, cached"
    assert before.published("device") == [LINE[0], BEFORE["AAAA"]]


@pytest.mark.parametrize("tool", clients.OPENWRT)
def test_teltonika_with_the_fields_of_its_page(before, machine, told, page, tool):
    """Its web interface writes the options of ddns-scripts."""
    text = page("teltonika")
    box = told("teltonika", "device", **{"Custom update-URL": lines(text)[0]})
    options = {"update_url": box["Custom update-URL"], "username": box["Username"],
               "password": box["Password"], "domain": box["Hostname"]}
    assert clients.openwrt(machine, options, LINE[0], tool) == (
        f"Update successful: device.{ZONE} good {LINE[0]}")
    assert before.published("device") == [LINE[0], BEFORE["AAAA"]]
    said = clients.openwrt(machine, options | {"password": "wrong"}, LINE[0], tool)
    assert said.split(":")[0] in explained(text)
    if tool == "curl":
        assert said == "Update successful: badauth" and said in explained(text)


def test_omada_with_the_fields_of_its_page(before, told, answers, page):
    text = page("omada")
    box = devices.Typed(told("omada", "device", **{"Update URL": lines(text)[0]}),
                        ipv4=WEB[0])
    assert devices.typed_omada(answers, box) == f"good {WEB[0]}"
    assert before.published("device") == [WEB[0], BEFORE["AAAA"]]
    box.fields["Password"] = "wrong"
    assert devices.typed_omada(answers, box) == "badauth"
    assert "badauth" in explained(text)


@pytest.mark.parametrize("form", devices.ZYXEL)
def test_zyxel_with_the_fields_of_its_page(before, told, page, form):
    """Both things that are put behind the URL; one of them has no address."""
    box = devices.Typed(told("zyxel", "proven-line", URL=lines(
        page("zyxel", "proven-line"))[0]), ipv4=LINE[0])

    def send_from_line(sent):
        return devices.send(before.line, before.gateway.host.ipv4, GATEWAY,
                            before.gateway.trust, sent)
    assert devices.typed_zyxel(send_from_line, box, form) == f"good {LINE[0]}"
    assert before.published("line")[0] == LINE[0]
    box.fields["Password"] = "wrong"
    assert devices.typed_zyxel(send_from_line, box, form) == "badauth"


def test_the_zyxel_page_says_if_the_account_takes_the_address_of_the_connection(page):
    assert "It has got that." in page("zyxel", "proven-line")
    assert "It has not got that." in page("zyxel", "device")


def test_synology_with_the_fields_of_its_page(before, told, answers, page):
    text = page("synology")
    box = devices.Typed(told("synology", "device", **{"Query URL": lines(text)[0]}),
                        ipv4=WEB[0])
    assert devices.typed_synology(answers, box) == "Normal"
    assert before.published("device") == [WEB[0], BEFORE["AAAA"]]
    box.fields["Password/Key"] = "wrong"
    assert devices.typed_synology(answers, box) == "Authentication failed"
    assert "Authentication failed" in explained(text)


def test_a_page_says_when_the_account_takes_no_login_from_the_query(page):
    assert "IT HAS NOT" in page("synology", "header")
    assert "IT HAS NOT" not in page("synology", "device")


def test_without_a_url_nothing_is_printed_that_would_not_work(household, tmp_path):
    file = tmp_path / "ddnsgate.json"
    file.write_text(json.dumps({name: value for name, value in
                                household.configuration().items() if name != "url"}))
    file.chmod(0o600)
    done = subprocess.run(
        [household.world.binary, "router", "fritzbox", "--account", "device",
         "--config", str(file)], text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f'{file}: "url" is missing' in done.stderr
    assert '"url": "https://' in done.stderr


@pytest.fixture
def machine(before, tmp_path):
    """At home, on a line with a web server: its own address can be proved."""
    return clients.Machine(before.line, str(tmp_path), {
        GATEWAY: before.gateway.host.ipv4}, before.gateway.trust)


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
    words = re.findall(r"^  (FAILED: .*)$", page("ddclient"), re.M)
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

def explained(text):
    """The table of what the device shows."""
    return "\n".join(re.findall("^  .*", text.split("\nWhat it shows\n")[1], re.M))


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
        assert re.search(rf"\b{status}\b", explained(page(name))), name


@pytest.mark.parametrize("pages, target, word", [
    (("draytek", "pfsense", "curl", "omada", "zyxel", "windows"), None, "badauth"),
    (("draytek", "pfsense", "omada", "zyxel"), f"/nic/update?myip={ROUTER[0]}", "dnserr"),
    (("pfsense", "omada", "zyxel"), f"/nic/update?hostname=neighbour.{ZONE}&myip={WEB[0]}", "nohost"),
    (("curl", "windows", "linux", "docker", "kubernetes", "homeassistant"),
     f"/update?ipv4={ROUTER[0]}", "proof"),
    (("curl", "windows", "linux", "docker", "kubernetes", "homeassistant"), CGNAT,
     "address"),
])
def test_the_words_that_the_pages_explain(before, page, pages, target, word):
    update = Update(GATEWAY, "device", before.world.token, "", "")
    answer = send(before, devices.request(target or "/nic/update", update,
                                          login=target is not None))
    assert answer.body.split()[-1] == word
    for name in pages:
        assert re.search(rf"\b{word}\b", explained(page(name))), name
