"""What Knot and BIND have in common here: zones, keys, who may change what."""

import base64
import dataclasses
import os
import secrets

from .process import Process

PORT = 53
OPERATOR = "operator"           # a key that may change everything
ZONE = """$TTL 3600
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A {ipv4}
"""


RECORDS, DOMAINS = 5000, 1500   # besides ours


@dataclasses.dataclass
class Key:
    """Shared by a server and whoever may change something there."""
    name: str
    algorithm: str = "hmac-sha256"
    secret: str = dataclasses.field(
        default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode())

    @property
    def token(self):
        """As the router's password."""
        return f"{self.name}:{self.secret}"


@dataclasses.dataclass
class Grant:
    """This key may change records of these types, of these names in zone."""
    key: Key
    zone: str
    names: list
    types: list


class NameServer:
    """Serves zones on host; a subclass knows the program and its configuration."""

    def __init__(self, host, folder, zones, grants, env=None):
        os.makedirs(folder)
        self.host = host
        self.folder = folder
        self.zones = [*zones, *(f"domain-{i}.example" for i in range(DOMAINS))]
        self.grants = grants
        self.operator = Key(OPERATOR)
        self.keys = {g.key.name: g.key for g in grants} | {OPERATOR: self.operator}
        for zone in self.zones:
            with open(f"{folder}/{zone}.zone", "w", encoding="ascii") as f:
                f.write(ZONE.format(ipv4=host.ipv4))
                if zone in zones:
                    f.writelines(f"other-{i} TXT \"one of many\"\n" for i in range(RECORDS))
        configuration = f"{folder}/configuration"
        with open(os.open(configuration, os.O_WRONLY | os.O_CREAT, 0o600), "w",
                  encoding="ascii") as f:
            f.write(self.configuration())
        self.process = Process(host, self.command(configuration), f"{folder}/log", env)
        self.process.ready(lambda: host.answers(host.ipv4, PORT), type(self).__name__)
        os.unlink(configuration)        # so that no file of the lab holds a secret

    def configuration(self):
        raise NotImplementedError

    def command(self, configuration):
        raise NotImplementedError

    def write(self, zone, *lines):
        """nsupdate by the operator: write(zone, "delete home.example. TXT", ...)."""
        self.host.run(["nsupdate", "-v"], input="\n".join([
            f"server {self.host.ipv4}", f"zone {zone}",
            f"key {self.operator.algorithm}:{OPERATOR} {self.operator.secret}",
            *(f"update {line}" for line in lines), "send\n"]))

    def dig(self, name, kind, *options):
        """What anybody sees, as lines."""
        return self.host.run(["dig", "+time=2", "+tries=2", "+norec", f"@{self.host.ipv4}",
                              name, kind, *(options or ["+short"])]).splitlines()

    def records(self, name, *kinds):
        """Every record of these types: [(seconds to live, type, data)]."""
        rows = [line.split(None, 4) for kind in kinds
                for line in self.dig(name, kind, "+noall", "+answer")]
        return sorted((int(ttl), kind, data) for owner, ttl, _, kind, data in rows
                      if owner == f"{name}.")

    def serial(self, zone):
        """It grows with each change."""
        return int(self.dig(zone, "SOA")[0].split()[2])

    def stop(self):
        self.process.stop()
