"""A real browser, Chromium without a window, that is told what to do by a pipe.

The pipe speaks the Chrome DevTools Protocol
(https://chromedevtools.github.io/devtools-protocol/): JSON, each ended by a NUL.
"""

import base64
import collections
import contextlib
import json
import os
import select
import subprocess
import time

PROGRAM = "/usr/bin/chromium"
# Chromium's own sandbox needs namespaces that the lab may not have; what it
# shows comes from the lab alone.
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--metrics-recording-only", "--hide-scrollbars",
    "--force-color-profile=srgb", "--remote-debugging-pipe", "--lang=en-US",
    "--font-render-hinting=none")

CONTRAST = """(() => {
    const numbers = c => c.match(/[\\d.]+/g).map(Number);
    const light = c => numbers(c).slice(0, 3).map(v => v / 255).map(
        v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce(
        (sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = e => {
        for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor;
            if ((numbers(c)[3] ?? 1) == 1)
                return c;
        }
        return 'rgb(255, 255, 255)';
    };
    const texts = [...document.body.querySelectorAll('*')].filter(
        e => [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()));
    return Math.min(...texts.map(e => {
        const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }));
})()"""


class Browser:
    """Chromium on host, where name is at address; ignores who signed for it."""

    def __init__(self, host, folder, name, address):
        os.makedirs(folder, exist_ok=True)
        ours, theirs = os.pipe(), os.pipe()
        self.to, self.back = theirs[1], ours[0]
        with open(f"{folder}/chromium.log", "ab") as log:
            self.process = subprocess.Popen(
                host.command([
                    "bash", "-c", f'exec "$@" 3<&{theirs[0]} 4>&{ours[1]}',
                    "bash", PROGRAM,
                    *OPTIONS, f"--user-data-dir={folder}/profile",
                    f"--host-resolver-rules=MAP {name} {address}, MAP * ~NOTFOUND",
                    "--ignore-certificate-errors", "about:blank"]),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                pass_fds=(theirs[0], ours[1]),
                env={**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder,
                     "XDG_CACHE_HOME": folder, "DBUS_SESSION_BUS_ADDRESS": "disabled:"})
        os.close(theirs[0])
        os.close(ours[1])
        self.number = 0
        self.rest = b""
        self.events = collections.deque()
        target = self.command("Target.createTarget", session=None, url="about:blank")
        self.session = self.command(
            "Target.attachToTarget", session=None, targetId=target["targetId"],
            flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "DOM", "Accessibility", "Network"):
            self.command(f"{domain}.enable")

    def message(self, deadline):
        """The next message from the browser."""
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.back], [], [], max(0, deadline - time.monotonic()))
            block = os.read(self.back, 1 << 20) if ready else b""
            if not block:
                raise TimeoutError(f"the browser says nothing, last: {list(self.events)[-3:]}")
            self.rest += block
        text, _, self.rest = self.rest.partition(b"\0")
        return json.loads(text)

    def command(self, method, session="", seconds=60.0, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if session is not None:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + seconds
        while True:
            answer = self.message(deadline)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method, seconds=60.0):
        """Until that event came since the last visit()."""
        deadline = time.monotonic() + seconds
        while not any(e.get("method") == method for e in self.events):
            self.events.append(self.message(deadline))

    def look(self, width, height, scheme, scale=1):
        """A screen of so many pixels, in the light or in the dark."""
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height,
                     deviceScaleFactor=scale, mobile=width < 600)
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme}])

    def visit(self, url):
        self.events.clear()
        self.command("Page.navigate", url=url)
        self.wait("Page.loadEventFired")

    def value(self, expression):
        """What JavaScript of ours makes of it, in the page."""
        answer = self.command("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def complaints(self):
        """What the page has in its console, as a violated policy."""
        return [e["params"]["entry"]["text"] for e in self.events
                if e.get("method") == "Log.entryAdded"]

    def dom(self):
        """The document as the browser has understood it."""
        return self.value("document.documentElement.outerHTML")

    def tree(self):
        """What a screen reader is told: (role, name, properties), in order."""
        nodes = self.command("Accessibility.getFullAXTree")["nodes"]
        return [(n["role"]["value"], n.get("name", {}).get("value", ""),
                 {p["name"]: p["value"].get("value") for p in n.get("properties", [])})
                for n in nodes if not n["ignored"]]

    def contrast(self):
        """The lowest contrast of a text with what is behind it (WCAG 2, 1.4.3)."""
        return self.value(CONTRAST)

    def picture(self, file, whole=True):
        """A PNG of the page, whole or as far as the screen shows it."""
        data = self.command("Page.captureScreenshot", format="png",
                            captureBeyondViewport=whole)["data"]
        with open(file, "wb") as f:
            f.write(base64.b64decode(data))

    def stop(self):
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):
            self.command("Browser.close", session=None, seconds=10)
        os.close(self.to)
        os.close(self.back)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
