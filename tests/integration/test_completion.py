"""What bash offers after each word of a command line."""

import os
import pathlib
import re
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "examples/completion/ddnsgate.bash"


def offered(binary, *words):
    """What follows words, of which the last is not whole."""
    array = " ".join(f"'{word}'" for word in ("ddnsgate", *words))
    ran = subprocess.run(
        ["bash", "-euc", f"""
            . {SCRIPT}
            COMP_WORDS=({array}) COMP_CWORD={len(words)}
            _ddnsgate
            printf '%s\\n' "${{COMPREPLY[@]}}\""""],
        env={**os.environ, "PATH": f"{os.path.dirname(binary)}:{os.environ['PATH']}"},
        check=True, text=True, capture_output=True)
    return ran.stdout.split()


def told(binary, *words):
    return subprocess.run([binary, *words, "--help"], check=True, text=True,
                          capture_output=True).stdout


def test_commands(plain_binary):
    commands = re.findall(r"^  ([a-z][a-z-]*) ", told(plain_binary), re.M)
    assert len(commands) > 10
    assert offered(plain_binary, "") == commands
    assert offered(plain_binary, "prov") == ["prove", "provider"]


def test_options_are_those_of_the_help(plain_binary):
    for command in offered(plain_binary, ""):
        options = sorted(set(re.findall(r"--[a-z][a-z-]*", told(plain_binary, command))))
        assert sorted(offered(plain_binary, command, "--")) == options


@pytest.mark.parametrize("words, some", [
    (["provider", ""], ["list", "show", "check", "run"]),
    (["provider", "show", "powe"], ["powerdns"]),
    (["account", "en"], ["enable"]),
    (["account", "add", "--provider", "des"], ["desec", "desec-dyn"]),
    (["router", "fritz"], ["fritzbox"]),
    (["setup", "--device", "fritz"], ["fritzbox"]),
    (["setup", "--ipv4", ""], ["later", "no", "keep", "if-public"]),
    (["setup", "--provider", "powe"], ["powerdns"]),
    (["prove", "--request", ""], ["tls", "http"]),
    (["check", "--config", "/etc/host"], []),       # bash offers files
])
def test_words(plain_binary, words, some):
    assert sorted(offered(plain_binary, *words)) == sorted(some)
