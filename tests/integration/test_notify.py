"""News: who is told what, at least once, and in nobody's way."""

import json
import os
import signal
import sqlite3
import time

import pytest

from lab import fastcgi, scripted, waiting
from lab.gateway import USER
from lab.mailserver import MailServer
from lab.receiver import Receiver
from lab.remembering import Scene
from lab.stage import WEB, ZONE

PORT = 9446
NAME = f"hooks.dns.{ZONE}"
OTHER = "89.14.163.21"
PRIVATE = "10.1.2.3"                # none to publish
SECRET = "T0/B0/canary-of-a-webhook"
SOON = 30                           # seconds until a receiver is told


@pytest.fixture
def receiver(world):
    receiver = Receiver(world.provider, world.provider.ipv4, PORT,
                        world.authority.leaf(NAME))
    yield receiver
    receiver.stop()


def to(world, **more):
    """A receiver as a configuration has it."""
    return {"url": f"https://{NAME}:{PORT}/hook", "addresses": [world.provider.ipv4], **more}


@pytest.fixture
def make_scene(world, binary, folder, request):
    scenes = []

    def make(state=None, **receivers):
        scene = Scene(world, binary, f"{folder}/{request.node.name}", state=state, workers=4)
        scene.mark = scene.pool.mark()
        scenes.append(scene)
        scene.configuration["notify"] = receivers or {"me": to(world)}
        scene.pool.configure(scene.configuration)
        with scene.pool.changing("the configuration was read again"):
            scene.pool.reload()
        return scene
    yield make
    for scene in scenes:
        scene.stop()


@pytest.fixture
def scene(make_scene, receiver):
    return make_scene()


def secret_file(folder, text=SECRET, mode=0o440):
    """As the manual says: root writes it, and the service reads it."""
    path = f"{folder}/hook.secret"
    with open(path, "w", encoding="ascii") as f:
        f.write(f"{text}\n")
    os.chmod(path, mode)
    os.chown(path, 0, USER)
    return path


def told(receiver, count, seconds=SOON):
    """The events, once there are so many."""
    waiting.until(lambda: len(receiver.events()) >= count, f"{count} events", seconds)
    return receiver.events()


def log(scene):
    return scene.pool.printed()[scene.mark:]


def notifiers(pool):
    """The pids of the processes that tell."""
    def is_one(pid):
        try:
            with open(f"/proc/{pid}/comm", encoding="ascii") as f:
                return f.read().strip() == "ddnsgate notify"
        except OSError:
            return False
    return [pid for pid in pool.workers() if is_one(pid)]


def notifier(pool):
    return waiting.until(lambda: notifiers(pool), "a notifier", SOON)[0]


def test_a_change_and_a_refusal_are_told(scene, receiver):
    scene.update(ipv4=WEB[0])
    told(receiver, 1)                   # so that they are two messages
    scene.update("second", ipv4=PRIVATE)
    changed, refused = told(receiver, 2)
    assert changed["event"] == "changed" and changed["host"] == f"home.{ZONE}"
    assert (changed["new"], changed["type"], changed["verdict"]) == (WEB[0], "A", "good")
    assert refused["event"] == "refused" and refused["host"] == f"second.{ZONE}"
    assert "RFC 1918" in refused["reason"] and refused["advice"].endswith(".")
    first = receiver.requests[0]
    assert first.line == "POST /hook HTTP/1.1"
    assert receiver.header(0, "Content-Type") == "application/json"
    message = json.loads(first.body)
    assert message["title"] == f"home.{ZONE}: the new IPv4 address was published"
    assert WEB[0] in message["text"] and message["service"] == "ddnsgate"


def test_what_changes_nothing_is_no_news(scene, receiver):
    for _ in range(3):
        scene.update(ipv4=WEB[0])
    scene.update("second", ipv4=WEB[0])
    assert [event["host"] for event in told(receiver, 2)] == [f"home.{ZONE}", f"second.{ZONE}"]


def test_the_same_refusal_again_is_told_once(scene, receiver):
    for address in (PRIVATE, PRIVATE, WEB[0], PRIVATE):
        scene.update(ipv4=address)
    kinds = [event["event"] for event in told(receiver, 3)]
    assert kinds == ["refused", "changed", "refused"]


