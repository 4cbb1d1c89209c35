"""The reference case, set up: who is where, who trusts whom, who may what."""

import os

from . import certificates, network, powerdns, webserver
from .gateway import Gateway, Pool, verifier
from .router import basic, query

ZONE = "chaos-wg.net"
GATEWAY = f"dns.{ZONE}"
USER = "router"

# Public addresses, as nothing else can be proven; they exist only in the lab.
# The web server has the router's IPv4 address, as behind a port forwarding.
ROUTER = ("89.14.163.1", "2a01:c22:b200:69f9::1")
WEB = ("89.14.163.156", "2a01:c22:b045:defc::8")
PROXY = ("185.30.20.10", "2a03:4000:6:1::10")
PROVIDER = ("37.120.160.53", "2a03:4000:7:1::53")
IMPOSTOR = ("46.5.20.66", "2a02:8109:aa:1::66")

# Where the web server was before the router got new addresses.
BEFORE = {"A": "89.12.7.20", "AAAA": "2a01:c22:a110:3cfc::8"}
CLAIM = {"ipv4": WEB[0], "ipv6": "2a01:c22:b200:69f9:1234:56ff:fe78:9abc",
         "prefix": "2a01:c22:b045:de00::/64"}
HOST = {"ipv4": True, "ipv6": {"prefix_length": 56, "suffix": "0:0:0:fc::8"}}


class Stage:
    """Builds itself step by step; what is up is down again after close()."""

    def __init__(self, folder, token, net):
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o755)
        self.folder = folder
        self.token = token
        self.network = net
        self.running = []
        self.authority = certificates.Authority(f"{folder}/ca")

    def add(self, name, addresses, **options):
        host = self.network.add(name, *addresses, **options)
        setattr(self, name, host)
        return host

    def hosts(self, delay_web=0.0, delay_provider=0.0, more_web=(), more_provider=()):
        self.add("router", ROUTER)
        self.add("proxy", PROXY)
        self.add("web", (*WEB, *more_web), delay_ms=delay_web)
        self.add("provider", (*PROVIDER, *more_provider), delay_ms=delay_provider)
        self.add("impostor", IMPOSTOR)

    def keep(self, service):
        """Remembers to stop it; the last one started is the first to go."""
        self.running.append(service)
        return service

    def web_server(self, *more_sites):
        self.keep(webserver.start(self.web, f"{self.folder}/web", [
            (self.authority.leaf(ZONE), self.web.ipv4,
             *filter(None, [self.web.ipv6])), *more_sites]))

    def dns(self, **options):
        self.powerdns = self.keep(powerdns.PowerDNS(
            self.provider, f"{self.folder}/powerdns", ZONE, self.token,
            self.authority.leaf(f"api.dns.{ZONE}"), **options))
        self.powerdns.set(ZONE, **BEFORE)

    def configuration(self, **changes):
        """What an operator would write for the reference case."""
        return {
            "workers": 4,
            "ca": self.authority.pem,
            # Most tests change what is published behind the program's back.
            "state": "/dev/null/none",
            "providers": {"home": {
                "description": "powerdns", "config": {"base": self.powerdns.base},
                "addresses": self.provider.addresses}},
            "accounts": {USER: {
                "verifier": verifier(USER, self.token), "provider": "home",
                "hosts": {ZONE: HOST}}},
            **changes}

    def pool(self, binary, configuration=None, name="gateway", env=None):
        return Pool(self.proxy, f"{self.folder}/{name}", binary,
                    configuration or self.configuration(), env)

    def gateway(self, pool):
        return self.keep(Gateway(pool.start(), GATEWAY, self.authority.leaf(GATEWAY),
                                 self.authority.pem))

    def parameters(self, user, token=None, **query_parameters):
        """The same update, as FastCGI parameters."""
        text = query(query_parameters)
        return {"REQUEST_METHOD": "GET", "REQUEST_URI": f"/update?{text}",
                "QUERY_STRING": text, "REMOTE_ADDR": self.router.ipv4,
                "HTTP_AUTHORIZATION": basic(user, token or self.token)}

    def close(self):
        while self.running:
            self.running.pop().stop()
        self.network.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def network_here():
    """The best network that this machine allows."""
    return network.Network() if network.namespaces_allowed() else network.Loopback()
