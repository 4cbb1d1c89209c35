"""A DNS provider: PowerDNS with its HTTP API behind a TLS front."""

import http.client
import json
import os
import sqlite3

from . import nginx
from .process import Process

API_PORT = 8081
TLS_PORT = 8443
DNS_PORT = 53
RECORDS, DOMAINS = 5000, 1500   # besides ours
SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"

CONFIGURATION = """
launch=gsqlite3
gsqlite3-database={folder}/zones.sqlite3
local-address={addresses}
local-port={dns_port}
socket-dir={folder}
api=yes
api-key={token}
webserver=yes
webserver-address=127.0.0.1
webserver-port={api_port}
webserver-allow-from=127.0.0.1
webserver-loglevel=none
loglevel=4
disable-syslog=yes
security-poll-suffix=
zone-cache-refresh-interval=0
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
"""


class PowerDNS:
    """Serves zone on host, with so many other records; its API wants token."""

    def __init__(self, host, folder, zone, token, leaf, records=RECORDS):
        self.host = host
        self.zone = zone
        self.records = records
        self.token = token
        self.name = f"api.dns.{zone}"
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.make_database()
        self.daemon = self.start_daemon()
        self.front = nginx.start(
            host, f"{folder}/front",
            nginx.server(nginx.listen(host, *host.addresses, port=TLS_PORT), leaf, f"""
        access_log {folder}/calls.log combined;
        location / {{ proxy_pass http://127.0.0.1:{host.port(API_PORT)}; }}"""),
            host.ipv4, TLS_PORT)

    @property
    def base(self):
        return f"https://{self.name}:{self.host.port(TLS_PORT)}"

    def make_database(self):
        database = sqlite3.connect(f"{self.folder}/zones.sqlite3")
        with open(SCHEMA, encoding="ascii") as schema:
            database.executescript(schema.read())
        database.execute("INSERT INTO domains (id, name, type) VALUES (1, ?, 'NATIVE')",
                         [self.zone])
        database.executemany(
            "INSERT INTO records (domain_id, name, type, content, ttl)"
            " VALUES (1, ?, ?, ?, 60)", [
                (self.zone, "SOA", f"ns.{self.zone} hostmaster.{self.zone}"
                 " 1 3600 600 86400 60"),
                (self.zone, "NS", f"ns.{self.zone}"),
                (f"ns.{self.zone}", "A", self.host.ipv4),
                *((f"other-{i}.{self.zone}", "TXT", '"one of many"')
                  for i in range(self.records))])
        database.executemany("INSERT INTO domains (name, type) VALUES (?, 'NATIVE')",
                             [[f"domain-{i}.example"] for i in range(DOMAINS)])
        database.commit()
        database.close()

    def start_daemon(self):
        configuration = f"{self.folder}/pdns.conf"
        with open(os.open(configuration, os.O_WRONLY | os.O_CREAT, 0o600), "w",
                  encoding="ascii") as f:
            f.write(CONFIGURATION.format(
                folder=self.folder, addresses=",".join(self.host.addresses),
                dns_port=self.host.port(DNS_PORT), token=self.token,
                api_port=self.host.port(API_PORT)))
        daemon = Process(self.host, [
            "pdns_server", f"--config-dir={self.folder}", "--daemon=no",
            "--guardian=no"], f"{self.folder}/pdns.log")
        daemon.ready(lambda: self.host.answers("127.0.0.1", self.host.port(API_PORT)),
                     "PowerDNS")
        os.unlink(configuration)        # so that no file of the lab holds the token
        return daemon

    def api(self, method, path, body=None):
        """Status and JSON of one call to the API, past the TLS front."""
        port = self.host.port(API_PORT)
        call = http.client.HTTPConnection("127.0.0.1", port)
        call.sock = self.host.connect("127.0.0.1", port)
        call.request(method, f"/api/v1/servers/localhost{path}",
                     body and json.dumps(body), {"X-API-Key": self.token})
        answer = call.getresponse()
        text = answer.read()
        call.close()
        return answer.status, json.loads(text) if text else None

    def set(self, *names, **addresses):
        """set(name, A=..., AAAA=None): publishes or deletes behind ddnsgate's back."""
        status, answer = self.api("PATCH", f"/zones/{self.zone}.", {"rrsets": [
            {"name": f"{name}.", "type": kind, "ttl": 60, "changetype": "REPLACE",
             "records": [{"content": address, "disabled": False}] if address else []}
            for name in names for kind, address in addresses.items()]})
        if status != 204:
            raise RuntimeError(f"PowerDNS: {status} {answer}")

    def dig(self, name, kind, from_host=None):
        """What anybody sees, asking with dig from another host."""
        return (from_host or self.host).run([
            "dig", "+short", "+time=2", "+tries=2", "-p",
            str(self.host.port(DNS_PORT)), f"@{self.host.ipv4}", name, kind]).split()

    def addresses(self, name, from_host=None):
        """A and AAAA of name, as one list."""
        return self.dig(name, "A", from_host) + self.dig(name, "AAAA", from_host)

    def calls(self):
        """The requests that the API got so far, through its TLS front."""
        with open(f"{self.folder}/calls.log", encoding="ascii") as f:
            return [line.split('"')[1] for line in f]

    def stop(self):
        self.front.stop()
        self.daemon.stop()
