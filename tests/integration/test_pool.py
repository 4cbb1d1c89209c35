"""The pool: started in every way, stopped, reloaded, and killed."""

import contextlib
import os
import re
import shlex
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
    def all_of_them():
        workers = pool.workers()
        return len(workers) == count and workers
    return waiting.until(all_of_them, f"{count} workers")


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


def test_all_workers_killed_at_once_are_back_at_once(world, make_pool):
    """Again and again: a pause is for workers that never served."""
    pool = make_pool({**world.configuration(), "workers": 8}).start()
    for _ in range(8):
        old = all_workers(pool, 8)
        for _ in old:                   # each has been in its loop once
            assert quick(pool)
        waiting.until(lambda: all(served(pid) for pid in old), "all to serve")
        for worker in old:
            os.kill(worker, signal.SIGKILL)
        waiting.until(lambda: quick(pool), "an answer")
        waiting.until(lambda: gone(old), "the end of the old ones")


def test_workers_that_hang_while_idle_are_replaced(world, make_pool):
    pool = make_pool({**world.configuration(), "workers": 4}).start()
    first = all_workers(pool, 4)
    for pid in first:
        os.kill(pid, signal.SIGSTOP)
    # 10 s without a sign of life; the stopped ones hold what came first.
    waiting.until(lambda: quick(pool), "an answer", 40)
    # One that was stopped between its answer and its rest was busy: 20 s.
    waiting.until(lambda: gone(first), f"{first} to be replaced", 40)
    assert len(re.findall("hangs for [12]0 s; killed", pool.printed())) == 4
    assert len(all_workers(pool, 4)) == 4


def test_a_pool_that_was_frozen_as_a_whole_goes_on(world, make_pool):
    """As by a container's pause; the supervisor is the first to wake."""
    pool = make_pool({**world.configuration(), "workers": 4}).start()
    first = all_workers(pool, 4)
    for pid in (pool.process.pid, *first):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(11)                      # longer than a worker may say nothing
    os.kill(pool.process.pid, signal.SIGCONT)
    time.sleep(2)                       # two looks of the supervisor
    for pid in first:
        os.kill(pid, signal.SIGCONT)
    assert quick(pool)
    assert sorted(pool.workers()) == sorted(first)


def served(pid, seconds=0.6):
    """Has the process lived longer than a turn of a worker's loop takes?"""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        started = int(f.read().rpartition(")")[2].split()[19])
    with open("/proc/uptime", encoding="ascii") as f:
        return float(f.read().split()[0]) - started / os.sysconf("SC_CLK_TCK") > seconds


def test_workers_that_die_one_by_one_never_leave_the_pool_empty(world, make_pool):
    pool = make_pool({**world.configuration(), "workers": 4}).start()
    all_workers(pool, 4)
    answers = []
    for _ in range(20):
        killed = pool.workers()[0]
        os.kill(killed, signal.SIGKILL)
        answers += [quick(pool) for _ in range(5)]
        waiting.until(lambda: gone([killed]) and len(pool.workers()) == 4, "the fourth")
    assert answers.count(False) <= 20   # those that a killed worker had accepted


def test_workers_that_die_at_once_are_not_started_in_a_loop(world, make_pool):
    """One worker: no other is ready, which would show that one can start."""
    pool = make_pool({**world.configuration(), "workers": 1}).start()
    killed, mark = set(all_workers(pool, 1)), pool.mark()
    for worker in killed:
        os.kill(worker, signal.SIGKILL)
    end = time.monotonic() + 3
    while time.monotonic() < end:
        for worker in set(pool.workers()) - killed:
            killed.add(worker)
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
    assert len(killed) <= 8             # after 0, 0.1, 0.3, 0.7, 1.5 and 3.1 s
    pool.since(mark, "a worker died before it served; the next one starts in")
    waiting.until(lambda: quick(pool), "an answer", 10)


def test_a_killed_supervisor_leaves_no_orphans(world, dns, pool):
    workers = pool.workers()
    asking = Asking(world, pool)
    pool.process.send(signal.SIGKILL)
    assert asking.result() == (200, f"single.{ZONE} good {SLOW}\n")
    waiting.until(lambda: gone(workers), f"{workers} to end")


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


