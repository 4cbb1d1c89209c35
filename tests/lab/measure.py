"""The numbers of tests/bench: run as `python3 -m lab.measure BINARY FOLDER`."""

import hashlib
import os
import re
import statistics
import subprocess
import sys
import time

from . import far, full, network, starting, unchanged
from .gateway import verifier
from .process import cpu_seconds, pss
from .router import query
from .stage import CLAIM, HOST, USER, ZONE, Stage
from .table import line

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
CLIENTS = 8             # as many as examples/nginx.conf admits from one address
SECONDS = 3
UPDATES = 200
ROUNDS = 600_000
LOGINS = [f"login{i}" for i in range(10)]


def bundle(stage):
    """What Debian trusts, and the authority of the lab at the end of it."""
    path = f"{stage.folder}/bundle.pem"
    with open(path, "w", encoding="utf-8") as to:
        for part in (BUNDLE, stage.authority.pem):
            with open(part, encoding="utf-8") as f:
                to.write(f.read())
    os.chmod(path, 0o644)
    return path


class Bench:
    """The reference case, under load."""

    def __init__(self, stage, binary):
        self.stage = stage
        self.binary = binary
        configuration = stage.configuration(workers=8)
        configuration["accounts"]["unproven"] = {
            "verifier": verifier("unproven", stage.token), "provider": "home",
            "hosts": {f"unproven.{ZONE}": {
                **HOST, "zone": ZONE, "proof": {"kind": "none"}}}}
        configuration["providers"]["bundle"] = {
            **configuration["providers"]["home"], "ca": bundle(stage)}
        configuration["accounts"]["bundle"] = {
            "verifier": verifier("bundle", stage.token), "provider": "bundle",
            "hosts": {f"bundle.{ZONE}": {
                **HOST, "zone": ZONE,
                "proof": {"kind": "certificate", "ca": bundle(stage)}}}}
        for user in LOGINS:
            configuration["accounts"][user] = {
                **configuration["accounts"]["unproven"],
                "verifier": verifier(user, stage.token, ROUNDS)}
        self.pool = stage.pool(binary, configuration)
        self.router = stage.gateway(self.pool).router(stage.router)

    def rate(self, path, authorization=None):
        """Answered requests a second, with CLIENTS connections."""
        header = f'wrk.headers["Authorization"] = "{authorization}"'
        script = f"{self.stage.folder}/wrk.lua"
        with open(script, "w", encoding="ascii") as f:
            f.write(header if authorization else "")
        told = self.stage.router.run([
            "wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS}s", "-s", script,
            f"https://{self.stage.proxy.ipv4}{path}"])
        return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])

    def cpu(self):
        """Of all workers, also of those that ended."""
        return cpu_seconds([self.pool.process.pid, *self.pool.workers()], reaped=True)

    def update(self, user):
        """Milliseconds on the wall and of CPU, for an update of unchanged records."""
        times = []
        before = self.cpu()
        for _ in range(UPDATES):
            began = time.monotonic()
            answer = self.router.update(user, self.stage.token, **CLAIM)
            times.append(time.monotonic() - began)
            if answer.status != 200:
                raise RuntimeError(f"an update failed: {answer}")
        cpu = self.cpu() - before
        return statistics.median(times) * 1000, cpu / UPDATES * 1000

    def login(self):
        """Seconds for one verifier, here and in Python."""
        began = time.monotonic()
        subprocess.run([self.binary, "hash", "--iterations", str(ROUNDS)], check=True,
                       input=f"{USER}:token\n", text=True, stdout=subprocess.DEVNULL)
        ours = time.monotonic() - began
        began = time.monotonic()
        hashlib.pbkdf2_hmac("sha256", b"router:token", b"0123456789abcdef", ROUNDS)
        return ours, time.monotonic() - began

    def remembered(self):
        """Median seconds of a login alone, the first time and later."""
        times = {"first": [], "later": []}
        for user in LOGINS:
            for when in ["first", *["later"] * 20]:
                began = time.monotonic()
                # Not an address: nothing but the login is done for it.
                answer = self.router.update(user, self.stage.token, ipv4="x")
                times[when].append(time.monotonic() - began)
                if answer.status != 400:
                    raise RuntimeError(f"not a login: {answer}")
        return statistics.median(times["first"]), statistics.median(times["later"])

    def weights(self):
        return [pss(pid) for pid in self.pool.workers()]


def bundle_size():
    with open(BUNDLE, encoding="utf-8") as f:
        return f.read().count("BEGIN CERTIFICATE")


