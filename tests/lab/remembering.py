"""A pool with a state, before a provider that keeps what is written."""

import json
import os
import subprocess
import threading

from . import fastcgi, provider
from .gateway import USER, Pool, verifier
from .stage import ZONE

HOSTS = ("home", "second", "third")
PORT = 9444
NAME = f"slow.dns.{ZONE}"


class Recorder(provider.Provider):
    """Keeps what is written, as a provider does, and may wait before a write."""

    def __init__(self, *arguments, **options):
        self.held = {}                  # (name, type): addresses
        self.writes = []
        self.wait = 0.0
        self.gate = threading.Event()
        self.gate.set()
        self.slow = set()               # addresses whose write takes effect late
        self.late = threading.Event()   # the moment of that
        super().__init__(*arguments, **options)

    def repeated(self):
        """Writes of what the same name already had, by the write before."""
        last, found = {}, []
        for name, kind, *addresses in self.writes:
            if last.get((name, kind)) == addresses:
                found.append((name, *addresses))
            last[name, kind] = addresses
        return found

    def behave(self, request):
        if request.method == "GET":
            path = request.line.split()[1].split("?")[0]
            zone = {"id": f"{self.zone}.", "name": f"{self.zone}.", "rrsets": [
                {"name": f"{name}.", "type": kind, "ttl": 60,
                 "records": [{"content": a, "disabled": False} for a in addresses]}
                for (name, kind), addresses in self.held.items() if addresses]}
            return provider.answer("200", json.dumps(
                [zone] if path.endswith("/zones") else zone).encode(),
                "Content-Type: application/json")
        self.gate.wait(30)
        if any(address in request.body.decode() for address in self.slow):
            self.late.wait(60)
        for rrset in json.loads(request.body)["rrsets"]:
            key = rrset["name"].rstrip("."), rrset["type"]
            self.held[key] = [r["content"] for r in rrset.get("records", [])]
            self.writes.append((*key, *self.held[key]))
        return provider.answer("204")


class Scene:
    """state: what the configuration says; else it is a directory of its own."""

    def __init__(self, world, binary, folder, users=HOSTS, workers=6, state=None):
        self.world = world
        self.recorder = Recorder(world.provider, world.provider.ipv4, PORT,
                                 world.authority.leaf(NAME), ZONE)
        self.state = f"{folder}/state"
        os.makedirs(self.state)
        os.chmod(folder, 0o755)
        os.chown(self.state, USER, USER)
        home = {"description": "powerdns", "addresses": [world.provider.ipv4],
                "config": {"base": f"https://{NAME}:{PORT}"}}
        self.configuration = {
            "workers": workers, "ca": world.authority.pem, "state": state or self.state,
            "providers": {"home": home},
            "accounts": {name: {
                "verifier": verifier(name, world.token), "provider": "home",
                "hosts": {f"{name}.{ZONE}": {
                    "ipv4": True, "zone": ZONE, "proof": {"kind": "none"}}}}
                for name in users}}
        self.proved = f"proved.{ZONE}"
        self.configuration["accounts"]["proved"] = {
            "verifier": verifier("proved", world.token), "provider": "home",
            "hosts": {self.proved: {"ipv4": True, "zone": ZONE,
                                    "proof": {"kind": "certificate", "request": "tls"}}}}
        self.pool = world.pool(binary, self.configuration, name="state-pool",
                               env=world.sanitizer("state"))
        self.pools = [self.pool]
        self.pool.start()

    def machine(self, host):
        """A pool with the same configuration on another host, not started yet."""
        pool = Pool(host, f"{self.world.folder}/state-pool-{len(self.pools)}",
                    self.pool.binary, self.configuration, self.pool.env)
        self.pools.append(pool)
        return pool

    def ask(self, user="home", arrival=None, pool=None, **parameters):
        """An update: its status, and all of its answer."""
        request = self.world.parameters(user, **parameters)
        if arrival is not None:
            request["REQUEST_MSEC"] = f"{arrival:.3f}"
        return fastcgi.call((pool or self.pool).socket, request, timeout=20.0)

    def update(self, user="home", **parameters):
        status, text = self.ask(user, **parameters)
        return status, text.partition("\r\n\r\n")[2].strip()

    def command(self, *arguments, config=None):
        return subprocess.run(
            self.world.proxy.command([self.pool.binary, *arguments, "--config",
                                      config or self.pool.configuration]),
            env=os.environ | self.world.sanitizer("command"), check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def refusal(self):
        """Starts the service, which is to end at once; how, and what it printed."""
        return subprocess.run(
            self.pool.host.command(self.pool.spawn()), check=False, text=True,
            env=os.environ | self.world.sanitizer("state"), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)

    def account(self, *arguments, token=None):
        """ddnsgate account, with a token on its standard input."""
        return subprocess.run(
            self.world.proxy.command([self.pool.binary, "account", *arguments, "--config",
                                      self.pool.configuration]),
            env=os.environ | self.world.sanitizer("command"), check=False, text=True,
            input=f"{token}\n" if token else "", stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def stop(self):
        self.recorder.gate.set()
        for pool in self.pools:
            if pool.process:
                pool.stop()
        self.recorder.stop()
