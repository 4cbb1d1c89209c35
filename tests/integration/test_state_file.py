"""The file of a state on one machine, whatever befalls it while workers use it."""

import contextlib
import glob
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

from lab.gateway import USER, descriptors
from lab.process import Process
from lab.remembering import Scene
from lab.stage import WEB, ZONE

OTHER = "89.14.163.21"
HOME = f"home.{ZONE}"


@pytest.fixture
def scene(world, binary, folder, request):
    scene = Scene(world, binary, f"{folder}/{request.node.name}")
    yield scene
    scene.stop()


@pytest.fixture
def small_disk(folder):
    """3 MB, and nothing else."""
    where = f"{folder}/small"
    os.makedirs(where, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=3m,uid={USER},gid={USER},mode=700",
                    "tmpfs", where], check=True)
    yield where
    subprocess.run(["umount", "--lazy", where], check=True)


def word(answer):
    status, body = answer
    return body.split()[1] if status == 200 else status


def held(scene):
    return scene.recorder.held.get((HOME, "A"))


def move_about(scene, times=6):
    """Two addresses in turn: what is said is true each time; the words."""
    words = []
    for i in range(times):
        for address in (WEB[0], OTHER)[i % 2:i % 2 + 1] * 2:
            words.append(word(scene.update(ipv4=address)))
            assert words[-1] in ("good", "nochg", 0), words
            if words[-1]:
                assert held(scene) == [address]
    return words


