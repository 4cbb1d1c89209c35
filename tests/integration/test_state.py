"""An update that changes nothing costs nothing, and two that meet end right.

A pool of its own with a state of each kind, before a provider that remembers
what it was sent and waits as long as it is told.
"""

import json
import os
import signal
import threading
import time

import pytest
from cryptography import x509

from lab import scripted, waiting
from lab.remembering import Scene
from lab.stage import WEB, ZONE
from world import CERTIFICATES_AT, CLOSED_AT


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(world, binary, folder, request):
    state = None
    if request.param == "postgresql":
        database = request.getfixturevalue("database")
        database.empty()
        state = database.local
    scene = Scene(world, binary, f"{folder}/{request.node.name}", state=state)
    yield scene
    scene.stop()


def answers(name, word, address):
    return f"{name}.{ZONE} {word} {address}"


def test_an_unchanged_update_costs_nothing(scene):
    mark = scene.pool.mark()
    assert scene.update(ipv4=WEB[0]) == (200, answers("home", "good", WEB[0]))
    asked = len(scene.recorder.requests)
    for _ in range(5):
        assert scene.update(ipv4=WEB[0]) == (200, answers("home", "nochg", WEB[0]))
    assert len(scene.recorder.requests) == asked
    assert len(scene.recorder.writes) == 1
    assert "provider 0 ms" in scene.pool.since(mark, "nochg")[-1]


def test_unchanged_without_a_proof(scene):
    """The web server is not asked either."""
    assert scene.update("proved", ipv4=WEB[0])[0] == 200
    mark = scene.pool.mark()
    assert scene.update("proved", ipv4=WEB[0])[1].split()[1] == "nochg"
    assert "(proof" not in scene.pool.since(mark, "nochg")[-1]


def test_a_host_is_learned_while_another_one_is_waited_for(scene):
    """Nothing listens for the second host, whose proof is tried for 5 s."""
    scene.configuration["accounts"]["home"]["hosts"][f"down.{ZONE}"] = {
        "ipv4": True, "zone": ZONE, "proof": {"kind": "certificate", "port": 444}}
    scene.pool.configure(scene.configuration)
    scene.pool.renew()
    for word in ("good", "nochg"):
        status, body = scene.update(ipv4=WEB[0])
        assert status == 403
        assert body.splitlines() == [answers("home", word, WEB[0]), f"down.{ZONE} proof"]
        host, = json.loads(scene.command("status", "--json", f"home.{ZONE}").stdout)
        assert (host["A"]["address"], host["writing"]) == (WEB[0], False)
    assert len(scene.recorder.writes) == 1


def test_known_after_a_restart_and_a_reload(scene):
    scene.update(ipv4=WEB[0])
    scene.pool.renew()
    assert scene.update(ipv4=WEB[0])[1].split()[1] == "nochg"
    scene.pool.stop()
    scene.pool.start()
    assert scene.update(ipv4=WEB[0])[1].split()[1] == "nochg"
    assert len(scene.recorder.writes) == 1


@pytest.mark.parametrize("change", [
    {"ttl": 1234}, {"proof": {"kind": "none"}, "ttl": 99}])
def test_another_configuration_is_published_anew(scene, change):
    scene.update(ipv4=WEB[0])
    asked = len(scene.recorder.requests)
    scene.configuration["accounts"]["home"]["hosts"][f"home.{ZONE}"] |= change
    scene.pool.configure(scene.configuration)
    scene.pool.renew()
    assert scene.update(ipv4=WEB[0])[0] == 200
    assert len(scene.recorder.requests) > asked


def test_force_and_forget(scene):
    scene.update(ipv4=WEB[0])
    asked = len(scene.recorder.requests)
    scene.update(ipv4=WEB[0], force="yes")
    assert len(scene.recorder.requests) > asked
    asked = len(scene.recorder.requests)
    assert scene.command("forget", f"home.{ZONE}").returncode == 0
    scene.update(ipv4=WEB[0])
    assert len(scene.recorder.requests) > asked
    assert scene.command("forget", f"nobody.{ZONE}").returncode == 1


def test_equal_updates_share_one_write(scene):
    """F4 a: two equal requests within 300 ms make one record."""
    scene.recorder.gate.clear()
    done = []
    threads = [threading.Thread(target=lambda: done.append(scene.update(ipv4=WEB[0])))
               for _ in range(2)]
    for t in threads:
        t.start()
    waiting.until(lambda: any(r.method != "GET" for r in scene.recorder.requests),
                  "a write", 15)
    time.sleep(0.5)                     # the other one must not write meanwhile
    assert sum(r.method != "GET" for r in scene.recorder.requests) == 1
    scene.recorder.gate.set()
    for t in threads:
        t.join()
    assert [status for status, _ in done] == [200, 200]
    assert len(scene.recorder.writes) == 1