def test_the_log_is_opened_again(world, make_pool):
    """USR1, after a rotation: nothing else ends, or is read again."""
    pool = make_pool(world.configuration())
    log = log_file_of(world, pool)
    pool.start()
    os.rename(log, f"{log}.1")
    pool.process.send(signal.SIGUSR1)
    waiting.until(lambda: os.path.exists(log) and "opened again" in text_of(log),
                  "the new log")
    all_workers(pool)
    assert world.straight(pool, "nobody", ipv4=WEB[0])[0] == 401
    waiting.until(lambda: " 401: " in text_of(log), "the line of a worker")
    assert " 401: " not in text_of(f"{log}.1")
    assert pool.process.running()


def log_file_of(world, pool, **changes):
    """Configures the pool with a log file of its own, and returns its name."""
    os.mkdir(f"{pool.folder}/run")
    os.chown(f"{pool.folder}/run", UID, UID)
    log = f"{pool.folder}/run/log"
    pool.configure({**world.configuration(), "log": log, **changes})
    return log


def text_of(file):
    with open(file, encoding="utf-8") as f:
        return f.read()


def test_a_log_that_nobody_reads_holds_nobody_up(world, make_pool):
    pool = make_pool({**world.configuration(), "workers": 2}, name="unread")
    reads, writes = os.pipe()
    try:
        pool.process = subprocess.Popen(
            world.proxy.command(pool.spawn()), stdin=subprocess.DEVNULL,
            stdout=writes, stderr=writes, env={**os.environ, **(pool.env or {})})
        waiting.until(lambda: quick(pool), "an answer")
        for _ in range(1500):           # far more than 64 kB of lines
            assert world.straight(pool, "nobody", ipv4=WEB[0])[0] in (401, 429)
        pool.process.terminate()
        assert pool.process.wait(10) == 0
    finally:
        if pool.process.poll() is None:
            pool.process.kill()
        pool.process = None
        os.close(reads)
        os.close(writes)


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


def test_a_socket_that_was_deleted_is_made_anew(world, dns, own_socket):
    own_socket.start(own_socket.command)
    asking = Asking(world, own_socket)
    os.unlink(own_socket.socket)
    waiting.until(lambda: quick(own_socket), "a new socket")
    assert asking.result()[0] == 200    # of a worker at the old one
    assert "is gone; it is made anew" in own_socket.printed()
    assert own_socket.stop() == 0
    assert not os.path.exists(own_socket.socket)


FEW = 61503                             # a user with few processes


def test_when_fork_fails_at_a_reload_the_old_workers_stay(world, own_socket):
    """One supervisor and four workers are all that the user may have."""
    own_socket.configure({**world.configuration(), "workers": 4, "listen": {
        "socket": own_socket.socket, "mode": "0660"}})
    os.chown(f"{own_socket.folder}/run", FEW, FEW)
    own_socket.start(["setpriv", f"--reuid={FEW}", f"--regid={FEW}", "--clear-groups",
                      "prlimit", "--nproc=5", *own_socket.command[4:]])
    old, mark = all_workers(own_socket, 4), own_socket.mark()
    own_socket.reload()
    own_socket.since(mark, "fork: Resource temporarily unavailable; raise the limit")
    time.sleep(3)                       # some more tries
    assert own_socket.printed().count("fork: ") == 1
    assert all(quick(own_socket) for _ in range(20))
    assert sorted(own_socket.workers()) == sorted(old)
    os.kill(old[0], signal.SIGKILL)     # room for one: each new one makes room
    waiting.until(lambda: quick(own_socket) and not set(old) & set(own_socket.workers()),
                  "the new ones", 20)
    own_socket.since(mark, "was read again")


def moved(world, pool, path):
    pool.configure({**world.configuration(), "listen": {
        "socket": path, "mode": "0660", "group": "www-data"}})


