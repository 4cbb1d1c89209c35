"""Accounts in files of a directory: what changes there is in force soon after.

A pool with a state and a directory of accounts, before a provider that keeps
what it is sent.
"""

import json
import os
import stat
import time

import pytest

from lab.gateway import verifier
from lab.remembering import Scene
from lab.stage import WEB, ZONE

SOON = 5.0                      # what the manual page promises
ROOM = 60.0                     # for machines that are busy
SAID = "accounts have changed"


@pytest.fixture
def scene(world, binary, folder, request):
    place = f"{folder}/{request.node.name}"
    os.makedirs(f"{place}/accounts.d")
    scene = Scene(world, binary, place, users=("home",), workers=2)
    scene.directory = f"{place}/accounts.d"
    scene.configuration |= {
        "account_directory": scene.directory,
        "defaults": {"provider": "home", "ipv4": True, "proof": {"kind": "none"}}}
    scene.pool.configure(scene.configuration)
    scene.pool.renew()
    yield scene
    scene.stop()


def account(name, token, **more):
    return {"verifier": verifier(name, token), "hosts": {
        f"{name}.{ZONE}": {"zone": ZONE}}} | more


def drop(scene, name, content):
    """Writes a file as a package does; how long it took to be in force."""
    path = f"{scene.directory}/{name}.json"
    with open(f"{path}.new", "w", encoding="utf-8") as f:
        f.write(content if isinstance(content, str) else json.dumps(content))
    begun = time.monotonic()
    with scene.pool.changing(SAID, ROOM):
        os.rename(f"{path}.new", path)
    return time.monotonic() - begun


def log_in(scene, name, token):
    return scene.world.straight(scene.pool, name, token, ipv4=WEB[0])[0]


def test_a_new_file_is_an_account(scene, plain_binary):
    assert log_in(scene, "new", scene.world.token) == 401
    took = drop(scene, "new", account("new", scene.world.token))
    assert log_in(scene, "new", scene.world.token) == 200
    if scene.pool.binary == plain_binary:
        assert took < SOON
    assert log_in(scene, "home", scene.world.token) == 200


def test_changes_of_a_file(scene):
    token = scene.world.token
    drop(scene, "x", account("x", token))
    assert log_in(scene, "x", token) == 200
    # The login that was right a moment ago is not, with another verifier.
    drop(scene, "x", account("x", "another"))
    assert log_in(scene, "x", token) == 401
    assert log_in(scene, "x", "another") == 200
    drop(scene, "x", account("x", "another", disabled=True))
    assert log_in(scene, "x", "another") == 401
    drop(scene, "x", account("x", "another"))
    assert log_in(scene, "x", "another") == 200
    with scene.pool.changing(SAID, ROOM):
        os.unlink(f"{scene.directory}/x.json")
    assert log_in(scene, "x", "another") == 401


def test_a_disabled_account_is_answered_as_a_wrong_token(scene):
    drop(scene, "x", account("x", scene.world.token, disabled=True))
    assert (scene.world.straight(scene.pool, "x", ipv4=WEB[0]) ==
            scene.world.straight(scene.pool, "home", "wrong", ipv4=WEB[0]))


@pytest.mark.parametrize("content, place", [
    ("{", "line 1"),
    ({"verifier": "x", "hosts": {f"bad.{ZONE}": {}}}, "/verifier: must begin with"),
    ({"verifier": "x", "hosts": {"bad": {}}}, "/hosts/bad: is not a host name"),
    (account("bad", "t", provider="nowhere"), "/provider: no such member")],
    ids=["syntax", "verifier", "host", "provider"])
def test_a_broken_file_stops_nobody(scene, content, place):
    token = scene.world.token
    drop(scene, "bad", account("bad", token))
    mark = scene.pool.mark()
    drop(scene, "bad", content)
    line = next(l for l in scene.pool.since(mark, "stays as it was") if "bad.json" in l)
    assert f"{scene.directory}/bad.json: {place}" in line
    assert log_in(scene, "bad", token) == 200
    assert log_in(scene, "home", token) == 200
    # Neither a reload of all nor another change makes it worse.
    scene.pool.renew()
    assert log_in(scene, "bad", token) == 200
    drop(scene, "good", account("good", token))
    assert log_in(scene, "good", token) == 200
    assert log_in(scene, "bad", token) == 200
    checked = scene.command("check")
    assert checked.returncode == 1
    assert f"{scene.directory}/bad.json: {place}" in checked.stdout


def test_known_after_a_restart_with_a_broken_file(scene):
    token = scene.world.token
    drop(scene, "good", account("good", token))
    drop(scene, "bad", "{")
    scene.pool.stop()
    scene.pool.start()
    assert log_in(scene, "good", token) == 200
    assert "bad.json: line 1" in scene.pool.printed()


def test_what_others_may_write_is_refused(scene):
    mark = scene.pool.mark()
    path = f"{scene.directory}/open.json"
    with open(f"{path}.new", "w", encoding="utf-8") as f:
        json.dump(account("open", scene.world.token), f)
    os.chmod(f"{path}.new", 0o666)
    os.rename(f"{path}.new", path)
    scene.pool.since(mark, SAID, seconds=ROOM)
    assert f"{path}: others can write it; chmod go-w" in scene.pool.printed()[mark:]
    with scene.pool.changing(SAID, ROOM):
        os.chmod(path, 0o644)
    assert log_in(scene, "open", scene.world.token) == 200


