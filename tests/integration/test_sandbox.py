"""A worker that was taken over can do nothing else: the escapes, one by one.

Code that stands for a stranger's (lab/evil.c) is preloaded into a whole pool.
What it tries is refused by Landlock or ends the worker, the log names the call,
and the next request is served.

Also: without a call of the table nothing works.  DDNSGATE_SANDBOX=whole tries
that with each call that an update makes (for x86-64).
"""

import contextlib
import os
import pathlib
import re
import secrets
import signal
import subprocess

import pytest
from lab import fastcgi, gateway, waiting
from lab.process import Process
from lab.stage import WEB

LAB = f"{gateway.ROOT}/tests/lab"
PASSED = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/", "QUERY_STRING": "",
          "REMOTE_ADDR": "127.0.0.1"}
NOTICED = 20                        # seconds until the log tells

# The escape, and the system call that ends the worker.
ENDS = {
    "run a program": "execve",
    "run a descriptor": "execveat",
    "start a process": "clone",
    "start a thread": "clone",
    "trace": "ptrace",
    "read memory": "process_vm_readv",
    "write memory": "process_vm_writev",
    "send a signal": "kill",
    "end another": "tgkill",
    "send one by a socket": "fcntl",
    "steal a descriptor": "pidfd_open",
    "link a file": "symlink",
    "listen": "listen",
    "local socket": "socket",
    "UDP socket": "socket",
    "raw socket": "socket",
    "packet socket": "socket",
    "audit socket": "socket",
    "raise a limit": "prlimit64",
    "allow cores": "prctl",
    "new namespace": "unshare",
    "enter a namespace": "setns",
    "mount": "mount",
    "change the root": "chroot",
    "map code": "mmap",
    "make code": "mprotect",
    "map a file as code": "mmap",
    "load BPF": "bpf",
    "open a counter": "perf_event_open",
    "use keys": "keyctl",
    "use io_uring": "io_uring_setup",
    "use userfaultfd": "userfaultfd",
    "change the handler": "rt_sigaction",
    "change it by high bits": "rt_sigaction",
    "type into a terminal": "ioctl",
    "another personality": "personality",
    "open a table": "mprotect",
}

# The escape, what it is about, and with which error it fails, from which version
# of Landlock on.
REFUSED = [
    ("read a file", "{configuration}", "EACCES", 1),
    ("read a file", "{place}/account.json", "EACCES", 1),
    ("read a file", "/etc/passwd", "EACCES", 1),
    ("read a file", "/etc/ssl/certs/ca-certificates.crt", "EACCES", 1),
    ("read a file", "{parent}/mem", "EACCES", 0),
    ("write a file", "{parent}/mem", "EACCES", 0),
    ("write a file", "/proc/self/mem", "EACCES", 0),
    ("read a file", "{parent}/environ", "EACCES", 0),
    ("write a file", "{place}/file", "EACCES", 1),
    ("write a file", "{configuration}", "EACCES", 0),
    ("write a file", "{shm}", "EACCES", 1),
    ("create a file", "{place}/new", "EACCES", 1),
    ("create a file", "{pool}/new.log", "EACCES", 1),
    ("create a file", "/tmp/ddnsgate-evil", "EACCES", 1),
    ("create a file", "/dev/shm/ddnsgate-evil", "EACCES", 1),
    ("delete a file", "{place}/file", "EACCES", 1),
    ("list a directory", "{place}", "EACCES", 1),
    ("list a directory", "/etc", "EACCES", 1),
    ("connect elsewhere", "", "EACCES", 4),
    ("bind a port", "", "EACCES", 4),
]

# The other processes: what each of them tries, and at which system call it ends
# or with which error it goes on.
HELPERS = [
    ("names", "run a program", "execve"),
    ("names", "start a process", "clone"),
    ("names", "send a signal", "kill"),
    ("names", "map code", "mmap"),
    ("names", "raw socket", "socket"),
    ("names", "delete a file", "unlink"),
    ("names", "read a file", "EACCES"),
    ("names", "connect elsewhere", "EACCES"),
    ("watch", "run a program", "execve"),
    ("watch", "start a process", "clone"),
    ("watch", "connect elsewhere", "socket"),
    ("watch", "delete a file", "unlink"),
    ("watch", "read a file", "EACCES"),
    ("notify", "run a program", "execve"),
    ("notify", "start a process", "clone"),
    ("notify", "send a signal", "kill"),
    ("notify", "map code", "mmap"),
    ("notify", "listen", "listen"),
    ("notify", "UDP socket", "socket"),
    ("notify", "read a file", "EACCES"),
    ("notify", "connect elsewhere", "EACCES"),
    ("", "run a program", "execve"),
    ("", "trace", "ptrace"),
    ("", "new namespace", "unshare"),
    ("", "map code", "mmap"),
    ("", "load BPF", "bpf"),
    ("", "link a file", "symlink"),
    ("", "send a signal", "EPERM"),
]
NAMED = {"names": "resolver", "watch": "watcher", "notify": "notifier", "": "supervisor"}
SIGNALS = 6                         # the version of Landlock that rules them

