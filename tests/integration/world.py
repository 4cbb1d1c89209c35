"""The stage of the reference case, and all that can go wrong around it.

Each row of the tables below is an account (its name says what it is for) or an
address at home where something waits.  Every test uses the same ones, so that
the whole suite needs one start of everything.
"""

import functools
import os
import ssl

from lab import certificates, fastcgi, monsters, scripted
from lab.gateway import verifier
from lab.memory import forms
from lab.provider import Provider
from lab.stage import USER, ZONE, Stage

STUB_PORT = 9443
STUB = f"stub.dns.{ZONE}"

# Where the web server shows each sort of certificate.  Each place of these tables
# is in a network of its own: those whose proofs fail share one one at a time.
CERTIFICATES_AT = {
    sort: (f"89.14.{100 + i}.160", f"2a01:c22:b1{i:02}:defc::160")
    for i, sort in enumerate([*certificates.SORTS, "unknown-authority"])}

# Where something else waits on port 443.
SCRIPTED = {
    "silent": scripted.silent,
    "drip": scripted.drip,
    "drip-header": scripted.drip_header,
    "reset": scripted.reset,
    "plaintext": scripted.plaintext,
    "hang-up": scripted.hang_up,
    "no-answer": scripted.no_answer,
    "slow": scripted.slow,
    "tls-1.2": scripted.answer,
    "tls-1.1": scripted.answer,
    "another-protocol": scripted.another_protocol,
}
WITH_TLS = {"drip-header": None, "no-answer": None, "slow": None,
            "another-protocol": None, "tls-1.2": ssl.TLSVersion.TLSv1_2,
            "tls-1.1": ssl.TLSVersion.TLSv1_1}
GOOD_ONES = ("slow", "tls-1.2")
SCRIPTED_AT = {name: f"89.14.{130 + i}.180" for i, name in enumerate(SCRIPTED)}
MONSTERS = monsters.monsters(ZONE)
MONSTERS_AT = {name: f"89.14.{170 + i}.200" for i, name in enumerate(MONSTERS)}
CLOSED_AT = "89.14.250.250"         # nothing listens there
NOBODY_AT = "89.14.251.251"         # nobody has that address

# What the provider does, as lab/provider.py explains.
BEHAVIOURS = (
    "fine", "all-401", "all-403", "all-404", "all-429", "write-422", "write-500",
    "all-hang", "write-hang", "all-redirect", "all-garbage", "all-close", "all-huge")
LEAKS = ("all-repeat", "write-repeat", "write-late")


