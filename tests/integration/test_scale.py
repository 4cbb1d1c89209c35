"""Many accounts: what a reload and a stop cost, behind a service manager's socket."""

import signal
import time

from lab import waiting
from lab.manager import Manager

ACCOUNTS, WORKERS = 10000, 32
# Deadlines for a machine that is ten times slower than one that is meant.
RELOAD, STOP, WATCHDOG = 30, 10, 15     # seconds


def accounts(world):
    one = world.configuration()["accounts"]["single"]
    return {f"user{i}": {**one, "hosts": {
        f"host{i}.example.org": {"ipv4": True, "ipv6": {
            "prefix_length": 56, "suffix": "0:0:0:fc::8"}}}} for i in range(ACCOUNTS)}


def megabytes(pids):
    """The proportional set size of all of them: each shared page once."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                total += sum(int(line.split()[1]) for line in f
                             if line.startswith("Pss:"))
        except OSError:                 # it has just ended
            pass
    return total / 1024


def test_a_reload_and_a_stop_with_many_accounts(world, plain_binary, make_pool):
    pool = make_pool({**world.configuration(), "workers": WORKERS,
                      "accounts": accounts(world)}, name="scale", binary=plain_binary)
    manager = Manager(f"{pool.folder}/notify.sock")
    pool.env = {**(pool.env or {}), "NOTIFY_SOCKET": f"{pool.folder}/notify.sock"}
    pool.start()
    waiting.until(lambda: manager.count(b"READY=1"), "the start", RELOAD)

    def everybody():
        return [pool.process.pid, *pool.workers()]
    usual = megabytes(everybody())
    for reload in range(2):
        old, peak = set(pool.workers()), usual
        began = time.monotonic()
        pool.reload()
        while old & set(pool.workers()):
            peak = max(peak, megabytes(everybody()))
            assert time.monotonic() - began < RELOAD
        assert manager.count(b"READY=1") == 2 + reload
        waiting.until(lambda: megabytes(everybody()) < usual * 1.5,
                      f"{usual:.0f} MB again", 15, step=0.2)
        assert peak < usual * 3, f"{usual:.0f} MB, then {peak:.0f} MB"
    assert manager.longest(b"WATCHDOG=1") < WATCHDOG
    began = time.monotonic()
    pool.process.send(signal.SIGTERM)
    assert pool.process.wait(STOP) == 0
