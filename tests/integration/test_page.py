"""What people look at: /status and /history, through nginx and in a real browser.

The lab fills a state as weeks of updates would have; a browser without a window
shows it, small and wide, in the dark and in the light.
"""

import os
import re
import shutil
import time

import pytest
from lab import browser, fastcgi, past, waiting
from lab.gateway import USER as DAEMON, Gateway, verifier
from lab.router import basic
from lab.stage import BEFORE, CLAIM, GATEWAY, HOST, USER, ZONE

PORT = 8443
EVIL = "<script>document.title='hacked'</script><img src=x onerror=alert(1)>\u202e\"'&"
HOME = ("nas", "www", "silent", "refused", "away", "evil")
CUSTOMERS = 500


def configuration(world, state):
    """The reference case, a family, hundreds of customers, and an operator."""
    accounts = {f"customer{i:03}": [f"home{i:03}"] for i in range(CUSTOMERS)}
    accounts["family"] = HOME
    accounts["nobody"] = ["empty"]
    said = world.configuration(state=state, url=f"https://{GATEWAY}:{PORT}")
    return said | {
        "operators": {"noc": {"verifier": verifier("noc", world.token)}},
        "accounts": {USER: said["accounts"][USER]} | {
            name: {"provider": "home", "verifier": verifier(name, world.token),
                   "hosts": {f"{host}.{ZONE}": HOST for host in hosts}}
            for name, hosts in accounts.items()}}


def live(state, token):
    """Weeks of all of them; evil has the worst texts, and none has the token."""
    assert token not in EVIL
    lived = past.Past(state)
    lived.life(f"nas.{ZONE}", "family", 9, 3)
    lived.life(f"www.{ZONE}", "family", 33, 5, expires=9.5)
    lived.life(f"refused.{ZONE}", "family", 4, 7, refused=(
        "proof", "certificate: has expired on 2026-11-20 10:00 UTC"))
    lived.life(f"away.{ZONE}", "family", 2, 8, source="203.0.113.77",
               refused=("proof", "connect: Connection refused (20 tries)"))
    lived.event(f"evil.{ZONE}", "family", 0.5, type=EVIL, old=EVIL, new=EVIL, verdict=EVIL,
                reason=EVIL, issuer=EVIL, serial=EVIL, key=EVIL, source=EVIL)
    lived.event(f"evil.{ZONE}", "family", 0.7, issuer=EVIL)
    lived.host(f"evil.{ZONE}", "family", ipv4="192.0.2.1", refused_at=lived.now - 60,
               applied_at=lived.now - 600, expiry=lived.now + 5, refused=EVIL)
    for i in range(CUSTOMERS):
        if i % 9 != 4:
            lived.life(f"home{i:03}.{ZONE}", f"customer{i:03}", i % 14, i, refused=(
                "provider", "HTTP 401: the token is not valid") if i % 17 == 3 else None)
    lived.write()


EVENTS = f"""INSERT INTO ddnsgate_history (id, at, account, host, type, old, new, verdict,
    expiry, proof_ms, provider_ms) SELECT lpad(to_hex(i), 24, '0'),
    extract(epoch from now())::bigint - 4000 + 30 * (i / 3), '{USER}', '{ZONE}', 'A',
    '192.0.2.1', '192.0.2.2', 'good', 0, 1, 1 FROM generate_series(1, 120) i"""


def walk(show):
    """The moments of all events, page by page; show(query) is a page."""
    query, moments = "", []
    while query is not None:
        body = show(query)
        moments += re.findall(r"<li .*?datetime=\"([^\"]*)\"", body)
        older = re.search(r'href="history\?([^"]*before=[^"]*)">Older', body)
        query = older.group(1).replace("&amp;", "&") if older else None
    return moments


class Scene:
    """A gateway of its own, and a person with a browser before it."""

    def __init__(self, world, pool):
        self.world = world
        self.pool = pool
        self.gateway = Gateway(pool, GATEWAY, world.authority.leaf(GATEWAY),
                               world.authority.pem, port=PORT)
        self.box = self.gateway.router(world.router)

    def get(self, path, user="family", token=None):
        return self.box.get(path, {"Authorization": basic(user, token or self.world.token)})

    def url(self, path, user="family"):
        return f"https://{user}:{self.world.token}@{GATEWAY}:{PORT}/{path}"


@pytest.fixture(scope="module")
def scene(world, folder):
    state = f"{folder}/pages"
    os.makedirs(state)
    os.chown(state, DAEMON, DAEMON)
    pool = world.pool(world.binary, configuration(world, state), "pages",
                      world.sanitizer("pages")).start()
    scene = Scene(world, pool)
    # Other tests may have left there what is claimed: that would be no change.
    world.powerdns.set(*world.names(), **BEFORE)
    assert scene.box.update(USER, world.token, **CLAIM).status == 200
    # Both events come after the reply; the lab locks the file for a long time.
    waiting.until(lambda: scene.get("/history", user=USER).body.count("<li ") == 2,
                  "the events of the update")
    live(state, world.token)
    yield scene
    scene.gateway.stop()


