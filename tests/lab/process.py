"""A process of the lab: started on a host, logged to a file, ended by its pid."""

import contextlib
import os
import re
import signal
import subprocess

from . import waiting

TICK = os.sysconf("SC_CLK_TCK")


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


def cpu_seconds(pids, reaped=False):
    """User and system time of processes; reaped: and of their children that ended."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):      # it has just ended
            with open(f"/proc/{pid}/schedstat", encoding="ascii") as f:
                total += int(f.read().split()[0]) / 1e9
            with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                fields = f.read().rpartition(")")[2].split()
            if reaped:
                total += (int(fields[13]) + int(fields[14])) / TICK
    return total


def pss(pid):
    """Megabytes of a process, a part of each page that it shares."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
            return int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M)[1]) / 1024
    except OSError:                             # it has just ended
        return 0.0


def title(pid):
    """What ps(1) shows as its command; "" when it has ended."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as f:
        return f.read().rstrip(b" \0").replace(b"\0", b" ").decode()
    return ""
