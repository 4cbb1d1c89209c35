"""Servers that do what real ones should not, a function each.

They run as threads of the lab's own process, so that a test can look at what
they saw.
"""

import contextlib
import socket
import ssl
import struct
import threading
import time
import warnings


class Server:
    """Accepts at address:port of host; serve(connection) talks, and may fail."""

    def __init__(self, host, address, port, serve):
        self.serve = serve
        self.connections = 0
        self.socket = host.listen(address, port)
        self.open = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:             # stop() was called
                return
            self.connections += 1
            self.open.add(connection)
            threading.Thread(target=self.talk, args=[connection], daemon=True).start()

    def talk(self, connection):
        connection.settimeout(30)
        with connection, contextlib.suppress(OSError, EOFError):
            self.serve(connection)
        self.open.discard(connection)

    def stop(self):
        for s in [self.socket, *self.open]:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def read_exactly(connection, length):
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def silent(connection):
    """Takes everything and says nothing."""
    while connection.recv(65536):
        pass


def drip(connection, pause=0.02):
    """A handshake message of 16 kB, a byte at a time."""
    for byte in b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03" + bytes(16373):
        connection.sendall(bytes([byte]))
        time.sleep(pause)


def reset(connection):
    """RST instead of an answer."""
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def plaintext(connection):
    """Speaks HTTP without TLS."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def hang_up(connection):
    """Closes after the ClientHello."""
    connection.recv(65536)


def alert(number):
    """A fatal alert instead of a handshake."""
    def serve(connection):
        connection.recv(65536)
        connection.sendall(b"\x15\x03\x03\x00\x02\x02" + bytes([number]))
        silent(connection)
    return serve


def with_tls(leaf, then, version=None, clients=None, curve=None):
    """A handshake with a leaf's certificate, and then(connection).

    clients: who signs the certificates that clients must show.
    curve: the only one for the exchange of keys, by OpenSSL's name.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")       # it may have a short key
    context.load_cert_chain(leaf.chain, leaf.key)
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    if curve:
        context.set_ecdh_curve(curve)
    if version:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)     # it is old: yes
            context.minimum_version = context.maximum_version = version

    def serve(connection):
        with context.wrap_socket(connection, server_side=True) as secured:
            then(secured)
    return serve


def no_answer(connection):
    """Closes when it is asked for something."""
    connection.recv(65536)


def answer(connection):
    """Any answer will do: this is not even a good one."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 500 Oh No\r\nContent-Length: 0\r\n\r\n")


def slow(connection, seconds=1.5):
    """A good answer, after a while."""
    connection.recv(65536)
    time.sleep(seconds)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def another_protocol(connection):
    """Greets as a mail server."""
    connection.sendall(b"220 mail.chaos-wg.net ESMTP\r\n")
    silent(connection)


def drip_header(connection, pause=0.7):
    """A status line that comes a byte at a time."""
    connection.recv(65536)
    for byte in b"HTTP/1.1 200 OK\r\n\r\n":
        connection.sendall(bytes([byte]))
        time.sleep(pause)
