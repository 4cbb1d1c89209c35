"""The token of the router is nowhere once its request is done.

It comes last of all by its name, so that whatever the other tests made ddnsgate
write down is looked at as well.
"""

import base64
import os

from lab.memory import written
from lab.stage import CLAIM, USER
from world import BEHAVIOURS


def places(world):
    """Every file of the lab, and what each process shows of itself."""
    for directory, _, names in os.walk(world.folder):
        yield from (os.path.join(directory, name) for name in names)
    for pid in filter(str.isdigit, os.listdir("/proc")):
        yield f"/proc/{pid}/cmdline"
        yield f"/proc/{pid}/environ"


def found(world, *secrets):
    where = set()
    for place in places(world):
        try:
            with open(place, "rb") as f:
                content = f.read()
        except OSError:                 # a socket, or a process that has ended
            continue
        where |= {place for secret in secrets if secret in content}
    return where


def forms(user, token):
    """The token as it is, as the router sends it, and parts that give it away."""
    pair = f"{user}:{token}".encode()
    return [token.encode(), token[8:24].encode(), base64.b64encode(pair),
            base64.b64encode(pair)[16:40]]


def test_the_search_finds_what_is_there(world):
    path = f"{world.folder}/left-behind"
    with open(path, "w", encoding="ascii") as f:
        f.write(f"... {world.token} ...")
    assert path in found(world, *forms(USER, world.token))
    os.unlink(path)


def test_no_file_and_no_process_shows_it(world, dns):
    world.update(USER, **CLAIM)
    for behaviour in BEHAVIOURS[:8]:
        world.update(behaviour, ipv4=CLAIM["ipv4"])
    world.box.update(USER, world.token + "x", **CLAIM)
    world.box.get("/update?ipv4=1", {"Authorization": f"Bearer {world.token}"})
    assert found(world, *forms(USER, world.token)) == set()


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
