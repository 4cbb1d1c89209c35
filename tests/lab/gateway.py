"""ddnsgate as it is meant to run: behind nginx, started by spawn-fcgi."""

import base64
import contextlib
import hashlib
import json
import os
import secrets
import signal

from . import fastcgi, nginx, waiting
from .process import Process, children
from .router import Router

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
USER = 61500                # no one: no file, no process of the system is theirs


def verifier(user, token, iterations=1000):
    """As `ddnsgate hash` prints it."""
    salt = secrets.token_bytes(16)
    key = hashlib.pbkdf2_hmac("sha256", f"{user}:{token}".encode(), salt, iterations)
    salt, key = (base64.b64encode(b).decode().rstrip("=") for b in (salt, key))
    return f"$pbkdf2-sha256$i={iterations}${salt}${key}"


def shipped(example, replacements):
    """A file of examples/ with the lines changed that it says to change."""
    with open(f"{ROOT}/examples/{example}", encoding="ascii") as f:
        text = f.read()
    for old, new in replacements.items():
        if old not in text:
            raise RuntimeError(f"examples/{example} no longer says {old!r}")
        text = text.replace(old, new)
    return text


def read_lines(path):
    with open(path, encoding="utf-8") as f:
        return f.readlines()


def descriptors(pid):
    """What the open files of a process are."""
    found = []
    with contextlib.suppress(OSError):  # it has ended
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
    return found


class Pool:
    """ddnsgate with a configuration, on a socket of its own."""

    def __init__(self, host, folder, binary, configuration, env=None):
        self.host = host
        self.folder = folder
        self.binary = binary
        self.env = env
        os.makedirs(folder, exist_ok=True)
        self.configuration = f"{folder}/ddnsgate.json"
        self.socket = f"{folder}/ddnsgate.sock"
        self.log = f"{folder}/ddnsgate.log"
        self.configure(configuration)
        self.process = None

    def configure(self, configuration):
        """Writes a configuration, a dict or the text itself, in one step."""
        text = (configuration if isinstance(configuration, str)
                else json.dumps(configuration, indent=2))
        with open(f"{self.configuration}.new", "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(f"{self.configuration}.new", 0o644)
        os.rename(f"{self.configuration}.new", self.configuration)

    def spawn(self, *arguments, options=("-n",), mode="0660"):
        """spawn-fcgi with its options, then ddnsgate with arguments."""
        return ["spawn-fcgi", *options, "-s", self.socket, "-M", mode,
                "-G", "www-data", "-u", str(USER), "-g", str(USER), "-b", "1024", "--",
                self.binary, "serve", *arguments, "--config", self.configuration]

    def start(self, command=None):
        self.process = Process(self.host, command or self.spawn(), self.log, self.env)
        self.process.ready(self.answers, "ddnsgate")
        return self

    def answers(self):
        """Any answer will do; a path that it does not know costs it nothing."""
        try:
            return fastcgi.call(self.socket, {
                "REQUEST_METHOD": "GET", "REQUEST_URI": "/", "QUERY_STRING": "",
                "REMOTE_ADDR": "127.0.0.1"}, timeout=2.0)[0] != 0
        except OSError:
            return False

    def workers(self):
        """The pids of the supervisor's children."""
        return children(self.process.pid)

    def holding(self):
        """How many connections its workers have accepted and not closed yet."""
        accepted = {f"socket:[{fields[6]}]"
                    for table in ("/proc/self/net/unix", f"/proc/{self.process.pid}/net/unix")
                    for fields in map(str.split, read_lines(table))
                    if fields[-1] == self.socket and fields[5] == "03"}
        return sum(name in accepted for pid in self.workers() for name in descriptors(pid))

    def printed(self):
        return self.process.printed()

    def mark(self):
        """A place in the log; see since()."""
        return len(self.printed())

    def since(self, mark, text="", seconds=10.0):
        """The log lines after mark, waiting until one of them has text."""
        waiting.until(lambda: text in self.printed()[mark:],
                      f"{text!r} in the log, which says:\n{self.printed()[mark:]}",
                      seconds)
        return self.printed()[mark:].splitlines()

    @contextlib.contextmanager
    def changing(self, text, seconds=60.0):
        """Until the log has text after what is done meanwhile, and the old have left."""
        before, mark = set(self.workers()), self.mark()
        yield
        self.since(mark, text, seconds)
        waiting.until(lambda: not before & set(self.workers()), "the old to leave", seconds)

    def reload(self):
        self.process.send(signal.SIGHUP)

    def renew(self):
        """A reload, until nobody of the old generation answers any more."""
        self.since(0, "ready; ", 30)    # or some of that are not there yet
        before = set(self.workers())
        self.reload()
        waiting.until(lambda: not before & set(self.workers()), "the old to leave", 15)

    def stop(self):
        return self.process.stop(seconds=20)


class Several:
    """Pools of several machines that nginx asks in turn, in place of one."""

    def __init__(self, host, folder, pools):
        self.host = host
        self.folder = folder
        self.socket = " max_fails=0;\n\tserver unix:".join(
            pool.socket for pool in pools)

    def stop(self):
        """Each is stopped by who started it."""


class Gateway:
    """A pool with nginx in front of it, both on host."""

    def __init__(self, pool, name, leaf, trust, port=443):
        self.pool = pool
        self.port = pool.host.port(port)
        self.name = name
        self.host = pool.host
        self.trust = trust
        host, folder = pool.host, pool.folder
        site = shipped("nginx.conf", {
            "listen 443 ssl;": nginx.listen(host, host.ipv4, port=port),
            "listen [::]:443 ssl;":
                nginx.listen(host, host.ipv6, port=port) if host.ipv6 else "",
            "dns.example.org;": f"{name};",
            "/etc/letsencrypt/live/dns.example.org/fullchain.pem": leaf.chain,
            "/etc/letsencrypt/live/dns.example.org/privkey.pem": leaf.key,
            "/run/ddnsgate/ddnsgate.sock": pool.socket,
            "/var/log/nginx/": f"{folder}/front-",
        })
        self.front = nginx.start(host, f"{folder}/front", site, host.ipv4, port)

    def router(self, host, ipv6=False):
        """A router at host that knows this gateway."""
        return Router(host, self.name,
                      self.host.ipv6 if ipv6 else self.host.ipv4,
                      self.port, self.trust)

    def stop(self):
        self.front.stop()
        return self.pool.stop()
