"""BIND, taking updates."""

from .nameserver import OPERATOR, PORT, NameServer

OPTIONS = """
options {{
	directory "{folder}";
	listen-on port {port} {{ {ipv4} }};
	listen-on-v6 port {port} {{ {ipv6} }};
	pid-file none;
	session-keyfile none;
	recursion no;
	notify no;
	allow-transfer {{ none; }};
	dnssec-validation no;
}};
controls {{ }};
"""
KEY = """
key "{0.name}" {{ algorithm {0.algorithm}; secret "{0.secret}"; }};"""
ZONE = """
zone "{zone}" {{
	type primary;
	file "{zone}.zone";
	update-policy {{
		grant {operator} zonesub ANY;
{rules}
	}};
}};
"""


class Bind(NameServer):

    def configuration(self):
        def listen(version):
            address = self.host.of_version(version)
            return f"{address};" if address else "none;"
        return "".join([
            OPTIONS.format(folder=self.folder, port=PORT, ipv4=listen(4), ipv6=listen(6)),
            *(KEY.format(key) for key in self.keys.values()),
            *(ZONE.format(zone=zone, operator=OPERATOR, rules="\n".join(
                f"\t\tgrant {grant.key.name} name {name} {' '.join(grant.types)};"
                for grant in self.grants if grant.zone == zone
                for name in grant.names)) for zone in self.zones)])

    def command(self, configuration):
        return ["named", "-g", "-n", "1", "-c", configuration]
