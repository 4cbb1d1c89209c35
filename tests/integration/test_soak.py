"""Everything at once: good updates and refused ones, broken streams, workers that
are killed, reloads, rotations, hosts that swallow packets.

DDNSGATE_SOAK says for how many seconds; the suite takes a few, 600 show a slope.
Each row of PLAGUES is a function that does one bad thing; more may be added.
"""

import contextlib
import os
import random
import signal
import threading
import time

import pytest
from lab import fastcgi, waiting
from lab.gateway import Gateway
from lab.memory import kilobytes
from lab.stage import GATEWAY, USER, WEB
from test_abuse import SENT, send
from world import SCRIPTED_AT

SOAK = float(os.environ.get("DDNSGATE_SOAK", "5"))
LONG = 300                              # from then on a slope is one
USERS = (USER, "both", "several", "unproven", "handshake")


def kill_a_worker(scene):
    with contextlib.suppress(ProcessLookupError, IndexError):
        os.kill(scene.chance.choice(scene.pool.workers()), signal.SIGKILL)


def reload(scene):
    scene.pool.reload()


def rotate(scene):
    scene.pool.process.send(signal.SIGUSR1)


def abuse(scene):
    """A stream that no web server sends, from peers that stay for a moment."""
    data = SENT[scene.chance.choice(sorted(SENT))](scene.world.parameters("nobody"))
    with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
        for _ in range(4):
            send(stack.enter_context(fastcgi.connect(scene.pool.socket)), data)
        scene.stop.wait(0.3)


def hole(scene):
    """An update of a host that swallows packets, and one at a provider that hangs."""
    user, address = scene.chance.choice((
        ("single", SCRIPTED_AT["silent"]), ("write-hang", WEB[0])))
    with contextlib.suppress(OSError):
        scene.world.straight(scene.pool, user, ipv4=address)


def wrong_login(scene):
    with contextlib.suppress(OSError):
        fastcgi.call(scene.pool.socket, {
            **scene.world.parameters("nobody", ipv4=WEB[0]),
            "REMOTE_ADDR": f"203.0.113.{scene.chance.randrange(1, 255)}"})


# What happens, and how many seconds lie between two of it.
PLAGUES = {kill_a_worker: 0.5, reload: 2.0, rotate: 11.0, abuse: 0.2, hole: 1.0,
           wrong_login: 0.3}


class Scene:
    """A pool behind nginx, what it is asked, and what befalls it."""

    def __init__(self, world, pool):
        self.world, self.pool = world, pool
        self.chance, self.stop = random.Random(3), threading.Event()
        self.gateway = Gateway(pool, GATEWAY, world.authority.leaf(GATEWAY),
                               world.authority.pem, port=8457)
        self.front = self.gateway.router(world.router)
        self.answers, self.memory = [], []
        self.threads = [threading.Thread(target=self.ask, args=(user,)) for user in USERS]
        self.threads += [threading.Thread(target=self.repeat, args=row)
                         for row in PLAGUES.items()]

    def ask(self, user):
        while not self.stop.wait(0.02):
            try:
                answer = self.front.update(user, self.world.token, ipv4=WEB[0])
                self.answers.append((user, answer.status))
            except OSError as lost:
                self.answers.append((user, repr(lost)))

    def repeat(self, plague, pause):
        while not self.stop.wait(pause):
            plague(self)

    def weigh(self):
        """What the supervisor has on its heap, and the proportional size of all."""
        with contextlib.suppress(OSError, LookupError):
            own = kilobytes(self.pool.process.pid, "Anonymous")
            everybody = kilobytes(self.pool.process.pid, "Pss") + sum(kilobytes(pid, "Pss") for pid in self.pool.workers())
            self.memory.append((time.monotonic(), own, everybody))

    def run(self, seconds):
        for thread in self.threads:
            thread.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.weigh()
            time.sleep(0.5)
        self.end()

    def end(self):
        self.stop.set()
        for thread in self.threads:
            if thread.is_alive():
                thread.join()


def slope(points):
    """Of a straight line through (seconds, kB): kB a minute."""
    n = len(points)
    x, y = (sum(p[i] for p in points) / n for i in (0, 1))
    return 60 * sum((a - x) * (b - y) for a, b in points) / sum(
        (a - x) ** 2 for a, _ in points)


@pytest.fixture
def scene(world, dns, make_pool, plain_binary):
    pool = make_pool({**world.configuration(), "workers": 16}, name="soak",
                     binary=plain_binary).start()
    scene = Scene(world, pool)
    yield scene
    scene.end()
    scene.gateway.front.stop()


def test_everything_at_once(scene, matrix):
    scene.run(SOAK)
    # The heap of the supervisor has its last size after about 120 reloads.
    later = scene.memory[len(scene.memory) // 2:]
    own, everybody = (slope([(m[0], m[i]) for m in later]) for i in (1, 2))
    wrong = [a for a in scene.answers if a[1] not in (200, 403)]
    title = f"everything at once for {SOAK:g} s"
    matrix(title, "requests behind nginx", "", len(scene.answers))
    matrix(title, "of them with a visible error", "", len(wrong))
    matrix(title, "supervisor, kB", "", f"{later[0][1]} to {later[-1][1]}")
    matrix(title, "all, kB", "", f"{later[0][2]} to {later[-1][2]}")
    matrix(title, "slope, kB a minute", "", f"{own:.0f} and {everybody:.0f}")
    assert len(scene.answers) > 3 * SOAK
    assert len(wrong) <= max(2, len(scene.answers) / 200), wrong
    waiting.until(lambda: len(scene.pool.workers()) == 16, "a whole pool", 30)
    waiting.until(lambda: scene.pool.holding() == 0, "no connection to be left", 30)
    if SOAK >= LONG:
        assert own < 16 and everybody < later[0][2] / 100
