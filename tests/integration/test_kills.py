"""Workers that are killed at any moment: nothing that was said is untrue.

DDNSGATE_KILLS says how many kills; the suite makes a few, 10,000 take some
minutes.
"""

import os
import random
import signal
import sqlite3
import threading
import time

import pytest

from lab import remembering
from lab.stage import ZONE

KILLS = int(os.environ.get("DDNSGATE_KILLS", "120"))
ROUTERS = 6


class Router(threading.Thread):
    """One account whose only host gets a new address now and then.

    It asks again until it hears that the address is published, and checks at
    that moment that the provider has it.
    """

    def __init__(self, scene, user, seed):
        super().__init__()
        self.scene = scene
        self.user = user
        self.random = random.Random(seed)
        self.lies, self.heard = [], {}
        self.going = True

    def held(self):
        return self.scene.recorder.held.get((f"{self.user}.{ZONE}", "A"))

    def run(self):
        while self.going:
            address = f"89.14.{self.random.randrange(1, 255)}.{self.random.randrange(1, 255)}"
            for _ in range(self.random.randrange(1, 4)):
                self.ask(address)

    def ask(self, address):
        """Until the answer is one; the same address, as a router does."""
        while self.going:
            try:
                status, body = self.scene.update(self.user, ipv4=address)
            except OSError:
                status, body = 0, "gone"
            word = body.split()[1] if status == 200 else str(status)
            self.heard[word] = self.heard.get(word, 0) + 1
            if status == 200:
                if self.held() != [address]:
                    self.lies.append((word, address, self.held()))
                return
            time.sleep(0.02)


@pytest.fixture
def scene(world, plain_binary, folder):
    scene = remembering.Scene(
        world, plain_binary, f"{folder}/kills",
        users=[f"r{i}" for i in range(ROUTERS)], workers=8)
    yield scene
    scene.stop()


def test_workers_that_are_killed_at_any_moment(scene, matrix):
    chance = random.Random(7)
    routers = [Router(scene, f"r{i}", i) for i in range(ROUTERS)]
    for router in routers:
        router.start()
    kills = 0
    try:
        while kills < KILLS:
            workers = scene.pool.workers()
            if workers:
                try:
                    os.kill(chance.choice(workers), signal.SIGKILL)
                    kills += 1
                except ProcessLookupError:
                    pass
            time.sleep(chance.random() * 0.06)
    finally:
        for router in routers:
            router.going = False
        for router in routers:
            router.join()
    heard = {}
    for router in routers:
        for word, n in router.heard.items():
            heard[word] = heard.get(word, 0) + n
    matrix("workers killed at random moments", f"{kills} kills", "answers", heard)
    assert [lie for router in routers for lie in router.lies] == []
    assert heard.get("good", 0) > KILLS / 10 and heard.get("nochg", 0) > 0
    with sqlite3.connect(f"file:{scene.state}/state.db?mode=ro", uri=True) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
