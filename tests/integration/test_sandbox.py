"""A worker that was taken over can do nothing else: the escapes, one by one.

Code that stands for a stranger's (lab/evil.c) is preloaded into a whole pool.
What it tries is refused by Landlock or ends the worker, the log names the call,
and the next request is served.
"""

import contextlib
import re
import subprocess

import pytest
from lab import fastcgi, gateway, waiting

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
}

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


def test_clone3_is_not_there(taken, matrix):
    """Its flags lie in memory, where no filter can see them; clone(2) is used instead."""
    assert "evil start one by clone3: ENOSYS" in attempt(taken, "start one by clone3")
    matrix(TITLE, "start one by clone3", "came of it", "ENOSYS")