def test_full_disk(scene, small_disk):
    """Updates go on; nothing that could not be kept is believed, then or later."""
    scene.pool.stop()
    scene.pool.configure(scene.configuration | {"state": small_disk})
    scene.pool.start()
    assert word(scene.update(ipv4=WEB[0])) == "good"
    assert word(scene.update(ipv4=WEB[0])) == "nochg"
    filler = os.open(f"{small_disk}/filler", os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while True:
            os.write(filler, bytes(4096))
    os.close(filler)
    mark = scene.pool.mark()
    words = [word(scene.update(ipv4=address))
             for address in 12 * (OTHER, WEB[0])]
    assert set(words) == {"good"}
    assert scene.pool.printed()[mark:].count(" warning: ") <= 1
    scene.pool.stop()
    os.unlink(f"{small_disk}/filler")
    scene.recorder.held[HOME, "A"] = [OTHER]
    scene.pool.start()
    assert word(scene.update(ipv4=WEB[0])) == "good"
    assert word(scene.update(ipv4=WEB[0])) == "nochg"


@pytest.mark.parametrize("mode", [0o500, 0o400])
def test_a_directory_that_may_not_be_written(scene, mode):
    scene.update(ipv4=WEB[0])
    scene.pool.stop()
    os.chmod(scene.state, mode)
    for name in os.listdir(scene.state):
        os.chmod(f"{scene.state}/{name}", 0o400)
    mark = scene.pool.mark()
    scene.pool.start()
    move_about(scene)
    assert len([line for line in scene.pool.printed()[mark:].splitlines()
                if " warning: state " in line]) == 1
    os.chmod(scene.state, 0o700)


def test_a_file_of_another_program(scene):
    scene.pool.stop()
    for name in glob.glob(f"{scene.state}/*"):
        os.unlink(name)
    with sqlite3.connect(f"{scene.state}/state.db") as db:
        db.execute("CREATE TABLE treasure (x)")
        db.execute("INSERT INTO treasure VALUES (7)")
    os.chown(f"{scene.state}/state.db", USER, USER)
    mark = scene.pool.mark()
    scene.pool.start()
    assert set(move_about(scene)) <= {"good", "nochg"}
    assert "is a database of another program" in scene.pool.printed()[mark:]
    with sqlite3.connect(f"{scene.state}/state.db") as db:
        assert db.execute("SELECT * FROM treasure").fetchall() == [(7,)]


def test_a_file_of_a_newer_program(scene):
    scene.pool.stop()
    with sqlite3.connect(f"{scene.state}/state.db") as db:
        db.execute("PRAGMA user_version = 99")
    said = scene.refusal()
    assert said.returncode != 0
    assert "version 99 of its tables was made by a newer ddnsgate" in said.stdout
    assert "Install the newer one again" in said.stdout
    with sqlite3.connect(f"{scene.state}/state.db") as db:
        db.execute("PRAGMA user_version = 2")


def cut(name, size=0):
    return lambda state: os.truncate(f"{state}/{name}", size)


def remove(*names):
    def now(state):
        for name in names:
            os.unlink(f"{state}/{name}")
    return now


def empty(state):
    shutil.rmtree(state)
    os.mkdir(state, 0o700)
    os.chown(state, USER, USER)


BEFALLS = {
    "the -shm is cut": cut("state.db-shm"),
    "the -wal is cut": cut("state.db-wal"),
    "the database is cut": cut("state.db", 5000),
    "the -shm is removed": remove("state.db-shm"),
    "the -wal is removed": remove("state.db-wal"),
    "all is removed": remove("state.db", "state.db-wal", "state.db-shm"),
    "the directory is removed": shutil.rmtree,
    "the directory is empty": empty,
}


@pytest.mark.parametrize("what", BEFALLS)
def test_while_it_is_open(scene, matrix, what):
    """No worker says what is not so; few die, and the service goes on."""
    for _ in range(3):
        move_about(scene, 4)            # so that each worker has it open
    before = set(scene.pool.workers())
    BEFALLS[what](scene.state)
    words = move_about(scene, 10)
    died = len(before - set(scene.pool.workers()))
    matrix("the state's file, while workers have it open", what,
           "workers that died", died)
    # A mapping that was cut is death (SIGBUS) to each that touches it.
    assert died <= (6 if what == "the -shm is cut" else 0)
    assert words.count(0) <= died and words[-2:] != [0, 0]
    scene.pool.renew()                  # others that open it anew
    move_about(scene, 4)


def test_nobody_has_the_file_open_for_a_while(scene):
    """New workers open it when they need it; it is the same to them."""
    assert word(scene.update(ipv4=WEB[0])) == "good"
    mark = scene.pool.mark()
    scene.pool.renew()
    held_open = [name for pid in scene.pool.workers() for name in descriptors(pid)
                 if "/state.db" in name]
    assert held_open == []
    assert os.path.exists(f"{scene.state}/state.db-wal")
    assert word(scene.update(ipv4=WEB[0])) == "nochg"
    said = "\n".join(scene.pool.since(mark, " nochg"))
    assert "removed or replaced" not in said and "(proof" not in said
    scene.pool.stop()
    assert os.path.getsize(f"{scene.state}/state.db-wal") == 0


def test_seeded_corruption(scene):
    """While the service runs, and while it is stopped."""
    chance = random.Random(11)
    for seed in range(6):
        move_about(scene, 2)
        if seed % 2:
            scene.pool.stop()
        for name in glob.glob(f"{scene.state}/state.db") + glob.glob(
                f"{scene.state}/state.db-wal"):
            size = os.path.getsize(name)
            with open(name, "r+b") as f:
                for _ in range(8):
                    f.seek(chance.randrange(max(size, 1)))
                    f.write(chance.randbytes(chance.randrange(1, 200)))
        if seed % 2:
            scene.pool.start()
        move_about(scene, 4)
    assert len(glob.glob(f"{scene.state}/state.db.damaged-*")) <= 1


def test_another_boot(scene, folder):
    """What the boot before wrote, and did not sync, is not believed."""
    assert word(scene.update(ipv4=WEB[0])) == "good"
    scene.pool.stop()
    with open(f"{folder}/boot_id", "w", encoding="ascii") as f:
        f.write("00000000-1111-2222-3333-444444444444\n")
    older = f"{folder}/older.db"
    subprocess.run(["cp", "-p", f"{scene.state}/state.db", older], check=True)

    def another_boot():
        command = scene.pool.host.command([
            "unshare", "--mount", "sh", "-c",
            'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"',
            f"{folder}/boot_id", *scene.pool.spawn()])
        scene.pool.process = Process(_Plain, command, scene.pool.log, scene.pool.env)
        scene.pool.process.ready(scene.pool.answers, "ddnsgate")

    scene.pool.start()
    assert word(scene.update(ipv4=OTHER)) == "good"
    # The power fails: the last commits are lost with it.
    for pid in (scene.pool.process.pid, *scene.pool.workers()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    scene.pool.process.wait()
    for ending in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{scene.state}/state.db{ending}")
    subprocess.run(["cp", "-p", older, f"{scene.state}/state.db"], check=True)
    os.unlink(scene.pool.socket)
    another_boot()
    writes = len(scene.recorder.writes)
    assert word(scene.update(ipv4=WEB[0])) == "good"
    assert held(scene) == [WEB[0]] and len(scene.recorder.writes) == writes + 1


class _Plain:
    """A host whose commands say themselves where they run."""

    @staticmethod
    def command(arguments):
        return arguments


def test_a_backup_that_was_put_back(scene, folder):
    """Of the same boot, while the service was stopped; a look at it does no harm."""
    assert word(scene.update(ipv4=WEB[0])) == "good"
    scene.pool.stop()
    assert WEB[0] in scene.command("status").stdout
    subprocess.run(["cp", "-p", f"{scene.state}/state.db", f"{folder}/backup.db"],
                   check=True)
    scene.pool.start()
    assert word(scene.update(ipv4=WEB[0])) == "nochg"
    assert word(scene.update(ipv4=OTHER)) == "good"
    scene.pool.stop()
    subprocess.run(["cp", "-p", f"{folder}/backup.db", f"{scene.state}/state.db"],
                   check=True)
    scene.pool.start()
    assert word(scene.update(ipv4=WEB[0])) == "good"
    assert held(scene) == [WEB[0]]


HOSTS = 100_000


def test_status_of_many_hosts(scene, matrix):
    """Printed as it is read, and in a time that a person waits for."""
    scene.pool.stop()
    with sqlite3.connect(f"{scene.state}/state.db") as db:
        db.executemany(
            "INSERT INTO host (name, account, ipv4, since4, applied_at)"
            " VALUES (?, 'home', '89.14.163.156', 1780000000, 1780000000)",
            ((f"h{i:06}.{ZONE}",) for i in range(HOSTS)))
        db.executemany(
            "INSERT INTO history (at, host, account, type, new, verdict) VALUES"
            " (?, ?, 'home', 'A', '89.14.163.156', 'good')",
            ((1780000000 + i, f"h{i:06}.{ZONE}") for i in range(HOSTS)))
    for command, least in (("status", HOSTS), ("history", HOSTS)):
        began = time.monotonic()
        said = scene.command(command, "--json")
        took = time.monotonic() - began
        assert said.returncode == 0 and len(json.loads(said.stdout)) >= least
        matrix(f"{HOSTS} hosts", command, "seconds", f"{took:.1f}")
    began = time.monotonic()
    events = json.loads(scene.command(
        "history", "--json", f"h099999.{ZONE}").stdout)
    assert len(events) == 1
    matrix(f"{HOSTS} hosts", "history of one host", "seconds",
           f"{time.monotonic() - began:.1f}")
