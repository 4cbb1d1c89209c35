"""A name server that misbehaves, and remembers what it was asked.

It has one empty zone, speaks TCP, and signs what it says with the key of the
question, but for what its behaviour, one of the functions below, changes.
"""

import struct
import threading
import time

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.tsigkeyring

from . import scripted

HOUR = 3600


def framed(wire):
    return struct.pack(">H", len(wire)) + wire


class Talker:
    """Listens; `questions` is what came, in order, parsed and verified."""

    def __init__(self, host, address, port, zone, key, behaviour):
        self.port = port
        self.zone = dns.name.from_text(zone)
        self.name = dns.name.from_text(key.name)
        self.keyring = dns.tsigkeyring.from_text({key.name: (key.algorithm, key.secret)})
        self.behaviour = behaviour
        self.lock = threading.Lock()
        self.questions = []
        self.server = scripted.Server(host, address, port, self.serve)

    def stop(self):
        self.server.stop()

    def updates(self):
        with self.lock:
            return [q for q in self.questions if q.opcode() == dns.opcode.UPDATE]

    def serve(self, connection):
        while True:
            length, = struct.unpack(">H", scripted.read_exactly(connection, 2))
            question = dns.message.from_wire(scripted.read_exactly(connection, length), self.keyring)
            with self.lock:
                self.questions.append(question)
            self.behaviour(self, connection, question)

    def answer(self, question):
        """A good one: there is nothing, or the update is done."""
        answer = dns.message.Message(question.id)
        answer.flags = dns.flags.QR | dns.flags.AA
        answer.set_opcode(question.opcode())
        answer.sections[0] = list(question.sections[0])
        if question.opcode() == dns.opcode.QUERY:
            answer.authority.append(dns.rrset.from_text(
                self.zone, 60, "IN", "SOA", "ns. hostmaster. 1 2 3 4 60"))
        return answer

    def sign(self, wire, question, key=None, when=0, error=0, change=None):
        """Puts a TSIG record behind a message that has none."""
        key = key or self.keyring[self.name]
        rdata = dns.rdata.from_wire(
            "ANY", "TSIG", (blank := key.algorithm.to_wire() + bytes(6) + struct.pack(
                ">HHHHH", 300, 0, question.id, error, 0)), 0, len(blank))
        rdata, _ = dns.tsig.sign(wire, key, rdata, int(time.time()) + when, question.mac)
        if change:
            rdata = rdata.replace(mac=change(rdata.mac))
        data = rdata.to_wire()
        count, = struct.unpack(">H", wire[10:12])
        return (wire[:10] + struct.pack(">H", count + 1) + wire[12:]
                + key.name.to_wire() + struct.pack(">HHIH", 250, 255, 0, len(data)) + data)

    def say(self, connection, question, answer=None, **how):
        answer = answer or self.answer(question)
        connection.sendall(framed(self.sign(answer.to_wire(max_size=65535), question, **how)))


def fine(server, connection, question):
    server.say(connection, question)


def hang(server, connection, question):
    scripted.silent(connection)


def drip(server, connection, question):
    for byte in framed(bytes(4000)):
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def close(server, connection, question):
    raise EOFError


def cut(server, connection, question):
    """The length, and not all that it promises."""
    connection.sendall(framed(server.answer(question).to_wire())[:-5])
    raise EOFError


def garbage(server, connection, question):
    connection.sendall(framed(question.id.to_bytes(2, "big") + b"\xff" * 500))


def header(server, connection, question):
    """Fewer bytes than a header has."""
    connection.sendall(framed(bytes(5)))


def unsigned(server, connection, question):
    connection.sendall(framed(server.answer(question).to_wire()))


def lying_mac(server, connection, question):
    server.say(connection, question, change=lambda m: bytes([m[0] ^ 1]) + m[1:])


def short_mac(server, connection, question):
    server.say(connection, question, change=lambda m: m[:16])


def no_mac(server, connection, question):
    server.say(connection, question, change=lambda m: b"")


def other_secret(server, connection, question):
    server.say(connection, question, key=dns.tsig.Key(server.name, bytes(32), "hmac-sha256"))


def other_key(server, connection, question):
    """The right secret under another name."""
    own = server.keyring[server.name]
    server.say(connection, question, key=dns.tsig.Key("other.", own.secret, own.algorithm))


def stale(server, connection, question):
    server.say(connection, question, when=-HOUR)


def wrong_id(server, connection, question):
    answer = server.answer(question)
    answer.id ^= 1
    server.say(connection, question, answer)


def wrong_opcode(server, connection, question):
    answer = server.answer(question)
    answer.set_opcode(dns.opcode.NOTIFY)
    server.say(connection, question, answer)


def echo(server, connection, question):
    """Sends back what it was sent."""
    answer = server.answer(question)
    answer.flags &= ~dns.flags.QR
    server.say(connection, question, answer)


def wrong_question(server, connection, question):
    answer = server.answer(question)
    answer.sections[0] = [dns.rrset.RRset(
        dns.name.from_text("elsewhere.example"), question.sections[0][0].rdclass,
        question.sections[0][0].rdtype)]
    server.say(connection, question, answer)


def truncated(server, connection, question):
    answer = server.answer(question)
    answer.flags |= dns.flags.TC
    server.say(connection, question, answer)


def not_authoritative(server, connection, question):
    answer = server.answer(question)
    answer.flags &= ~dns.flags.AA
    server.say(connection, question, answer)


def another_zone(server, connection, question):
    """The SOA of a zone whose name only looks like an end of ours."""
    answer = server.answer(question)
    answer.sections[2] = [dns.rrset.from_text(
        "os-wg.net.", 60, "IN", "SOA", "ns. hostmaster. 1 2 3 4 60")] * len(answer.authority)
    server.say(connection, question, answer)


def below_dname(server, connection, question):
    answer = server.answer(question)
    answer.sections[1] = [dns.rrset.from_text(
        server.zone, 60, "IN", "DNAME", "elsewhere.example.")]
    server.say(connection, question, answer)


def no_question(server, connection, question):
    """RFC 2136 section 3.8 lets an answer to an update be a header alone."""
    answer = server.answer(question)
    if question.opcode() == dns.opcode.UPDATE:
        answer.sections[0] = []
    server.say(connection, question, answer)


def copies(server, connection, question):
    """It also lets it hold all that was sent."""
    answer = server.answer(question)
    if question.opcode() == dns.opcode.UPDATE:
        answer.sections[1:3] = question.sections[1:3]
    server.say(connection, question, answer)


def says(code, signed=True, tsig=0):
    """Refuses updates; answers queries."""
    def behaviour(server, connection, question):
        answer = server.answer(question)
        if question.opcode() == dns.opcode.UPDATE:
            answer.set_rcode(code)
        if signed or question.opcode() != dns.opcode.UPDATE:
            server.say(connection, question, answer, error=tsig if answer.rcode() else 0)
        else:
            connection.sendall(framed(answer.to_wire()))
    return behaviour


def on_update(bad):
    """Reading works, the update gets that."""
    def behaviour(server, connection, question):
        (bad if question.opcode() == dns.opcode.UPDATE else fine)(
            server, connection, question)
    return behaviour


def on_type(kind, bad):
    """Only a query for this type of record gets that."""
    def behaviour(server, connection, question):
        asked = question.opcode() == dns.opcode.QUERY and (
            question.sections[0][0].rdtype == dns.rdatatype.from_text(kind))
        (bad if asked else fine)(server, connection, question)
    return behaviour
