"""A gateway of its own, with all that clients and devices need.

It stands beside that of world.py: another machine, accounts for what clients
ask, and web servers at home behind a second line and a relay.
"""

import re
import textwrap

from lab import certificates, nginx
from lab.clients import Update
from lab.gateway import Gateway, Pool, verifier
from lab.relay import Relay
from lab.stage import BEFORE, GATEWAY, HOST, WEB, ZONE
from world import CLOSED_AT, STUB, STUB_PORT

OFFICE = ("185.30.21.20", "185.30.21.21", "185.30.21.22", "185.30.21.23",
          "185.30.21.24", "185.30.21.25", "2a03:4000:6:21::20")
# A line that tells no address: what it calls from must do.
LINE = ("89.14.164.5", "2a01:c22:b300:1::1")
SHELF = ("89.14.164.9", "2a01:c22:b300:1::8")
RELAY = ("46.5.20.67",)

OUTCOMES = ("changed", "unchanged", "wrong password", "not your name", "proof failed",
            "provider down", "busy")
# An outcome: user, host, address.
ASKED = {
    "changed": ("device", "device", WEB[0]),
    "unchanged": ("device", "device", WEB[0]),
    "wrong password": ("device", "device", WEB[0]),
    "not your name": ("device", "neighbour", WEB[0]),
    "proof failed": ("device", "device", CLOSED_AT),
    "provider down": ("down", "down", WEB[0]),
    "busy": ("busy", "busy", WEB[0]),
}
# The old plugins of clients know no other server than this one.
DYNDNS = "members.dyndns.org"

PROOFLESS = {"kind": "none"}
BOTH = {**HOST, "zone": ZONE}
ONLY_IPV4 = {"ipv4": True, "zone": ZONE}
LIKE_A_ROUTER = {"ipv4": True, "ipv6": "router", "zone": ZONE, "proof": PROOFLESS}
WRONG_PIN = {"kind": "pin", "pins": ["00" * 32]}


