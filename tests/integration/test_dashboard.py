"""The examples for Prometheus and Grafana, with a real Prometheus in between.

Grafana is no package of Debian, so nobody draws the board here; but each of its
panels asks a Prometheus that has read this pool, and gets an answer.
"""

import json
import subprocess

import pytest

from lab import waiting
from lab.gateway import ROOT, Gateway, verifier
from lab.prometheus import Prometheus
from lab.remembering import Scene
from lab.stage import GATEWAY, WEB
from world import CLOSED_AT

LOGIN = ("anna", "a-password")
PORT = 8456
RULES = f"{ROOT}/examples/alerts.yml"


@pytest.fixture(scope="module")
def prometheus(world, plain_binary, folder):
    """One that has read a pool to which everything happened."""
    scene = Scene(world, plain_binary, f"{folder}/dashboard")
    scene.configuration["operators"] = {LOGIN[0]: {"verifier": verifier(*LOGIN)}}
    scene.pool.configure(scene.configuration)
    scene.pool.renew()
    front = Gateway(scene.pool, GATEWAY, world.authority.leaf(GATEWAY),
                    world.authority.pem, port=PORT)
    server = Prometheus(world.router, f"{folder}/prometheus",
                        f"{scene.pool.host.ipv4}:{PORT}", GATEWAY, world.authority.pem,
                        LOGIN, RULES)
    for address in (WEB[0], WEB[0], CLOSED_AT):
        scene.update("proved", ipv4=address)
    world.straight(scene.pool, "home", "wrong", ipv4=WEB[0])
    # A rate needs two readings.
    waiting.until(lambda: server.ask("rate(ddnsgate_start_time_seconds[1m])"), "readings", 60)
    waiting.until(lambda: server.ask('ddnsgate_logins_total{outcome="wrong"} > 0'), "one", 30)
    yield server
    server.stop()
    front.front.stop()
    scene.stop()


def panels():
    with open(f"{ROOT}/examples/grafana.json", encoding="ascii") as f:
        board = json.load(f)
    return [(panel["title"], target["expr"].replace("$job", "ddnsgate"))
            for panel in board["panels"] for target in panel["targets"]]


@pytest.mark.parametrize("title, expression", panels())
def test_each_panel_has_data(prometheus, title, expression):
    assert waiting.until(lambda: prometheus.ask(expression), f"{title}: {expression}", 30)


def test_no_alert_asks_for_what_is_not_there(prometheus):
    """An expression without its comparison has an answer, though no alert fires."""
    told = json.loads(prometheus.host.run(["curl", "-sS", f"{prometheus.url}/rules"]))
    rules = told["data"]["groups"][0]["rules"]
    assert len(rules) == 11
    for rule in rules:
        query = rule["query"].rpartition(" > ")[0] or rule["query"].rpartition(" < ")[0] \
            or rule["query"].rpartition(" == ")[0]
        assert waiting.until(lambda q=query: prometheus.ask(q), rule["query"], 30)


def test_the_rules_are_right():
    for arguments in (["check", "rules", RULES],
                      ["test", "rules", "alerts.test.yml"]):
        told = subprocess.run(["promtool", *arguments], cwd=f"{ROOT}/tests/alerts",
                              check=False, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        assert told.returncode == 0, told.stdout