def test_only_the_chosen_events(make_scene, world, receiver):
    scene = make_scene(me=to(world, events=["refused"]))
    scene.update(ipv4=WEB[0])
    scene.update(ipv4=PRIVATE)
    told(receiver, 1)
    scene.update(ipv4=OTHER)
    scene.update("second", ipv4=PRIVATE)
    assert [event["event"] for event in told(receiver, 2)] == ["refused", "refused"]


def test_an_address_that_is_refused_at_once_is_in_the_history(scene, receiver):
    assert scene.update(ipv4=PRIVATE)[1].split()[1] == "address"
    event, = told(receiver, 1)
    assert (event["verdict"], event["new"]) == ("address", PRIVATE)
    assert "carrier-grade NAT" in event["advice"]
    assert f"> {PRIVATE} address" in scene.command("history").stdout


def test_what_was_before_is_not_told(make_scene, world, receiver):
    scene = make_scene(other=to(world, events=["refused"]))
    scene.update(ipv4=WEB[0])
    time.sleep(1.1)                     # the history counts in seconds
    scene.configuration["notify"]["me"] = to(world)
    scene.pool.configure(scene.configuration)
    scene.pool.renew()
    scene.update("second", ipv4=WEB[0])
    assert told(receiver, 1)[0]["host"] == f"second.{ZONE}"


def test_a_restart_repeats_nothing(scene, receiver):
    scene.update(ipv4=WEB[0])
    told(receiver, 1)
    waiting.until(lambda: kept(scene), "the note", SOON)
    scene.pool.stop()
    scene.pool.start()
    scene.update(ipv4=OTHER)
    scene.pool.renew()
    scene.update("second", ipv4=OTHER)
    assert [(e["host"], e["new"]) for e in told(receiver, 3)] == [
        (f"home.{ZONE}", WEB[0]), (f"home.{ZONE}", OTHER), (f"second.{ZONE}", OTHER)]


def kept(scene, member="from"):
    """What the state says of what was told."""
    with sqlite3.connect(f"file:{scene.state}/state.db?mode=ro", uri=True) as db:
        rows = db.execute("SELECT value FROM meta WHERE key = 'notify me'").fetchall()
    return rows and json.loads(rows[0][0])[member]


def test_a_receiver_that_is_away(scene, receiver):
    """Tried again, after a pause that grows; what came meanwhile is not lost."""
    receiver.status = "500"
    scene.update(ipv4=WEB[0])
    waiting.until(lambda: len(receiver.requests) >= 2, "another try", SOON)
    assert scene.update(ipv4=OTHER)[0] == 200
    receiver.status = "204"
    waiting.until(lambda: "it takes the news again" in log(scene), "the end", 60)
    assert [e["new"] for e in receiver.events()][-2:] == [WEB[0], OTHER]
    first, second, third = receiver.moments
    assert second - first > 1.9 and third - second > 3.9
    warned = [line for line in log(scene).splitlines() if "notify me: " in line]
    assert len(warned) == 2 and f"https://{NAME}:{PORT} answers HTTP 500" in warned[0]
    assert f"{PORT}/" not in log(scene)


def test_a_receiver_asks_for_a_pause(scene, receiver):
    receiver.status, receiver.headers = "429", ["Retry-After: 3"]
    scene.update(ipv4=WEB[0])
    waiting.until(lambda: receiver.requests, "the first try", SOON)
    receiver.status = "200"
    waiting.until(lambda: len(receiver.requests) >= 2, "another try", SOON)
    assert receiver.moments[1] - receiver.moments[0] > 2.9
    receiver.status = "302"
    said = scene.command("notify", "me")
    assert said.returncode == 1
    assert "answers HTTP 302; name the URL that it leads to\n" in said.stdout


def test_it_is_killed_before_it_notes_what_it_has_told(scene, receiver):
    receiver.open.clear()
    scene.update(ipv4=WEB[0])
    waiting.until(lambda: receiver.requests, "the first try", SOON)
    os.kill(notifier(scene.pool), signal.SIGKILL)
    receiver.open.set()
    events = told(receiver, 2)
    assert events[0]["id"] == events[1]["id"]