class Household:
    """Starts with the world that it is given, and ends with it."""

    def __init__(self, world):
        self.world = world
        network, folder = world.network, world.folder
        self.office = network.add("office", *OFFICE)
        self.line = network.add("line", *LINE)
        self.shelf = network.add("shelf", *SHELF)
        self.middle = network.add("middle", *RELAY)
        self.leaf = world.authority.issue(
            "office", certificates.subject(GATEWAY), [GATEWAY, DYNDNS])
        for host in (self.line, self.shelf):
            world.keep(self.web_server(host))
        world.keep(Relay(self.middle, RELAY[0], 443, SHELF[0]))
        self.pool = Pool(self.office, f"{folder}/office", world.binary,
                         self.configuration(), world.sanitizer("office"))
        self.start()
        self.gateway = world.keep(Gateway(self.pool, GATEWAY, self.leaf,
                                          world.authority.pem))

    def start(self):
        # Web servers that are not www-data come here, too.
        self.pool.start(self.pool.spawn(mode="0666"))

    def web_server(self, host):
        """One that tells its clients where it sees them."""
        return nginx.start(host, f"{self.world.folder}/{host.name}", nginx.server(
            nginx.listen(host, *host.addresses), self.world.authority.leaf(ZONE), """
        location = /whoami { return 200 $remote_addr; }
        location / { return 200 "hello from the shelf"; }"""), host.ipv4)

    def configuration(self):
        world = self.world
        configuration = world.configuration(
            workers=8, peers=["www-data", "caddy", "haproxy"], url=f"https://{GATEWAY}")
        home = configuration["providers"]["home"]
        configuration["providers"] = {"home": home} | {
            name: {**home, "addresses": [world.provider.ipv4], "config": {
                "base": f"https://{STUB}:{STUB_PORT}/{behaviour}"}}
            for name, behaviour in (("fine", "fine"), ("busy", "all-429"),
                                    ("down", "all-close"))}
        accounts = {
            "device": self.account(device=BOTH),
            "neighbour": self.account(neighbour=BOTH),
            "down": self.account("down", down=BOTH),
            "busy": self.account("busy", busy=BOTH),
            "header": self.account(header=ONLY_IPV4) | {"query_credentials": False},
            "family": self.account(
                box=LIKE_A_ROUTER, server=BOTH,
                nas={"ipv6": {"prefix_length": 56, "suffix": "0:0:0:fc::8"},
                     "zone": ZONE},
                blind={**ONLY_IPV4, "proof": WRONG_PIN}) | {"all_hosts": True},
            "many": self.account(**{f"n{i}": {**ONLY_IPV4, "proof": PROOFLESS}
                                    for i in range(1, 25)}),
            "good-lies": self.account(**{
                "goodies-ok-true-updated-success-nochg": BOTH}),
            "mixed": {"provider": "home", "hosts": {
                f"fine.{ZONE}": ONLY_IPV4,
                f"blind.{ZONE}": {**ONLY_IPV4, "proof": WRONG_PIN},
                "no.zone.example": {"ipv4": True, "proof": PROOFLESS}}},
            "cgnat": self.account(
                cgnat={**LIKE_A_ROUTER, "ipv4": "if-public"},
                strict=LIKE_A_ROUTER),
            "leaver": self.account(
                leaver={**LIKE_A_ROUTER, "removal": True}, stayer=LIKE_A_ROUTER),
            "stub-leaver": self.account("fine", **{
                "stub-leaver": {**LIKE_A_ROUTER, "removal": True}}),
            "mute": self.account(
                mute=LIKE_A_ROUTER,
                shelf={"ipv6": {"prefix_length": 64, "suffix": "::8"}, "zone": ZONE}
            ) | {"from_connection": True, "all_hosts": True},
            "talking": self.account(talking=LIKE_A_ROUTER),
            "proven-line": self.account(line=ONLY_IPV4) | {"from_connection": True},
            "mac": self.account(mac={"ipv6": {
                "prefix_length": 56, "suffix": "52:54:00:12:34:56", "subnet": "fc"},
                "zone": ZONE, "proof": PROOFLESS}),
            "plain": self.account(plain=ONLY_IPV4),
            # Made of what the second line calls from; both can be proved.
            "script": self.account(script={
                "ipv4": True, "zone": ZONE,
                "ipv6": {"prefix_length": 64, "suffix": "::8"}}),
            "echo": self.account(echo={
                **ONLY_IPV4, "proof": {"kind": "certificate", "echo": "/whoami"}}),
        }
        for user, account in accounts.items():
            account["verifier"] = verifier(user, world.token)
        return configuration | {"accounts": accounts}

    @staticmethod
    def account(provider="home", **hosts):
        return {"provider": provider, "query_credentials": True, "hosts": {
            f"{name}.{ZONE}": rules for name, rules in hosts.items()}}

    def names(self):
        """All names that this gateway publishes in PowerDNS."""
        return sorted({name for account in self.configuration()["accounts"].values()
                       for name in account["hosts"] if name.endswith(ZONE)})

    def before(self, outcome):
        """PowerDNS as it is before a client asks; what the client is to report."""
        user, host, address = ASKED[outcome]
        update = Update(GATEWAY, user, "wrong" if outcome == "wrong password"
                        else self.world.token, f"{host}.{ZONE}", address)
        names = sorted({update.hostname, f"device.{ZONE}"})
        if outcome == "unchanged":
            self.world.powerdns.set(*names, A=WEB[0], AAAA=WEB[1])
        else:
            self.world.powerdns.set(*names, **BEFORE)
        return update

    def after(self, update):
        """What is published now."""
        return self.world.powerdns.addresses(update.hostname)

    def published(self, host):
        """What a host of the zone has."""
        return self.world.powerdns.addresses(f"{host}.{ZONE}")


# What the pages of examples/routers have to be typed for the token.
TOKEN = ("the-token-of-your-DNS-provider", "the token of your DNS provider")


def block(text, word):
    """The first indented block of a page that has a word in it."""
    blocks = re.findall(r"(?:^(?:    .*)?\n)+", text, re.M)
    return textwrap.dedent(next(b for b in blocks if word in b)).strip() + "\n"