# Without one of these calls no update comes to its end.  The whole list, some of
# it in the short form.
NEEDED = ("connect", "sendto", "socket", "timer_create")
WHOLE = ("accept4", "brk", "close", "connect", "epoll_create1", "epoll_ctl",
         "epoll_pwait", "fcntl", "getpeername", "getsockname", "getsockopt", "mmap",
         "newfstatat", "openat", "poll", "read", "recvfrom", "recvmsg", "rt_sigaction",
         "rt_sigprocmask", "rt_sigtimedwait", "sendmsg", "sendto", "setsockopt",
         "socket", "socketpair", "timer_create", "timer_settime")
CALLS = WHOLE if os.environ.get("DDNSGATE_SANDBOX") == "whole" else NEEDED

TITLE = "A worker that was taken over: what it tries, and what comes of it"


def landlock():
    """The version of the kernel's Landlock; 0: it has none."""
    code = ("import ctypes; print(max(0, "
            "ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)))")
    return int(subprocess.run(["python3", "-c", code], check=True, text=True,
                              capture_output=True).stdout)


@pytest.fixture(scope="module")
def evil(folder):
    program = f"{folder}/evil.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o", program,
                    f"{LAB}/evil.c", "-ldl"], check=True)
    return program


@pytest.fixture(scope="module")
def taken(world, plain_binary, evil):
    """A pool whose workers hear from the stranger."""
    if not limited(plain_binary):
        pytest.skip("built without libseccomp")
    pool = world.pool(plain_binary, {**world.configuration(), "workers": 8}, "evil",
                      {"LD_PRELOAD": evil}).start()
    yield pool
    pool.stop()


@pytest.fixture(scope="module")
def places(taken, folder):
    """Files that a worker has nothing to do with, though its user may read them."""
    other = f"{folder}/evil-place"
    os.makedirs(other)
    os.chmod(other, 0o777)
    for name in ("file", "account.json"):
        with open(f"{other}/{name}", "w", encoding="ascii") as f:
            f.write("{}")
        os.chmod(f"{other}/{name}", 0o666)
    os.chmod(taken.folder, 0o777)
    return {"place": other, "pool": taken.folder, "log": taken.log,
            "configuration": taken.configuration, "parent": f"/proc/{taken.process.pid}"}


def limited(binary):
    told = subprocess.run([binary, "--version"], check=True, text=True,
                          capture_output=True).stdout
    return re.search(r"libseccomp +yes", told)


def serves_on(pool):
    """Several times: a pool that only dies is in a crash loop, and slow."""
    for _ in range(4):
        waiting.until(pool.answers, "the next request to be served", NOTICED)


def attempt(pool, escape, **more):
    """The new lines of the log, once a worker has tried it; and that all goes on."""
    mark = pool.mark()
    with contextlib.suppress(OSError):
        fastcgi.call(pool.socket, {**PASSED, "EVIL": escape, **more})
    if escape in ENDS:
        pool.since(mark, "was ended by the kernel", NOTICED)
    else:
        pool.since(mark, f"evil {escape}: ", NOTICED)
    serves_on(pool)
    return pool.printed()[mark:]


@pytest.mark.parametrize("escape", ENDS)
def test_it_ends_the_worker(taken, matrix, escape):
    told = attempt(taken, escape)
    call = ENDS[escape]
    assert re.search(rf"warning: worker: system call \d+ \({call}\) is not allowed", told)
    assert f"evil {escape}: " not in told, "the worker went on"
    matrix(TITLE, escape, "came of it", f"ended at {call}")


def test_a_call_of_another_architecture_ends_it_at_once(taken, matrix):
    mark = taken.mark()
    with contextlib.suppress(OSError):
        fastcgi.call(taken.socket, {**PASSED, "EVIL": "another architecture"})
    taken.since(mark, "was ended by the kernel", NOTICED)
    assert "evil another" not in taken.printed()[mark:]
    serves_on(taken)
    matrix(TITLE, "another architecture", "came of it", "ended")


@pytest.mark.parametrize("escape, about, error, since", REFUSED)
def test_it_is_refused(taken, places, matrix, escape, about, error, since):
    if landlock() < since:
        pytest.skip(f"the kernel has no version {since} of Landlock")
    if "{shm}" in about:
        places["shm"] = f"/dev/shm{scoreboard(taken)}"
    if about.endswith("/ddnsgate-evil"):    # of a run in which it was made
        pathlib.Path(about).unlink(missing_ok=True)
    told = attempt(taken, escape, EVIL_PATH=about.format(**places))
    assert f"evil {escape}: {error}" in told
    matrix(TITLE, f"{escape} {about}", "came of it", error)


