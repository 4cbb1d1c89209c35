"""Several machines share one database: what they see, and what if it is away."""

import json
import os
import subprocess
import threading
import time

import pytest

from lab import certificates, waiting
from lab.gateway import USER, Gateway, Several
from lab.remembering import Scene
from lab.stage import GATEWAY, WEB, ZONE
from world import CLOSED_AT

OTHER = "89.14.163.21"
# An answer that says no must come within 3 s; these machines are slow.
SOON = 6.0


@pytest.fixture
def make_scene(world, binary, database, folder, request):
    scenes = []
    database.empty()

    def make(state):
        scenes.append(Scene(world, binary, f"{folder}/{request.node.name}", state=state))
        return scenes[-1]
    yield make
    for scene in scenes:
        scene.stop()


@pytest.fixture
def scene(make_scene, database, passfile):
    return make_scene(database.state(passfile))


@pytest.fixture
def pair(scene, second):
    """Two machines with one state."""
    return scene, scene.machine(second).start()


def word(answer):
    status, body = answer
    return body.split()[1] if status == 200 else status


def sessions(database):
    """Of this program: is each of them encrypted?"""
    return database.query(
        "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
        " WHERE application_name = 'ddnsgate' AND client_addr IS NOT NULL")


# How it is reached

def test_a_verified_certificate(scene, database):
    assert word(scene.update(ipv4=WEB[0])) == "good"
    assert set(sessions(database)) == {"t"}


@pytest.mark.parametrize("mode", ["disable", "allow", "require"])
def test_the_url_does_not_weaken_it(make_scene, database, passfile, mode):
    scene = make_scene(database.state(passfile, sslmode=mode))
    assert word(scene.update(ipv4=WEB[0])) == "good"
    assert set(sessions(database)) == {"t"}


@pytest.mark.parametrize("url", [{}, {"sslmode": "disable"}, {"sslmode": "require"},
                                 {"sslrootcert": "right"}])
def test_another_authority(make_scene, world, database, passfile, folder, url):
    if "sslrootcert" in url:
        url = {"sslrootcert": world.authority.pem}
    scene = make_scene(database.state(passfile, **url))
    other = certificates.Authority(f"{folder}/other-ca", "other")
    scene.pool.stop()
    scene.pool.configure(scene.configuration | {"ca": other.pem})
    mark = scene.pool.mark()
    scene.pool.start()
    assert scene.update(ipv4=WEB[0])[0] == 503
    assert "certificate verify failed" in scene.pool.printed()[mark:]
    assert sessions(database) == [] and scene.recorder.requests == []


def test_another_name(make_scene, database, passfile):
    scene = make_scene(database.state(passfile, name=f"other.{ZONE}"))
    assert scene.update(ipv4=WEB[0])[0] == 503
    assert "does not match host name" in scene.pool.printed()


def test_a_wrong_password(make_scene, database, folder):
    wrong = database.passfile(f"{folder}/wrong", USER, "canary-password")
    scene = make_scene(database.state(wrong))
    assert scene.update(ipv4=WEB[0])[0] == 503
    assert "password authentication failed" in scene.pool.printed()
    assert "canary-password" not in scene.pool.printed()


def test_a_password_in_the_url(scene, database):
    scene.pool.configure(scene.configuration | {
        "state": database.remote.replace("ddnsgate@", "ddnsgate:secret@")})
    said = scene.command("check")
    assert said.returncode != 0 and "password_file" in said.stdout
    assert "secret" not in said.stdout


def test_a_file_of_libpq(make_scene, database, passfile):
    scene = make_scene(f"{database.remote}&passfile={passfile}")
    assert word(scene.update(ipv4=WEB[0])) == "good"


def test_a_role_that_may_only_read_and_write(scene, database):
    """The tables are there; nothing needs to be made."""
    database.query("REVOKE CREATE ON SCHEMA public FROM ddnsgate, PUBLIC;"
                   "REVOKE CREATE ON DATABASE ddnsgate FROM ddnsgate;"
                   "ALTER DATABASE ddnsgate OWNER TO postgres")
    try:
        scene.pool.stop()
        scene.pool.start()
        assert word(scene.update(ipv4=WEB[0])) == "good"
    finally:
        database.query("ALTER DATABASE ddnsgate OWNER TO ddnsgate")


# The tables

def test_two_machines_that_start_at_once(scene, database, second):
    other = scene.machine(second)
    for _ in range(3):
        scene.pool.stop()
        database.empty()
        thread = threading.Thread(target=other.start)
        thread.start()
        scene.pool.start()
        thread.join()
        assert word(scene.update(ipv4=WEB[0])) in ("good", "nochg")
        assert word(scene.update(ipv4=WEB[0], pool=other)) == "nochg"
        other.stop()


