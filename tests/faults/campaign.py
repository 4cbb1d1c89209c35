"""Every story with every fault, by several players at once.

A fault is an order for a tool of yard.py.  What comes of all of them is a tally:
how many points there were, what happened at each, and what was not right.
"""

import collections
import concurrent.futures
import contextlib
import errno
import os
import re
import signal
import sqlite3
import threading

import stories
from lab import waiting
from yard import is_worker

PLAYERS = 6                 # of a story, at once: they wait now and then
PATIENT = 32                # of a story that waits most of the time
ATTEMPTS = 10               # to have a request counted
ROUNDS = 3                  # to have a call fail that is not made each time
FORGIVEN = 20               # points of a story that fails: fewer than are forgiven

# What a call may say (its manual page in section 2), as far as it can befall
# a request whose arguments are right.
BUSY = ("EINTR", "EAGAIN")
POOR = ("ENOMEM", "ENOBUFS")
FILE = ("EIO", "ENOSPC", "EDQUOT")
LACKS = ("ENOMEM", "ENOBUFS", "EMFILE", "ENFILE")
ERRORS = {
    "accept4": ("EMFILE", "ENFILE", "ECONNABORTED", *BUSY, *POOR),
    "read": ("EIO", "ECONNRESET", "ENOMEM", *BUSY),
    "recvfrom": ("ECONNRESET", "ECONNREFUSED", "ETIMEDOUT", "ENOMEM", *BUSY),
    "recvmsg": ("ENOMEM", "ENOBUFS", "EINTR"),          # of netlink alone
    "write": ("EPIPE", "ECONNRESET", *FILE, *BUSY),
    "writev": ("EPIPE", "ECONNRESET", *FILE, *BUSY),
    "sendto": ("EPIPE", "ECONNRESET", *BUSY, *POOR),
    "sendmsg": ("EPIPE", "ECONNRESET", *BUSY, *POOR),
    "socket": ("EMFILE", "ENFILE", "EACCES", "EAFNOSUPPORT", *POOR),
    "socketpair": ("EMFILE", "ENFILE"),
    "pipe2": ("EMFILE", "ENFILE"),
    "memfd_create": ("EMFILE", "ENFILE", "ENOMEM"),
    "eventfd2": ("EMFILE", "ENFILE", "ENOMEM"),
    "bind": ("EADDRINUSE", "EACCES"),
    "connect": ("ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "ETIMEDOUT",
                "EADDRNOTAVAIL", "EINTR"),
    "getsockopt": ("ENOBUFS",),
    "setsockopt": ("ENOMEM", "ENOPROTOOPT"),
    "getsockname": ("ENOBUFS",),
    "getpeername": ("ENOTCONN", "ENOBUFS"),
    "shutdown": ("ENOTCONN",),
    "poll": ("EINTR", "ENOMEM"),
    "ppoll": ("EINTR", "ENOMEM"),
    "epoll_ctl": ("ENOMEM", "ENOSPC"),
    "epoll_create1": ("EMFILE", "ENFILE", "ENOMEM"),
    "openat": ("EMFILE", "ENFILE", "EACCES", "ENOENT", "ENOMEM", "EIO", "ENOSPC", "EROFS",
               "EINTR"),
    "open": ("EMFILE", "ENFILE", "EACCES", "ENOENT", "ENOMEM", "EIO"),
    "newfstatat": ("EACCES", "ENOENT", "ENOMEM", "EIO"),
    "fstat": ("EIO", "ENOMEM"),
    "stat": ("EACCES", "ENOENT", "EIO"),
    "access": ("EACCES", "EIO"),
    "readlink": ("EACCES", "EIO", "ENOENT"),
    "fcntl": ("EAGAIN", "ENOLCK", "EINTR", "EDEADLK", "EIO"),
    "flock": ("EINTR", "ENOLCK", "EAGAIN"),
    "pread64": ("EIO", "EINTR", "ENOMEM"),
    "pwrite64": (*FILE, "EINTR"),
    "fdatasync": FILE,
    "fsync": FILE,
    "ftruncate": (*FILE, "EINTR"),
    "fallocate": FILE,
    "fchmod": ("EIO", "EPERM", "EROFS"),
    "fchown": ("EIO", "EPERM", "EROFS"),
    "unlink": ("EACCES", "EIO", "EROFS", "ENOENT"),
    "rename": ("EACCES", "EIO", "EROFS", "ENOSPC"),
    "mkdir": ("EACCES", "EIO", "EROFS", "ENOSPC"),
    "getdents64": ("EIO",),
    "statfs": ("EIO",),
    "fstatfs": ("EIO",),
    "lseek": ("EIO",),
    "close": ("EINTR", "EIO"),
    "mmap": ("ENOMEM", "EAGAIN", "ENFILE"),
    "mremap": ("ENOMEM", "EAGAIN"),
    "mprotect": ("ENOMEM",),
    "munmap": ("ENOMEM",),
    "madvise": ("EAGAIN", "ENOMEM"),
    "getrandom": ("EINTR", "EAGAIN"),
    "timer_create": ("EAGAIN", "ENOMEM"),
    "clone": ("EAGAIN", "ENOMEM"),
    "clone3": ("EAGAIN", "ENOMEM"),
    "nanosleep": ("EINTR",),
    "clock_nanosleep": ("EINTR",),
}
# These say an error only to a program that is wrong; brk(2) says it in no number.
NEVER = {"brk", "rt_sigaction", "rt_sigprocmask", "rt_sigtimedwait", "rt_sigreturn", "setitimer",
         "timer_settime", "timer_delete", "getpid", "gettid", "geteuid", "getuid",
         "getegid", "getgid", "getppid", "clock_gettime", "gettimeofday", "time", "ioctl",
         "uname", "sysinfo", "exit_group", "restart_syscall", "futex", "getcwd",
         "getrusage", "times", "sched_yield", "set_robust_list", "rseq", "prlimit64",
         "sigaltstack", "umask", "kill", "tgkill", "wait4", "epoll_pwait", "epoll_wait",
         "exit", "prctl", "sched_getaffinity", "clock_getres", "rt_sigpending"}