def test_a_receiver_that_hangs_is_in_nobodys_way(make_scene, world, receiver):
    """Nor in that of another receiver, nor of a stop."""
    other = Receiver(world.provider, world.provider.ipv4, PORT + 1, world.authority.leaf(NAME))
    try:
        scene = make_scene(slow=to(world), me=to(world, url=f"https://{NAME}:{PORT + 1}/"))
        receiver.open.clear()
        scene.update(ipv4=WEB[0])
        waiting.until(lambda: receiver.requests, "the first try", SOON)
        for i in range(20):
            assert scene.update(ipv4=f"89.14.163.{30 + i}")[0] == 200
        assert len(told(other, 21)) == 21
        began = time.monotonic()
        scene.pool.stop()
        assert time.monotonic() - began < 8
    finally:
        receiver.open.set()
        other.stop()


def test_several_at_once_are_one_message(scene, receiver):
    receiver.open.clear()
    scene.update(ipv4=WEB[0])
    waiting.until(lambda: receiver.requests, "the first", SOON)
    for i in range(25):
        scene.update(ipv4=f"89.14.163.{30 + i}")
    receiver.open.set()
    told(receiver, 26)
    sizes = [len(json.loads(r.body)["events"]) for r in receiver.requests]
    assert sizes == [1, 20, 5]
    assert json.loads(receiver.text(1))["title"] == "ddnsgate: 20 news"


def move_away(scene):
    for ending in ("", "-wal", "-shm"):
        os.rename(f"{scene.state}/state.db{ending}", f"{scene.state}/away.db{ending}")


def test_the_file_of_the_state_was_moved_away(scene, receiver):
    scene.update(ipv4=WEB[0])
    told(receiver, 1)
    waiting.until(lambda: kept(scene), "the note", SOON)
    move_away(scene)
    scene.update(ipv4=OTHER)
    scene.update("second", ipv4=OTHER)
    assert {(e["host"], e["new"]) for e in told(receiver, 3)} >= {
        (f"home.{ZONE}", OTHER), (f"second.{ZONE}", OTHER)}


def test_it_was_moved_away_while_a_message_was_under_way(scene, receiver):
    """What was told is of the old file, and in the new one the first event has its number."""
    receiver.open.clear()
    scene.update(ipv4=WEB[0])
    waiting.until(lambda: receiver.requests, "the message", SOON)
    move_away(scene)
    scene.update("second", ipv4=OTHER)
    receiver.open.set()
    first, second = told(receiver, 2)
    assert first["id"] == second["id"] and second["host"] == f"second.{ZONE}"


FORMS = {"json": "application/json", "ntfy": "text/plain; charset=utf-8",
         "home-assistant": "application/json", "slack": "application/json",
         "mattermost": "application/json", "healthchecks": "text/plain; charset=utf-8",
         "uptime-kuma": None}


def test_ready_forms(make_scene, world, receiver):
    """As they arrive; byte for byte is what test_news looks at.  Pings come anyway."""
    scene = make_scene(**{form: to(world, url=f"https://{NAME}:{PORT}/{form}/x?status=up",
                                   form=form) for form in FORMS})
    scene.update(ipv4=PRIVATE)

    def came(form, what="/x"):
        return [i for i, r in enumerate(receiver.requests)
                if r.line.split()[1].startswith(f"/{form}{what}")]
    for form, kind in FORMS.items():
        waiting.until(lambda: came(form), form, SOON)
        number = came(form)[0]
        assert receiver.header(number, "Content-Type") == kind
        assert receiver.requests[number].method == ("POST" if kind else "GET")
    refused = f"home.{ZONE}: the new IPv4 address was refused"
    assert receiver.header(came("ntfy")[0], "Title") == refused
    assert json.loads(receiver.text(came("home-assistant")[0]))["title"] == refused
    assert f"*{refused}*\n```" in json.loads(receiver.text(came("slack")[0]))["text"]
    assert receiver.path(came("healthchecks")[0]) == "/healthchecks/x/fail?status=up"
    assert "?status=down&msg=home%2E" in receiver.path(came("uptime-kuma")[0])
    shown = scene.command("notify", "--dry-run", "uptime-kuma").stdout
    assert f"GET https://{NAME}:{PORT}/...?status=up&msg=ddnsgate%3A%20a%20test&ping=" in shown
    checked = scene.command("check").stdout
    assert "every 1 minutes, while all is well" in checked
    assert "on changed, refused, provider (30 minutes), certificate (14 days)\n" in checked
    meaning = json.loads(scene.command("check", "--json").stdout)["meaning"]
    assert meaning["notify"][1] == {
        "name": "ntfy", "form": "ntfy", "to": f"https://{NAME}:{PORT}",
        "events": ["changed", "refused", "provider", "certificate"]}


