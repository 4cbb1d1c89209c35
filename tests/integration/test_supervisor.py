"""The supervisor's duties beyond starting and stopping; see also test_pool.py.

DDNSGATE_RELOADS says how many reloads under load, and DDNSGATE_STORM for how many
seconds workers are killed; the suite makes a few.  DDNSGATE_PATIENT=yes adds what
takes half a minute.
"""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import threading
import time

import pytest
from lab import fastcgi, waiting
from lab.manager import Manager
from lab.process import title
from lab.gateway import Gateway
from lab.stage import GATEWAY, USER, WEB
from test_pool import FEW, SLOW, Asking, all_workers, gone, quick, text_of

RELOADS = int(os.environ.get("DDNSGATE_RELOADS", "8"))
STORM = float(os.environ.get("DDNSGATE_STORM", "4"))
KILLS_A_SECOND = 16

# Stands before the function of the C library, and dies while a file is there.
DEADLY = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int
accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict length,
    int flags)
{
	if (access(DEADLY, F_OK) == 0)
		abort();
	return (int)syscall(SYS_accept4, fd, address, length, flags);
}
"""


@pytest.fixture
def managed(world, make_pool, plain_binary):
    """managed(workers): a pool that tells a service manager how it is."""
    def make(workers, env=None):
        pool = make_pool({**world.configuration(), "workers": workers},
                         name="managed", binary=plain_binary)
        pool.manager = Manager(f"{pool.folder}/notify.sock")
        pool.env = {**(env or {}), "NOTIFY_SOCKET": f"{pool.folder}/notify.sock"}
        return pool
    return make


def test_a_crash_loop_is_left_to_one_worker(managed, folder):
    """Every worker dies of itself, until what kills it has gone."""
    file, library = f"{folder}/deadly", f"{folder}/deadly.so"
    subprocess.run(["cc", "-shared", "-fPIC", f'-DDEADLY="{file}"', "-x", "c", "-",
                    "-o", library], input=DEADLY, text=True, check=True)
    pool = managed(4, {"LD_PRELOAD": library}).start()
    all_workers(pool, 4)
    mark = pool.mark()
    with open(file, "w", encoding="ascii"):
        waiting.until(lambda: "DEGRADED: " in pool.manager.status(), "the loop", 60)
    pool.since(mark, "more than 8 workers died within a minute")
    # Those that were born before the ninth death die of it, too, at their next look.
    waiting.until(lambda: len(pool.workers()) <= 1, "the others to die", 30)
    seen = 0
    end = time.monotonic() + 3
    while time.monotonic() < end:
        seen = max(seen, len(pool.workers()))
        time.sleep(0.01)
    assert seen <= 1
    assert pool.process.running()
    os.unlink(file)
    waiting.until(lambda: quick(pool), "an answer of the one that tries", 40)
    assert len(pool.workers()) == 1
    pool.since(mark, "a worker lives; 4 workers again", 60)
    all_workers(pool, 4)
    waiting.until(lambda: pool.manager.status().startswith("4 workers, "), "the status")


def test_a_worker_is_replaced_after_a_thousand_requests(world, make_pool, plain_binary):
    pool = make_pool({**world.configuration(), "workers": 1}, binary=plain_binary).start()
    mark, lives = pool.mark(), []
    worker, = all_workers(pool, 1)
    for n in range(1, 1110):
        assert quick(pool), n
        if gone([worker]):
            worker, = all_workers(pool, 1)
            lives.append(n)
    # The start has asked once; the end is seen a request later.
    assert len(lives) == 1 and 898 <= lives[0] <= 1102, lives
    assert not re.search(r"worker \d", pool.printed()[mark:])


def test_the_status_tells_what_an_operator_asks_first(world, dns, managed):
    pool = managed(3).start()
    accounts = len(world.configuration()["accounts"])
    rest = f"{accounts} accounts; %s refused in the last hour"
    waiting.until(lambda: pool.manager.status() == f"3 workers, 0 busy; {rest % '0 hosts'}",
                  "the first status")
    asking = Asking(world, pool)
    waiting.until(lambda: pool.manager.status().startswith("3 workers, 1 busy; "), "busy")
    assert asking.result()[0] == 200
    for _ in range(2):
        assert world.straight(pool, "all-403", ipv4=WEB[0])[0] == 502
    waiting.until(lambda: pool.manager.status() == f"3 workers, 0 busy; {rest % '1 host'}",
                  "one host")
    pool.configure("{")
    pool.reload()
    waiting.until(lambda: "the configuration stays as it was: " in pool.manager.status()
                  and rest % "1 host" in pool.manager.status(), "the complaint")
    pool.configure(world.configuration(workers=2))
    pool.reload()
    waiting.until(lambda: pool.manager.status() == f"2 workers, 0 busy; {rest % '1 host'}",
                  "its end")


def test_titles_show_what_a_process_does(world, dns, managed):
    pool = managed(2).start()
    waiting.until(lambda: {title(pid) for pid in pool.workers()}
                  == {"ddnsgate: worker, idle"}, "both to be idle")
    asking = Asking(world, pool)
    waiting.until(lambda: sorted(title(pid) for pid in pool.workers())
                  == ["ddnsgate: worker, idle", "ddnsgate: worker, proof"], "the proof")
    shown = subprocess.run(
        [pool.binary, "status", "--pool", "--config", pool.configuration],
        text=True, capture_output=True, check=True).stdout
    assert re.search(r"  worker \d+ at work for \d\.\d s: proof\n", shown), shown
    assert asking.result()[0] == 200
    asking = threading.Thread(target=world.straight, args=(pool, "write-hang"),
                              kwargs={"ipv4": WEB[0]})
    asking.start()
    waiting.until(lambda: "ddnsgate: worker, provider" in map(title, pool.workers()),
                  "the provider")
    asking.join()


def test_a_worker_that_hangs_at_work_is_killed_by_age(world, dns, make_pool):
    pool = make_pool({**world.configuration(), "workers": 1}).start()
    worker, = all_workers(pool, 1)
    with fastcgi.connect(pool.socket, 60) as client:
        client.sendall(fastcgi.request(world.parameters("single", ipv4=SLOW)))
        waiting.until(lambda: title(worker) == "ddnsgate: worker, proof", "the proof")
        began, mark = time.monotonic(), pool.mark()
        os.kill(worker, signal.SIGSTOP)
        pool.since(mark, f"worker {worker} hangs for 20 s; killed", 40)
        assert time.monotonic() - began > 18
        assert fastcgi.receive(client) == b""
    waiting.until(lambda: quick(pool), "another one")


@pytest.mark.skipif("DDNSGATE_PATIENT" not in os.environ, reason="it takes long")
def test_the_watchdog_is_not_fed_while_no_worker_lives(managed):
    """None can be forked: the manager's new start may help."""
    pool = managed(2)
    os.mkdir(f"{pool.folder}/run")
    os.chown(f"{pool.folder}/run", FEW, FEW)
    pool.socket = f"{pool.folder}/run/socket"
    pool.configure({**json.loads(text_of(pool.configuration)), "listen": {
        "socket": pool.socket, "mode": "0660"}})
    user = ["setpriv", f"--reuid={FEW}", f"--regid={FEW}", "--clear-groups"]
    pool.start([*user, pool.binary, "serve", "--config", pool.configuration])

    def limit(processes):
        subprocess.run([*user, "prlimit", f"--pid={pool.process.pid}",
                        f"--nproc={processes}:"], check=True)
    workers, mark = all_workers(pool, 2), pool.mark()
    limit(1)
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    pool.since(mark, "no worker has been alive for 20 s", 60)
    fed = pool.manager.count(b"WATCHDOG=1")
    time.sleep(3)                       # three ticks
    assert pool.manager.count(b"WATCHDOG=1") == fed
    limit(64)
    waiting.until(lambda: quick(pool), "an answer", 40)
    waiting.until(lambda: pool.manager.count(b"WATCHDOG=1") > fed, "the watchdog")


