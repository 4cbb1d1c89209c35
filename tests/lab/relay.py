"""A TCP relay: whoever connects to it reaches another server, and sees its TLS."""

import contextlib
import socket
import threading

from . import scripted


class Relay:
    """Listens at address:port of host; every byte goes on to the target's port."""

    def __init__(self, host, address, port, target):
        def serve(connection):
            with host.connect(target, port) as onward:
                back = threading.Thread(target=pump, args=[onward, connection],
                                        daemon=True)
                back.start()
                pump(connection, onward)
                back.join()
        self.server = scripted.Server(host, address, port, serve)

    @property
    def connections(self):
        return self.server.connections

    def stop(self):
        self.server.stop()


def pump(source, target):
    """Carries bytes in one direction until there are no more."""
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