def test_a_reload_warns_of_nobody(scene):
    """The watcher leaves when it is told to, and that is no fault."""
    mark = scene.pool.mark()
    scene.pool.renew()
    assert "warning" not in scene.pool.printed()[mark:]


def test_single(world, scene):
    """Also where one worker serves alone."""
    scene.pool.stop()
    scene.pool.start(scene.pool.spawn("--single"))
    drop(scene, "alone", account("alone", world.token))
    assert log_in(scene, "alone", world.token) == 200


def edit(scene, *arguments, token=None):
    """A command that succeeds, until what it did is in force."""
    with scene.pool.changing(SAID, ROOM):
        done = scene.account(*arguments, token=token)
        assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_an_account_by_command(scene):
    """Added, changed, disabled, enabled and removed while the pool runs."""
    host = f"moved.{ZONE}"
    said = edit(scene, "add", "guest", "--host", host, "--zone", ZONE, token="first")
    assert f"{scene.directory}/guest.json" in said
    assert "ddnsgate router fritzbox --account guest" in said
    assert log_in(scene, "guest", "first") == 200
    assert scene.recorder.held[host, "A"] == [WEB[0]]
    edit(scene, "change", "guest", "--token", token="second")
    assert log_in(scene, "guest", "first") == 401
    assert log_in(scene, "guest", "second") == 200
    edit(scene, "change", "guest", "--ttl", "77")
    assert log_in(scene, "guest", "second") == 200
    edit(scene, "disable", "guest")
    assert log_in(scene, "guest", "second") == 401
    listed = json.loads(scene.account("list", "--json").stdout)
    assert [(a["account"], a["disabled"], a["place"]) for a in listed] == [
        ("guest", True, "directory"), ("home", False, "configuration"),
        ("proved", False, "configuration")]
    edit(scene, "enable", "guest")
    assert log_in(scene, "guest", "second") == 200
    shown = scene.account("show", "guest").stdout
    assert "TTL    77 s" in shown and host in shown
    edit(scene, "remove", "guest")
    assert log_in(scene, "guest", "second") == 401
    assert os.listdir(scene.directory) == []


def test_a_file_keeps_its_owner_and_mode(scene):
    edit(scene, "add", "guest", "--host", f"guest.{ZONE}", token="t")
    path = f"{scene.directory}/guest.json"
    like = os.stat(scene.pool.configuration)
    assert stat.S_IMODE(os.stat(path).st_mode) == stat.S_IMODE(like.st_mode)
    os.chmod(path, 0o640)
    os.chown(path, 0, 61500)
    edit(scene, "change", "guest", "--ttl", "60")
    done = os.stat(path)
    assert (stat.S_IMODE(done.st_mode), done.st_gid) == (0o640, 61500)


@pytest.mark.parametrize("arguments, said", [
    (("add", "guest", "--host", "guest"), "is not a host name"),
    (("add", "guest", "--host", f"g.{ZONE}", "--ttl", "soon"), "must be a whole number"),
    (("add", "guest", "--host", f"g.{ZONE}", "--provider", "x"), "no such member"),
    (("add", "guest", "--host", f"g.{ZONE}", "--suffix", "::"), "/ipv6/prefix_length"),
    (("add", "home", "--host", f"g.{ZONE}"), "/accounts/home: that is for people"),
    (("add", "../x", "--host", f"g.{ZONE}"), "no slash"),
    (("add", "a:b", "--host", f"g.{ZONE}"), "no colon"),
    (("change", "nobody", "--ttl", "60"), 'no account "nobody"'),
    (("disable", "nobody"), 'no account "nobody"'),
    (("remove", "nobody"), "No such file"),
    (("enable", "home"), "/accounts/home: that is for people")])
def test_a_wrong_command_changes_nothing(scene, arguments, said):
    done = scene.account(*arguments, token="t")
    assert done.returncode == 1
    assert said in done.stderr
    assert os.listdir(scene.directory) == []


@pytest.mark.parametrize("arguments", [
    (), ("add",), ("add", "x"), ("list", "x"), ("show",), ("change", "x"),
    ("add", "x", "--host", "a.b", "--json"), ("disable", "x", "--ttl", "5"), ("rename", "x")])
def test_usage(scene, arguments):
    done = scene.account(*arguments)
    assert done.returncode == 2
    assert "usage: ddnsgate account list" in done.stderr


def test_no_second_one(scene):
    host = f"guest.{ZONE}"
    edit(scene, "add", "guest", "--host", host, token="first")
    done = scene.account("add", "guest", "--host", host, token="second")
    assert done.returncode == 1
    assert "there already" in done.stderr
    assert log_in(scene, "guest", "first") == 200
    assert os.listdir(scene.directory) == ["guest.json"]


def test_the_token_is_nowhere(scene):
    token = "canary-of-the-command"
    edit(scene, "add", "guest", "--host", f"guest.{ZONE}", token=token)
    with open(f"{scene.directory}/guest.json", encoding="utf-8") as f:
        assert token not in f.read()
    assert token not in scene.pool.printed()
