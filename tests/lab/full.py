"""What a full update costs: two proofs and one write; a part of tests/bench.

Beside it, in the same run, what cannot be left out: two proofs that are as small
as GnuTLS allows, and a FastCGI request that does nothing.
"""

import concurrent.futures
import os
import re
import statistics
import subprocess
import time

from . import fastcgi, memory, nginx, waiting
from .gateway import verifier
from .process import Process
from .router import basic, query
from .stage import CLAIM, HOST, PROVIDER, ZONE

HERE = os.path.dirname(os.path.abspath(__file__))
API = "members.dyndns.org"          # of the description that takes one write
CLOSING = "37.120.160.54"           # there the provider closes after each answer
TURNS = 20                          # each of so many of each kind
EACH = 15
USERS = [f"user{i}" for i in range(24)]
CLIENTS = 8
SECONDS = 4
WORKERS = 32


def cpu(pid):
    """Milliseconds, exactly: the ticks of /proc/pid/stat are 10 ms."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as f:
        return int(f.read().split()[0]) / 1e6


def compile_c(folder, name, *libraries):
    program = f"{folder}/{name}"
    subprocess.run(["cc", "-O2", "-o", program, f"{HERE}/{name}.c", *libraries], check=True)
    return program


class Full:
    """The reference case with the roots of a system, and the bounds beside it."""

    def __init__(self, stage, binary, bundle):
        self.stage = stage
        self.binary = binary
        self.bundle = bundle
        leaf = stage.authority.leaf(API)
        stage.keep(nginx.start(stage.provider, f"{stage.folder}/api", "".join(
            nginx.server(nginx.listen(stage.provider, *addresses), leaf,
                         f'{options} return 200 "good\\n";')
            for addresses, options in ((PROVIDER, "keepalive_requests 1000000;"),
                                       ([CLOSING], "keepalive_timeout 0;"))),
            stage.provider.ipv4))
        self.pool = self.start(1, "one")
        self.bare = compile_c(stage.folder, "bare", "-lgnutls")
        self.empty = f"{stage.folder}/empty-one.sock"
        self.nothing = stage.keep(Process(stage.proxy, [
            "spawn-fcgi", "-n", "-s", self.empty, "--",
            compile_c(stage.folder, "empty", "-lfcgi")], f"{stage.folder}/empty-one.log"))
        waiting.until(lambda: os.path.exists(self.empty), "the empty program")

    def start(self, workers, name):
        """A pool where every user may publish a host of their own."""
        stage = self.stage
        accounts = {user: {
            "verifier": verifier(user, stage.token),
            "provider": "closing" if user == "closing" else "kept",
            "hosts": {f"{user}.{ZONE}": HOST}} for user in (*USERS, "closing")}
        return stage.keep(stage.pool(self.binary, {
            "workers": workers, "ca": self.bundle, "state": "/dev/null/none",
            "providers": {
                "kept": {"description": "dyn", "addresses": list(PROVIDER)},
                "closing": {"description": "dyn", "addresses": [CLOSING]}},
            "accounts": accounts}, f"full-{name}").start())

    def ask(self, socket, user):
        text = query(CLAIM)
        status, answer = fastcgi.call(socket, {
            "REQUEST_METHOD": "GET", "REQUEST_URI": f"/update?{text}",
            "QUERY_STRING": text, "REMOTE_ADDR": self.stage.router.ipv4,
            "HTTP_AUTHORIZATION": basic(user, self.stage.token)}, timeout=30)
        if status != 200:
            raise RuntimeError(answer)

    def cost(self, pid, socket, user):
        """CPU of one request."""
        before = cpu(pid)
        self.ask(socket, user)
        return cpu(pid) - before

    def proofs(self, count):
        """(milliseconds of CPU that a bare one takes, how many a second)"""
        told = self.stage.proxy.run([self.bare, self.bundle, ZONE, str(count),
                                     self.stage.web.ipv4])
        micros, rate = map(float, told.split())
        return micros / 1000, rate

    def costs(self):
        """Medians of CPU: an update, with a new connection, a bare proof, nothing.

        And of the seconds that a bare proof took.
        """
        worker, = self.pool.workers()
        found = [[], [], [], [], []]
        for _ in range(3):
            self.ask(self.pool.socket, USERS[0])
            self.ask(self.pool.socket, "closing")
        for _ in range(TURNS):
            for _ in range(EACH):
                found[0].append(self.cost(worker, self.pool.socket, USERS[0]))
            for _ in range(EACH):
                found[1].append(self.cost(worker, self.pool.socket, "closing"))
            spent, rate = self.proofs(EACH)
            found[2].append(spent)
            found[4].append(1 / rate)
            for _ in range(EACH):
                found[3].append(self.cost(self.nothing.pid, self.empty, USERS[0]))
        return [statistics.median(values) for values in found]

    def phases(self):
        """Mean milliseconds of the proofs, and of the provider after them."""
        mark = self.pool.mark()
        for _ in range(TURNS * EACH):
            self.ask(self.pool.socket, USERS[0])
        rows = [(int(a), int(b)) for a, b in re.findall(
            r"proofs (\d+) ms, provider (\d+) ms", self.pool.printed()[mark:])]
        proofs = statistics.mean(a for a, _ in rows)
        # The log cuts what is less than a millisecond.
        return proofs + 0.5, statistics.mean(b for _, b in rows) - proofs

    def load(self, socket, seconds):
        """Updates a second, by CLIENTS at a time."""
        end = time.monotonic() + seconds

        def client(number):
            count = 0
            while time.monotonic() < end:
                self.ask(socket, USERS[(number + CLIENTS * count) % len(USERS)])
                count += 1
            return count
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            return sum(clients.map(client, range(CLIENTS))) / seconds

    def rates(self):
        """(updates a second of a pool, the same of bare proofs, weights of the pool)"""
        pool = self.start(WORKERS, "many")
        self.load(pool.socket, SECONDS)
        rate = self.load(pool.socket, SECONDS)
        weights = [memory.kilobytes(pid, "Pss") / 1024 for pid in pool.workers()]
        pool.stop()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            proofs = sum(r for _, r in clients.map(self.proofs, CLIENTS * [150]))
        return rate, proofs / 2, weights


def measure(full, line):
    update, closing, proof, nothing, took = full.costs()
    least = 2 * proof + nothing
    print("one full update: a recent login, two proofs, one write; the roots of a system")
    line("two proofs as small as GnuTLS allows, an empty request", f"{least:.2f}", "ms",
         "of CPU: 1.00")
    line("own CPU of a full update", f"{update:.2f}", "ms", f"{update / least:.2f}")
    line("more of a new connection to the provider, beyond a handshake",
         f"{closing - update - proof:.2f}", "ms", f"{proof:.2f} ms that is")
    proofs, provider = full.phases()
    line("the proofs, on the wall", f"{proofs:.1f}", "ms",
         f"{proofs / 2000 / took:.2f} of two small ones")
    line("the provider after them", f"{provider:.1f}", "ms")
    rate, bound, weights = full.rates()
    line(f"full updates by {CLIENTS} at a time, all on this machine", f"{rate:.0f}", "/s",
         f"{rate / bound:.2f} of the bare proofs, which are {2 * bound:.0f} a second")
    line(f"the heaviest of {len(weights)} workers then, all of them",
         f"{max(weights):.2f}", "MB", f"PSS; {sum(weights):.1f} MB")