def test_tables_of_a_newer_program(scene, database):
    scene.pool.stop()
    database.query("UPDATE ddnsgate_meta SET value = '99'")
    said = scene.refusal()
    assert said.returncode != 0
    assert "version 99 of its tables was made by a newer ddnsgate" in said.stdout
    assert "Install the newer one again" in said.stdout
    check = scene.command("check", "--resolve")
    assert check.returncode != 0
    assert "version 99 of its tables was made by a newer ddnsgate" in check.stdout


def test_tables_of_an_older_program(scene, database):
    scene.pool.stop()
    database.query("ALTER TABLE ddnsgate_history DROP COLUMN request")
    database.query("UPDATE ddnsgate_meta SET value = '2' WHERE key = 'version'")
    scene.pool.start()
    assert scene.update(ipv4=WEB[0])[0] == 200
    assert "3" in database.query("SELECT value FROM ddnsgate_meta WHERE key = 'version'")
    assert database.query(
        "SELECT host FROM ddnsgate_history WHERE request IS NULL") == [f"home.{ZONE}"]


def test_a_database_that_comes_later(scene, database):
    scene.pool.stop()
    database.empty()
    database.stop()
    scene.pool.start()
    assert scene.update(ipv4=WEB[0])[0] == 503
    database.start()
    waiting.until(lambda: word(scene.update(ipv4=WEB[0])) == "good", "the database", 15)


# One state for two machines

def test_what_one_has_published_the_other_knows(pair):
    scene, other = pair
    assert word(scene.update(ipv4=WEB[0])) == "good"
    assert word(scene.update(ipv4=WEB[0], pool=other)) == "nochg"
    assert word(scene.update(ipv4=OTHER, pool=other)) == "good"
    assert word(scene.update(ipv4=OTHER)) == "nochg"
    assert len(scene.recorder.writes) == 2


def test_equal_claims_at_both_join(pair):
    scene, other = pair
    for pool in (scene.pool, other):    # so that neither login takes long
        assert scene.update(ipv4="10.0.0.1", pool=pool)[0] == 400
    scene.recorder.gate.clear()
    done = []
    threads = [threading.Thread(
        target=lambda p=p: done.append(word(scene.update(ipv4=WEB[0], pool=p))))
        for p in (scene.pool, other)]
    for t in threads:
        t.start()
    waiting.until(lambda: any(r.method != "GET" for r in scene.recorder.requests),
                  "a write", 15)
    scene.recorder.gate.set()
    for t in threads:
        t.join()
    assert done == ["good", "good"]
    assert len(scene.recorder.writes) == 1


def test_a_newer_claim_supersedes_at_the_other(pair):
    scene, other = pair
    now = time.time()
    scene.recorder.gate.clear()
    results = {}

    def update(which, arrival, address, pool):
        results[which] = word(scene.update(arrival=arrival, ipv4=address, pool=pool))

    old = threading.Thread(target=update, args=("old", now, OTHER, scene.pool))
    old.start()
    waiting.until(lambda: any(r.method != "GET" for r in scene.recorder.requests),
                  "a write", 15)
    new = threading.Thread(target=update, args=("new", now + 1, WEB[0], other))
    new.start()
    scene.recorder.gate.set()
    old.join()
    new.join()
    assert results["new"] == "good"
    assert scene.recorder.held[f"home.{ZONE}", "A"] == [WEB[0]]
    assert word(scene.update(arrival=now, ipv4=OTHER, pool=other)) == 503
    assert word(scene.update(ipv4=WEB[0])) == "nochg"


def test_behind_one_front(pair, world):
    scene, other = pair
    front = Gateway(Several(scene.pool.host, scene.pool.folder, scene.pools), GATEWAY,
                    world.authority.leaf(GATEWAY), world.authority.pem, port=8453)
    try:
        router = front.router(world.router)
        words = [router.update("home", world.token, ipv4=WEB[0]).body.split()[1]
                 for _ in range(6)]
    finally:
        front.stop()
    assert words == ["good"] + 5 * ["nochg"]
    assert len(scene.recorder.writes) == 1
    for pool in (scene.pool, other):
        assert " nochg" in pool.printed()


# Two that meet

def test_a_conflict_is_tried_again(scene, database):
    """In such a database each of the program's transactions is refused at first."""
    database.query("ALTER ROLE ddnsgate SET default_transaction_isolation"
                   " TO 'repeatable read'")
    try:
        scene.pool.stop()
        scene.pool.start()
        assert word(scene.update(ipv4=WEB[0])) == "good"
        conflict = database.session(
            "BEGIN; UPDATE ddnsgate_host SET account = account;"
            " UPDATE ddnsgate_turn SET lease = lease; SELECT pg_sleep(0.7); COMMIT")
        waiting.until(lambda: database.query(
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.7)%'"
            " AND wait_event = 'PgSleep'"), "the conflict")
        mark = len(database.process.printed())
        assert word(scene.update(ipv4=OTHER)) == "good"
        assert conflict.wait() == 0
        assert "could not serialize access" in database.process.printed()[mark:]
        assert word(scene.update(ipv4=OTHER)) == "nochg"
    finally:
        database.query("ALTER ROLE ddnsgate RESET default_transaction_isolation")


