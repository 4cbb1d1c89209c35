"""Routers that get a new address now and then, and check what they are told."""

import random
import threading
import time

from .stage import ZONE


class Claimant(threading.Thread):
    """One account whose only host moves; it asks until its address is published.

    ask(user, **parameters) makes one update and returns status and body; held()
    is what the provider has.  A 200 that the provider knows nothing of is a lie.
    """

    def __init__(self, ask, recorder, user, seed):
        super().__init__()
        self.ask = ask
        self.recorder = recorder
        self.user = user
        self.random = random.Random(seed)
        self.lies, self.heard = [], {}
        self.claims = 0                 # different ones
        self.address = None             # the newest claim
        self.going = True

    def held(self):
        return self.recorder.held.get((f"{self.user}.{ZONE}", "A"))

    def run(self):
        while self.going:
            address = f"89.14.{self.random.randrange(1, 255)}.{self.random.randrange(1, 255)}"
            self.claims += address != self.address
            self.address = address
            for _ in range(self.random.randrange(1, 4)):
                self.claim()

    def claim(self):
        """Until it is published; the newest claim is the same meanwhile."""
        while True:
            try:
                status, body = self.ask(self.user, ipv4=self.address)
            except OSError:
                status, body = 0, "gone"
            word = body.split()[1] if status == 200 else str(status)
            self.heard[word] = self.heard.get(word, 0) + 1
            if status == 200:
                if self.held() != [self.address]:
                    self.lies.append((word, self.address, self.held()))
                return
            time.sleep(0.02)


class Claimants:
    """Several of them, in a with statement; after it each has its last answer."""

    def __init__(self, ask, recorder, users):
        self.all = [Claimant(ask, recorder, user, i) for i, user in enumerate(users)]

    def __enter__(self):
        for claimant in self.all:
            claimant.start()
        return self

    def __exit__(self, *_):
        for claimant in self.all:
            claimant.going = False
        for claimant in self.all:
            claimant.join()

    @property
    def lies(self):
        return [lie for claimant in self.all for lie in claimant.lies]

    @property
    def claims(self):
        return sum(claimant.claims for claimant in self.all)

    @property
    def heard(self):
        """How often each answer came."""
        heard = {}
        for claimant in self.all:
            for word, n in claimant.heard.items():
                heard[word] = heard.get(word, 0) + n
        return heard

    def astray(self):
        """Whose newest claim is not what the provider has."""
        return {c.user: (c.address, c.held()) for c in self.all
                if c.held() != [c.address]}
