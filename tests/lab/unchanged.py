"""What a nochg costs, with 100,000 hosts in the state; a part of tests/bench."""

import contextlib
import os
import re
import signal
import sqlite3
import statistics
import struct
import subprocess
import time

from . import fastcgi, waiting
from .gateway import USER as DAEMON, Gateway
from .process import Process, children, cpu_seconds
from .router import basic, query
from .stage import CLAIM, GATEWAY, USER
from .table import line, row

HOSTS = 100_000
CLIENTS = 8
SECONDS = 2
TIMES = 7               # of which the median counts: others load the machine, too
POLLS, CHANGING = 333, 100      # a second, and one of so many
POLL_SECONDS = 6
COUNTED = 500
QUIET = 2.5             # seconds after which the state looks at its directory only
WORKERS = 8
PORT = 8443
HERE = os.path.dirname(os.path.abspath(__file__))


def fill(path):
    """Other hosts, as if each had been published once."""
    # The end of the connection, not of `with`, closes the file.
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.executemany(
            "INSERT INTO host (name, account, ipv4) VALUES (?, 'other', '89.14.163.1')",
            ((f"h{i}.example.org",) for i in range(HOSTS)))
    for name in (path, f"{path}-wal", f"{path}-shm"):
        if os.path.exists(name):
            os.chown(name, DAEMON, DAEMON)


class Empty:
    """A program that does nothing, with as many processes, behind the same nginx."""

    def __init__(self, stage, folder):
        self.host, self.folder = stage.proxy, f"{folder}/empty"
        self.socket = f"{self.folder}/empty.sock"
        os.makedirs(self.folder)
        program = f"{self.folder}/empty"
        subprocess.run(["cc", "-O2", "-o", program, f"{HERE}/empty.c", "-lfcgi"], check=True)
        self.process = stage.keep(Process(self.host, [
            "spawn-fcgi", "-n", "-s", self.socket, "-M", "0666", "-b", "64", "--",
            program, str(WORKERS)], f"{self.folder}/empty.log"))
        waiting.until(lambda: len(children(self.process.pid)) == WORKERS - 1,
                      "the empty program")
        stage.keep(Gateway(self, GATEWAY, stage.authority.leaf(GATEWAY),
                           stage.authority.pem, PORT).front)


