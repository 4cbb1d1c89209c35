"""A service manager's ears: what a daemon tells it, sd_notify(3)."""

import os
import socket
import threading
import time


class Manager(threading.Thread):
    """Hears all that comes to a socket at path."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.heard = []
        self.start()

    def run(self):
        while text := self.socket.recv(4096):
            self.heard.append((time.monotonic(), text))

    def count(self, word):
        return sum(word in text for _, text in self.heard)

    def longest(self, word):
        times = [when for when, text in self.heard if word in text]
        return max(b - a for a, b in zip(times, times[1:]))

    def status(self):
        """The last STATUS=; "" before the first."""
        for _, text in reversed(self.heard):
            for line in text.decode().splitlines():
                if line.startswith("STATUS="):
                    return line.removeprefix("STATUS=")
        return ""
