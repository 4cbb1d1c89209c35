"""A process of the lab: started on a host, logged to a file, ended by its pid."""

import os
import signal
import subprocess

from . import waiting


class Process:
    """Runs args on host; what it prints is in the file log."""

    def __init__(self, host, args, log, env=None):
        self.log = log
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(
                host.command(args), stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True,
                env=None if env is None else {**os.environ, **env})

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def printed(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def send(self, number):
        if self.running():
            self.popen.send_signal(number)

    def wait(self, seconds=10.0):
        return self.popen.wait(seconds)

    def ready(self, condition, what, seconds=15.0):
        """Waits for condition(); says what the process printed if it never comes."""
        def look():
            if not self.running():
                raise RuntimeError(f"{what}: ended with {self.popen.returncode}:"
                                   f"\n{self.printed()}")
            return condition()
        try:
            waiting.until(look, what, seconds)
        except TimeoutError as late:
            raise TimeoutError(f"{late}:\n{self.printed()}") from None
        return self

    def stop(self, number=signal.SIGTERM, seconds=10.0):
        """Asks the process to end, then insists.  Returns its exit status."""
        self.send(number)
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            return self.popen.wait()


def children(pid):
    """The pids of the children of a process."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as f:
                after_name = f.read().rpartition(")")[2].split()
        except OSError:                 # it has just ended
            continue
        if int(after_name[1]) == pid and after_name[0] != "Z":
            found.append(int(entry))
    return found