def test_all_that_is_wrong_is_told_at_once(scene, folder):
    """And no URL with it."""
    def url(path):
        return {"url": f"https://hooks.example/{path}"}
    scene.pool.configure(scene.configuration | {"notify": {
        "open": {**url("canary"), "secret_file": secret_file(folder, mode=0o644)},
        "gone": {**url("canary"), "secret_file": "/nonexistent"},
        "address": {"url": "https://192.0.2.1/canary"}, "ca": {**url("canary"), "ca": "/none"},
        "plain": {"url": "http://a.example/canary"}, "form": {**url("canary"), "form": "x"}}})
    said = scene.command("check").stdout
    for place, what in {
            "open": "everybody can read it; chmod o-r", "gone": "No such file or directory",
            "address": "must name the host of the certificate, not its address",
            "ca": "No such file or directory", "plain/url": "must be https://",
            "form/form": "must be one of"}.items():
        assert [line for line in said.splitlines()
                if f"/notify/{place}: " in line and what in line], (place, said)
    assert "canary" not in said


def test_a_ping_says_what_is_wrong(make_scene, world, receiver):
    scene = make_scene(beat=to(world, form="healthchecks"))
    waiting.until(lambda: receiver.requests, "the first ping", SOON)
    assert (receiver.path(), receiver.text()) == ("/hook", "All is well.")
    scene.pool.configure(scene.configuration | {"refresh": 30})
    waiting.until(lambda: fastcgi.call(scene.pool.socket, {
        "REQUEST_METHOD": "GET", "REQUEST_URI": "/healthz", "QUERY_STRING": "",
        "REMOTE_ADDR": "127.0.0.1"})[0] == 503, "the supervisor to see it", SOON)
    os.kill(notifier(scene.pool), signal.SIGTERM)       # the next ping would take a minute
    waiting.until(lambda: len(receiver.requests) > 1, "another ping", SOON)
    assert receiver.path() == "/hook/fail"
    assert receiver.text() == "the configuration on disk is not the one in force"


@pytest.fixture
def mail_server(world):
    server = MailServer(world.proxy)
    yield server
    server.stop()


def test_mail(make_scene, mail_server):
    scene = make_scene(me={"mail": "root@example.org"})
    scene.update(ipv4=WEB[0])
    waiting.until(lambda: mail_server.mails, "a mail", SOON)
    sender, recipients, mail = mail_server.mails[0]
    assert (sender, recipients) == ("root@example.org", ["root@example.org"])
    assert mail["Subject"] == f"home.{ZONE}: the new IPv4 address was published"
    assert mail["To"] == "root@example.org" and mail["From"] == "ddnsgate <root@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert abs(mail["Date"].datetime.timestamp() - time.time()) < 600
    assert mail["Message-ID"].endswith("@example.org>")
    assert f"> {WEB[0]} (" in mail.get_content()
    mail_server.refuse = "451 not now"
    scene.update(ipv4=PRIVATE)
    scene.pool.since(scene.mark, "notify me: the mail server answers 451", SOON)
    mail_server.refuse = None
    waiting.until(lambda: len(mail_server.mails) > 1, "another mail", SOON)
    text = mail_server.mails[1][2].get_content().splitlines()
    assert len(text) == 3 and "not an address to publish" in text[1]