def test_a_reload_moves_the_socket(world, dns, own_socket):
    old, new = own_socket.socket, f"{own_socket.folder}/run/new.sock"
    own_socket.start(own_socket.command)
    asking = Asking(world, own_socket)
    moved(world, own_socket, new)
    own_socket.reload()
    waiting.until(lambda: not os.path.exists(old), "the old socket to go")
    own_socket.socket = new
    assert world.straight(own_socket, USER, **CLAIM)[0] == 200
    assert asking.result() == (200, f"single.{ZONE} good {SLOW}\n")
    assert own_socket.stop() == 0
    assert not os.path.exists(new)


def test_a_reload_never_takes_another_server_s_socket(world, dns, own_socket):
    """Nor does the end, which removes the socket that was made in the beginning."""
    other = f"{own_socket.folder}/run/other.sock"
    own_socket.start(own_socket.command)
    with listener(other):
        mark = own_socket.mark()
        moved(world, own_socket, other)
        own_socket.reload()
        own_socket.since(mark, "another server listens there")
        assert quick(own_socket)
        assert own_socket.stop() == 0
        assert not os.path.exists(own_socket.socket)
        with fastcgi.connect(other):
            pass


def test_a_stop_under_load_resets_nobody(world, own_socket):
    """Whoever could connect is answered, whether accepted or in the queue."""
    own_socket.start(own_socket.command)
    request = fastcgi.request({**world.parameters("nobody", ipv4=WEB[0])})
    outcomes, stop = [], threading.Event()

    def client():
        while not stop.is_set():
            try:
                connection = fastcgi.connect(own_socket.socket)
            except OSError:             # it is gone: that is no reset
                return
            with connection:
                try:
                    connection.sendall(request)
                    answer = fastcgi.output(fastcgi.receive(connection))
                except OSError as lost:
                    answer = str(lost).encode()
                outcomes.append(answer.startswith(b"Status: "))
    threads = [threading.Thread(target=client) for _ in range(48)]
    for thread in threads:
        thread.start()
    waiting.until(lambda: len(outcomes) > 100, "load")
    own_socket.process.send(signal.SIGTERM)
    assert own_socket.process.wait(20) == 0
    stop.set()
    for thread in threads:
        thread.join()
    assert outcomes.count(False) == 0, f"of {len(outcomes)}"


def test_closed_descriptors_are_opened_first(world, own_socket):
    """Else a connection gets number 2, and log lines go to the web server."""
    command = " ".join(shlex.quote(part) for part in own_socket.command)
    own_socket.start(["sh", "-c", f"exec {command} <&- >&- 2>&-"])
    for fd in "012":
        for pid in [own_socket.process.pid, *own_socket.workers()]:
            assert os.readlink(f"/proc/{pid}/fd/{fd}") == "/dev/null"
    assert world.straight(own_socket, "nobody", ipv4=WEB[0]) == (401, "badauth\n")


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
        waiting.until(lambda: gone(workers), f"{workers} to end")
    finally:
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def single(world, pool):
    """The pid of one worker without a supervisor, under spawn-fcgi."""
    pids = f"{pool.folder}/pids"
    world.proxy.run(pool.spawn("--single", options=("-F", "1", "-P", pids)),
                    env={**os.environ, **(pool.env or {})})
    pid = int(text_of(pids))
    try:
        waiting.until(lambda: quick(pool), "an answer")
        yield pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        try:
            waiting.until(lambda: gone([pid]), f"{pid} to end", 10)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise


def test_a_single_worker_reloads_and_reopens_its_log(world, make_pool):
    pool = make_pool(name="single")
    log = log_file_of(world, pool)
    with single(world, pool) as pid:
        asked = world.straight(pool, "unproven", token="wrong", ipv4=WEB[0])[0]
        assert asked == 401
        os.rename(log, f"{log}.1")
        os.kill(pid, signal.SIGUSR1)
        waiting.until(lambda: os.path.exists(log), "the new log")
        pool.configure("{")
        os.kill(pid, signal.SIGHUP)
        waiting.until(lambda: "stays as it was" in text_of(log), "the refusal")
        assert quick(pool)
        configuration = {**world.configuration(), "log": log}
        del configuration["accounts"][USER]
        pool.configure(configuration)
        os.kill(pid, signal.SIGHUP)
        waiting.until(lambda: "was read again" in text_of(log), "the reload")
        assert world.straight(pool, USER, **CLAIM)[0] == 401
        assert not gone([pid])


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
