"""Workers that are killed at any moment: nothing that was said is untrue.

DDNSGATE_KILLS says how many kills; the suite makes a few, 10,000 take some
minutes.
"""

import os
import random
import signal
import sqlite3
import time

import pytest

from lab import remembering
from lab.claimant import Claimants

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
    with sqlite3.connect(f"file:{scene.state}/state.db?mode=ro", uri=True) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
