"""A state as it is after weeks: what updates would have left in SQLite's file."""

import random
import sqlite3
import time

DAY = 86400
NEW = "89.14.163.9"                 # what is asked for and refused
AFTER = 1 << 40                     # the ids of later events
ISSUER = "CN=R11,O=Let's Encrypt,C=US"

EVENT = """INSERT INTO history (id, at, source, account, host, type, old, new, verdict,
    reason, issuer, serial, key, expiry, proof_ms, provider_ms)
    VALUES (:id, :at, :source, :account, :host, :type, :old, :new, :verdict, :reason,
    :issuer, :serial, :key, :expiry, :proof_ms, :provider_ms)"""
HOST = """INSERT OR REPLACE INTO host (name, account, ipv4, ipv6, since4, since6,
    applied_at, intent, expiry, refused_at, refused)
    VALUES (:name, :account, :ipv4, :ipv6, :since4, :since6, :applied_at, :intent,
    :expiry, :refused_at, :refused)"""


class Past:
    """Adds to the state.db in a directory, while the service runs or not."""

    def __init__(self, directory):
        self.file = f"{directory}/state.db"
        self.events = []
        self.hosts = []
        self.now = int(time.time())

    def event(self, host, account, days, **values):
        """Something that happened so many days ago."""
        self.events.append({
            "at": self.now - int(days * DAY), "source": "89.14.163.1", "account": account,
            "host": host, "type": "A", "old": None, "new": "89.14.163.156",
            "verdict": "good", "reason": None, "issuer": None, "serial": None, "key": None,
            "expiry": 0, "proof_ms": 38, "provider_ms": 71} | values)

    def host(self, name, account, **values):
        """What is known of a host now."""
        self.hosts.append({
            "name": name, "account": account, "ipv4": None, "ipv6": None, "since4": 0,
            "since6": 0, "applied_at": 0, "intent": 0, "expiry": 0, "refused_at": 0,
            "refused": ""} | values)

    def life(self, name, account, changes, seed, expires=60, refused=None,
             source=NEW):
        """A host with so many changes in 30 days, and perhaps a refusal now.

        refused: verdict and reason; source: who asked for it."""
        chance = random.Random(seed)
        days = sorted((chance.uniform(0.05, 29.9) for _ in range(changes)), reverse=True)
        old, expiry = f"89.14.{seed % 200}.7", self.now + int(expires * DAY)
        for i, day in enumerate(days):
            new = f"89.14.{chance.randrange(1, 250)}.{chance.randrange(1, 250)}"
            self.event(name, account, day, old=old, new=new, issuer=ISSUER, expiry=expiry,
                       serial=f"04{chance.randrange(1 << 64):016x}",
                       key=f"{chance.randrange(1 << 256):064x}")
            if i % 5 == 3:
                self.event(name, account, day + 0.02, old=old, new=new, verdict="proof",
                           reason="connect: no answer in time (2 tries)")
            old = new
        since = self.now - int((days[-1] if days else 45) * DAY)
        now = {"ipv4": old, "since4": since, "applied_at": since, "expiry": expiry,
               "ipv6": f"2a01:c22:b045:de{seed % 256:02x}::8", "since6": since}
        if refused:
            verdict, reason, day = *refused, days[-1] / 2 if days else 0.5
            self.event(name, account, day, old=old, new=NEW, source=source,
                       verdict=verdict, reason=reason)
            now |= {"refused_at": self.now - int(day * DAY),
                    "refused": f"A {verdict}: {reason}"}
        self.host(name, account, **now)

    def write(self):
        """Before what is there already, for events are read in their order."""
        self.events.sort(key=lambda e: e["at"])
        with sqlite3.connect(self.file, timeout=20) as db:
            db.execute("UPDATE history SET id = id + ?", (AFTER,))
            db.executemany(EVENT, [e | {"id": i} for i, e in enumerate(self.events, 1)])
            db.executemany(HOST, self.hosts)
        db.close()
        self.events, self.hosts = [], []