@pytest.fixture(scope="module")
def chromium(scene, folder):
    if not os.path.exists(browser.PROGRAM):
        pytest.skip(f"there is no {browser.PROGRAM}")
    program = browser.Browser(scene.world.router, f"{folder}/browser", GATEWAY,
                              scene.world.proxy.ipv4)
    yield program
    program.stop()
    # It keeps what it was told to log in with.
    shutil.rmtree(f"{folder}/browser", ignore_errors=True)


def test_nobody_sees_it_without_a_login(scene):
    answer = scene.box.get("/status")
    assert answer.status == 401
    assert answer.header("WWW-Authenticate").startswith("Basic realm=")
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert ZONE not in answer.body
    assert scene.get("/history", token="wrong").status == 401
    assert scene.get("/status", user="noc", token="wrong").status == 401


def test_its_header_keeps_it_to_itself(scene):
    for path in ("/status", "/history"):
        answer = scene.get(path)
        assert answer.status == 200
        policy = answer.header("Content-Security-Policy")
        assert {p.split()[0]: p.split()[1:] for p in policy.split("; ")}.keys() == {
            "default-src", "style-src", "form-action", "base-uri", "frame-ancestors"}
        assert "unsafe" not in policy and "default-src 'none'" in policy
        assert answer.header("Cache-Control") == "no-store"
        assert answer.header("X-Content-Type-Options") == "nosniff"
        assert answer.header("Referrer-Policy") == "no-referrer"
        assert int(answer.header("Content-Length")) == len(answer.body.encode())
        assert scene.world.token not in answer.body


def test_it_can_only_be_looked_at(scene):
    for method, status in (("HEAD", 200), ("POST", 405), ("PUT", 405), ("DELETE", 405)):
        answer = scene.world.router.run([
            "curl", "-sk", "-X", method, *(["-I"] if method == "HEAD" else ["-i"]),
            "--resolve", f"{GATEWAY}:{PORT}:{scene.world.proxy.ipv4}",
            "-u", f"noc:{scene.world.token}", f"https://{GATEWAY}:{PORT}/status"])
        assert f" {status} " in answer.splitlines()[0], answer
        if status == 405:
            assert "\nAllow: GET, HEAD" in answer


def test_an_account_sees_its_hosts_and_no_other(scene):
    for path in ("/status", "/status?q=home", "/status?q=&page=2", "/history",
                 f"/history?host=home001.{ZONE}"):
        body = scene.get(path).body
        assert "customer" not in body and "home0" not in body, path
    body = scene.get("/status").body
    for host in HOME:
        assert f"{host}.{ZONE}" in body
    assert "Waiting for the first update" in body
    assert "ddnsgate router fritzbox --account <bdi>family</bdi>" in body
    assert "Renew the certificate" in body
    # Nobody looks through foreign networks with our eyes.
    assert "Connection refused" not in body and "Look in this order" in body
    assert "Connection refused" not in scene.get(f"/history?host=away.{ZONE}").body
    assert "Connection refused" in scene.get("/status?q=away", user="noc").body
    assert "in 9 days: renew it" in body


def test_an_operator_finds_every_host(scene):
    seen, number, pages = [], 1, 2
    while number <= pages:
        body = scene.get(f"/status?page={number}", user="noc").body
        seen += re.findall(rf"<h2>.*?<bdi>([^<]*)\.{re.escape(ZONE)}</bdi>", body)
        pages = int(re.search(r"Page \d+ of (\d+)", body).group(1))
        number += 1
    hosts = {f"home{i:03}" for i in range(CUSTOMERS)} | set(HOME) | {"empty"}
    assert set(seen) == hosts and len(seen) == len(hosts)
    body = scene.get("/status?q=customer12", user="noc").body
    assert "10 hosts" in body and f"home129.{ZONE}" in body
    assert "home130" not in body


def test_what_an_update_did_is_there(scene):
    body = scene.get("/status", user=USER).body
    assert "Published" in body and CLAIM["ipv4"] in body and "2a01:c22:b045:defc::8" in body
    assert "issued by <bdi>CN=ddnsgate lab ca</bdi>" in body
    body = scene.get("/history", user=USER).body
    assert body.count("<li ") == 2 and scene.world.router.ipv4 in body


def test_the_history_goes_on_page_by_page(scene):
    moments = walk(lambda query: scene.get(f"/history?{query}", user="noc").body)
    assert len(moments) > 3000 and moments == sorted(moments, reverse=True)
    body = scene.get(f"/history?host=home013.{ZONE}", user="noc").body
    assert set(re.findall(r"home\d+", body)) == {"home013"}


def roles(tree, role):
    return [name for r, name, _ in tree if r == role]


