"""A machine that lets us down: a disk that is full, a clock that jumps."""

import contextlib
import os
import subprocess

import pytest
import stories
from lab.gateway import USER
from stories import STORIES

PAGE = 4096
DAY = 86400
PLAYED = ("a new address", "nothing has changed", "two hosts")


@pytest.fixture
def small_disk(yard):
    """2 MB, and nothing else."""
    where = f"{yard.folder}/small"
    os.makedirs(where, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=2m,uid={USER},gid={USER},mode=700",
                    "tmpfs", where], check=True)
    yield where
    subprocess.run(["umount", "--lazy", where], check=True)


@contextlib.contextmanager
def filled(where, left):
    """So many pages are free, and no more."""
    path = f"{where}/filler"
    with open(path, "wb", buffering=0) as f, contextlib.suppress(OSError):
        while True:
            f.write(bytes(PAGE))
    os.truncate(path, max(os.path.getsize(path) - left * PAGE, 0))
    try:
        yield
    finally:
        os.unlink(path)


def test_the_disk_is_full_from_any_page_on(yard, small_disk, matrix):
    """Updates go on, what they say is true, and it is so when there is room again."""
    player = yard.player(state_directory=small_disk)
    heard = {}
    try:
        for left in (0, 2, 7):
            for name in PLAYED:
                stories.begin(player, STORIES[name])
                with filled(small_disk, left):
                    for _ in range(3):
                        answer = stories.perform(player, STORIES[name])
                        stories.check(player, STORIES[name], answer, player.turn)
                        heard[answer[0]] = heard.get(answer[0], 0) + 1
                        stories.begin(player, STORIES[name])
                stories.conclude(player, STORIES[name], (0, ""), left % 2)
        assert player.intact() == "ok"
    finally:
        player.stop()
    matrix("a disk that is full from any page on", "updates", "heard", heard)
    assert set(heard) == {200}


# By how much the clock jumps, and the statuses that may come of it: in another
# year no certificate is valid.
JUMPS = {
    "two minutes on": (120, {200}),
    "an hour back": (-3600, {200}),
    "half a day back": (-DAY // 2, {200}),
    "ten years on": (3653 * DAY, {200, 502, 503, 403}),
    "ten years back": (-3653 * DAY, {200, 502, 503, 403}),
    "1970": (-20000 * DAY, {200, 502, 503, 403}),
}
CLOCKED = ("a new address", "nothing has changed", "of both families, proved", "forced")


def jump_meanwhile(player, later):
    """The clock jumps while the provider is asked."""
    def fault(_):
        player.machine.set_clock(later)
    return fault


@pytest.mark.parametrize("jump", JUMPS)
def test_the_clock_jumps(yard, matrix, jump):
    """While nothing happens, and within a request; and back again."""
    later, allowed = JUMPS[jump]
    player = yard.player()
    heard = {}
    try:
        for name in CLOCKED:
            story = STORIES[name]
            for within in (False, True):
                stories.begin(player, story)
                player.machine.set_clock(0 if within else later)
                player.keeper.fault = jump_meanwhile(player, later) if within else None
                answer = player.ask(story.user, **story.more, **story.claims[player.turn])
                player.keeper.fault = None
                stories.check(player, story, answer, player.turn)
                assert answer[0] in allowed | {story.status}, (name, answer)
                heard[answer[0]] = heard.get(answer[0], 0) + 1
                # The same clock goes on; another claim, another answer.
                player.turn = 1 - player.turn
                answer = player.ask(story.user, **story.more, **story.claims[player.turn])
                stories.check(player, story, answer, player.turn)
                assert answer[0] in allowed | {story.status}, (name, answer)
                player.machine.set_clock(0)
                stories.conclude(player, story, (0, ""), within)
        assert player.worker()
        assert player.intact() == "ok"
    finally:
        player.stop()
    matrix("a clock that jumps", jump, "heard", heard)
