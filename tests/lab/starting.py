"""What a start and a reload of the pool cost, by accounts, hosts and workers."""

import json
import os
import shutil
import statistics
import subprocess
import time

from . import fastcgi, waiting
from .gateway import USER as DAEMON
from .gateway import verifier
from .process import children, cpu_seconds, pss
from .table import line, row

TIMES = 5
PATIENCE = 300          # seconds for a start on a machine that does much else
ONE = {"accounts": 1, "hosts": 1, "workers": 32}
GROWTH = (("accounts", (1, 100, 10_000, 100_000)), ("hosts", (1, 8, 64)),
          ("workers", (2, 8, 32, 128)))


class Start:
    """A pool of a size, started once; no request but the first one."""

    def __init__(self, binary, folder, ca, accounts, hosts, workers):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        os.chown(folder, DAEMON, DAEMON)
        self.socket = f"{folder}/socket"
        token = verifier("user", "token")
        with open(f"{folder}/ddnsgate.json", "w", encoding="ascii") as f:
            json.dump({
                "workers": workers, "listen": {"socket": self.socket}, "ca": ca,
                "state": folder, "log": f"{folder}/log",
                "providers": {"home": {
                    "description": "powerdns", "addresses": ["37.120.160.53"],
                    "config": {"base": "https://api.example.org/"}}},
                "accounts": {f"user{i}": {
                    "verifier": token, "provider": "home",
                    "hosts": {f"h{i}-{j}.example.org": {"ipv4": True}
                              for j in range(hosts)}} for i in range(accounts)}}, f)
        self.process = subprocess.Popen(
            [binary, "serve", "--config", f"{folder}/ddnsgate.json"],
            user=DAEMON, group=DAEMON, extra_groups=[])
        self.answered = waiting.until(self.answer, "the first answer", PATIENCE)

    def answer(self):
        """(own CPU till then, in seconds); None while there is no answer."""
        try:
            fastcgi.call(self.socket, {
                "REQUEST_METHOD": "GET", "REQUEST_URI": "/", "QUERY_STRING": "",
                "REMOTE_ADDR": "127.0.0.1"}, timeout=2.0)
        except OSError:
            if self.process.poll() is not None:
                raise RuntimeError("it does not start") from None
            return None
        return self.cpu()

    def everybody(self):
        return [self.process.pid, *children(self.process.pid)]

    def cpu(self):
        return cpu_seconds(self.everybody(), reaped=True)

    def megabytes(self):
        """Of all processes, each shared page once, when all workers are there."""
        time.sleep(1)
        return sum(map(pss, self.everybody()))

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def measure_once(binary, folder, ca, size):
    start = Start(binary, folder, ca, **{**ONE, **size})
    try:
        return start.answered, start.megabytes()
    finally:
        start.stop()


def linking(binary):
    """CPU of a program that only says its version: what any start costs."""
    before = os.times()
    subprocess.run([binary, "--version"], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return (after.children_user + after.children_system
            - before.children_user - before.children_system)


def measure(binary, folder, ca):
    cpu = statistics.median(
        measure_once(binary, folder, ca, {})[0] for _ in range(TIMES))
    bound = statistics.median(linking(binary) for _ in range(TIMES))
    row("own CPU till the first answer, 32 workers, one account", f"{cpu * 1000:.0f}",
        "ms", f"{bound * 1000:.0f} ms for ddnsgate --version", "30 ms")
    cpu, megabytes = measure_once(binary, folder, ca, {"accounts": 100_000})
    row("the same with 100,000 accounts", f"{cpu:.2f}", "s", "", "1.5 s")
    row("  memory of all processes then", f"{megabytes:.0f}", "MB", "", "300 MB")


def measure_growth(binary, folder, ca):
    print("what grows: CPU till the first answer, and memory of all processes")
    for what, numbers in GROWTH:
        for number in numbers:
            cpu, megabytes = measure_once(binary, folder, ca, {what: number})
            line(f"{number:,} {what}{' an account' if what == 'hosts' else ''}",
                 f"{cpu * 1000:.0f}", "ms", f"{megabytes:.0f} MB")
