"""Every client, every outcome, each judged by the client's own verdict.

The real ones are installed and run; the devices are played, byte for byte, with
their rules of acceptance.  All go through nginx, over HTTPS with a private CA.
"""

import dataclasses
import functools

import pytest
from household import DYNDNS, OUTCOMES
from lab import clients, devices
from lab.stage import BEFORE, GATEWAY, WEB, ZONE

UNCHANGED = list(BEFORE.values())
REAL = {
    "ddclient": clients.ddclient,
    "inadyn, dyndns plugin": clients.inadyn_dyndns,
    "inadyn, custom": clients.inadyn_custom,
    "GNU wget": clients.wget,
    "curl": clients.curl,
}
PLAYED = {
    "FRITZ!Box": (devices.fritzbox, devices.fritzbox_says),
    "UniFi": (devices.unifi, devices.unifi_says),
    "OPNsense native": (devices.opnsense, devices.opnsense_says),
    "pfSense Custom": (devices.pfsense_custom, devices.pfsense_custom_says),
    "pfSense DynDNS": (devices.pfsense_dyndns, devices.pfsense_dyndns_says),
    "OpenWrt, listed": (devices.openwrt_listed, devices.openwrt_listed_says),
    "OpenWrt, custom URL": (devices.openwrt_custom, devices.openwrt_custom_says),
    "Synology": (devices.synology, devices.synology_says),
    "MikroTik": (devices.mikrotik, devices.mikrotik_says),
    "DrayTek": (devices.draytek, devices.draytek_says),
}
WITH_PREFIX = ("FRITZ!Box", "MikroTik")      # the others tell IPv4 alone
GOOD, NOCHG = f"good {WEB[0]}", f"nochg {WEB[0]}"
SILENT = "silent, exit 0, not cached"
# ddclient 3.10 of Debian 12 tells a 403 to nobody, 3.11 of Debian 13 does.
NOT_YOURS = (SILENT if clients.ddclient_version() < (3, 11)
             else "not authorized, exit 1, not cached")
LATER = "retries in 600 s, not cached"
# What each client says, in the order of OUTCOMES.
SAYS = {
    "ddclient": (
        "SUCCESS, exit 0, cached", "nochg, exit 0, cached",
        "authorization failed, exit 1, not cached", NOT_YOURS, *[SILENT] * 3),
    "inadyn, dyndns plugin": (
        *["exit 0, cached"] * 2, *["exit 50, not cached"] * 2, *[LATER] * 3),
    "inadyn, custom": (
        *["exit 0, cached"] * 2, *["exit 50, not cached"] * 2, *[LATER] * 3),
    "GNU wget": (f"exit 0 {GOOD}", f"exit 0 {NOCHG}", "exit 6", *["exit 8"] * 4),
    "curl": (f"exit 0 {GOOD}", f"exit 0 {NOCHG}", *["exit 22"] * 5),
    "FRITZ!Box": ("registered", "registered", "HTTP 401", "HTTP 403", "HTTP 403",
                  "HTTP 503", "HTTP 503"),
    "UniFi": ("updated", "updated", *["ignores it"] * 2, *["retries"] * 3),
    "OPNsense native": ("cached", "cached", *["error, asks again"] * 5),
    "pfSense Custom": ("cached", "cached", *["no match"] * 5),
    "pfSense DynDNS": ("cached", "cached", *["no match"] * 5),
    "OpenWrt, listed": ("updated", "updated", *["asks again"] * 5),
    "OpenWrt, custom URL": ("updated", "updated", *["transfer failed"] * 5),
    "Synology": ("Normal", "Normal", "Authentication failed", *["Unknown error"] * 4),
    "MikroTik": ("finished", "finished", "failed, 401", "failed, 403", "failed, 403",
                 "failed, 503", "failed, 503"),
    "DrayTek": ("success", "success", *["fail"] * 5),
}