def read_numbers():
    """The names of the system calls of this machine, by number."""
    names = {}
    for path in ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
                 "/usr/include/aarch64-linux-gnu/asm/unistd_64.h",
                 "/usr/include/asm-generic/unistd.h"):
        if os.path.exists(path):
            with open(path, encoding="ascii") as f:
                for name, number in re.findall(r"#define __NR_(\w+)\s+(\d+)", f.read()):
                    names.setdefault(int(number), name)
            break
    return names


NAMES = read_numbers()


def name_of(number):
    return NAMES.get(number, str(number))


class Tally:
    """What came of the points of one story."""

    def __init__(self):
        self.points = 0
        self.came = collections.Counter()
        self.heard = collections.Counter()
        self.wrong = []
        self.unknown = set()            # calls that no table has

    def __iadd__(self, other):
        self.points += other.points
        self.came += other.came
        self.heard += other.heard
        self.wrong += other.wrong
        self.unknown |= other.unknown
        return self


def some(count, wanted):
    """wanted of the numbers below count, evenly; all if wanted is None."""
    if wanted is None or wanted >= count:
        return list(range(count))
    return sorted({(2 * i + 1) * count // (2 * wanted) for i in range(wanted)})


class Cover:
    """Which system calls, and which errors, have failed in any of the stories."""

    def __init__(self):
        self.lock = threading.Lock()
        self.failed = set()
        self.pending = set()            # some player is about to
        self.wanted = set()             # of calls that some request makes each time

    @staticmethod
    def marks(point):
        _, number, error = point[1]
        return {name_of(number), error}

    def choose(self, points, wanted):
        """wanted points, and those that fail what has not failed yet.

        What another player is about to try need not be tried as well, unless
        none is wanted but for the sake of what is lacking.
        """
        first = some(len(points), wanted)
        chosen = []
        with self.lock:
            taken = self.failed | (self.pending if wanted else set())
            for i in [*first, *range(len(points))]:
                new = self.marks(points[i]) - taken
                if new or len(chosen) < len(first):
                    chosen.append(i)
                    taken |= new
                    self.pending |= new
        return [points[i] for i in sorted(set(chosen))]

    def enter(self, point, came):
        with self.lock:
            self.pending -= self.marks(point)
            if came == "failed":
                self.failed |= self.marks(point)

    def conclude(self, points):
        with self.lock:
            for point in points:
                self.wanted |= self.marks(point)

    def missing(self):
        return self.wanted - self.failed


class Fault:
    """One kind of fault.  A point is of a worker that is new, or of a warm one."""

    def points(self, player, story):
        """Pairs: is the worker new?, and what arm() understands."""
        raise NotImplementedError

    def choose(self, points, wanted):
        return [points[i] for i in some(len(points), wanted)]

    def arm(self, player, point):
        raise NotImplementedError

    def disarm(self, player, point):
        """What came of it, in a word."""
        raise NotImplementedError

    def is_lack(self, point):
        """Is it something that we lack, which is nobody else's fault?"""
        return False


def renew(player):
    """The next request is the first of its worker."""
    old = player.worker()
    player.untrace()
    player.serve()
    with contextlib.suppress(ProcessLookupError):       # it left after a reload
        os.kill(old, signal.SIGKILL)
    waiting.until(lambda: not os.path.exists(f"/proc/{old}"), "its end", 30)
    player.worker()


def count_calls(player, story, is_new):
    """The numbers of the calls of a request."""
    for _ in range(ATTEMPTS):
        if is_new:
            renew(player)
        stories.begin(player, story)
        player.trace("count")
        heard = stories.perform(player, story)
        word, numbers = player.tracer.result()
        assert heard[0] == story.status, (heard, player.pool.printed()[-2000:])
        stories.conclude(player, story, heard, False)
        if word == "calls":
            return numbers
        # A reload came first, and another worker had the request.
        assert word == "left", (word, numbers)
    raise AssertionError("the requests went to others")


class Kill(Fault):
    """SIGKILL at each system call."""

    def points(self, player, story):
        return [(is_new, n) for is_new in (False, True)
                for n in range(len(count_calls(player, story, is_new)) + 1)]

    def arm(self, player, point):
        player.trace(f"kill {point}")

    def disarm(self, player, point):
        return player.tracer.result()[0]


class Fail(Fault):
    """An error of each system call, one at a time."""

    unknown = frozenset()

    def __init__(self, cover=None):
        self.cover = cover
        # By whether the worker is new: the calls that each request made so far.
        self.always = {}

    def choose(self, points, wanted):
        if wanted is None:
            return points
        return self.cover.choose(points, wanted)

    def points(self, player, story):
        found = []
        for is_new in (False, True):
            calls = count_calls(player, story, is_new)
            self.always[is_new] = self.always.get(is_new, set(calls)) & set(calls)
            self.unknown |= {name_of(n) for n in calls} - NEVER - set(ERRORS)
            found += [(is_new, (i + 1, number, error)) for i, number in enumerate(calls)
                      for error in ERRORS.get(name_of(number), ())]
        return found

    def first_ones(self, player, story):
        """The first call of each kind, wherever in the request it may be."""
        return list(dict.fromkeys((is_new, (1, number, error)) for is_new, (_, number, error)
                                  in self.points(player, story)
                                  if number in self.always[is_new]))

    def enter(self, point, came):
        is_new, (call, number, _) = point
        if call == 1 and came == "ended":       # so this request did not make it
            self.always[is_new].discard(number)
        if self.cover:
            self.cover.enter(point, came)

    def arm(self, player, point):
        call, number, error = point
        player.trace(f"fail {call} {number} {getattr(errno, error)}")

    def disarm(self, player, point):
        word, numbers = player.tracer.result()
        if word == "died":
            return (f"died of {signal.Signals(numbers[0]).name}, "
                    f"{name_of(point[1])} {point[2]}{forbidden(player)}")
        return word

    def is_lack(self, point):
        return point[2] in LACKS


def forbidden(player):
    """The system call that the log says ended a worker, the latest one."""
    found = re.findall(r"system call \d+ \((\w+)\) is not allowed", player.pool.printed())
    return f" ({found[-1]} is not allowed)" if found else ""


class Starve(Fault):
    """One allocation fails; with on, so do all that follow it."""

    def __init__(self, on=False):
        self.on = on

    def points(self, player, story):
        found = []
        for is_new in (False, True):
            if is_new:
                renew(player)
            stories.begin(player, story)
            player.starve()
            heard = stories.perform(player, story)
            found += [(is_new, n + 1) for n in range(player.machine.count())]
            player.machine.starve(0)
            stories.conclude(player, story, heard, False)
        return found

    def choose(self, points, wanted):
        """Among them the first allocation, which is made in any case."""
        first = points[:1] if wanted is not None else []
        return first + [p for p in super().choose(points, wanted) if p not in first]

    def arm(self, player, point):
        player.starve(point, 2**32 - 1 if self.on else point)

    def disarm(self, player, point):
        reached = player.machine.count() >= point
        player.machine.starve(0)
        if not is_worker(player.aim):
            return "the worker ended"
        return "failed" if reached else "ended"

    def is_lack(self, point):
        return True


def play(player, story, fault, point, index):
    """One point; the word of what came of it, and what was heard."""
    is_new, point = point
    if is_new:
        renew(player)
    stories.begin(player, story)
    fault.arm(player, point)
    try:
        heard = stories.perform(player, story)
    finally:
        came = fault.disarm(player, point)
    stories.conclude(player, story, heard, index % 2)
    if not is_worker(player.aim):
        player.serve()
    if fault.is_lack(point):
        assert heard[0] in (0, 200, 503, story.status), (
            f"{heard[0]} for our own fault; the log says\n"
            + "\n".join(player.pool.printed().splitlines()[-4:]))
    return came, heard[0]


def part(yard, names, make_fault, wanted, share, database):
    """Some stories, or a share of the points of one, by one player."""
    tallies = {name: Tally() for name in names}
    story = stories.STORIES[names[0]]
    player = yard.player(workers=story.workers,
                         state=database.another() if story.database else None)
    number, players = share
    try:
        for name, tally in tallies.items():
            try:
                play_some(player, name, make_fault(), wanted, number, players, tally)
                look_at_state(player, name)
            except WRONG as e:
                tally.wrong.append(f"{name}: {type(e).__name__} {e}")
    except WRONG as e:
        tally.wrong.append(f"{names}: {type(e).__name__} {e}")
    finally:
        player.stop()
    return tallies


WRONG = (AssertionError, OSError, RuntimeError, TimeoutError, sqlite3.Error)


def look_at_state(player, name):
    """The state's file is whole; one that was damaged is whole after a start."""
    story = stories.STORIES[name]
    if story.database:
        return
    if story.before == stories.damage:
        player.untrace()
        player.pool.stop()
        player.pool.start()
        stories.tell(player, story, player.turn)
    said = player.intact()
    assert said == "ok", f"the state's file: {said}"


def play_some(player, name, fault, wanted, number, players, tally):
    story = stories.STORIES[name]
    stories.rehearse(player, story)
    points = list(fault.points(player, story))
    chosen = fault.choose(points, wanted)[number::players]
    play_points(player, name, fault, chosen, tally)
    if not isinstance(fault, Fail):
        return
    if wanted is not None:
        # What failed in no story yet, though the request makes it each time.
        for _ in range(ROUNDS):
            points = fault.first_ones(player, story)
            if not (chosen := fault.choose(points, 0)):
                break
            play_points(player, name, fault, chosen, tally)
        else:
            points = [p for p in points if p[1][1] in fault.always[p[0]]]
        fault.cover.conclude(points)
    tally.unknown |= fault.unknown


def play_points(player, name, fault, chosen, tally):
    for index, point in enumerate(chosen):
        tally.points += 1
        came = None
        try:
            # So many wrong logins or proofs would be heard no more.
            if stories.STORIES[name].status in (401, 403) and index % FORGIVEN == 0:
                player.start_anew()
                stories.tell(player, stories.STORIES[name], player.turn)
            came, heard = play(player, stories.STORIES[name], fault, point, index)
            tally.came[came] += 1
            tally.heard[heard] += 1
        except WRONG as e:
            tally.wrong.append(f"{name}, {point}: {type(e).__name__} {e}")
            player.untrace()
            if len(tally.wrong) > 20:
                return
        finally:
            if isinstance(fault, Fail):
                fault.enter(point, came)


# What the stories of one player have in common.
Kind = collections.namedtuple("Kind", "workers database waits")


def shares(names, wanted):
    """Who plays what: (stories, number, of how many)."""
    def kind_of(name):
        story = stories.STORIES[name]
        return Kind(story.workers, story.database, story.waits())
    for kind in sorted({kind_of(name) for name in names}):
        alike = [name for name in names if kind_of(name) == kind]
        if wanted is None:
            many = PATIENT if kind.waits else PLAYERS
            yield from (([name], i, many) for name in alike for i in range(many))
        else:
            many = min(PLAYERS, len(alike))
            yield from ((alike[i::many], 0, 1) for i in range(many))


def campaign(yard, names, make_fault, wanted=None, database=None):
    """A tally a story.  wanted: points of each; None: all of them."""
    tallies = {name: Tally() for name in names}
    with concurrent.futures.ThreadPoolExecutor(PATIENT) as pool:
        jobs = [pool.submit(part, yard, some_names, make_fault, wanted, (i, many), database)
                for some_names, i, many in shares(names, wanted)]
        for job in concurrent.futures.as_completed(jobs):
            for name, tally in job.result().items():
                tallies[name] += tally
    return tallies