def measure(bench):
    print(f"requests a second: {CLIENTS} clients, TLS, nginx in front")
    alone = bench.rate("/")
    line("nginx alone (its own 404)", f"{alone:.0f}", "/s", "1.00")
    for what, path in (("ddnsgate, no login (401)", "/update?" + query(CLAIM)),
                       ("ddnsgate, no such path behind it (404)", "/nic/checkip")):
        rate = bench.rate(path)
        line(what, f"{rate:.0f}", "/s", f"{rate / alone:.2f}")

    print("one update of two records that are already so")
    idle = bench.weights()
    bench.update(USER)
    bench.update("unproven")
    wall, cpu = bench.update(USER)
    wall_unproven, cpu_unproven = bench.update("unproven")
    line("with two proofs", f"{wall:.1f}", "ms", f"{cpu:.1f} ms of CPU")
    line("without a proof", f"{wall_unproven:.1f}", "ms", f"{cpu_unproven:.1f} ms of CPU")
    line("so a proof costs", f"{(cpu - cpu_unproven) / 2:.2f}", "ms CPU")
    bench.update("bundle")
    wall_bundle, cpu_bundle = bench.update("bundle")
    line(f"with two proofs, {bundle_size() + 1} roots for them and the provider",
         f"{wall_bundle:.1f}", "ms",
         f"{cpu_bundle:.1f} ms of CPU, {wall_bundle / wall:.2f} of that with one root")

    print(f"one login at {ROUNDS} iterations")
    ours, python = bench.login()
    line("ddnsgate hash, with its start", f"{ours * 1000:.0f}", "ms",
         f"{ours / python:.2f} of Python's")
    first, later = bench.remembered()
    line("a request that logs in, the first time", f"{first * 1000:.1f}", "ms")
    line("and when it is remembered", f"{later * 1000:.1f}", "ms",
         f"{later / first:.3f} of the first")

    print("memory")
    line("a worker that has done nothing", f"{min(idle):.2f}", "MB", "PSS")
    line("the busiest of eight", f"{max(bench.weights()):.2f}", "MB", "PSS")


def measure_far(stage):
    print(f"one update of two records that change, the web server {far.TO_WEB * 1000:.0f} ms"
          f" and the provider {far.TO_PROVIDER * 1000:.0f} ms away")
    best = far.first_and_best(stage)["best"]
    for name, update in (("with a connection to the provider", best),
                         ("with a new connection", far.cold(stage, "good")),
                         ("and nothing to write", far.cold(stage, "nochg"))):
        line(name, f"{update.seconds * 1000:.0f}", "ms",
             f"{update.seconds / update.trips:.2f} of its round trips")
        for phase, trips in (("proofs", update.proof_trips),
                             ("provider", update.provider_trips)):
            line(f"  {phase}, as the log says", f"{update.phases[phase] * 1000:.0f}",
                 "ms", f"{update.phases[phase] / trips:.2f}")
    line("of each write the provider's own", f"{far.own_write(stage) * 1000:.0f}", "ms")


def main():
    binary, folder = sys.argv[1:]
    with Stage(folder, "a-token-for-the-bench", network.Network()) as stage:
        stage.hosts()
        stage.web_server()
        stage.dns()
        measure(Bench(stage, binary))
    with Stage(f"{folder}/state", "a-token-for-the-bench", network.Network()) as stage:
        stage.hosts()
        stage.web_server()
        stage.dns()
        unchanged.measure(stage, binary)
    with Stage(f"{folder}/full", "user:a-token-for-the-bench",
               network.Network()) as stage:
        stage.hosts(more_provider=[full.CLOSING])
        stage.web_server()
        full.measure(full.Full(stage, binary, bundle(stage)), line)
    with Stage(f"{folder}/far", "a-token-for-the-bench", network.Network()) as stage:
        try:
            far.build(stage, binary, ca=bundle(stage), accounts={USER: {
                "verifier": verifier(USER, stage.token), "provider": "home",
                "hosts": {ZONE: {**HOST, "zone": ZONE}}}})
        except RuntimeError as error:
            print(f"updates from afar: not measured, {error}")
        else:
            measure_far(stage)
    print(f"a start, with the {bundle_size()} roots of Debian")
    starting.measure(binary, f"{folder}/start", BUNDLE)
    starting.measure_growth(binary, f"{folder}/start", BUNDLE)


if __name__ == "__main__":
    main()