@pytest.fixture(scope="module")
def machine(household, tmp_path_factory):
    """Where the clients run: at home, behind the router."""
    return clients.Machine(
        household.world.router, str(tmp_path_factory.mktemp("clients")),
        dict.fromkeys((GATEWAY, DYNDNS), household.gateway.host.ipv4),
        household.gateway.trust)


@pytest.fixture(scope="module")
def send(household):
    """send(bytes): the answer to a device that is the router."""
    return functools.partial(
        devices.send, household.world.router, household.gateway.host.ipv4, GATEWAY,
        household.gateway.trust)


def published(client, outcome):
    """What DNS must say in the end."""
    if outcome == "unchanged" or (outcome == "changed" and client in WITH_PREFIX):
        return list(WEB)
    return [WEB[0], BEFORE["AAAA"]] if outcome == "changed" else UNCHANGED


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("client", REAL)
def test_a_real_client(household, machine, matrix, client, outcome):
    update = household.before(outcome)
    said = REAL[client](machine, update)
    matrix("what each client makes of it", client, outcome, said)
    assert said == SAYS[client][OUTCOMES.index(outcome)]
    assert household.after(update) == published(client, outcome)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("device", PLAYED)
def test_a_played_device(household, send, matrix, device, outcome):
    request, verdict = PLAYED[device]
    update = household.before(outcome)
    answer = send(request(update))
    said = verdict(answer, update)
    matrix("what each client makes of it", device, outcome, said)
    assert said == SAYS[device][OUTCOMES.index(outcome)], answer
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert household.after(update) == published(device, outcome)


def test_every_client_has_a_verdict_for_every_outcome():
    assert set(SAYS) == {*REAL, *PLAYED} and len(SAYS) >= 11
    assert {len(row) for row in SAYS.values()} == {len(OUTCOMES)} == {7}


@pytest.mark.parametrize("client", SAYS)
def test_a_name_full_of_good_words_fools_nobody(household, machine, send, client):
    """A failed proof is told without the name of the host."""
    update = household.before("proof failed")
    update = dataclasses.replace(
        update, user="good-lies",
        hostname=f"goodies-ok-true-updated-success-nochg.{ZONE}")
    if client in REAL:
        said = REAL[client](machine, update)
    else:
        request, verdict = PLAYED[client]
        said = verdict(send(request(update)), update)
    assert said == SAYS[client][OUTCOMES.index("proof failed")]


def test_a_wrong_ca_gets_nothing_from_a_real_client(household, machine):
    """No password leaves for a server that cannot prove itself."""
    stranger = clients.Machine(machine.host, machine.desk(), {
        GATEWAY: household.gateway.host.ipv4, DYNDNS: household.gateway.host.ipv4},
        "/etc/ssl/certs/ca-certificates.crt")
    update = household.before("changed")
    mark = household.pool.mark()
    assert [client(stranger, update) for client in REAL.values()] == [
        "cannot connect, exit 1, not cached", *["exit 0, not cached"] * 2, "exit 5",
        "exit 60"]
    assert household.pool.since(mark) == []
    assert household.after(update) == UNCHANGED


def test_wget_asks_without_the_login_first_and_that_is_no_failure(household, machine):
    update = household.before("changed")
    mark = household.pool.mark()
    assert clients.wget(machine, update) == f"exit 0 {GOOD}"
    lines = household.pool.since(mark, "device: 200")
    assert len(lines) == 2 and "401: no credential; login " in lines[0]


# What is peculiar to single devices.

def test_fritzbox_first_calls_without_addresses(household, send):
    """Before the line is up all values are empty; then it repeats with them."""
    update = household.before("changed")
    answer = send(devices.fritzbox(update, ipv4="", ipv6="", prefix=""))
    assert (answer.status, household.after(update)) == (400, UNCHANGED)
    answer = send(devices.fritzbox(update, ipv6="", prefix=""))
    assert (answer.status, household.after(update)) == (200, [WEB[0], BEFORE["AAAA"]])
    answer = send(devices.fritzbox(update))
    assert (answer.status, household.after(update)) == (200, list(WEB))


