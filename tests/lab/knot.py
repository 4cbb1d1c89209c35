"""Knot DNS, taking updates."""

from .nameserver import OPERATOR, PORT, NameServer

SERVER = """
server:
  rundir: {folder}
  listen: [{addresses}]
  tcp-fastopen: off
database:
  storage: {folder}
log:
  - target: stderr
    any: info
"""
KEY = """
  - id: {0.name}
    algorithm: {0.algorithm}
    secret: {0.secret}"""
RULE = """
  - id: rule{number}
    key: {grant.key.name}
    action: update
    update-type: [{types}]
    update-owner: name
    update-owner-match: equal
    update-owner-name: [{names}]"""
ALL = f"""
  - id: all
    key: {OPERATOR}
    action: update
"""
ZONE = """
  - domain: {zone}
    storage: {folder}
    file: {zone}.zone
    zonefile-sync: -1
    acl: [{rules}]
"""


class Knot(NameServer):

    def configuration(self):
        rules = {f"rule{i}": grant for i, grant in enumerate(self.grants)}
        return "".join([
            SERVER.format(folder=self.folder, addresses=", ".join(
                f"{a}@{PORT}" for a in self.host.addresses)),
            "key:", *(KEY.format(key) for key in self.keys.values()),
            "\nacl:", *(RULE.format(
                number=i, grant=grant, types=", ".join(grant.types),
                names=", ".join(f'"{name}."' for name in grant.names))
                for i, grant in enumerate(self.grants)), ALL,
            "zone:", *(ZONE.format(zone=zone, folder=self.folder, rules=", ".join(
                ["all", *(r for r, grant in rules.items() if grant.zone == zone)]))
                for zone in self.zones)])

    def command(self, configuration):
        return ["knotd", "-c", configuration]
