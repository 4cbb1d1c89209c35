"""Under each manager that Debian has: start, the death of a worker and of the
manager's child, a reload, and a stop with a request in flight.

The shipped units under a real systemd are in test_units.py, and spawn-fcgi
alone is in test_pool.py.
"""

import contextlib
import os
import shutil
import signal
import time

import pytest
from lab import waiting
from lab.gateway import ROOT, USER as UID
from lab.process import Process, children, title
from lab.stage import CLAIM, USER, ZONE
from test_pool import SLOW, Asking, as_nobody, gone, quick
from test_supervisor import Load

WORKERS = 3


class Managed:
    """A pool that a manager starts and starts again."""

    def __init__(self, world, pool):
        self.world, self.pool, self.manager = world, pool, None
        pool.configure(world.configuration(workers=WORKERS))

    def start(self, args, env=None):
        self.manager = Process(self.pool.host, args, self.pool.log,
                               {**(self.pool.env or {}), **(env or {})})
        self.pool.process = self.manager
        self.manager.ready(lambda: quick(self.pool), "an answer", 15)

    def single_workers(self):
        """Every process below the manager that is one, by its title."""
        found, todo = [], children(self.manager.pid)
        while todo:
            pid = todo.pop()
            todo += children(pid)
            if title(pid).startswith("ddnsgate: worker, "):
                found.append(pid)
        return sorted(found)

    def all_workers(self):
        return waiting.until(
            lambda: len(self.single_workers()) == WORKERS and self.single_workers(),
            f"{WORKERS} workers", 20)

    def update(self):
        return self.world.straight(self.pool, USER, **CLAIM)[0]

    def a_killed_worker_comes_back(self):
        victim, *others = self.all_workers()
        os.kill(victim, signal.SIGKILL)
        assert self.update() == 200
        new = waiting.until(
            lambda: victim not in self.single_workers() and
            len(self.single_workers()) == WORKERS and self.single_workers(),
            "another worker", 20)
        assert set(others) <= set(new)

    def all_end_in_order(self, number=signal.SIGTERM):
        workers, asking = self.all_workers(), Asking(self.world, self.pool)
        self.manager.send(number)
        assert asking.result()[0] == 200
        self.manager.wait(20)
        waiting.until(lambda: gone(workers), f"{workers} to end")


@pytest.fixture
def managed(world, dns, make_pool, plain_binary):
    made = []

    def make(name):
        one = Managed(world, make_pool(name=name, binary=plain_binary))
        made.append(one)
        return one
    yield make
    for one in made:
        if one.manager:
            one.manager.stop()
            one.pool.process = None


def needs(program):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


def since(began):
    return f"{time.monotonic() - began:.2f} s"


@pytest.fixture
def service(tmp_path):
    """Where runsv keeps named pipes, which nobody may read as a file."""
    yield str(tmp_path)
    shutil.rmtree(tmp_path)


def test_runit_with_the_shipped_script(world, managed, service, matrix):
    """The supervisor is killed while a worker is at work."""
    needs("runsv")
    one = managed("runit")
    with open(f"{service}/run", "w", encoding="ascii") as f:
        f.write(f"#!/bin/sh\nexec 2>&1\nexec {ROOT}/examples/spawn-fcgi.sh "
                f"--config {one.pool.configuration}\n")
    os.chmod(f"{service}/run", 0o755)
    one.start(["runsv", service], {
        "DDNSGATE": one.pool.binary, "DDNSGATE_RUN": one.pool.folder,
        "DDNSGATE_USER": str(UID)})

    def supervisor():
        return next(iter(children(one.manager.pid)), None)
    one.a_killed_worker_comes_back()
    time.sleep(1.1)                     # or runsv itself waits for a second
    first, workers, asking = supervisor(), one.all_workers(), Asking(world, one.pool)
    began = time.monotonic()
    os.kill(first, signal.SIGKILL)
    waiting.until(lambda: quick(one.pool) and supervisor() not in (None, first), "to be back", 20)
    matrix("a supervisor that was killed is back", "runit", "after", since(began))
    assert time.monotonic() - began < 5
    assert asking.result() == (200, f"single.{ZONE} good {SLOW}\n")
    waiting.until(lambda: gone(workers), f"{workers} to end")
    assert one.update() == 200
    second = supervisor()
    with Load(world, one.pool, **{USER: (200,), "unproven": (200,)}) as load:
        old = one.all_workers()
        os.kill(second, signal.SIGHUP)
        waiting.until(lambda: gone(old), "the old to leave", 20)
    assert load.failures == [] and load.count > 0
    one.all_end_in_order()


