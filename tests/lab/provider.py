"""A provider that misbehaves as its path says, and remembers what it was sent.

/all-STATUS/...     every request is answered with that status
/write-STATUS/...   reading works, the write gets that status
In place of a status: hang, garbage, redirect, close, huge, late (a refusal 9 s
later), repeat (a refusal that says all that was sent, the token too).
Everything but that speaks like PowerDNS with an empty zone.
"""

import dataclasses
import json
import threading
import time

from . import scripted

REASONS = {"200": "OK", "204": "No Content", "302": "Found"}


@dataclasses.dataclass
class Request:
    """One request, byte for byte."""
    head: bytes
    body: bytes

    @property
    def line(self):
        return self.head.split(b"\r\n")[0].decode()

    @property
    def method(self):
        return self.line.split()[0]

    @property
    def behaviour(self):
        return self.line.split()[1].split("/")[1]


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            raise EOFError
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                   if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return Request(head, body)


def answer(status, body=b"", *headers):
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Said So')}",
             f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Provider:
    """Listens with TLS; `requests` is what came, in order."""

    def __init__(self, host, address, port, leaf, zone, redirect_to="", version=None,
                 keep=True):
        """keep: the connection, after an answer; version: of TLS, and no other."""
        self.zone = zone
        self.keep = keep
        self.reused = []                # was the session of each request resumed?
        self.redirect_to = redirect_to
        self.requests = []
        self.lock = threading.Lock()
        self.server = scripted.Server(host, address, port,
                                      scripted.with_tls(leaf, self.serve, version))

    def stop(self):
        self.server.stop()

    def seen(self, behaviour):
        with self.lock:
            return [r for r in self.requests if r.behaviour == behaviour]

    def serve(self, connection):
        while True:
            request = read_request(connection)
            with self.lock:
                self.requests.append(request)
                self.reused.append(connection.session_reused)
            which, _, what = request.behaviour.partition("-")
            if which == "all" or (which == "write" and request.method != "GET"):
                if not self.misbehave(connection, what, request):
                    return
            else:
                connection.sendall(self.behave(request))
                if not self.keep:
                    return

    def behave(self, request):
        if request.method != "GET":
            return answer("204")
        path = request.line.split()[1].split("?")[0]
        zone = {"id": f"{self.zone}.", "name": f"{self.zone}.", "rrsets": []}
        return answer("200", json.dumps(
            [zone] if path.endswith("/zones") else zone).encode(),
            "Content-Type: application/json")

    def misbehave(self, connection, what, request):
        """Does it; is the connection still of use?"""
        if what == "hang":
            scripted.silent(connection)
        elif what == "close":
            return False
        elif what == "late":
            time.sleep(9)
            connection.sendall(answer("422", b'{"error": "too late"}'))
        elif what == "repeat":
            said = json.dumps({"error": request.head.decode(), "of": "what was sent"})
            connection.sendall(answer("422", said.encode(), "Content-Type: application/json",
                                      *request.head.decode().split("\r\n")[1:]))
        elif what == "garbage":
            connection.sendall(answer("200", b'{"id": "chaos-wg.net.", "na\0'))
        elif what == "huge":
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n[" + b" " * (8 << 20))
            return False
        elif what == "redirect":
            connection.sendall(answer("302", b"", f"Location: {self.redirect_to}"))
        elif what == "429":
            connection.sendall(answer("429", b"slow down", "Retry-After: 77"))
        else:
            connection.sendall(answer(what, b'{"error": "as told"}',
                                      "Content-Type: application/json"))
        return True
