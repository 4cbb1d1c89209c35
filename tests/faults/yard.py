"""Pools of one worker, each before a provider that keeps what it is sent.

A player plays a situation over and over, each time with another fault, and
looks whether what was said is true.
"""

import contextlib
import itertools
import mmap
import os
import shutil
import sqlite3
import struct
import subprocess
import threading
import time

from lab import fastcgi, scripted, waiting
from lab.gateway import USER, Pool, verifier
from lab.provider import answer
from lab.remembering import Recorder
from lab.stage import PROVIDER, ROUTER, WEB, ZONE, Stage

NAME = f"slow.dns.{ZONE}"
PROVEN = (WEB, ("89.14.163.160", "2a01:c22:b045:defc::160"))
STRANGER = "89.14.163.161"              # shows a certificate for another name
SILENT = "89.14.163.162"                # takes the connection, and says nothing
IPV4 = ("89.14.163.21", "89.14.163.22")
PATIENCE = 15.0                         # no request may last longer
LEAVING = 30.0                          # until the workers before a reload have left
JSON = "Content-Type: application/json"
GOOD = 3                                # requests between two deaths: no crash loop (crashes.h)


class Keeper(Recorder):
    """Keeps what is written; fault(request), if it says anything, comes first."""

    def __init__(self, *arguments, **options):
        self.fault = None
        super().__init__(*arguments, **options)

    def behave(self, request):
        fault = self.fault
        said = fault(request) if fault else None
        if said is not None:
            return said
        path = request.line.split()[1]
        if path.startswith("/nic/update?"):
            fields = dict(f.split("=") for f in path.partition("?")[2].split("&"))
            self.held[fields["hostname"], "A"] = [fields["myip"]]
            self.writes.append((fields["hostname"], "A", fields["myip"]))
            return answer("200", b"good " + fields["myip"].encode(),
                          "Content-Type: text/plain")
        return super().behave(request)


def accounts(token):
    """Whoever the stories are about."""
    only = {"ipv4": True, "zone": ZONE, "proof": {"kind": "none"}}
    both = {"ipv4": True, "ipv6": "router", "zone": ZONE}
    tls = {"kind": "certificate", "request": "tls"}
    rows = {
        "plain": {"plain": only},
        "both": {"both": both},
        "partial": {"partial": {**both, "partial": True}},
        "tls": {"tls": {**only, "proof": tls}},
        "two": {"one": only, "two": only},
        "removal": {"removal": {**both, "removal": True, "proof": {"kind": "none"}}},
        "public": {"public": {**both, "ipv4": "if-public", "proof": {"kind": "none"}}},
        "query": {"query": only},
        "dyn": {"dyn": only},
    }
    found = {user: {
        "verifier": verifier(user, token), "provider": "home",
        "hosts": {f"{name}.{ZONE}": rules for name, rules in hosts.items()}}
        for user, hosts in rows.items()}
    found["query"]["query_credentials"] = True
    found["dyn"] |= {"provider": "words", "verifier": verifier("dyn", "login:password")}
    return found


class Yard(Stage):
    """The lab of the faults: web servers, and as many pools as are asked for."""

    def __init__(self, folder, token, network, binary, tools):
        super().__init__(folder, token, network)
        self.binary = binary
        self.tools = tools
        self.ports = itertools.count(9500)
        self.numbers = itertools.count()
        self.leaf = self.authority.leaf(NAME)
        try:
            self.hosts(more_web=[*PROVEN[1], STRANGER, SILENT])
            self.web_server(
                (self.authority.leaf(ZONE), *PROVEN[1]),
                (self.authority.leaf(ZONE, "wrong-name"), STRANGER))
            self.keep(scripted.Server(self.web, SILENT, 443, scripted.silent))
        except BaseException:
            self.close()
            raise

    def player(self, **options):
        return Player(self, **options)


