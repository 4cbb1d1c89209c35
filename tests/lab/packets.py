"""What really leaves and reaches a host: its TCP and UDP packets."""

import contextlib
import dataclasses
import ipaddress
import socket
import struct
import threading
import time

ETH_P_ALL = 0x0003
ETHERTYPES = {0x0800: 4, 0x86DD: 6}
TCP, UDP = 6, 17
SYN, ACK = 0x02, 0x10


@dataclasses.dataclass
class Packet:
    """The parts of a packet that tests ask about."""
    time: float
    protocol: int
    source: str
    source_port: int
    target: str
    target_port: int
    flags: int
    length: int             # of what TCP or UDP carries

    @property
    def opening(self):
        """The first packet of a connection."""
        return self.protocol == TCP and self.flags & (SYN | ACK) == SYN


def parse(frame, when):
    """The packet in an Ethernet frame; None for what is not TCP or UDP."""
    version = ETHERTYPES.get(struct.unpack(">H", frame[12:14])[0])
    packet = frame[14:]
    if version == 4:
        header, protocol = (packet[0] & 15) * 4, packet[9]
        addresses = packet[12:16], packet[16:20]
        end = struct.unpack(">H", packet[2:4])[0]
    elif version == 6:
        header, protocol = 40, packet[6]
        addresses = packet[8:24], packet[24:40]
        end = 40 + struct.unpack(">H", packet[4:6])[0]
    else:
        return None
    if protocol not in (TCP, UDP):
        return None
    ports = struct.unpack(">HH", packet[header:header + 4])
    own = (packet[header + 12] >> 4) * 4 if protocol == TCP else 8
    flags = packet[header + 13] if protocol == TCP else 0
    source, target = (str(ipaddress.ip_address(a)) for a in addresses)
    return Packet(when, protocol, source, ports[0], target, ports[1], flags,
                  end - header - own)


class Capture:
    """Records a host's packets while the block runs:

    with Capture(host) as capture: ...
    capture.packets
    """

    def __init__(self, host):
        self.packets = []
        with host.inside():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                        socket.htons(ETH_P_ALL))
            self.socket.bind(("eth0", ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.settimeout(0.05)
        self.ending = threading.Event()
        self.reader = threading.Thread(target=self.read, daemon=True)

    def read(self):
        """Until the end, and then what is still in the queue."""
        while True:
            try:
                frame = self.socket.recv(65536)
            except TimeoutError:
                if self.ending.is_set():
                    return
                continue
            if packet := parse(frame, time.monotonic()):
                self.packets.append(packet)

    def to(self, *addresses):
        return [p for p in self.packets if p.target in addresses]

    def __enter__(self):
        self.reader.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.reader.join()
        with contextlib.suppress(OSError):
            self.socket.close()