def test_a_mail_of_a_user_of_this_machine(make_scene, mail_server):
    """No domain; another sender; and the trial."""
    scene = make_scene(me={"mail": "root", "from": "ddnsgate@x.example", "server": "127.0.0.1",
                           "port": 25})
    assert "mail to root, by the mail server at 127.0.0.1, port 25" in scene.command(
        "check").stdout
    assert scene.command("notify", "me").stdout == "notify me: the mail server has taken it\n"
    assert mail_server.mails[0][:2] == ("ddnsgate@x.example", ["root"])
    mail_server.refuse = "550 nobody of that name"
    said = scene.command("notify")
    assert said.returncode == 1 and "notify me: the mail server answers 550" in said.stdout
    assert "Subject: ddnsgate: a test" in scene.command("notify", "--dry-run").stdout


def test_a_mail_server_that_hangs_is_in_nobodys_way(make_scene, world, receiver):
    silent = scripted.Server(world.proxy, "127.0.0.1", 25, scripted.silent)
    try:
        scene = make_scene(mail={"mail": "root"}, me=to(world))
        for i in range(9):
            scene.update(ipv4=f"89.14.163.{30 + i}")
            waiting.until(lambda: silent.open, "a try", SOON)
            before = set(silent.open)
            told(receiver, i + 1)
            if before <= silent.open:
                return
        raise AssertionError("what is told waits for the mail server")
    finally:
        silent.stop()


@pytest.mark.parametrize("url, path, header", [
    ("/services/{secret}?x=1", f"/services/{SECRET}?x=1", None),
    ("/hook", "/hook", f"Bearer {SECRET}"),
    ("?key={secret}", f"/?key={SECRET}", None)], ids=["path", "header", "query"])
def test_a_secret(make_scene, world, receiver, folder, url, path, header):
    file = secret_file(folder)
    scene = make_scene(me=to(world, url=f"https://{NAME}:{PORT}{url}", secret_file=file))
    receiver.status = "500"
    scene.update(ipv4=WEB[0])
    waiting.until(lambda: receiver.requests, "the message", SOON)
    assert receiver.path() == path
    assert receiver.header(0, "Authorization") == header
    scene.pool.since(scene.mark, "HTTP 500", SOON)
    receiver.status = "200"
    shown = scene.command("check").stdout + scene.command("notify").stdout
    shown += scene.command("notify", "--dry-run").stdout
    assert "the secret of" in shown and "has taken it" in shown
    assert receiver.path() == path
    assert "canary" not in shown + log(scene)
    assert world.shows([SECRET.encode()]) <= {file}


def test_a_secret_is_replaced(make_scene, world, receiver, folder):
    """Without a reload, though by its sandbox the notifier cannot read the new file."""
    file = secret_file(folder)
    scene = make_scene(me=to(world, secret_file=file))
    scene.update(ipv4=WEB[0])
    told(receiver, 1)
    os.unlink(file)
    secret_file(folder, "another")
    scene.update(ipv4=OTHER)
    told(receiver, 2)
    assert receiver.header(-1, "Authorization") == "Bearer another"


@pytest.mark.parametrize("sort", ["expired", "self-signed", "wrong-name"])
def test_a_wrong_certificate_is_told_nothing(make_scene, world, sort):
    liar = Receiver(world.provider, world.provider.ipv4, PORT,
                    world.authority.leaf(NAME, sort))
    try:
        scene = make_scene()
        scene.update(ipv4=WEB[0])
        said = [line for line in scene.pool.since(scene.mark, "notify me: ", SOON) if "notify" in line]
        assert "certificate" in said[0] and len(said) == 1
        assert liar.requests == []
    finally:
        liar.stop()


def test_a_name_is_resolved_by_another_process(make_scene, world, receiver):
    """The notifier asks no resolver, so none can hold it up."""
    receiver_here = Receiver(world.proxy, "127.0.0.1", PORT, world.authority.leaf("localhost"))
    try:
        scene = make_scene(me={"url": f"https://localhost:{PORT}/x"})
        scene.update(ipv4=WEB[0])
        assert told(receiver_here, 1)[0]["new"] == WEB[0]
    finally:
        receiver_here.stop()