class Tracer:
    """Beside one worker; see tracer.c."""

    def __init__(self, program, pid):
        self.process = subprocess.Popen(
            [program, str(pid)], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)

    def order(self, text):
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()
        if (said := self.process.stdout.readline()) != "ready\n":
            raise RuntimeError(f"the tracer says {said!r}")

    def result(self):
        """A word and numbers; waits until the request has ended."""
        word, *numbers = self.process.stdout.readline().split() or ["gone"]
        return word, [int(n) for n in numbers]

    def stop(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Machine:
    """The page that machine.c looks at."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as f:
            f.write(bytes(mmap.PAGESIZE))
        os.chmod(path, 0o666)
        with open(path, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), mmap.PAGESIZE)

    def starve(self, pid, first=0, last=0):
        """Counts the allocations of pid, and lets those from first to last fail."""
        struct.pack_into("=IIII", self.page, 0, 0, 0, first, last)
        struct.pack_into("=I", self.page, 0, pid)

    def count(self):
        return struct.unpack_from("=I", self.page, 4)[0]

    def set_clock(self, later):
        """Seconds that the clock is ahead; may be less than 0."""
        struct.pack_into("=q", self.page, 16, later)

    def environment(self, tools):
        return {"LD_PRELOAD": f"{tools}/machine.so", "DDNSGATE_MACHINE": self.path}


class Player:
    """A pool, its provider and its state, which nobody else uses."""

    def __init__(self, yard, workers=1, state=None, state_directory=None):
        self.yard = yard
        self.folder = f"{yard.folder}/player-{next(yard.numbers)}"
        os.makedirs(self.folder)
        os.chmod(self.folder, 0o755)
        port = next(yard.ports)
        self.keeper = Keeper(yard.provider, PROVIDER[0], port, yard.leaf, ZONE)
        self.state = state_directory or f"{self.folder}/state"
        os.makedirs(self.state, exist_ok=True)
        os.chown(self.state, USER, USER)
        self.machine = Machine(f"{self.folder}/machine")
        at = {"addresses": [PROVIDER[0]],
              "config": {"base": f"https://{NAME}:{port}"}}
        self.configuration = {
            "workers": workers, "ca": yard.authority.pem, "state": state or self.state,
            "providers": {"home": {"description": "powerdns", **at},
                          "words": {"description": "dyndns2", **at}},
            "accounts": accounts(yard.token)}
        self.pool = Pool(yard.proxy, f"{self.folder}/pool", yard.binary,
                         self.configuration, self.machine.environment(yard.tools))
        self.pool.start()
        self.turn = 0
        self.known = 0                  # the worker that was there last
        self.tracer = None
        self.traced = None
        self.aim = None                 # the worker that the fault is for

    def worker(self):
        """The pid of the only one, once it is there."""
        if not is_worker(self.known):
            self.known = waiting.until(
                lambda: next(filter(is_worker, self.pool.workers()), None), "a worker", 30)
        return self.known

    def serve(self):
        """A worker that dies next has lived for something."""
        for _ in range(GOOD):
            self.pool.answers()

    def trace(self, order, pid=None):
        """Orders something of the tracer beside pid, or beside the worker."""
        end = time.monotonic() + LEAVING
        while True:
            try:
                self.trace_once(order, pid or self.worker())
                return
            except (RuntimeError, BrokenPipeError):
                # After a reload the old worker leaves while the new one is there.
                self.untrace()
                if pid or time.monotonic() > end:
                    raise
            time.sleep(0.05)

    def trace_once(self, order, pid):
        if self.traced != pid:
            self.untrace()
            self.tracer = Tracer(f"{self.yard.tools}/tracer", pid)
            self.traced = self.aim = pid
        self.tracer.order(order)

    def untrace(self):
        if self.tracer:
            self.tracer.stop()
        self.tracer = self.traced = self.aim = None

    def start_anew(self):
        """As an operator would; what is forgiven in time is forgiven at once."""
        self.untrace()
        self.pool.stop()
        self.pool.start()

    def starve(self, first=0, last=0):
        """Machine.starve() for the worker."""
        self.aim = self.worker()
        self.machine.starve(self.aim, first, last)

    def ask(self, user, path="/update", token=None, headers=None, **parameters):
        """One request; its status, 0 for none, and its body."""
        request = self.yard.parameters(user, token or self.yard.token, **parameters)
        request |= {"REMOTE_ADDR": ROUTER[0], **(headers or {})}
        request["REQUEST_URI"] = f"{path}?{request['QUERY_STRING']}"
        try:
            status, text = fastcgi.call(self.pool.socket, request, timeout=PATIENCE)
        except (ConnectionError, FileNotFoundError):
            return 0, ""
        return status, text.partition("\r\n\r\n")[2]

    def held(self, name, kind="A"):
        return self.keeper.held.get((f"{name}.{ZONE}", kind), [])

    def intact(self):
        """What SQLite says of the state's file."""
        with sqlite3.connect(f"file:{self.state}/state.db?mode=ro", uri=True) as db:
            return db.execute("PRAGMA integrity_check").fetchone()[0]

    def stop(self):
        self.untrace()
        self.keeper.fault = None
        self.keeper.gate.set()
        self.pool.stop()
        self.keeper.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def is_worker(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            name, _, rest = f.read().rpartition(")")
    except OSError:                     # it has just ended
        return False
    return "work" in name and rest.split()[0] != "Z"


def in_background(function, *arguments, **options):
    thread = threading.Thread(target=function, args=arguments, kwargs=options)
    thread.start()
    return thread