def test_fritzbox_with_two_urls(household, send):
    """Separated by a blank in the field, they are two requests."""
    update = household.before("changed")
    for target in (f"/nic/update?hostname={update.hostname}&myip={update.ipv4}",
                   f"/nic/update?hostname={update.hostname}"
                   f"&myip={devices.ROUTER_IPV6}&ip6lanprefix={devices.PREFIX}"):
        answer = send(devices.request(target, update,
                                      "User-Agent: Fritz!Box DDNS/1.0.1"))
        assert answer.status == 200, answer
    assert household.after(update) == list(WEB)


@pytest.mark.parametrize("second", [
    f"%20http:/{GATEWAY}/nic/update?hostname=x&myip=", f"%20https:/{GATEWAY}/update",
    f"%20HTTP://{GATEWAY}/"])
def test_an_old_fritzbox_puts_the_second_url_behind_the_first(household, send, second):
    update = household.before("changed")
    for target in (f"/nic/update?hostname={update.hostname}&myip={WEB[0]}{second}",
                   f"/update?hostname={update.hostname}&ipv4={WEB[0]}{second}"):
        answer = send(devices.request(target, update,
                                      "User-Agent: Fritz!Box DDNS/1.0.1"))
        assert answer.status == 200, (target, answer)
    assert household.after(update) == [WEB[0], BEFORE["AAAA"]]


def test_fritzbox_escapes_nothing(household, send):
    """Blanks and other odd bytes of a value arrive as they are."""
    update = household.before("changed")
    answer = send(devices.request(
        f"/update?ipv4={WEB[0]}&prefix={devices.PREFIX}"
        "&pass=a|b\"<>{}^`\\&dualstack=1", update, "User-Agent: Fritz!Box DDNS/1.0.1"))
    assert (answer.status, household.after(update)) == (200, list(WEB))


@pytest.mark.parametrize("path", [
    "//update", "///nic//update", r"/\/nic/update", "/nic//update", r"/\/update",
    "/v3//update"])
def test_unifi_has_slashes_of_its_own(household, send, path):
    update = household.before("changed")
    answer = send(devices.unifi(update, path=path))
    assert answer.status == 200, answer
    assert household.after(update) == [WEB[0], BEFORE["AAAA"]]


def test_unifi_doubles_the_name_or_puts_it_at_the_end(household, send):
    update = household.before("changed")
    name = update.hostname
    for request in (devices.unifi(update, hostname=name + name),
                    devices.unifi(update, behind=name),
                    devices.unifi(update, hostname=f"{name},{name}"),
                    devices.unifi(update, behind=f"&hostname={name}")):
        answer = send(request)
        assert answer.status == 200, (request, answer)
    assert household.after(update) == [WEB[0], BEFORE["AAAA"]]


def test_a_usg_appends_a_path_of_its_own(household, send):
    """ddclient inside it does, whatever stands in the server field."""
    update = household.before("changed")
    answer = send(devices.request(
        f"/nic/update?system=dyndns&hostname={update.hostname}&myip={WEB[0]}", update,
        "User-Agent: ddclient/3.8.3", "Connection: close"))
    assert (answer.status, answer.body) == (200, f"{GOOD}\n")


def test_openwrt_fills_the_parameters_url_encoded(household, send):
    """[DOMAIN], [IP] and the login come through a shell's urlencode."""
    update = household.before("changed")
    answer = send(devices.request(
        f"/nic/update?hostname={update.hostname.replace('.', '%2E')}"
        f"&myip={WEB[0].replace('.', '%2e')}", update, "User-Agent: Wget/1.21.4"))
    assert (answer.status, answer.body) == (200, f"{GOOD}\n")


def test_mikrotik_may_leave_the_length_at_the_address(household, send):
    update = household.before("changed")
    for length in ("", "/32", "/24"):
        answer = send(devices.request(
            f"/update?ipv4={WEB[0]}{length}", update, "User-Agent: Mikrotik/6.x Fetch"))
        assert answer.status == 200, (length, answer)