class World(Stage):
    """Everything, up and running, from the start."""

    def __init__(self, folder, token, network, binary):
        super().__init__(folder, token, network)
        self.binary = binary
        self.router_suffixes = iter(range(2, 156))
        self.reports = f"{folder}/sanitizer"
        os.mkdir(self.reports)
        os.chmod(self.reports, 0o777)
        try:
            self.build()
        except BaseException:
            self.close()
            raise

    def build(self):
        self.hosts(more_web=[
            *(a for pair in CERTIFICATES_AT.values() for a in pair),
            *SCRIPTED_AT.values(), *MONSTERS_AT.values(), CLOSED_AT])
        stranger = certificates.Authority(f"{self.folder}/ca", "stranger")
        self.leaves = {sort: self.authority.leaf(ZONE, sort)
                       for sort in certificates.SORTS}
        self.leaves["unknown-authority"] = stranger.issue(
            "unknown-authority", certificates.subject(ZONE), [ZONE, f"*.{ZONE}"])
        self.web_server(*((self.leaves[sort], *pair)
                          for sort, pair in CERTIFICATES_AT.items()))
        self.scripted = {name: self.keep(self.script(name)) for name in SCRIPTED}
        for name, address in MONSTERS_AT.items():
            self.keep(scripted.Server(self.web, address, 443, functools.partial(
                MONSTERS[name], leaf=self.leaves["good"])))
        self.dns()
        self.stub = self.keep(Provider(
            self.provider, self.provider.ipv4, STUB_PORT, self.authority.leaf(STUB), ZONE,
            redirect_to=f"https://{STUB}:{STUB_PORT}/followed/"))
        self.front = self.gateway(self.pool(self.binary, env=self.sanitizer("main")))
        self.ddnsgate = self.front.pool
        self.box = self.front.router(self.router)

    def script(self, name):
        serve = SCRIPTED[name]
        if name in WITH_TLS:
            serve = scripted.with_tls(self.leaves["good"], serve, WITH_TLS[name])
        return scripted.Server(self.web, SCRIPTED_AT[name], 443, serve)

    def sanitizer(self, name):
        """The environment of a pool; what a sanitizer finds is written down.

        Leaks are looked for in the unit tests: a program that nobody may trace
        cannot look for them itself.
        """
        where = f"log_path={self.reports}/{name}"
        return {"ASAN_OPTIONS": f"detect_leaks=0:{where}",
                "UBSAN_OPTIONS": f"print_stacktrace=1:{where}"}

    def configuration(self, **changes):
        configuration = super().configuration(workers=16)
        home = configuration["providers"]["home"]
        configuration["providers"] |= {
            behaviour: {**home, "config": {
                "base": f"https://{STUB}:{STUB_PORT}/{behaviour}"},
                "addresses": [self.provider.ipv4]}
            for behaviour in (*BEHAVIOURS, *LEAKS)}
        configuration["accounts"] |= self.accounts()
        return configuration | changes

    def accounts(self):
        only_ipv4 = {"ipv4": True, "zone": ZONE}
        accounts = {
            "both": self.account(both={"ipv4": True, "ipv6": "router"}),
            "partial": self.account(
                partial={"ipv4": True, "ipv6": "router", "partial": True}),
            "single": self.account(single=only_ipv4),
            "several": self.account(a=only_ipv4, b=only_ipv4),
            "pinned": self.account(pinned={**only_ipv4, "proof": {
                "kind": "pin", "pins": [self.leaves["self-signed"].pin()]}}),
            "unproven": self.account(unproven={**only_ipv4, "proof": {"kind": "none"}}),
            "handshake": self.account(
                handshake={**only_ipv4, "proof": {"kind": "certificate",
                                                  "request": "tls"}}),
            "laboratory": self.account(laboratory={
                **only_ipv4, "allow": ["10.0.0.0/8"], "proof": {"kind": "none"}}),
        }
        for behaviour in (*BEHAVIOURS, *LEAKS):
            accounts[behaviour] = self.account(behaviour, **{
                f"host-{behaviour}": only_ipv4})
        for user, account in accounts.items():
            account["verifier"] = verifier(user, self.token)
        return accounts

    @staticmethod
    def account(provider="home", **hosts):
        return {"provider": provider, "hosts": {
            f"{name}.{ZONE}": rules for name, rules in hosts.items()}}

    def names(self):
        """All names that the tests publish in PowerDNS."""
        return [name for account in self.configuration()["accounts"].values()
                if account["provider"] == "home" for name in account["hosts"]]

    def move_router(self):
        """The router asks from an address that it has not asked from before."""
        self.router.call_from(f"89.14.163.{next(self.router_suffixes)}")

    def update(self, user, **parameters):
        """An update by the right user with the right token."""
        return self.box.update(user, self.token, **parameters)

    def straight(self, pool, user, token=None, **query_parameters):
        """The same update past nginx, to any pool: its status and body."""
        status, text = fastcgi.call(pool.socket,
                                    self.parameters(user, token, **query_parameters))
        return status, text.partition("\r\n\r\n")[2]

    def places(self):
        """Every file of the lab, and what each process shows of itself."""
        for directory, _, names in os.walk(self.folder):
            yield from (os.path.join(directory, name) for name in names)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            yield f"/proc/{pid}/cmdline"
            yield f"/proc/{pid}/environ"

    def shows(self, secrets=None):
        """The places where the token can be read."""
        secrets, where = secrets or forms(USER, self.token), set()
        for place in self.places():
            try:
                with open(place, "rb") as f:
                    content = f.read()
            except OSError:             # a socket, or a process that has ended
                continue
            where |= {place for secret in secrets if secret in content}
        return where

    def close(self):
        super().close()
        found = sorted(os.listdir(self.reports))
        if found:
            with open(f"{self.reports}/{found[0]}", encoding="utf-8") as report:
                raise AssertionError(f"sanitizers reported {found}:\n{report.read()}")


