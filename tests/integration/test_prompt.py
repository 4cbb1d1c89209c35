"""What a person sees at the prompt: colours, lines that fit, and `top`."""

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time

import pytest

from lab import waiting
from lab.remembering import Scene
from lab.stage import WEB
from world import CLOSED_AT

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def scene(world, plain_binary, folder):
    scene = Scene(world, plain_binary, f"{folder}/prompt")
    scene.update(ipv4=WEB[0])
    scene.update("proved", ipv4=CLOSED_AT)
    yield scene
    scene.stop()


class Terminal:
    """A command with a terminal of 80 columns."""

    def __init__(self, scene, *arguments, **variables):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 80, 0, 0))
        self.modes = termios.tcgetattr(slave)
        self.slave = slave
        environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
        self.process = subprocess.Popen(
            [scene.pool.binary, *arguments, "--config", scene.pool.configuration],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env=environment | {"TERM": "xterm"} | variables)
        os.set_blocking(self.master, False)
        self.text = ""

    def read(self):
        with contextlib.suppress(BlockingIOError, OSError):
            while part := os.read(self.master, 65536):
                self.text += part.decode()
        return self.text

    def end(self, number=None):
        if number:
            self.process.send_signal(number)
        waiting.until(lambda: self.read() is not None and self.process.poll() is not None,
                      "the end of the command", 20)
        self.read()
        assert termios.tcgetattr(self.slave) == self.modes
        os.close(self.slave)
        os.close(self.master)
        return self.process.returncode


@pytest.mark.parametrize("command", ["status", "history"])
def test_colours_at_a_terminal_alone(scene, command):
    plain = scene.command(command).stdout
    assert "\x1b" not in plain and "proved" in plain
    assert max(map(len, plain.splitlines())) <= 80
    for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False),
                                ({"TERM": "dumb"}, False), ({"NO_COLOR": ""}, True)):
        terminal = Terminal(scene, command, **variables)
        assert terminal.end() == 0
        assert bool(COLOUR.search(terminal.text)) == coloured, variables
        assert COLOUR.sub("", terminal.text).replace("\r", "") == plain


def test_top_until_interrupted(scene):
    terminal = Terminal(scene, "top")
    waiting.until(lambda: "requests a second: " in terminal.read(), "a rate", 20)
    mark = len(terminal.text)
    until = time.monotonic() + 20
    while not re.search(r"second: [1-9]", terminal.read()[mark:]):
        scene.update(ipv4=WEB[0])
        assert time.monotonic() < until
    assert terminal.end(signal.SIGINT) == 0
    page = COLOUR.sub("", terminal.text).replace("\r", "").split("\x1b[H\x1b[J")[-1]
    assert "pool: 6 workers" in page and "last refused" in page
    assert re.search(r"proved\S* A proof: ", page)
    assert max(map(len, page.splitlines())) <= 80


def test_top_without_a_terminal_shows_one_page(scene):
    said = scene.command("top")
    assert said.returncode == 0 and "\x1b" not in said.stdout
    assert "pool: 6 workers" in said.stdout
    terminal = Terminal(scene, "top", TERM="dumb")
    assert terminal.end() == 0 and "\x1b" not in terminal.text


@pytest.mark.parametrize("arguments", [
    ["status", "--json"], ["status", "--json", "--pool"], ["history", "--json"],
    ["account", "list", "--json"]])
def test_lists_as_json(scene, arguments):
    told = json.loads(scene.command(*arguments).stdout)
    assert isinstance(told, list) and told


def test_pages_of_routers_as_json(scene):
    told = subprocess.run([scene.pool.binary, "router", "--list", "--json"], check=True,
                          text=True, stdout=subprocess.PIPE).stdout
    assert "fritzbox" in json.loads(told)