def test_multiwatch(managed):
    needs("multiwatch")
    one = managed("multiwatch")
    command = one.pool.spawn("--single")
    at = command.index("--") + 1
    one.start([*command[:at], shutil.which("multiwatch"), "-f", str(WORKERS), "-s", "TERM", "--",
               *command[at:]])
    one.a_killed_worker_comes_back()
    one.all_end_in_order()


SUPERVISORD = """
[supervisord]
nodaemon=true
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
[fcgi-program:ddnsgate]
socket=unix://{socket}
socket_owner=www-data:www-data
socket_mode=0660
process_name=%(program_name)s_%(process_num)s
numprocs={count}
user=www-data
command={binary} serve --config {configuration} {single}
autorestart=true
stopwaitsecs=20
stdout_logfile={folder}/out
stderr_logfile={folder}/err
"""


@pytest.mark.parametrize("way", ["single workers", "a supervisor of ours"])
def test_supervisord(managed, way):
    needs("supervisord")
    one = managed("supervisord")
    single = way == "single workers"
    with open(f"{one.pool.folder}/supervisord.conf", "w", encoding="ascii") as f:
        f.write(SUPERVISORD.format(
            folder=one.pool.folder, socket=one.pool.socket,
            count=WORKERS if single else 1, binary=one.pool.binary,
            configuration=one.pool.configuration,
            single="--single" if single else ""))
    one.start(["supervisord", "-c", f"{one.pool.folder}/supervisord.conf"])
    one.a_killed_worker_comes_back()
    if not single:
        ours, = children(one.manager.pid)
        workers = one.all_workers()
        os.kill(ours, signal.SIGKILL)
        waiting.until(lambda: gone(workers) and quick(one.pool), "another one", 20)
    one.all_end_in_order()


def test_systemd_socket_activate(managed):
    needs("systemd-socket-activate")
    one = managed("activated")
    os.mkdir(f"{one.pool.folder}/run")
    os.chown(f"{one.pool.folder}/run", UID, UID)
    one.pool.socket = f"{one.pool.folder}/run/socket"
    one.start(as_nobody("systemd-socket-activate", "-l", one.pool.socket, "--",
                        one.pool.binary, "serve", "--config", one.pool.configuration))
    one.a_killed_worker_comes_back()
    one.all_end_in_order()


def test_spawn_fcgi_in_the_background(world, managed):
    """Without -n it leaves a supervisor that nobody watches."""
    one = managed("background")
    pids = f"{one.pool.folder}/pid"
    world.proxy.run(one.pool.spawn(options=("-P", pids)),
                    env={**os.environ, **(one.pool.env or {})})
    with open(pids, encoding="ascii") as f:
        pid = int(f.read())
    try:
        waiting.until(lambda: quick(one.pool), "an answer")
        workers = waiting.until(lambda: len(children(pid)) == WORKERS and children(pid),
                                "the workers")
        os.kill(workers[0], signal.SIGKILL)
        assert one.update() == 200
        asking = Asking(world, one.pool)
        os.kill(pid, signal.SIGTERM)
        assert asking.result()[0] == 200
        waiting.until(lambda: gone([pid, *workers]), "all to end")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