def test_one_of_several_single_workers_tells(make_scene, world, receiver, binary):
    scene = make_scene()
    scene.pool.stop()
    pids = f"{scene.pool.folder}/pids"
    scene.pool.host.run(scene.pool.spawn("--single", options=("-F", "3", "-P", pids)),
                        env={**os.environ, **(scene.pool.env or {})})
    with open(pids, encoding="ascii") as f:
        singles = [int(pid) for pid in f.read().split()]
    try:
        for address in (WEB[0], OTHER, "89.14.163.22"):
            scene.update(ipv4=address)
        assert [e["new"] for e in told(receiver, 3)] == [WEB[0], OTHER, "89.14.163.22"]
    finally:
        for pid in singles:
            os.kill(pid, signal.SIGTERM)
        for pid in singles:
            waiting.until(lambda: not os.path.exists(f"/proc/{pid}"), "the end")


def test_two_machines_with_one_database(make_scene, world, receiver, database, passfile, second):
    database.empty()
    scene = make_scene(database.state(passfile))
    other = scene.machine(second).start()
    scene.update(ipv4=WEB[0])
    assert scene.update(ipv4=OTHER, pool=other)[0] == 200
    assert [e["new"] for e in told(receiver, 2)] == [WEB[0], OTHER]
    # What another machine commits late, at an earlier time.
    database.query(
        "INSERT INTO ddnsgate_history (id, at, host, account, type, new, verdict)"
        " SELECT 'late', at - 20, 'late.example', 'x', 'A', '192.0.2.9', 'good'"
        " FROM ddnsgate_history ORDER BY at LIMIT 1")
    assert told(receiver, 3)[2]["host"] == "late.example"
    scene.pool.stop()
    scene.update(ipv4="89.14.163.22", pool=other)
    assert [e["new"] for e in told(receiver, 4)][3:] == ["89.14.163.22"]


#
# What the clock brings
#

class Shift:
    """Changes the state of a service that is stopped, and starts it again."""

    def __init__(self, scene):
        self.scene = scene

    def __enter__(self):
        self.scene.pool.stop()
        self.db = sqlite3.connect(f"{self.scene.state}/state.db")
        return self.db

    def __exit__(self, *_):
        self.db.commit()
        self.db.close()
        for name in os.listdir(self.scene.state):
            os.chown(f"{self.scene.state}/{name}", USER, USER)
        self.scene.pool.start()


def test_a_certificate_near_its_end(make_scene, world, receiver):
    """Once for each; and another one again."""
    scene = make_scene(me=to(world, events=["certificate"], certificate_days=20))
    scene.update("proved", ipv4=WEB[0])
    scene.update(ipv4=WEB[0])
    now = int(time.time())
    for days in (15, 16):
        with Shift(scene) as db:
            db.execute("UPDATE host SET expiry = ? WHERE name = ?",
                       (now + days * 86400 + 4000, scene.proved))
        told(receiver, days - 14)
    first, second = receiver.events()
    assert (first["event"], first["host"], first["account"]) == (
        "certificate", scene.proved, "proved")
    assert first["certificate_ends"] < second["certificate_ends"]
    message = json.loads(receiver.text(0))
    assert message["title"] == f"{scene.proved}: its certificate is near its end"
    assert "UTC, in 15 days." in message["text"]
    with Shift(scene) as db:
        db.execute("UPDATE host SET expiry = ?", (now - 86400,))
    assert {e["host"] for e in told(receiver, 4)[2:]} == {scene.proved, f"home.{ZONE}"}
    assert "its certificate has ended" in receiver.text()


