"""Web hosts that want to keep a client busy; see monsters().

Their certificates are for the right name, and signed by nobody: to refuse them
costs next to nothing, unless the client computes before it looks.
"""

import struct
import time

from . import rawtls
from .rawtls import message

RSA = (1, 2, 840, 113549, 1, 1, 1)
SHA256_RSA = (1, 2, 840, 113549, 1, 1, 11)
COMMON_NAME, ALTERNATIVE_NAME = (2, 5, 4, 3), (2, 5, 29, 17)
NULL = b"\x05\x00"


def der(tag, *parts):
    content = b"".join(parts)
    length = len(content)
    size = (length.bit_length() + 7) // 8
    head = [length] if length < 128 else [128 | size, *length.to_bytes(size, "big")]
    return bytes([tag, *head]) + content


def sequence(*parts):
    return der(0x30, *parts)


def integer(number):
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def identifier(*arcs):
    content = bytes([arcs[0] * 40 + arcs[1]])
    for arc in arcs[2:]:
        septets = [arc & 127]
        while arc := arc >> 7:
            septets.append(128 | arc & 127)
        content += bytes(reversed(septets))
    return der(0x06, content)


def name(text, times=1):
    return sequence(*[der(0x31, sequence(identifier(*COMMON_NAME),
                                         der(0x0c, text.encode())))] * times)


def odd(bits):
    """A number of so many bits, and many of them set."""
    return int.from_bytes(b"\xa5" * (bits // 8), "big") | 1


def certificate(host, modulus=odd(2048), exponent=65537, names=1, extension=0,
                issuer="nobody", parts=1):
    """For host and more names, with an extension of so many bytes."""
    more = [sequence(identifier(*ALTERNATIVE_NAME), der(0x04, sequence(
        der(0x82, host.encode()), *[der(0x82, b"%d" % i) for i in range(1, names)])))]
    if extension:
        more.append(sequence(identifier(1, 2, 3), der(0x04, bytes(extension))))
    algorithm = sequence(identifier(*SHA256_RSA), NULL)
    return sequence(sequence(
        der(0xa0, integer(2)), integer(1), algorithm, name(issuer, parts),
        sequence(der(0x17, b"250101000000Z"), der(0x17, b"450101000000Z")), name(host, parts),
        sequence(sequence(identifier(*RSA), NULL), der(
            0x03, b"\0" + sequence(integer(modulus), integer(exponent)))),
        der(0xa3, sequence(*more))), algorithm, der(0x03, b"\0" + bytes(256)))


def patient(connection):
    """Lets the client do what it does with what it got."""
    connection.settimeout(60)
    while connection.recv(65536):
        pass


def shows(*chain, bits=2048, staple=None, version=rawtls.tls13):
    """A TLS server with these certificates and a forged signature."""
    def serve(connection, leaf):
        forged = b"\x5a" * (bits // 8)
        if version is rawtls.tls13:
            rawtls.tls13(connection, chain, forged=forged, staple=staple)
        else:
            rawtls.tls12(connection, chain, key_exchange_of(forged), staple=staple)
        patient(connection)
    return serve


def key_exchange_of(forged):
    """A point that everybody knows, signed with what is no signature."""
    base = bytes([9]) + bytes(31)
    return (b"\3" + struct.pack(">H", rawtls.X25519) + rawtls.vector(1, base)
            + struct.pack(">H", rawtls.RSA_PKCS1_SHA256) + rawtls.vector(2, forged))


def drips(connection, leaf):
    """A Certificate message of 60 kB, a byte each 20 ms."""
    hello = rawtls.ClientHello(connection)
    connection.sendall(rawtls.plain_records(rawtls.HANDSHAKE, rawtls.server_hello(
        hello, 0xC02F, rawtls.extension(rawtls.RENEGOTIATION_INFO, b"\0"))))
    for byte in message(rawtls.CERTIFICATE, bytes(60000)):
        connection.sendall(rawtls.plain_records(rawtls.HANDSHAKE, bytes([byte])))
        time.sleep(0.02)


def after_the_handshake(kind, body):
    """The right certificate, and then this message without end."""
    def serve(connection, leaf):
        keys = rawtls.tls13(connection, [leaf.der()], leaf.private)
        while True:
            connection.sendall(keys.records(rawtls.HANDSHAKE, message(kind, body)))
            if kind == rawtls.KEY_UPDATE:
                keys = keys.next()
    return serve


TICKET = struct.pack(">II", 7200, 0) + rawtls.vector(1, b"\0") + rawtls.vector(
    2, bytes(200)) + rawtls.vector(2, b"")


def monsters(host):
    """{kind: serve(connection, a good leaf of the host)}"""
    huge = odd(65536), odd(32768)         # in a certificate of 13 kB
    good = certificate(host)
    return {
        "huge-key": shows(certificate(host, *huge), bits=65536),
        "huge-key-1.2": shows(certificate(host, *huge), bits=65536, version=rawtls.tls12),
        "huge-exponent": shows(certificate(host, exponent=odd(100000))),
        "huge-key-above": shows(good, certificate("nobody", *huge)),
        "many-names": shows(certificate(host, names=10000)),
        "long-name": shows(certificate(host, parts=1200)),
        "huge-extension": shows(certificate(host, extension=60000)),
        "long-chain": shows(good, *[certificate("nobody")] * 80),
        "huge-staple": shows(good, staple=bytes(30000)),
        "huge-staple-1.2": shows(good, staple=bytes(30000), version=rawtls.tls12),
        "drips": drips,
        "tickets": after_the_handshake(rawtls.NEW_SESSION_TICKET, TICKET),
        "key-updates": after_the_handshake(rawtls.KEY_UPDATE, b"\0"),
    }
