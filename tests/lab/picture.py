"""The picture of README: /status of the reference case, as a browser shows it.

Run from tests/ as root: `python3 -m lab.picture BINARY FILE.png`.  A router has
had new addresses now and then in the last weeks, and has just got others; its
second host is off, so that its address is refused.
"""

import os
import secrets
import sys
import tempfile

from . import browser, network, past, stage
from .gateway import USER as DAEMON
from .router import basic
from .stage import CLAIM, GATEWAY, HOST, USER, ZONE

NAS = f"nas.{ZONE}"
SUFFIX = "0:0:0:fc::9"              # where nothing listens
SIZE = (760, 500)


def configuration(scene):
    """The reference case, with a state and one more host."""
    state = f"{scene.folder}/state"
    os.mkdir(state)
    os.chown(state, DAEMON, DAEMON)
    said = scene.configuration(state=state, url=f"https://{GATEWAY}")
    said["accounts"][USER]["hosts"][NAS] = {
        "ipv6": {**HOST["ipv6"], "suffix": SUFFIX}, "zone": ZONE}
    return said


def play(scene, binary):
    scene.hosts(more_web=["2a01:c22:b045:defc::9"])
    scene.web_server()
    scene.dns()
    box = scene.gateway(scene.pool(binary, configuration(scene))).router(scene.router)
    box.update(USER, scene.token, **CLAIM)
    lived = past.Past(f"{scene.folder}/state")
    lived.life(ZONE, USER, 14, 4)
    lived.hosts.clear()                 # the update has just told what it is now
    lived.life(NAS, USER, 3, 8)
    lived.hosts[0]["ipv4"] = None
    lived.write()
    box.update(USER, scene.token, **CLAIM)
    page = box.get("/status", {"Authorization": basic(USER, scene.token)}).body
    for text in (CLAIM["ipv4"], "Published", "Last update refused", "Look in this order"):
        if text not in page:
            raise RuntimeError(f"the page has no {text!r}, which the picture wants: {page}")


def main():
    binary, file = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="ddnsgate-picture.") as folder, \
            stage.Stage(folder, secrets.token_urlsafe(24), network.Network()) as scene:
        play(scene, binary)
        show = scene.keep(browser.Browser(
            scene.router, f"{folder}/browser", GATEWAY, scene.proxy.ipv4))
        show.look(*SIZE, "light", scale=1)
        show.visit(f"https://{USER}:{scene.token}@{GATEWAY}/status")
        show.picture(file)


if __name__ == "__main__":
    main()
