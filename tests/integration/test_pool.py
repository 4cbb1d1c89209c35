"""The pool: started in every way, stopped, reloaded, and killed."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time

import pytest
from lab import fastcgi, waiting
from lab.gateway import ROOT, USER as UID
from lab.process import children
from lab.stage import BEFORE, CLAIM, USER, WEB, ZONE
from world import SCRIPTED_AT

SLOW = SCRIPTED_AT["slow"]          # proves itself after 1.5 s


class Asking(threading.Thread):
    """One update to the slow host, under way in the background."""

    def __init__(self, world, pool):
        super().__init__()
        self.answer = None
        self.ask = lambda: world.straight(pool, "single", ipv4=SLOW)
        before = world.scripted["slow"].connections
        self.start()
        waiting.until(lambda: world.scripted["slow"].connections > before,
                      "the slow host to be asked")

    def run(self):
        self.answer = self.ask()

    def result(self):
        self.join(15)
        return self.answer


def gone(pids):
    return not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def quick(pool):
    """A request that costs nothing: is anybody there?"""
    return pool.answers()


def all_workers(pool, count=16):
    """Their pids, once all of them have been started."""
    return waiting.until(lambda: len(pool.workers()) == count and pool.workers(),
                         f"{count} workers")


@pytest.fixture
def pool(make_pool):
    pool = make_pool().start()
    all_workers(pool)
    return pool


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT, signal.SIGINT],
                         ids=lambda n: n.name)
def test_a_request_in_flight_is_finished(world, dns, pool, number):
    workers = pool.workers()
    asking = Asking(world, pool)
    pool.process.send(number)
    assert asking.result() == (200, f"single.{ZONE} good {SLOW}\n")
    assert pool.process.wait(5) == 0
    assert gone(workers)


def test_an_idle_pool_stops_at_once(pool):
    began = time.monotonic()
    assert pool.stop() == 0
    assert time.monotonic() - began < 2


def test_as_many_workers_as_configured(world, make_pool):
    pool = make_pool({**world.configuration(), "workers": 3}).start()
    assert len(all_workers(pool, 3)) == 3


def test_a_killed_worker_is_replaced(world, dns, make_pool):
    pool = make_pool({**world.configuration(), "workers": 2}).start()
    old = all_workers(pool, 2)
    mark = pool.mark()
    for worker in old:
        os.kill(worker, signal.SIGKILL)
    waiting.until(lambda: len(set(pool.workers()) - set(old)) == 2, "new workers")
    assert world.straight(pool, USER, **CLAIM)[0] == 200
    for worker in old:
        assert any("illed" in line for line in pool.since(mark, f"worker {worker} "))


def test_a_worker_killed_at_work_costs_one_request(world, dns, make_pool):
    pool = make_pool({**world.configuration(), "workers": 1}).start()
    worker, = all_workers(pool, 1)
    asking = Asking(world, pool)
    os.kill(worker, signal.SIGKILL)
    assert asking.result()[0] == 0
    assert world.straight(pool, USER, **CLAIM)[0] == 200
    assert dns.addresses(f"single.{ZONE}") == list(BEFORE.values())


def test_a_killed_supervisor_leaves_no_orphans(world, dns, pool):
    workers = pool.workers()
    asking = Asking(world, pool)
    pool.process.send(signal.SIGKILL)
    assert asking.result() == (200, f"single.{ZONE} good {SLOW}\n")
    waiting.until(lambda: gone(workers), f"{workers} to end", 5)


def test_a_reload_takes_effect(world, dns, pool):
    assert world.straight(pool, USER, **CLAIM)[0] == 200
    configuration = world.configuration()
    del configuration["accounts"][USER]
    pool.configure(configuration)
    pool.reload()
    waiting.until(lambda: world.straight(pool, USER, **CLAIM)[0] == 401,
                  "the account to be gone")


def test_a_reload_under_load_fails_no_request(world, dns, pool):
    """Cheap requests and whole updates, while generations come and go."""
    stop, failures, count = threading.Event(), [], [0]

    def load(user, wanted):
        while not stop.is_set():
            status, body = world.straight(pool, user, ipv4=WEB[0])
            count[0] += 1
            if status not in wanted:
                failures.append((user, status, body))
    threads = [threading.Thread(target=load, args=row) for row in (
        ("nobody", (401, 429)), ("nobody", (401, 429)), (USER, (200,)),
        ("unproven", (200,)))]
    for thread in threads:
        thread.start()
    generations = set()
    for _ in range(5):
        generations.add(frozenset(pool.workers()))
        pool.renew()
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(generations) == 5
    assert count[0] > 50, "hardly any load"


def test_a_request_in_flight_outlives_a_reload(world, dns, pool):
    asking = Asking(world, pool)
    pool.reload()
    assert asking.result() == (200, f"single.{ZONE} good {SLOW}\n")


@pytest.mark.parametrize("broken", [
    "{", "", "[]", '{"workers": 0}', '{"workers": 4, "accounts": {"a": {}}}',
    '{"no-such-word": 1}'])
def test_a_broken_configuration_keeps_the_old_one(world, dns, pool, broken):
    workers, mark = pool.workers(), pool.mark()
    pool.configure(broken)
    pool.reload()
    pool.since(mark, "ddnsgate.json")
    assert world.straight(pool, USER, **CLAIM)[0] == 200
    assert pool.workers() == workers
    pool.configure(world.configuration())
    pool.reload()
    waiting.until(lambda: not set(workers) & set(pool.workers()), "a good one")


@pytest.mark.parametrize("broken", ["{", '{"workers": 0}', None])
def test_a_broken_configuration_does_not_start(world, make_pool, broken):
    pool = make_pool()
    if broken is None:
        os.unlink(pool.configuration)
    else:
        pool.configure(broken)
    ended = subprocess.run(world.proxy.command(pool.spawn()), timeout=20, text=True,
                           capture_output=True, check=False)
    assert ended.returncode == 1
    assert "ddnsgate.json" in ended.stderr


@pytest.mark.parametrize("mode, owner", [(0o666, 0), (0o664, 0), (0o644, 61501)])
def test_a_configuration_that_others_can_write_is_refused(world, make_pool, mode,
                                                          owner):
    pool = make_pool()
    os.chmod(pool.configuration, mode)
    os.chown(pool.configuration, owner, 0)
    told = subprocess.run([world.binary, "check", "--config", pool.configuration],
                          text=True, capture_output=True, check=False)
    assert told.returncode == 1
    assert pool.configuration in told.stderr


def test_it_refuses_to_run_as_root(world, make_pool):
    pool = make_pool()
    command = [part for part in pool.spawn() if part not in ("-u", "-g", str(UID))]
    ended = subprocess.run(world.proxy.command(command), timeout=20, text=True,
                           capture_output=True, check=False)
    assert ended.returncode != 0
    assert "root" in ended.stderr


def as_nobody(*command, groups="33"):
    return ["setpriv", f"--reuid={UID}", f"--regid={UID}", f"--groups={groups}",
            *command]


@pytest.fixture
def own_socket(world, make_pool):
    """A pool that makes its socket itself, in a directory that is its own."""
    pool = make_pool(name="own")
    os.mkdir(f"{pool.folder}/run")
    os.chown(f"{pool.folder}/run", UID, UID)
    pool.socket = f"{pool.folder}/run/ddnsgate.sock"
    pool.configure({**world.configuration(), "listen": {
        "socket": pool.socket, "mode": "0660", "group": "www-data"}})
    pool.command = as_nobody(pool.binary, "serve", "--config", pool.configuration)
    return pool


def test_it_makes_its_own_socket(world, dns, own_socket):
    own_socket.start(own_socket.command)
    made = os.stat(own_socket.socket)
    assert (oct(made.st_mode & 0o777), made.st_uid, made.st_gid) == ("0o660", UID, 33)
    assert world.straight(own_socket, USER, **CLAIM)[0] == 200


def test_it_never_takes_the_socket_of_a_live_server(world, dns, own_socket):
    own_socket.start(own_socket.command)
    second = subprocess.run(world.proxy.command(own_socket.command), timeout=20,
                            text=True, capture_output=True, check=False)
    assert second.returncode == 1 and own_socket.socket in second.stderr
    assert world.straight(own_socket, USER, **CLAIM)[0] == 200


def test_it_replaces_a_socket_that_nobody_serves(world, dns, own_socket):
    own_socket.start(own_socket.command)
    workers = own_socket.workers()
    own_socket.process.send(signal.SIGKILL)
    own_socket.process.wait()
    waiting.until(lambda: gone(workers), "the workers to end")
    own_socket.start(own_socket.command)
    assert world.straight(own_socket, USER, **CLAIM)[0] == 200


@contextlib.contextmanager
def listener(path):
    """A listening socket as systemd hands it over."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(64)
    try:
        yield server
    finally:
        server.close()


HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execvp(sys.argv[2], sys.argv[2:])
"""


def test_a_socket_from_systemd(world, dns, make_pool):
    """Descriptor 3, LISTEN_PID, and a word when it is ready."""
    pool = make_pool(name="systemd")
    notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notices.bind(f"{pool.folder}/notify.sock")
    os.chmod(f"{pool.folder}/notify.sock", 0o666)
    notices.settimeout(15)
    with listener(pool.socket) as server:
        with open(pool.log, "wb") as log:
            service = subprocess.Popen(
                world.proxy.command([
                    "/usr/bin/python3", "-c", HAND_OVER, str(server.fileno()),
                    *as_nobody(pool.binary, "serve", "--config", pool.configuration)]),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[server.fileno()],
                env={**os.environ, **(pool.env or {}),
                     "NOTIFY_SOCKET": f"{pool.folder}/notify.sock"})
        try:
            assert b"READY=1" in notices.recv(4096)
            assert world.straight(pool, USER, **CLAIM)[0] == 200
        finally:
            service.terminate()
            status = service.wait(10)
            notices.close()
    assert status == 0


def test_single_workers_under_spawn_fcgi(world, dns, make_pool):
    """spawn-fcgi -F 3 forgets them: each lives and ends on its own."""
    pool = make_pool(name="single")
    pool.configure({**world.configuration(), "log": f"{pool.folder}/run/log"})
    os.mkdir(f"{pool.folder}/run")
    os.chown(f"{pool.folder}/run", UID, UID)
    pids = f"{pool.folder}/pids"
    world.proxy.run(pool.spawn("--single", options=("-F", "3", "-P", pids)),
                    env={**os.environ, **(pool.env or {})})
    with open(pids, encoding="ascii") as f:
        workers = [int(line) for line in f.read().split()]
    try:
        waiting.until(lambda: quick(pool), "an answer")
        assert len(workers) == 3
        assert [children(pid) for pid in workers] == [[], [], []]
        asking = Asking(world, pool)
        assert world.straight(pool, USER, **CLAIM)[0] == 200
        for pid in workers:
            os.kill(pid, signal.SIGTERM)
        assert asking.result() == (200, f"single.{ZONE} good {SLOW}\n")
        waiting.until(lambda: gone(workers), f"{workers} to end", 5)
    finally:
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_the_shipped_script_for_spawn_fcgi(world, dns, make_pool):
    pool = make_pool(name="script")
    pool.env = {**(pool.env or {}), "DDNSGATE": pool.binary,
                "DDNSGATE_RUN": pool.folder, "DDNSGATE_USER": str(UID)}
    pool.start([f"{ROOT}/examples/spawn-fcgi.sh", "--config", pool.configuration])
    assert world.straight(pool, USER, **CLAIM)[0] == 200
    all_workers(pool)


def test_a_hung_up_client_s_request_is_not_carried_out(world, dns, make_pool):
    """nginx has gone while the request waited for a worker."""
    pool = make_pool({**world.configuration(), "workers": 1}).start()
    asking = Asking(world, pool)
    with fastcgi.connect(pool.socket) as client:
        client.sendall(fastcgi.request(world.parameters("unproven", ipv4=WEB[0])))
    assert asking.result()[0] == 200
    assert world.straight(pool, "nobody", ipv4=WEB[0])[0] == 401
    assert dns.dig(f"unproven.{ZONE}", "A") == [BEFORE["A"]]
