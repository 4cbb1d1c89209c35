"""Accounts in a database: every machine sees what one of them is told."""

import contextlib
import json
import os
import pathlib
import subprocess
import time

import pytest

from lab.gateway import USER, verifier
from lab.remembering import Scene
from lab.stage import GATEWAY, WEB, ZONE

ROOM = 60.0                     # for machines that are busy
SAID = "accounts have changed"
SECOND = "185.30.20.13"


@pytest.fixture
def scene(world, binary, database, folder, request):
    database.empty()
    passfile = database.passfile(f"{folder}/table-passwords", USER)
    scene = Scene(world, binary, f"{folder}/table-{request.node.name}", users=("home",), workers=2,
                  state=database.state(passfile))
    scene.configuration |= {
        "account_table": True,
        "defaults": {"provider": "home", "ipv4": True, "proof": {"kind": "none"}}}
    scene.pool.configure(scene.configuration)
    scene.pool.renew()
    yield scene
    scene.stop()


@pytest.fixture(scope="module")
def second(world):
    return world.network.add("second-table", SECOND)


@pytest.fixture
def pools(scene, second):
    """Of two machines with one database."""
    return scene.pool, scene.machine(second).start()


def edit(scene, pools, *arguments, token=None):
    """A command that succeeds, until what it did is in force on all machines."""
    with contextlib.ExitStack() as changing:
        for pool in pools:
            changing.enter_context(pool.changing(SAID, ROOM))
        done = scene.account(*arguments, token=token)
        assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def log_in(scene, pool, token, name="guest"):
    return scene.world.straight(pool, name, token, ipv4=WEB[0])[0]


def write(database, text, name="guest"):
    """A row as other programs may write it."""
    database.query(
        "BEGIN; UPDATE ddnsgate_meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT)"
        " WHERE key = 'accounts'; INSERT INTO ddnsgate_account SELECT"
        f" '{name}', '{text}', CAST(value AS BIGINT) FROM ddnsgate_meta"
        " WHERE key = 'accounts' ON CONFLICT (name) DO UPDATE SET"
        " account = excluded.account, version = excluded.version; COMMIT")


NEW = ("--server", GATEWAY, "--provider", "home", "--host", f"guest.{ZONE}",
       "--ipv4", "later", "--ipv6", "no")