def test_a_row_that_somebody_keeps(scene, database):
    """Only its own host has to wait."""
    assert word(scene.update(ipv4=WEB[0])) == "good"
    assert word(scene.update("second", ipv4=WEB[0])) == "good"
    keeper = database.session(
        f"BEGIN; SELECT 1 FROM ddnsgate_turn WHERE name = 'home.{ZONE}' FOR UPDATE;"
        " SELECT pg_sleep(60)")
    try:
        waiting.until(lambda: database.query(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), "the lock")
        began = time.monotonic()
        assert word(scene.update(ipv4=OTHER)) == 503
        assert time.monotonic() - began < SOON
        began = time.monotonic()
        assert word(scene.update("second", ipv4=OTHER)) == "good"
        assert word(scene.update(ipv4=WEB[0])) == "nochg"
        assert time.monotonic() - began < 1.5
    finally:
        database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                       " WHERE wait_event = 'PgSleep'")
        keeper.wait()
    assert word(scene.update(ipv4=OTHER)) == "good"


def test_a_machine_that_stops_within_a_transaction(scene, database):
    """What it had locked is free again soon."""
    assert word(scene.update(ipv4=WEB[0])) == "good"
    limits = database.query(
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'ddnsgate'")
    assert limits
    keeper = subprocess.Popen(
        [f"{database.bin}/psql", database.local, "-XAtq", "-c",
         "SET idle_in_transaction_session_timeout = 3000", "-c", "BEGIN", "-c",
         f"SELECT 1 FROM ddnsgate_turn WHERE name = 'home.{ZONE}' FOR UPDATE",
         "-f", "/dev/stdin"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    try:
        waiting.until(lambda: word(scene.update(ipv4=OTHER)) == "good",
                      "the lock to be free", 15)
    finally:
        keeper.stdin.close()
        keeper.wait()


# When it is away

AWAY = {"stopped": ("stop", "start"), "paused": ("pause", "resume"),
        "cut off": ("cut_off", "mend")}


@pytest.mark.parametrize("how", AWAY)
def test_a_database_that_is_away(scene, database, matrix, how):
    """Changes are refused soon, what is known is served, and it comes back."""
    away, back = (getattr(database, verb) for verb in AWAY[how])
    assert word(scene.update(ipv4=WEB[0])) == "good"
    assert word(scene.update(ipv4=WEB[0])) == "nochg"
    asked = len(scene.recorder.requests)
    took = {"change": [], "nochg": []}
    away()
    try:
        end = time.monotonic() + 6
        while time.monotonic() < end:
            for kind, address in (("change", OTHER), ("nochg", WEB[0])):
                began = time.monotonic()
                status, text = scene.ask(ipv4=address)
                took[kind].append(time.monotonic() - began)
                if kind == "change":
                    assert status == 503 and "Retry-After: " in text
                else:
                    assert (status, text.split()[-2]) == (200, "nochg")
        # Nothing is known of this one.
        assert scene.update("third", ipv4=WEB[0])[0] == 503
    finally:
        back()
    began = time.monotonic()
    waiting.until(lambda: word(scene.update(ipv4=OTHER)) == "good", "the database", 20)
    took["back"] = [time.monotonic() - began]
    for kind, seconds in took.items():
        matrix("a database that is away: longest wait in seconds", how, kind,
               f"{max(seconds):.1f}")
    assert max(took["change"]) < SOON and max(took["nochg"]) < SOON
    writes = [r for r in scene.recorder.requests[asked:] if r.method != "GET"]
    assert len(writes) == 1


def test_an_update_that_loses_the_database_writes_nothing(scene, database):
    """It was proved, or about to be written, when the database went away."""
    assert word(scene.update("proved", ipv4=WEB[0])) == "good"
    asked = len(scene.recorder.writes)
    done = []
    # Nobody answers there: the proof is tried until its deadline.
    thread = threading.Thread(target=lambda: done.append(
        scene.update("proved", ipv4=CLOSED_AT)))
    thread.start()
    waiting.until(lambda: database.query(
        "SELECT 1 FROM ddnsgate_turn WHERE holder_id <> 0"), "its turn")
    database.pause()
    thread.join()
    database.resume()
    assert done[0][0] == 503
    assert len(scene.recorder.writes) == asked


# For people

def test_status_from_another_machine(pair, second):
    scene, other = pair
    scene.update(ipv4=WEB[0])
    scene.pool.stop()
    said = subprocess.run(
        second.command([other.binary, "status", "--json", "--config",
                        other.configuration]),
        check=True, text=True, stdout=subprocess.PIPE,
        env=os.environ | scene.world.sanitizer("command")).stdout
    hosts = {h["host"]: h for h in json.loads(said)}
    assert hosts[f"home.{ZONE}"]["A"]["address"] == WEB[0]
