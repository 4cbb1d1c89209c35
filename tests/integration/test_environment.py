"""What a shell exports leads ddnsgate nowhere, and writes no secret down."""

import os
import subprocess

from lab import waiting
from lab.stage import CLAIM, USER

OBEYED_LATE = {
    "https_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9",
    "PGHOST": "192.0.2.1", "SQLITE_TMPDIR": "/nonexistent", "RES_OPTIONS": "ndots:15",
    "LOCALDOMAIN": "elsewhere.example", "KRB5_CONFIG": "/nonexistent"}
OBEYED_BEFORE_MAIN = {
    "GNUTLS_DEBUG_LEVEL": "99", "P11_KIT_DEBUG": "all",
    "GNUTLS_SYSTEM_PRIORITY_FILE": "/nonexistent", "MALLOC_ARENA_MAX": "1"}
KEPT = {"DDNSGATE_BOOT_ID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "JOURNAL_STREAM",
        "TZ", "TERM", "NO_COLOR", "HOME", "LD_PRELOAD", "LD_LIBRARY_PATH", "PATH", "ASAN_OPTIONS",
        "UBSAN_OPTIONS", "LSAN_OPTIONS"}


def start(make_pool, variables):
    pool = make_pool(name="environment")
    keys = f"{pool.folder}-keys/keys"
    os.mkdir(os.path.dirname(keys))
    os.chmod(os.path.dirname(keys), 0o777)      # whoever it runs as could write
    pool.env = {**(pool.env or {}), **variables, "SSLKEYLOGFILE": keys}
    return pool.start(), keys


def test_no_secret_of_tls_is_written_down(world, dns, make_pool):
    pool, keys = start(make_pool, OBEYED_LATE)
    assert world.straight(pool, USER, **CLAIM)[0] == 200
    assert not os.path.exists(keys)


def test_what_is_obeyed_before_main_is_gone_as_well(world, dns, make_pool):
    """The program starts itself again, under the same process id."""
    pool, keys = start(make_pool, OBEYED_LATE | OBEYED_BEFORE_MAIN)
    assert world.straight(pool, USER, **CLAIM)[0] == 200
    assert not os.path.exists(keys)
    waiting.until(pool.workers, "workers")
    for pid in (pool.process.pid, *pool.workers()):
        with open(f"/proc/{pid}/environ", encoding="utf-8") as f:
            names = {entry.partition("=")[0] for entry in f.read().split("\0")} - {""}
        assert names <= KEPT, names - KEPT
    with open(f"/proc/{pool.process.pid}/comm", encoding="ascii") as f:
        assert f.read() == "ddnsgate\n"
    # GnuTLS tells of each session at that level.
    assert "gnutls[5]" not in pool.printed()


def test_a_command_keeps_its_arguments_and_its_input(world):
    made = subprocess.run(
        [world.binary, "hash", "--iterations", "100000"], input="router:token\n",
        env={**os.environ, **world.sanitizer("environment"), **OBEYED_BEFORE_MAIN},
        stdout=subprocess.PIPE, text=True, check=True)
    assert made.stdout.startswith("$pbkdf2-sha256$i=100000$")
