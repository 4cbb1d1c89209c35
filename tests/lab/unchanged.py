"""What a nochg costs, with 100,000 hosts in the state; a part of tests/bench."""

import os
import re
import sqlite3
import subprocess

from . import nginx, waiting
from .gateway import USER as DAEMON
from .process import Process, children
from .router import basic, query
from .stage import CLAIM, USER

HOSTS = 100_000
CLIENTS = 8
SECONDS = 4
WORKERS = 8
PORT = 8443
HERE = os.path.dirname(os.path.abspath(__file__))


def fill(path):
    """Other hosts, as if each had been published once."""
    with sqlite3.connect(path) as db:
        db.executemany(
            "INSERT INTO host (name, account, ipv4) VALUES (?, 'other', '89.14.163.1')",
            ((f"h{i}.example.org",) for i in range(HOSTS)))
    for name in (path, f"{path}-wal", f"{path}-shm"):
        if os.path.exists(name):
            os.chown(name, DAEMON, DAEMON)


def start_empty(stage, folder):
    """A program that does nothing, with as many processes, behind the same nginx."""
    program, socket = f"{folder}/empty", f"{folder}/empty.sock"
    subprocess.run(["cc", "-O2", "-o", program, f"{HERE}/empty.c", "-lfcgi"], check=True)
    process = stage.keep(Process(stage.proxy, [
        "spawn-fcgi", "-n", "-s", socket, "-M", "0666", "-b", "64", "--",
        program, str(WORKERS)],
        f"{folder}/empty.log"))
    waiting.until(lambda: len(children(process.pid)) == WORKERS - 1, "the empty program")
    stage.keep(nginx.start(stage.proxy, f"{folder}/empty-front", nginx.server(
        nginx.listen(stage.proxy, stage.proxy.ipv4, port=PORT),
        stage.authority.leaf("empty.example.org"), f"""
        location / {{ include fastcgi_params; fastcgi_pass unix:{socket}; }}"""),
        stage.proxy.ipv4, PORT))


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
        start_empty(stage, folder)

    def rate(self, url):
        """Requests a second, and how many there were."""
        script = f"{self.stage.folder}/unchanged.lua"
        with open(script, "w", encoding="ascii") as f:
            f.write('wrk.headers["Authorization"] = '
                    f'"{basic(USER, self.stage.token)}"')
        told = self.stage.router.run([
            "wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS}s", "-s", script, url])
        if "Non-2xx" in told:
            raise RuntimeError(told)
        return (float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]),
                int(re.search(r"(\d+) requests in", told)[1]))

    def measure(self, cpu_seconds):
        """(requests a second of nochg, of the empty program, ms of CPU a nochg)"""
        proxy = self.stage.proxy.ipv4
        url = f"https://{proxy}/update?{query(CLAIM)}"
        self.rate(url)
        empty, _ = self.rate(f"https://{proxy}:{PORT}/update?{query(CLAIM)}")
        before = cpu_seconds(self.pool.workers())
        ours, count = self.rate(url)
        cpu = cpu_seconds(self.pool.workers()) - before
        return ours, empty, cpu / count * 1000