def set_up(scene, *options, token=""):
    """ddnsgate setup of the guest's account, without a person."""
    return subprocess.run(
        scene.world.proxy.command([
            scene.pool.binary, "setup", "--config", scene.pool.configuration, "--user", str(USER),
            "--no-trial", "--account", "guest", "--device", "none", "--site", "none", *options]),
        env=os.environ | scene.world.sanitizer("command"), check=False, text=True,
        input=f"{token}\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def configured(scene):
    return pathlib.Path(scene.pool.configuration).read_text(encoding="utf-8")


def kept(database):
    return "\n".join(database.query(
        "SELECT account FROM ddnsgate_account WHERE name = 'guest'"))


def test_two_machines_see_one_list(scene, pools):
    said = edit(scene, pools, "add", "guest", "--host", f"guest.{ZONE}", "--zone", ZONE,
                token="first")
    assert "is in the database" in said
    assert [log_in(scene, pool, "first") for pool in pools] == [200, 200]
    edit(scene, pools, "change", "guest", "--token", token="second")
    assert [log_in(scene, pool, "first") for pool in pools] == [401, 401]
    assert [log_in(scene, pool, "second") for pool in pools] == [200, 200]
    edit(scene, pools, "disable", "guest")
    assert [log_in(scene, pool, "second") for pool in pools] == [401, 401]
    listed = json.loads(scene.account("list", "--json").stdout)
    assert [(a["account"], a["disabled"], a["place"]) for a in listed] == [
        ("guest", True, "database"), ("home", False, "configuration"),
        ("proved", False, "configuration")]
    edit(scene, pools, "enable", "guest")
    assert [log_in(scene, pool, "second") for pool in pools] == [200, 200]
    edit(scene, pools, "remove", "guest")
    assert [log_in(scene, pool, "second") for pool in pools] == [401, 401]
    edit(scene, pools, "add", "guest", "--host", f"guest.{ZONE}", token="third")
    assert [log_in(scene, pool, "third") for pool in pools] == [200, 200]


@pytest.mark.parametrize("arguments, said", [
    (("add", "guest", "--host", "guest"), "is not a host name"),
    (("change", "nobody", "--ttl", "60"), 'no account "nobody"'),
    (("remove", "nobody"), 'no account "nobody"')])
def test_a_wrong_command_changes_nothing(scene, database, arguments, said):
    done = scene.account(*arguments, token="t")
    assert done.returncode == 1
    assert said in done.stderr
    assert database.query("SELECT count(*) FROM ddnsgate_account") == ["0"]


@pytest.mark.parametrize("row", ["{", "[3]"])
def test_a_row_that_is_no_account_is_told_and_left(scene, database, row):
    write(database, "{}", "another")
    write(database, row)
    before = configured(scene)
    done = scene.account("disable", "guest")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ddnsgate: guest: ")
    done = set_up(scene, *NEW, token="t")
    # Told at once, and nothing else is: not, at last, that it is there already.
    line, = done.stdout.splitlines()
    assert (done.returncode, line.startswith("ddnsgate: guest: ")) == (1, True), line
    assert (kept(database), configured(scene)) == (row, before)


def test_setup_changes_the_account_where_it_is(scene, database):
    """In the database: one that is not there yet, and then the same again."""
    with scene.pool.changing(SAID, ROOM):
        done = set_up(scene, *NEW, token="first")
        assert done.returncode == 0, done.stdout
    made = json.loads(kept(database))
    assert made["hosts"] == {f"guest.{ZONE}": {"ipv4": True}}
    assert log_in(scene, scene.pool, "first") == 200
    with scene.pool.changing(SAID, ROOM):
        done = set_up(scene, "--ipv4", "if-public")      # for the host that it has
        assert done.returncode == 0, done.stdout
    made["hosts"][f"guest.{ZONE}"]["ipv4"] = "if-public"
    assert json.loads(kept(database)) == made
    assert log_in(scene, scene.pool, "first") == 200
    content = json.loads(configured(scene))
    assert sorted(content["accounts"]) == ["home", "proved"]
    assert content["url"] == f"https://{GATEWAY}"


def test_no_second_one(scene):
    edit(scene, [scene.pool], "add", "guest", "--host", f"guest.{ZONE}", token="first")
    done = scene.account("add", "guest", "--host", f"guest.{ZONE}", token="second")
    assert done.returncode == 1
    assert "there already" in done.stderr


def test_known_after_a_restart_and_a_reload(scene):
    edit(scene, [scene.pool], "add", "guest", "--host", f"guest.{ZONE}", token="t")
    scene.pool.renew()
    assert log_in(scene, scene.pool, "t") == 200
    scene.pool.stop()
    scene.pool.start()
    assert log_in(scene, scene.pool, "t") == 200


def test_a_broken_row_stops_nobody(scene, database):
    edit(scene, [scene.pool], "add", "guest", "--host", f"guest.{ZONE}", token="t")
    mark = scene.pool.mark()
    write(database, "{")
    line = next(l for l in scene.pool.since(mark, "stays as it was", ROOM)
                if "account guest" in l)
    assert "database: account guest: line 1" in line
    assert log_in(scene, scene.pool, "t") == 200
    scene.pool.renew()
    assert log_in(scene, scene.pool, "t") == 200
    with scene.pool.changing(SAID, ROOM):
        write(database, json.dumps({"verifier": verifier("guest", "new"),
                                    "hosts": {f"guest.{ZONE}": {}}}))
    assert log_in(scene, scene.pool, "new") == 200


def test_what_is_known_stays_while_the_database_is_away(scene, database):
    edit(scene, [scene.pool], "add", "guest", "--host", f"guest.{ZONE}", token="t")
    database.cut_off()
    try:
        assert log_in(scene, scene.pool, "t") == 503
        assert log_in(scene, scene.pool, "wrong") == 401
        # Who has never read them does not say "wrong token", but does not start.
        started = subprocess.run(
            scene.world.proxy.command(["setpriv", f"--reuid={USER}", f"--regid={USER}",
                                       "--clear-groups", scene.pool.binary, "serve",
                                       "--config", scene.pool.configuration]),
            check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=ROOM)
        assert started.returncode == 1
        assert "the accounts there cannot be read now" in started.stdout
    finally:
        database.mend()


def test_tables_of_the_version_before(scene, database):
    scene.pool.stop()
    database.query("DROP TABLE ddnsgate_account; DELETE FROM ddnsgate_meta WHERE"
                   " key = 'accounts'; UPDATE ddnsgate_meta SET value = '1'"
                   " WHERE key = 'version'")
    scene.pool.start()
    edit(scene, [scene.pool], "add", "guest", "--host", f"guest.{ZONE}", token="t")
    assert log_in(scene, scene.pool, "t") == 200
    assert database.query("SELECT value FROM ddnsgate_meta WHERE key = 'version'") == ["3"]


def test_soon(scene, plain_binary):
    begun = time.monotonic()
    edit(scene, [scene.pool], "add", "guest", "--host", f"guest.{ZONE}", token="t")
    if scene.pool.binary == plain_binary:
        assert time.monotonic() - begun < 5 + 2
