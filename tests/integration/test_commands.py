"""The command line: help, wrong options, and output that cannot be written."""

import json
import re
import signal
import subprocess

import pytest
from lab.gateway import ROOT, verifier
from lab.terminal import Terminal

COMMANDS = ("serve", "check", "setup", "hash", "account", "prove", "explain", "provider", "router",
            "status", "history", "forget", "notify", "top", "health", "--version")
CALLS = [(), *((c,) for c in COMMANDS), ("provider", "list"), ("provider", "check"),
         ("provider", "run")]


def call(binary, *args, **options):
    return subprocess.run([binary, *args], text=True, check=False, timeout=60,
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          **{"stdout": subprocess.PIPE, **options})


def test_the_help_names_each_command(binary):
    told = call(binary, "--help").stdout
    assert tuple(re.findall(r"^  (\S+) ", told, re.M)) == COMMANDS


def test_what_a_person_reads_fits_80_columns(binary, tmp_path):
    """But for names of files, and for errors and notes, which are one line each."""
    listed = call(binary, "provider", "list").stdout
    names = [line.split()[0] for line in listed.splitlines()]
    file = tmp_path / "ddnsgate.json"
    file.write_text(json.dumps({
        "ca": "/etc/ssl/certs/ca-certificates.crt",
        "providers": {"powerdns": {"config": {"base": "https://api.dns.example:8443"}}},
        "accounts": {"router": {
            "verifier": verifier("router", "token"), "provider": "powerdns",
            "hosts": {"chaos-wg.net": {
                "ipv4": "if-public", "ipv6": {
                    "prefix_length": 56, "suffix": "0:0:0:fc:1234:5678:9abc:def0",
                    "if_public": True}}}}}}))
    at = ("--config", str(file))
    for words in [("provider", "list"), *(("provider", "show", name) for name in names),
                  ("router", "--list"), ("check", *at), ("account", "list", *at),
                  ("account", "show", "router", *at),
                  ("explain", "--no-provider", *at, "chaos-wg.net", "ipv4=10.0.0.1",
                   "prefix=fd00:c22:b045:de00::/64")]:
        told = call(binary, *words).stdout
        assert told, words
        lines = [line for line in told.splitlines()
                 if "/" not in line and not line.startswith("not tried: ")]
        assert max(map(len, lines)) <= 80, words
    assert len(names) > 50 and max(map(len, listed.splitlines())) <= 80
    # One line is one provider, for cut(1) and the completion.
    assert len(set(names)) == len(names) and {"desec", "he.net", "rfc2136"} <= set(names)


def test_the_list_of_providers_is_there_as_json(binary):
    listed = json.loads(call(binary, "provider", "list", "--json").stdout)
    names = [line.split()[0] for line in call(binary, "provider", "list").stdout.splitlines()]
    assert [entry["name"] for entry in listed] == names
    by_name = {entry["name"]: entry for entry in listed}
    assert by_name["powerdns"]["config"]["base"] == "required"
    assert by_name["desec"]["base"].startswith("https://desec.io/")
    assert by_name["rfc2136"]["file"] is None
    assert json.loads(call(binary, "provider", "show", "desec", "--json").stdout) == [
        by_name["desec"]]


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("words", CALLS, ids=" ".join)
def test_help_is_what_was_asked_for(binary, words, option):
    told = call(binary, *words, option)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"usage: ddnsgate {words[0] if words else ''}")
    assert max(map(len, told.stdout.splitlines())) <= 80


@pytest.mark.parametrize("words", CALLS, ids=" ".join)
def test_a_wrong_option_gets_the_usage_as_an_error(binary, words):
    told = call(binary, *words, "--nonsense")
    assert (told.returncode, told.stdout) == (2, "")
    assert "usage: ddnsgate" in told.stderr


@pytest.mark.parametrize("words", [
    (), ("check", "one"), ("hash", "one"), ("serve", "one"), ("prove", "one"),
    ("router",), ("provider",), ("provider", "list", "one"), ("provider", "check"),
    ("provider", "run", "one"), ("--version", "one"), ("nonsense",)],
    ids=" ".join)
def test_wrong_operands_get_the_usage_as_an_error(binary, words):
    told = call(binary, *words)
    assert (told.returncode, told.stdout) == (2, "")
    assert "usage: ddnsgate" in told.stderr


def test_the_manual_has_each_option_of_the_usage(binary):
    with open(f"{ROOT}/man/ddnsgate.8", encoding="ascii") as f:
        manual = set(re.findall(r"Fl -([a-z-]+)", f.read()))
    told = "".join(call(binary, *words, "--help").stdout for words in CALLS)
    options = set(re.findall(r"--([a-z-]+)", told))
    assert {"config", "dry-run", "pin", "help"} <= options <= manual


@pytest.mark.parametrize("words", [("provider", "list"), ("--help",), ("--version",),
                                   ("router", "--list"), ("check", "--help")],
                         ids=" ".join)
def test_output_that_cannot_be_written_is_a_failure(binary, words):
    with open("/dev/full", "wb") as full:
        told = call(binary, *words, stdout=full)
    assert told.returncode == 1
    assert "standard output could not be written" in told.stderr


def test_the_version_says_what_was_built(binary, plain_binary):
    def features(program):
        first, *rest = call(program, "--version").stdout.splitlines()
        assert re.fullmatch(r"ddnsgate \d+\.\d+\.\d+", first)
        return {line[2:15].strip(): line[15:18].strip() for line in rest}
    assert {"libknot", "sanitizers", "wiping heap"} <= set(features(binary))
    assert features(plain_binary)["sanitizers"] == "no"
    if features(binary)["sanitizers"] == "yes":
        assert features(binary)["wiping heap"] == "no"


@pytest.fixture
def asked(binary):
    """`ddnsgate hash`, where the token is to be typed."""
    with Terminal(binary, "hash") as terminal:
        terminal.until(b"User: ")
        assert terminal.echoes()
        terminal.type(b"router\n")
        terminal.until(b"Token: ")
        terminal.hidden()
        yield terminal


def test_a_token_is_not_shown_and_the_terminal_is_as_it_was(asked):
    asked.type(b"canary\n")
    asked.until(b"Token again: ")
    asked.hidden()
    asked.type(b"canary\n")
    asked.until(b"$pbkdf2-sha256$i=600000$")
    assert asked.ended() == 0
    assert asked.echoes() and b"canary" not in asked.seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP,
                                    signal.SIGQUIT])
def test_a_signal_at_the_token_leaves_the_terminal_as_it_was(asked, number):
    """Once, whatever was typed after Ctrl-C could not be seen any more."""
    assert asked.ended_by(number) == -number
    assert asked.echoes()


def test_a_token_that_is_too_long_is_not_cut(asked):
    asked.type(b"x" * 3000 + b"\n")
    asked.until(b"no credential was given")
    assert asked.ended() == 1