def test_the_newer_claim_stands(scene):
    """F4 b: an older request whose write takes long, and a newer one."""
    now = time.time()
    scene.recorder.gate.clear()
    results = {}

    def update(which, arrival, address):
        results[which] = scene.update(arrival=arrival, ipv4=address)

    old = threading.Thread(target=update, args=("old", now, "89.14.163.21"))
    old.start()
    waiting.until(lambda: any(r.method != "GET" for r in scene.recorder.requests),
                  "a write", 15)
    new = threading.Thread(target=update, args=("new", now + 1, "89.14.163.22"))
    new.start()
    time.sleep(0.5)
    scene.recorder.gate.set()
    old.join()
    new.join()
    assert results["new"] == (200, answers("home", "good", "89.14.163.22"))
    assert scene.recorder.held[f"home.{ZONE}", "A"] == ["89.14.163.22"]
    assert scene.update(ipv4="89.14.163.22")[1].split()[1] == "nochg"


def test_a_late_answer_is_learned(scene):
    """F11 a: the provider answers after the router has its reply."""
    scene.recorder.gate.clear()
    mark = scene.pool.mark()
    status, body = scene.update(ipv4=WEB[0])
    assert (status, body.split()[1]) == (503, "busy")
    assert "it goes on" in scene.pool.since(mark, "it goes on")[-1]
    scene.recorder.gate.set()
    assert "good" in scene.pool.since(mark, "after the reply", 20)[-1]
    assert scene.update(ipv4=WEB[0]) == (200, answers("home", "nochg", WEB[0]))
    assert len(scene.recorder.writes) == 1


def test_the_provider_is_read_while_the_proof_runs(scene):
    """A proof that fails leaves it read, and nothing else."""
    status, _ = scene.update("proved", ipv4=CLOSED_AT)
    assert status == 403
    assert {r.method for r in scene.recorder.requests} == {"GET"}


def test_an_older_claim_that_comes_late_is_not_written(scene):
    now = time.time()
    scene.update(arrival=now + 2, ipv4="89.14.163.22")
    assert scene.update(arrival=now, ipv4="89.14.163.21")[0] == 503
    assert scene.recorder.held[f"home.{ZONE}", "A"] == ["89.14.163.22"]


def test_a_worker_killed_while_it_writes(scene):
    """What it wrote is unknown: the next poll reads and writes again."""
    scene.update(ipv4=WEB[0])
    scene.recorder.gate.clear()
    results = []
    thread = threading.Thread(
        target=lambda: results.append(scene.update(ipv4="89.14.163.21")))
    thread.start()
    waiting.until(lambda: sum(r.method != "GET" for r in scene.recorder.requests) == 2,
                  "the second write", 15)
    for pid in scene.pool.workers():
        os.kill(pid, signal.SIGKILL)
    thread.join()
    scene.recorder.gate.set()
    waiting.until(scene.pool.answers, "new workers", 15)
    asked = len(scene.recorder.requests)
    assert scene.update(ipv4=WEB[0])[0] == 200
    assert len(scene.recorder.requests) > asked
    assert scene.recorder.held[f"home.{ZONE}", "A"] == [WEB[0]]


def test_status_and_history(scene):
    scene.update(ipv4=WEB[0])
    scene.update("proved", ipv4=CLOSED_AT)
    def look():
        pool, = json.loads(scene.command("status", "--pool", "--json").stdout)
        return pool if (pool["workers"], pool["busy"]) == (6, 0) else None

    # A worker is at work for a moment after its reply.
    pool = waiting.until(look, "six workers, and none of them at work", 30)
    assert (pool["replies_2xx"], pool["replies_4xx"]) == (1, 2), pool
    assert "6 workers, 0 at work" in scene.command("status", "--pool").stdout
    text = scene.command("status", f"home.{ZONE}", f"third.{ZONE}").stdout
    assert f"home.{ZONE} (account home)" in text
    assert WEB[0] in text
    assert "nothing has come yet" in text
    assert max(map(len, text.splitlines())) <= 80
    hosts = {h["host"]: h for h in json.loads(scene.command("status", "--json").stdout)}
    assert hosts[f"home.{ZONE}"]["A"]["address"] == WEB[0]
    assert hosts[scene.proved]["refused"].startswith("A proof: ")
    assert hosts[f"third.{ZONE}"]["A"]["known"] is False
    text = scene.command("status", scene.proved).stdout
    assert "  what to do: Nothing listens at this address" in text
    assert max(map(len, text.splitlines())) <= 80
    events = json.loads(scene.command("history", "--json").stdout)
    assert [(e["host"], e["verdict"]) for e in events] == [
        (scene.proved, "proof"), (f"home.{ZONE}", "good")]
    assert scene.world.token not in scene.command("history").stdout
    assert all(e["issuer"] is None and e["certificate_ends"] is None for e in events)
    scene.pool.stop()
    assert "none serves" in scene.command("status", "--pool").stdout
    assert WEB[0] in scene.command("status").stdout
    scene.pool.start()


