"""A worker that a library holds, deaf to all deadlines, ends itself in time."""

import contextlib
import os
import signal
import subprocess
import threading

import pytest
from lab import waiting
from lab.stage import CLAIM, USER

# Stands before the function of GnuTLS, and computes while a file is there.
ENDLESS = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
#include <gnutls/x509.h>

int
gnutls_x509_crt_import(gnutls_x509_crt_t crt, const gnutls_datum_t *data,
    gnutls_x509_crt_fmt_t format)
{
	int (*real)(gnutls_x509_crt_t, const gnutls_datum_t *,
	    gnutls_x509_crt_fmt_t);

	while (access(HELD, F_OK) == 0)
		continue;
	*(void **)&real = dlsym(RTLD_NEXT, "gnutls_x509_crt_import");
	return real(crt, data, format);
}
"""
UPDATE = 8.6                            # seconds, for one request
LOG = "a request lasted too long, and the process ends itself"


class Held:
    """A pool whose workers compute without end as soon as it says so."""

    def __init__(self, world, folder, make_pool, binary):
        self.world = world
        self.file = f"{folder}/held"
        library = f"{folder}/endless.so"
        subprocess.run(["cc", "-shared", "-fPIC", f'-DHELD="{self.file}"', "-x", "c", "-",
                        "-o", library], input=ENDLESS, text=True, check=True)
        self.pool = make_pool({**world.configuration(), "workers": 1}, name="held",
                              binary=binary)
        self.pool.env = {"LD_PRELOAD": library}
        self.answer = None

    def update(self):
        self.answer = self.world.straight(self.pool, USER, **CLAIM)

    @contextlib.contextmanager
    def one_update(self):
        """Until the worker that has it ends itself."""
        thread = threading.Thread(target=self.update)
        with open(self.file, "w", encoding="ascii"):
            thread.start()
        try:
            yield
        finally:
            os.unlink(self.file)
            thread.join(30)


@pytest.fixture
def held(world, folder, make_pool, plain_binary):
    """Without sanitizers, which want to come before every other library."""
    return Held(world, folder, make_pool, plain_binary)


def test_in_a_pool_another_one_takes_its_place(world, dns, held):
    held.pool.start()
    worker, = waiting.until(held.pool.workers, "the worker")
    mark = held.pool.mark()
    with held.one_update():
        held.pool.since(mark, LOG, UPDATE + 30)
    assert held.answer[0] == 0          # the connection was closed
    text = "\n".join(held.pool.since(mark, f"worker {worker} exited with status 1"))
    assert "hangs for" not in text      # it did so before the supervisor had to
    assert world.straight(held.pool, USER, **CLAIM)[0] == 200
    assert worker not in held.pool.workers()


def test_a_single_worker_ends_for_whoever_started_it(world, dns, held):
    pool, pids = held.pool, f"{held.pool.folder}/pids"
    pool.configure({**world.configuration(), "log": f"{pool.folder}/run/log"})
    os.mkdir(f"{pool.folder}/run", mode=0o777)
    os.chmod(f"{pool.folder}/run", 0o777)
    world.proxy.run(pool.spawn("--single", options=("-F", "1", "-P", pids)),
                    env={**os.environ, **pool.env})
    with open(pids, encoding="ascii") as f:
        pid = int(f.read())
    try:
        waiting.until(pool.answers, "an answer")
        with held.one_update():
            waiting.until(lambda: not os.path.exists(f"/proc/{pid}"), "its end",
                          UPDATE + 30)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with open(f"{pool.folder}/run/log", encoding="utf-8") as f:
        assert LOG in f.read()