def test_a_screen_reader_is_told_all(scene, chromium):
    chromium.look(1280, 900, "light")
    chromium.visit(scene.url("status"))
    tree = chromium.tree()
    assert roles(tree, "RootWebArea") == ["Status - ddnsgate"]
    headings = [(name, p["level"]) for r, name, p in tree if r == "heading"]
    assert headings == [("Status", 1)] + [(f"{h}.{ZONE}", 2) for h in HOME]
    for role in ("banner", "main", "navigation", "contentinfo"):
        assert len(roles(tree, role)) == 1, role
    assert len(roles(tree, "article")) == len(HOME)
    images = roles(tree, "image") + roles(tree, "img")
    assert "The last 30 days: 9 changes of the addresses, 2 refusals" in images
    assert all(images)
    assert {"IPv4", "IPv6", "Certificate"} <= set(roles(tree, "StaticText"))
    assert all(name for role, name, p in tree
               if p.get("focusable") and role in ("link", "button", "textbox", "searchbox"))
    chromium.visit(scene.url("history", "noc"))
    tree = chromium.tree()
    assert "Host" in "".join(roles(tree, "searchbox"))
    assert len(roles(tree, "listitem")) == 50
    assert all(name for role, name, p in tree
               if role in ("link", "button", "searchbox", "combobox", "Date"))


def test_nothing_of_a_stranger_is_more_than_text(scene, chromium):
    chromium.look(360, 800, "dark")
    for path, title in (("status", "Status"), ("history", "History"),
                        ("status?q=%3Cscript%3E%22%27", "Status"),
                        ("history?host=%22%3E%3Csvg/onload=alert(1)%3E", "History")):
        for user in ("family", "noc"):
            chromium.visit(scene.url(path, user))
            assert chromium.value("document.title") == f"{title} - ddnsgate"
            assert chromium.value("document.querySelectorAll('script,img,iframe').length") == 0
            assert chromium.value(
                "[...document.querySelectorAll('*')].every(e => [...e.attributes]"
                ".every(a => !a.name.startsWith('on') && a.name != 'style'))")
            assert chromium.complaints() == []
    chromium.visit(scene.url("history?host=evil." + ZONE))
    text = chromium.value("document.body.innerText")
    assert EVIL.replace("\u202e", "[U+202E]") in text
    assert "\u202e" not in chromium.dom()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_the_screen_in_both_schemes(scene, chromium, folder, width, scheme):
    chromium.look(width, 800, scheme)
    for path, user in (("status", "family"), ("history", "family"), ("status", "noc"),
                       ("status", "nobody")):
        chromium.visit(scene.url(path, user))
        assert chromium.value("document.documentElement.scrollWidth") == width
        assert chromium.contrast() >= 4.5
        chromium.picture(f"{folder}/{path}-{user}-{width}-{scheme}.png", whole=False)
    style = chromium.value("getComputedStyle(document.body).backgroundColor")
    red, green, blue = map(int, re.findall(r"\d+", style))
    assert (red + green + blue > 600) == (scheme == "light"), style


def look(scene, pool, path, user, query=""):
    """A page, past nginx."""
    status, text = fastcgi.call(pool.socket, {
        "REQUEST_METHOD": "GET", "REQUEST_URI": f"{path}?{query}", "QUERY_STRING": query,
        "REMOTE_ADDR": scene.world.router.ipv4,
        "HTTP_AUTHORIZATION": basic(user, scene.world.token)})
    return status, text.partition("\r\n\r\n")[2]


@pytest.mark.parametrize("place", ["none", "damaged"])
def test_a_state_that_cannot_be_read_is_told(scene, make_pool, folder, place):
    where = "/dev/null/none"
    if place == "damaged":
        where = f"{folder}/damaged"     # and not ours to move aside
        os.makedirs(where)
        with open(f"{where}/state.db", "wb") as f:
            f.write(b"SQLite format 3\0" + b"\xff" * 9000)
    pool = make_pool(configuration(scene.world, where), place).start()
    status, body = look(scene, pool, "/status", "family")
    assert status == 200 and "The state cannot be read now" in body
    assert f"www.{ZONE}" in body and "Waiting" not in body
    status, body = look(scene, pool, "/history", "noc")
    assert status == 200 and "The state cannot be read now" in body


def test_a_database_is_read_and_not_waited_for(scene, make_pool, database):
    database.empty()
    pool = make_pool(configuration(scene.world, database.local), "database").start()
    database.query(EVENTS)

    def published():
        scene.world.straight(pool, USER, force="yes", **CLAIM)
        _, body = look(scene, pool, "/status", USER)
        return CLAIM["ipv4"] in body and "Published" in body
    waiting.until(published, "the addresses on the page", 60)
    for user in (USER, "noc"):
        moments = walk(lambda query: look(scene, pool, "/history", user, query)[1])
        assert len(moments) >= 120 and moments == sorted(moments, reverse=True)
    database.pause()
    try:
        began = time.monotonic()
        status, body = look(scene, pool, "/status", "noc")
        assert status == 200 and "The state cannot be read now" in body
        assert f"home001.{ZONE}" in body
        assert time.monotonic() - began < 8
    finally:
        database.resume()
