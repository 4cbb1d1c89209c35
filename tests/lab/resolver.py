"""A resolver that gives one answer to everybody, as a spoofed one would."""

import contextlib
import ipaddress
import socket
import struct
import threading

QUERY_A, QUERY_AAAA = 1, 28


class Resolver:
    """On UDP port 53 of host's loopback; `asked` is the names it heard.

    Programs that are started on host meanwhile use it; folder is for a file.
    """

    def __init__(self, host, folder, *addresses):
        self.host = host
        self.addresses = [ipaddress.ip_address(a) for a in addresses]
        self.asked = []
        self.socket = host.socket(kind=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        host.resolv_conf = f"{folder}/resolv.conf"
        with open(host.resolv_conf, "w", encoding="ascii") as f:
            f.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                query, client = self.socket.recvfrom(512)
            except OSError:
                return
            if not query:               # stop() was called
                return
            self.socket.sendto(self.reply(query), client)

    def reply(self, query):
        end, labels = 12, []
        while size := query[end]:
            labels.append(query[end + 1:end + 1 + size].decode())
            end += 1 + size
        self.asked.append(".".join(labels))
        kind, = struct.unpack(">H", query[end + 1:end + 3])
        version = {QUERY_A: 4, QUERY_AAAA: 6}.get(kind)
        found = [a.packed for a in self.addresses if a.version == version]
        return (query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0)
                + query[12:end + 5]
                + b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(a)) + a
                           for a in found))

    def stop(self):
        self.host.resolv_conf = None
        with contextlib.suppress(OSError):      # "not connected", but it wakes serve()
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()              # it holds the port until it wakes
        self.socket.close()
