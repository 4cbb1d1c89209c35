"""The token of the router is nowhere once its request is done.

What the other tests made ddnsgate write down is looked at when the world ends.
"""

import os

from lab.memory import forms, written
from lab.stage import CLAIM, USER
from world import BEHAVIOURS


def test_the_search_finds_what_is_there(world):
    path = f"{world.folder}/left-behind"
    with open(path, "w", encoding="ascii") as f:
        f.write(f"... {world.token} ...")
    assert path in world.shows()
    os.unlink(path)


def test_no_file_and_no_process_shows_it(world, dns):
    world.update(USER, **CLAIM)
    for behaviour in BEHAVIOURS[:8]:
        world.update(behaviour, ipv4=CLAIM["ipv4"])
    world.box.update(USER, world.token + "x", **CLAIM)
    world.box.get("/update?ipv4=1", {"Authorization": f"Bearer {world.token}"})
    assert world.shows() == set()


def test_no_idle_worker_remembers_it(world, dns, plain_binary, make_pool):
    pool = make_pool({**world.configuration(), "workers": 1},
                     binary=plain_binary).start()
    users = (USER, "write-500", "all-401")
    for user in users:
        world.straight(pool, user, ipv4=CLAIM["ipv4"])
        world.straight(pool, user, world.token + "x", ipv4=CLAIM["ipv4"])
    shown = {secret for pid in (pool.process.pid, *pool.workers())
             for part in written(pid)
             for user in users
             for secret in forms(user, world.token) if secret in part}
    assert shown == set()