def scoreboard(pool):
    """The name of the pool's shared memory."""
    with open(f"/proc/{pool.process.pid}/maps", encoding="ascii") as maps:
        return re.search(r"/dev/shm(/ddnsgate-\w+)", maps.read())[1]


def test_what_others_write_can_only_be_read(taken, matrix):
    """The scoreboard but for its own place, and the addresses of providers."""
    mark = taken.mark()
    with contextlib.suppress(OSError):
        fastcgi.call(taken.socket, {**PASSED, "EVIL": "write a table"})
    taken.since(mark, "was ended by Segmentation fault", NOTICED)
    assert "evil write" not in taken.printed()[mark:]
    serves_on(taken)
    matrix(TITLE, "write a table", "came of it", "ended")


def test_it_may_end_itself(taken):
    """The filter, made before the fork, knows the pid of each worker."""
    assert "evil signal itself: DONE" in attempt(taken, "signal itself")


def test_clone3_is_not_there(taken, matrix):
    """Its flags lie in memory, where no filter can see them; clone(2) is used instead."""
    assert "evil start one by clone3: ENOSYS" in attempt(taken, "start one by clone3")
    matrix(TITLE, "start one by clone3", "came of it", "ENOSYS")


@pytest.fixture
def pool_with(world, plain_binary, evil, folder):
    """pool_with(environment): a pool of one worker with all helpers, perhaps not ready."""
    if not limited(plain_binary):
        pytest.skip("built without libseccomp")
    pools = []

    def start(**environment):
        accounts = f"{folder}/evil-accounts"
        os.makedirs(accounts, exist_ok=True)
        os.chmod(accounts, 0o755)
        configuration = {**world.configuration(), "workers": 1,
                         "account_directory": accounts,
                         "notify": {"me": {"url": "https://localhost:8443/"}}}
        configuration["providers"]["asked"] = {
            "description": "powerdns", "config": {"base": "https://localhost:8443"}}
        # A socket of its own: what ended with the last supervisor may end late.
        pool = world.pool(plain_binary, configuration, f"evil-{secrets.token_hex(3)}",
                          {"LD_PRELOAD": evil, **environment})
        pool.process = Process(pool.host, pool.spawn(), pool.log, pool.env)
        pools.append(pool)
        return pool
    yield start
    for pool in pools:
        pool.stop()
        os.unlink(pool.log)


@pytest.mark.parametrize("who, escape, end", HELPERS)
def test_so_do_the_others(pool_with, matrix, who, escape, end):
    if end.isupper() and landlock() < (SIGNALS if end == "EPERM" else 4):
        pytest.skip("the kernel's Landlock is too old")
    pool = pool_with(EVIL_WHO=who, EVIL_WHAT=escape, EVIL_PATH="/etc/passwd")
    if end.isupper():
        waiting.until(lambda: f"evil {escape}: " in pool.printed(), "the escape", NOTICED)
        assert f"evil {escape}: {end}" in pool.printed()
    else:
        line = rf"warning: {NAMED[who]}: system call \d+ \({end}\) is not allowed"
        waiting.until(lambda: re.search(line, pool.printed()), line, NOTICED)
        assert f"evil {escape}: " not in pool.printed()
    if who == "" and not end.isupper():
        assert pool.process.wait(NOTICED) == -signal.SIGSYS
    else:
        waiting.until(pool.answers, "the pool to serve", NOTICED)
    matrix(TITLE, f"{NAMED[who]}: {escape}", "came of it",
           end if end.isupper() else f"ended at {end}")


@pytest.mark.parametrize("call", CALLS)
def test_each_call_is_needed(world, dns, pool_with, call):
    """As in a table that lacks it: the worker ends there, and the log says so."""
    pool = pool_with(EVIL_WHO="worker", EVIL_WITHOUT=call)
    line = rf"warning: worker: system call \d+ \({call}\) is not allowed"

    def found():
        with contextlib.suppress(OSError):
            world.straight(pool, "fine", ipv4=WEB[0])
        return re.search(line, pool.printed())
    waiting.until(found, line, NOTICED)


def test_with_all_calls_it_works(world, dns, pool_with):
    """What the others of these tests show is due to what they take away."""
    pool = pool_with(EVIL_WHO="worker", EVIL_WITHOUT="execve")
    waiting.until(pool.answers, "the pool to serve", NOTICED)
    assert world.straight(pool, "fine", ipv4=WEB[0])[0] == 200
    assert "not allowed" not in pool.printed()
