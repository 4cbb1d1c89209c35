"""Somebody's server that is told what is new: it takes what is posted to it.

`requests` is what came, byte for byte, in order.
"""

import json
import threading
import time

from . import provider, scripted


class Receiver:
    """Listens with TLS at address:port of host."""

    def __init__(self, host, address, port, leaf):
        self.requests = []
        self.moments = []               # when each came
        self.status = "200"             # of each answer
        self.headers = []               # and its headers
        self.open = threading.Event()   # answers wait while it is not set
        self.open.set()
        self.server = scripted.Server(host, address, port,
                                      scripted.with_tls(leaf, self.serve))

    def serve(self, connection):
        while True:
            request = provider.read_request(connection)
            self.moments.append(time.monotonic())
            self.requests.append(request)
            self.open.wait(60)
            connection.sendall(provider.answer(self.status, b"", *self.headers))

    def header(self, number, name):
        """Of a request, or None."""
        for line in self.requests[number].head.decode().split("\r\n")[1:]:
            if line.lower().startswith(f"{name.lower()}:"):
                return line.partition(":")[2].strip()
        return None

    def path(self, number=-1):
        return self.requests[number].line.split()[1]

    def text(self, number=-1):
        return self.requests[number].body.decode()

    def events(self):
        """All events of all messages of the form "json"."""
        return [event for request in list(self.requests)
                for event in json.loads(request.body)["events"]]

    def stop(self):
        self.open.set()
        self.server.stop()
