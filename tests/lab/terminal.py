"""A command at a terminal, as a person has it."""

import contextlib
import os
import pty
import select
import signal
import termios
import time

from . import waiting


class Terminal:
    """A command at a terminal of its own, as its foreground process."""

    def __init__(self, *words):
        self.pid, self.keys = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)        # nohup(1) ignores it
            with contextlib.suppress(OSError):
                os.execvp(words[0], words)
            os._exit(127)
        self.seen = b""
        self.answered = 0       # so much of it

    def until(self, text, seconds=60.0):
        """Reads what is shown, until it has text."""
        late = time.monotonic() + seconds
        while text not in self.seen:
            self.read(late - time.monotonic())

    def read(self, seconds):
        """Takes what is shown next; False: nothing comes any more."""
        assert select.select([self.keys], [], [], max(0, seconds))[0], self.seen
        with contextlib.suppress(OSError):          # the other end is closed
            more = os.read(self.keys, 65536)
            self.seen += more
            return bool(more)
        return False

    def answer(self, question, text, seconds=60.0):
        """Waits for the question, which is shown last, and types a line."""
        late = time.monotonic() + seconds
        while not self.seen[self.answered:].endswith(question.encode()):
            assert self.read(late - time.monotonic()), self.seen
        self.answered = len(self.seen)
        self.type(text.encode() + b"\n")

    def rest(self, seconds=120.0):
        """All that was shown until the end, with plain ends of lines."""
        late = time.monotonic() + seconds
        while self.read(late - time.monotonic()):
            pass
        return self.seen.decode().replace("\r\n", "\n")

    def type(self, text):
        os.write(self.keys, text)

    def echoes(self):
        return bool(termios.tcgetattr(self.keys)[3] & termios.ECHO)

    def hidden(self):
        waiting.until(lambda: not self.echoes(), "the token to be hidden", 60)

    def ended(self, again=lambda: None):
        """Its exit status; again() is called until there is one."""
        found = []

        def look():
            again()
            found[:] = os.waitpid(self.pid, os.WNOHANG)
            return found[0] != 0
        waiting.until(look, "the command to end", 60, step=0.1)
        return os.waitstatus_to_exitcode(found[1])

    def ended_by(self, number):
        """The same after a signal, or Ctrl-C for SIGINT."""
        def send():                     # one just before read() wakes nobody
            if number == signal.SIGINT:
                self.type(b"\x03")
            else:
                os.kill(self.pid, number)
        return self.ended(send)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.keys)
