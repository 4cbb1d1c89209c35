"""Workers that are killed at any moment: nothing that was said is untrue.

DDNSGATE_KILLS says how many kills; the suite makes a few, 10,000 take some
minutes.  On two machines with one database it is a tenth of that, and the
database is away now and then, too.
"""

import os
import random
import signal
import sqlite3
import time

import pytest

from lab import remembering
from lab.claimant import Claimants
from lab.gateway import Gateway, Several
from lab.stage import GATEWAY

KILLS = int(os.environ.get("DDNSGATE_KILLS", "120"))
USERS = [f"r{i}" for i in range(6)]


@pytest.fixture
def scene(world, plain_binary, folder):
    scene = remembering.Scene(
        world, plain_binary, f"{folder}/kills", users=USERS, workers=8)
    yield scene
    scene.stop()


def kill_some(chance, *pools):
    """SIGKILL for a worker of any pool; how many it was, 0 or 1."""
    workers = chance.choice(pools).workers()
    if not workers:
        return 0
    try:
        os.kill(chance.choice(workers), signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return 1


def test_workers_that_are_killed_at_any_moment(scene, matrix):
    chance = random.Random(7)
    kills = 0
    with Claimants(scene.update, scene.recorder, USERS) as routers:
        while kills < KILLS:
            kills += kill_some(chance, scene.pool)
            time.sleep(chance.random() * 0.06)
    heard = routers.heard
    matrix("workers killed at random moments", f"{kills} kills", "answers", heard)
    assert routers.lies == []
    assert routers.astray() == {}
    assert heard.get("good", 0) > KILLS / 10 and heard.get("nochg", 0) > 0
    # Kills from outside are no crash loop, however young the workers were.
    assert "from now on one at a time tries" not in scene.pool.printed()
    with sqlite3.connect(f"file:{scene.state}/state.db?mode=ro", uri=True) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.fixture
def machines(world, plain_binary, folder, database, passfile, second):
    """Two with one database, behind one nginx."""
    database.empty()
    scene = remembering.Scene(
        world, plain_binary, f"{folder}/kills-database", users=USERS, workers=8,
        state=database.state(passfile))
    scene.machine(second).start()
    front = Gateway(Several(scene.pool.host, scene.pool.folder, scene.pools), GATEWAY,
                    world.authority.leaf(GATEWAY), world.authority.pem, port=8454)
    scene.front = front.router(world.router)
    yield scene
    front.stop()
    scene.stop()


def test_machines_and_a_database_that_fail_at_any_moment(machines, database, matrix):
    def ask(user, **parameters):
        answer = machines.front.update(user, machines.world.token, **parameters)
        return answer.status, answer.body

    outages = [(database.stop, database.start), (database.pause, database.resume),
               (database.cut_off, database.mend)]
    wanted = max(KILLS // 10, 30)
    chance = random.Random(8)
    kills = away = 0
    with Claimants(ask, machines.recorder, USERS) as routers:
        while kills < wanted:
            now = chance.randrange(10) and kills < wanted - 3
            if now:
                kills += kill_some(chance, *machines.pools)
                time.sleep(chance.random() * 0.3)
                continue
            begin, end = outages[away % 3]
            away += 1
            begin()
            try:
                kills += kill_some(chance, *machines.pools)
                time.sleep(chance.random() * 4)
            finally:
                end()
            time.sleep(chance.random() * 4)
    heard = routers.heard
    matrix("two machines, a database, and what befalls them",
           f"{kills} kills, {away} times away", "answers", heard)
    assert routers.lies == []
    assert routers.astray() == {}
    assert machines.recorder.repeated() == []
    assert heard.get("good", 0) >= routers.claims * 0.5 and heard.get("nochg", 0) > 0