class Unchanged:
    """The reference case with a state, and the empty program beside it."""

    def __init__(self, stage, binary):
        self.stage = stage
        folder = f"{stage.folder}/unchanged"
        os.makedirs(f"{folder}/state")
        os.chown(f"{folder}/state", DAEMON, DAEMON)
        self.pool = stage.pool(binary, stage.configuration(
            workers=WORKERS, state=f"{folder}/state"), "unchanged/pool")
        self.pool.start()
        self.pool.stop()
        fill(f"{folder}/state/state.db")
        self.router = stage.gateway(self.pool).router(stage.router)
        for word in ("good", "nochg"):
            answer = self.router.update(USER, stage.token, **CLAIM)
            if f" {word} " not in answer.body:
                raise RuntimeError(f"not {word}: {answer}")
        self.empty = Empty(stage, folder).process

    def rate(self, url, credential=True):
        """Requests a second, and how many there were."""
        script = f"{self.stage.folder}/unchanged.lua"
        with open(script, "w", encoding="ascii") as f:
            if credential:
                f.write('wrk.headers["Authorization"] = '
                        f'"{basic(USER, self.stage.token)}"')
        told = self.stage.router.run([
            "wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS}s", "-s", script, url])
        if credential == ("Non-2xx" in told):
            raise RuntimeError(told)
        return (float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]),
                int(re.search(r"(\d+) requests in", told)[1]))

    def cpu(self, process):
        return cpu_seconds([process.pid, *children(process.pid)], reaped=True)

    def compare(self, url, empty_url, **options):
        """Medians: (rate, rate of the empty program, CPU of each request in ms)."""
        rounds = []
        for url_of in (url, empty_url):
            self.rate(url_of, **options if url_of == url else {})
        for _ in range(TIMES):
            figures = []
            for process, url_of in ((self.pool.process, url), (self.empty, empty_url)):
                before = self.cpu(process)
                rate, count = self.rate(url_of, **options if url_of == url else {})
                figures += [rate, (self.cpu(process) - before) / count * 1000]
            rounds.append((*figures, figures[0] / figures[2], figures[1] / figures[3]))
        return [statistics.median(column) for column in zip(*rounds)]

    def urls(self):
        proxy = self.stage.proxy.ipv4
        return (f"https://{proxy}/update?{query(CLAIM)}",
                f"https://{proxy}:{PORT}/update?{query(CLAIM)}")

    def ask(self, **more):
        """One update, straight to the pool."""
        text = query({**CLAIM, **more})
        status, answer = fastcgi.call(self.pool.socket, {
            "REQUEST_METHOD": "GET", "REQUEST_URI": f"/update?{text}",
            "QUERY_STRING": text, "REMOTE_ADDR": self.stage.router.ipv4,
            "HTTP_AUTHORIZATION": basic(USER, self.stage.token)})
        if status != 200:
            raise RuntimeError(answer)

    def poll(self):
        """The part of a core that many routers cost, some of which change."""
        before, began = self.cpu(self.pool.process), time.monotonic()
        for i in range(POLLS * POLL_SECONDS):
            self.ask(**{"force": "yes"} if i % CHANGING == 0 else {})
            time.sleep(max(0.0, began + i / POLLS - time.monotonic()))
        return ((self.cpu(self.pool.process) - before)
                / (time.monotonic() - began))

    def count(self, folder):
        """(system calls, allocations, bytes) of one nochg."""
        library, counters = f"{folder}/allocations.so", f"{folder}/allocations"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", f"{HERE}/allocations.c",
                        "-o", library], check=True)
        with open(counters, "wb") as f:
            f.write(bytes(16))
        os.chmod(counters, 0o666)
        self.pool.stop()
        self.pool.env = {"LD_PRELOAD": library, "ALLOCATIONS": counters}
        self.pool.start()
        time.sleep(QUIET)
        for _ in range(20 * WORKERS):
            self.ask()

        def allocated():
            with open(counters, "rb") as f:
                return struct.unpack("qq", f.read())
        before = allocated()
        for _ in range(COUNTED):
            self.ask()
        calls, size = ((after - first) / COUNTED
                       for after, first in zip(allocated(), before))
        told = f"{folder}/strace"
        tracer = subprocess.Popen(
            ["strace", "-c", "-f", "-o", told,
             *(f"-p{pid}" for pid in self.pool.workers())],
            stderr=subprocess.PIPE, text=True)
        for _ in range(WORKERS):
            tracer.stderr.readline()    # it tells of each that it is attached to
        for _ in range(COUNTED):
            self.ask()
        tracer.send_signal(signal.SIGINT)
        tracer.communicate()
        with open(told, encoding="ascii") as f:
            system = int(re.search(r"(\d+)(?:\s+\d+)? total$", f.read(), re.M)[1])
        return system / COUNTED, calls, size


def measure(stage, binary):
    print(f"an update that changes nothing, {HOSTS:,} hosts in the state")
    unchanged = Unchanged(stage, binary)
    url, empty_url = unchanged.urls()
    ours, cpu, empty, empty_cpu, ratio, cpu_ratio = unchanged.compare(url, empty_url)
    line("an empty FastCGI program behind the same nginx", f"{empty:.0f}", "/s",
         f"{empty_cpu:.3f} ms of CPU")
    row("nochg", f"{ours:.0f}", "/s", f"{ratio:.2f} of the empty program", "0.80")
    line("of our own CPU a nochg", f"{cpu:.3f}", "ms", f"{cpu_ratio:.1f} of its")
    _, cpu, _, _, _, cpu_ratio = unchanged.compare(url, empty_url, credential=False)
    row("refused without credentials, own CPU", f"{cpu:.3f}", "ms",
        f"{cpu_ratio:.2f} of the empty program", "1.30")
    row(f"{HOSTS:,} routers that poll every 5 minutes, 1 % forced",
        f"{unchanged.poll() * 100:.1f}", "%", "of a core", "10 %")
    system, calls, size = unchanged.count(f"{stage.folder}/unchanged")
    line("system calls of a nochg, with the wait for it", f"{system:.1f}", "")
    line("allocations of a nochg, libfcgi's too", f"{calls:.1f}", "",
         f"{size / 1024:.1f} kB")