def test_a_host_that_is_silent(make_scene, world, receiver):
    """Not one that is updated without a change, nor one that another machine has seen."""
    scene = make_scene(me=to(world, events=["silent"], silent_hours=30))
    for user in ("home", "second", "third"):
        scene.update(user, ipv4=WEB[0])
    past = int(time.time()) - 40 * 3600
    with Shift(scene) as db:
        seen = dict(db.execute("SELECT key, value FROM meta WHERE key LIKE 'seen %'"))
        assert set(seen) == {f"seen {name}.{ZONE}" for name in ("home", "second", "third")}
        assert all(int(value) > past + 86400 for value in seen.values())
        note = json.loads(db.execute("SELECT value FROM meta WHERE key = 'notify me'")
                          .fetchone()[0])
        db.execute("UPDATE meta SET value = ? WHERE key = 'notify me'",
                   (json.dumps({**note, "since": past}),))
        db.execute("UPDATE host SET applied_at = ?", (past,))
        db.execute("UPDATE meta SET value = ? WHERE key IN (?, ?)",
                   (past, f"seen home.{ZONE}", f"seen second.{ZONE}"))
        db.execute("INSERT INTO host (name, account, applied_at) VALUES ('gone.example', 'x', ?)",
                   (past,))
    events = told(receiver, 2)
    assert {e["host"] for e in events} == {f"home.{ZONE}", f"second.{ZONE}"}
    assert {e["event"] for e in events} == {"silent"}
    assert "The last update that went well was on" in receiver.text(0)
    scene.pool.renew()
    assert scene.update(ipv4=WEB[0])[1].split()[1] == "nochg"
    with Shift(scene) as db:
        assert int(db.execute("SELECT value FROM meta WHERE key = ?",
                              (f"seen home.{ZONE}",)).fetchone()[0]) > past + 86400
        assert json.loads(db.execute("SELECT value FROM meta WHERE key = 'notify me'")
                          .fetchone()[0])["silent"].keys() == {
                              f"home.{ZONE}", f"second.{ZONE}"}
    assert len(receiver.events()) == 2


def test_a_provider_that_fails_for_long(make_scene, world, receiver):
    """As the history has it; a success in between, or after, counts."""
    scene = make_scene(me=to(world, events=["provider"], provider_minutes=30))
    scene.update(ipv4=WEB[0])
    now = int(time.time())

    def happen(*events):
        """Until the last of them has been counted; how it stands then."""
        with Shift(scene) as db:
            db.executemany(
                "INSERT INTO history (at, account, host, type, new, verdict, reason)"
                f" VALUES (?, 'home', 'home.{ZONE}', 'A', '192.0.2.1', ?, ?)",
                [(now - 60 * minutes, verdict, reason) for minutes, verdict, reason in events])
            mark = f"{db.execute('SELECT max(id) FROM history').fetchone()[0]:016x}"
        waiting.until(lambda: kept(scene, "outages")["mark"] == mark, "it to be counted", SOON)
        since, last, is_told, _ = kept(scene, "outages").get("of home", [0, 0, False, ""])
        return [(now - at) // 60 if at else None for at in (since, last)], is_told
    assert happen((90, "busy", "home: HTTP 503"), (70, "good", None), (65, "busy", "gave way"),
                  (45, "busy", "home: HTTP 503"), (35, "provider", "home: HTTP 500")) == (
                      [45, 35], False)
    # The update at the beginning went well, so the provider has worked since then.
    assert happen((10, "busy", "home: no answer in time")) == ([None, None], False)
    assert receiver.requests == []
    with Shift(scene) as db:
        db.execute("UPDATE host SET applied_at = ?", (now - 86400,))
    happen((35, "busy", "home: HTTP 503"), (5, "busy", "home: HTTP 502"))
    event, = told(receiver, 1)
    assert (event["event"], event["provider"]) == ("provider", "home")
    assert event["reason"] == "home: HTTP 502"
    assert happen((4, "busy", "home: HTTP 502")) == ([35, 4], True)
    assert happen((3, "good", None), (2, "busy", "home: HTTP 502")) == ([2, 2], False)
    assert len(receiver.events()) == 1


def test_a_provider_is_named_by_its_failure(scene, receiver):
    """That is how news tell its failures from other reasons to be busy."""
    scene.recorder.stop()
    scene.update(ipv4=WEB[0])
    event, = told(receiver, 1)
    assert (event["verdict"], event["reason"].split(":")[0]) == ("busy", "home")