def test_the_certificate_that_was_seen(scene):
    """Of a proof that was good, and of one that was not, in the history."""
    leaves = {}
    for sort in ("good", "expired"):
        with open(scene.world.leaves[sort].chain, "rb") as f:
            leaves[sort] = x509.load_pem_x509_certificate(f.read())
    good, expired = (CERTIFICATES_AT[sort][0] for sort in ("good", "expired"))
    assert scene.update("proved", ipv4=expired)[0] == 403
    assert scene.update("proved", ipv4=good)[0] == 200
    assert scene.update("proved", ipv4=expired)[0] == 403
    events = json.loads(scene.command("history", "--json", scene.proved).stdout)
    assert [e["verdict"] for e in events] == ["proof", "good", "proof"]
    for event, sort in zip(events, ("expired", "good", "expired")):
        certificate = leaves[sort]
        assert event["issuer"] == "CN=ddnsgate lab ca"
        assert int(event["serial"], 16) == certificate.serial_number
        assert len(event["key"]) == 64
        assert event["certificate_ends"] == certificate.not_valid_after.strftime(
            "%Y-%m-%dT%H:%M:%SZ")
    # What is shown of the host is the one that was good.
    ends = leaves["good"].not_valid_after
    host, = json.loads(scene.command("status", "--json", scene.proved).stdout)
    assert host["certificate_ends"] == ends.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "its certificate ends 20" in scene.command("status", scene.proved).stdout


def test_a_good_update_after_a_black_hole(scene):
    """More updates than an account has places wait for a host that is silent."""
    hole = scripted.Server(scene.world.web, CLOSED_AT, 443, scripted.silent)
    threads = [threading.Thread(target=scene.update, args=("proved",),
                                kwargs={"ipv4": CLOSED_AT}) for _ in range(32)]
    try:
        for t in threads:
            t.start()
        # Two of the six workers may be at work for one account.
        waiting.until(lambda: json.loads(
            scene.command("status", "--pool", "--json").stdout)[0]["busy"] == 2,
            "updates that wait", 15)
        good = CERTIFICATES_AT["good"][0]
        assert scene.update("proved", ipv4=good) == (200, answers("proved", "good", good))
        for t in threads:
            t.join()
        # The older claim has not come back.
        assert scene.update("proved", ipv4=good)[1].split()[1] == "nochg"
    finally:
        hole.stop()


def test_an_older_update_that_asks_later_ends_no_wait(scene):
    """The front had them in one order, the workers look at them in another."""
    hole = scripted.Server(scene.world.web, CLOSED_AT, 443, scripted.silent)
    good, now = CERTIFICATES_AT["good"][0], time.time()
    older = [threading.Thread(target=scene.update, args=("proved",), kwargs={
        "ipv4": CLOSED_AT, "arrival": now - 9 + i / 4}) for i in range(32)]
    verdicts = []
    newest = threading.Thread(target=lambda: verdicts.append(
        scene.update("proved", ipv4=good, arrival=now)))
    try:
        for t in older[:8]:
            t.start()
        waiting.until(lambda: json.loads(
            scene.command("status", "--pool", "--json").stdout)[0]["busy"] == 2,
            "updates that wait", 15)
        newest.start()
        for t in older[8:]:
            t.start()
        for t in (*older, newest):
            t.join()
        assert verdicts == [(200, answers("proved", "good", good))]
    finally:
        hole.stop()


def test_a_write_that_takes_effect_late(scene):
    """Its worker is dead, and a newer claim was published meanwhile."""
    old, new = "89.14.163.40", "89.14.163.41"
    scene.recorder.slow.add(old)
    first = threading.Thread(target=scene.update, args=("home",), kwargs={"ipv4": old})
    first.start()
    waiting.until(lambda: any(r.method != "GET" for r in scene.recorder.requests),
                  "a write", 15)
    for pid in scene.pool.workers():
        os.kill(pid, signal.SIGKILL)
    first.join()
    assert scene.update(ipv4=new) == (200, answers("home", "good", new))
    scene.recorder.late.set()
    held = (f"home.{ZONE}", "A")
    waiting.until(lambda: scene.recorder.held[held] == [old], "the late write", 15)
    # What was published is not taken for granted, so that it is mended now.
    assert scene.update(ipv4=new) == (200, answers("home", "good", new))
    assert scene.recorder.held[held] == [new]


def test_one_account_does_not_hold_the_pool(scene):
    """Many updates of one account at a provider that hangs, and another one."""
    scene.recorder.gate.clear()
    threads = [threading.Thread(target=scene.update, args=("home",),
                                kwargs={"ipv4": f"89.14.163.{i}"})
               for i in range(20, 32)]
    for t in threads:
        t.start()
    waiting.until(lambda: any(r.method != "GET" for r in scene.recorder.requests),
                  "a write", 15)
    began = time.monotonic()
    assert scene.update("second", ipv4="10.0.0.1")[0] == 400
    assert time.monotonic() - began < 10
    assert scene.update("proved", ipv4=CLOSED_AT)[0] == 403
    scene.recorder.gate.set()
    for t in threads:
        t.join()
