"""The server's side of TLS, by hand: it says whatever a test wants it to say.

As much of RFC 8446 and RFC 5246 as it takes to get a client to the message in
question; what the client sends after its ClientHello is not even read.
"""

import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .scripted import read_exactly

HANDSHAKE, APPLICATION_DATA = 22, 23
CLIENT_HELLO, SERVER_HELLO, NEW_SESSION_TICKET, ENCRYPTED_EXTENSIONS = 1, 2, 4, 8
CERTIFICATE, SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE, CERTIFICATE_VERIFY = 11, 12, 14, 15
FINISHED, CERTIFICATE_STATUS, KEY_UPDATE = 20, 22, 24
RENEGOTIATION_INFO, STATUS_REQUEST, KEY_SHARE, SUPPORTED_VERSIONS = 0xff01, 5, 51, 43
SECP256R1, X25519 = 23, 29
RSA_PKCS1_SHA256, RSA_PSS_SHA256, ECDSA_SHA256 = 0x0401, 0x0804, 0x0403


def vector(size, data):
    """The data behind its length, in so many bytes."""
    return len(data).to_bytes(size, "big") + data


def message(kind, body):
    return bytes([kind]) + vector(3, body)


def extension(kind, data):
    return struct.pack(">H", kind) + vector(2, data)


def plain_records(kind, data):
    return b"".join(struct.pack(">BH", kind, 0x0303) + vector(2, data[i:i + 16384])
                    for i in range(0, len(data), 16384))


class ClientHello:
    """The first message of a client: its random, session and key shares."""

    def __init__(self, connection):
        self.bytes = b""
        while len(self.bytes) < 4 or len(self.bytes) < 4 + int.from_bytes(self.bytes[1:4], "big"):
            length, = struct.unpack(">3xH", read_exactly(connection, 5))
            self.bytes += read_exactly(connection, length)
        rest = self.bytes[4 + 2:]
        self.random, rest = rest[:32], rest[32:]
        self.session, rest = rest[1:1 + rest[0]], rest[1 + rest[0]:]
        self.shares = {}
        for size in (2, 1):                     # cipher suites, compression
            rest = rest[size + int.from_bytes(rest[:size], "big"):]
        rest = rest[2:]
        while rest:
            kind, length = struct.unpack(">HH", rest[:4])
            if kind == KEY_SHARE:
                self.read_shares(rest[6:4 + length])
            rest = rest[4 + length:]

    def read_shares(self, data):
        while data:
            group, length = struct.unpack(">HH", data[:4])
            self.shares[group] = data[4:4 + length]
            data = data[4 + length:]


def server_hello(hello, cipher, extensions):
    return message(SERVER_HELLO, b"\x03\x03" + os.urandom(32) + vector(1, hello.session)
                   + struct.pack(">HB", cipher, 0) + vector(2, extensions))


def tls12(connection, chain, key_exchange, cipher=0xC02F, staple=None):
    """Up to the ServerHelloDone, with a signature that is none."""
    hello = ClientHello(connection)
    wanted = extension(RENEGOTIATION_INFO, b"\0")
    if staple is not None:
        wanted += extension(STATUS_REQUEST, b"")
    flight = server_hello(hello, cipher, wanted)
    flight += message(CERTIFICATE, vector(3, b"".join(vector(3, der) for der in chain)))
    if staple is not None:
        flight += message(CERTIFICATE_STATUS, b"\1" + vector(3, staple))
    connection.sendall(plain_records(HANDSHAKE, flight + message(
        SERVER_KEY_EXCHANGE, key_exchange) + message(SERVER_HELLO_DONE, b"")))


def extract(salt, secret):
    return hmac.digest(salt, secret, "sha256")


def expand(secret, label, context, length):
    info = struct.pack(">H", length) + vector(1, b"tls13 " + label) + vector(1, context)
    return hmac.digest(secret, info + b"\1", "sha256")[:length]


class Keys:
    """What one side writes with, from one secret."""

    def __init__(self, secret):
        self.secret = secret
        self.key = AESGCM(expand(secret, b"key", b"", 16))
        self.iv = int.from_bytes(expand(secret, b"iv", b"", 12), "big")
        self.count = 0

    def next(self):
        """The keys after a KeyUpdate."""
        return Keys(expand(self.secret, b"traffic upd", b"", 32))

    def records(self, kind, data):
        out = b""
        for i in range(0, len(data), 16384):
            inner = data[i:i + 16384] + bytes([kind])
            head = struct.pack(">BHH", APPLICATION_DATA, 0x0303, len(inner) + 16)
            nonce = (self.iv ^ self.count).to_bytes(12, "big")
            out += head + self.key.encrypt(nonce, inner, head)
            self.count += 1
        return out


def agree(hello):
    """(our share, the common secret) in a group of the client's."""
    if X25519 in hello.shares:
        own = x25519.X25519PrivateKey.generate()
        theirs = x25519.X25519PublicKey.from_public_bytes(hello.shares[X25519])
        public = own.public_key().public_bytes(serialization.Encoding.Raw,
                                               serialization.PublicFormat.Raw)
        return struct.pack(">H", X25519) + vector(2, public), own.exchange(theirs)
    own = ec.generate_private_key(ec.SECP256R1())
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), hello.shares[SECP256R1])
    public = own.public_key().public_bytes(serialization.Encoding.X962,
                                           serialization.PublicFormat.UncompressedPoint)
    return struct.pack(">H", SECP256R1) + vector(2, public), own.exchange(ec.ECDH(), theirs)


def signature(key, transcript):
    """Of a CertificateVerify; without a key, one that cannot be right."""
    if key is None:
        return struct.pack(">H", RSA_PSS_SHA256)
    text = b" " * 64 + b"TLS 1.3, server CertificateVerify\0" + transcript
    return struct.pack(">H", ECDSA_SHA256) + vector(2, key.sign(text, ec.ECDSA(hashes.SHA256())))


def tls13(connection, chain, key=None, forged=b"", staple=None):
    """Up to the server's Finished; returns the Keys for what comes after it.

    Without a key, `forged` stands in the place of the signature.
    """
    hello = ClientHello(connection)
    share, secret = agree(hello)
    first = server_hello(hello, 0x1301, extension(SUPPORTED_VERSIONS, b"\3\4")
                         + extension(KEY_SHARE, share))
    transcript = hello.bytes + first
    empty = hashlib.sha256(b"").digest()
    early = extract(bytes(32), bytes(32))
    handshake = extract(expand(early, b"derived", empty, 32), secret)
    writing = expand(handshake, b"s hs traffic", hashlib.sha256(transcript).digest(), 32)
    keys = Keys(writing)
    more = extension(STATUS_REQUEST, b"\1" + vector(3, staple)) if staple is not None else b""
    flight = message(ENCRYPTED_EXTENSIONS, vector(2, b"")) + message(
        CERTIFICATE, b"\0" + vector(3, b"".join(
            vector(3, der) + vector(2, more if i == 0 else b"")
            for i, der in enumerate(chain))))
    signed = signature(key, hashlib.sha256(transcript + flight).digest())
    flight += message(CERTIFICATE_VERIFY, signed if key else signed + vector(2, forged))
    flight += message(FINISHED, hmac.digest(
        expand(writing, b"finished", b"", 32),
        hashlib.sha256(transcript + flight).digest(), "sha256"))
    transcript += flight
    connection.sendall(plain_records(HANDSHAKE, first) + keys.records(HANDSHAKE, flight))
    main = extract(expand(handshake, b"derived", empty, 32), bytes(32))
    return Keys(expand(main, b"s ap traffic", hashlib.sha256(transcript).digest(), 32))