def test_a_second_signal_ends_all_at_once(world, dns, make_pool):
    pool = make_pool({**world.configuration(), "workers": 2}).start()
    workers = all_workers(pool, 2)
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    pool.process.send(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        pool.process.wait(1)
    pool.process.send(signal.SIGTERM)
    assert pool.process.wait(5) == 0
    assert gone(workers)


class Load:
    """Clients that ask without a pause, one an account, of whom none may fail."""

    def __init__(self, world, pool, **wanted):
        self.stop, self.count, self.failures = threading.Event(), 0, []
        self.threads = [threading.Thread(target=self.ask, args=(
            pool, world.parameters(user, ipv4=WEB[0]), codes))
            for user, codes in wanted.items()]

    def ask(self, pool, parameters, codes):
        while not self.stop.is_set():
            try:
                status = fastcgi.call(pool.socket, parameters)[0]
            except OSError as error:
                status = error
            self.count += 1
            if status not in codes:
                self.failures.append(status)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def test_reloads_under_load_fail_no_request(world, dns, make_pool, plain_binary, matrix):
    pool = make_pool({**world.configuration(), "workers": 8}, binary=plain_binary).start()
    assert world.straight(pool, USER, ipv4=WEB[0])[0] == 200
    with Load(world, pool, **{USER: (200,)}, both=(200,), several=(200,),
              unproven=(200,), nobody=(401, 429)) as load:
        for _ in range(RELOADS):
            pool.renew()
    matrix("reloads under load", f"{RELOADS} reloads", "failed",
           f"{len(load.failures)} of {load.count}")
    assert load.failures == []
    assert load.count > 10 * RELOADS


def ask_without_end(stop, front, world, user, answers):
    """One router after the other, through nginx; what each of them sees."""
    while not stop.is_set():
        try:
            answers.append(front.update(user, world.token, ipv4=WEB[0]).status)
        except OSError as lost:
            answers.append(repr(lost))


def test_workers_that_are_killed_are_seen_by_nobody(world, dns, make_pool, plain_binary,
                                                    matrix):
    """16 a second behind the shipped nginx, of whole updates and refusals."""
    pool = make_pool({**world.configuration(), "workers": 32}, name="storm",
                     binary=plain_binary).start()
    gateway = Gateway(pool, GATEWAY, world.authority.leaf(GATEWAY), world.authority.pem,
                      port=8456)
    front, chance = gateway.router(world.router), random.Random(5)
    stop, answers, kills = threading.Event(), [], 0
    threads = [threading.Thread(target=ask_without_end, args=(
        stop, front, world, user, answers)) for user in (USER, "both", "several",
                                                         "unproven", "handshake")]
    try:
        for thread in threads:
            thread.start()
        began = time.monotonic()
        for n in range(int(STORM * KILLS_A_SECOND)):
            workers = pool.workers()
            if workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(workers), signal.SIGKILL)
                    kills += 1
            time.sleep(max(0.0, began + n / KILLS_A_SECOND - time.monotonic()))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        gateway.front.stop()
    wrong = [a for a in answers if a not in (200, 403)]
    matrix("workers killed behind nginx", f"{kills} kills", "visible errors",
           f"{len(wrong)} of {len(answers)}")
    print(f"{len(answers)} answers, seen: {wrong}")
    # Without a second try it is one of twenty, and on a slow machine more.
    assert len(wrong) <= max(3, len(answers) / 1000), wrong
    assert kills > STORM and len(answers) > 20 * STORM
