"""A database that several machines share: PostgreSQL of Debian, in a folder.

The cluster that the distribution's package makes is never touched.
"""

import glob
import itertools
import os
import pwd
import secrets
import shutil
import signal
import subprocess

from . import waiting
from .process import Process, children

PORT = 5432
DATABASE = "ddnsgate"
ROLE = "ddnsgate"

# Without TLS is allowed, so that a client which does not insist gets in.
ACCESS = """
local all all trust
host all all 0.0.0.0/0 scram-sha-256
host all all ::/0 scram-sha-256
"""

CONFIGURATION = """
listen_addresses = '{addresses}'
port = {port}
unix_socket_directories = '{folder}'
ssl = on
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
fsync = off
shared_buffers = 16MB
max_connections = 120
dynamic_shared_memory_type = mmap
log_line_prefix = '%m [%p] '
"""


def programs():
    """The folder of the newest PostgreSQL that is installed."""
    found = glob.glob("/usr/lib/postgresql/*/bin")
    if not found:
        raise RuntimeError("PostgreSQL is not installed")
    return max(found, key=lambda path: int(path.split("/")[4]))


class PostgreSQL:
    """Runs on host, reachable there with TLS, and by a local socket anywhere.

    leaf: of its certificate, for the name that clients are to see.
    """

    def __init__(self, host, folder, leaf, name):
        self.host = host
        self.name = name
        self.folder = folder
        self.data = f"{folder}/data"
        self.password = secrets.token_urlsafe(12)
        self.bin = programs()
        self.owner = pwd.getpwnam("postgres")
        self.process = None
        self.numbers = itertools.count(1)
        os.makedirs(folder)
        os.chmod(folder, 0o755)
        os.chown(folder, self.owner.pw_uid, self.owner.pw_gid)
        self.make_cluster(leaf)
        self.start()
        self.query(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{self.password}'", "postgres")
        self.query(f"CREATE DATABASE {DATABASE} OWNER {ROLE}", "postgres")

    def as_owner(self, *arguments):
        return ["setpriv", f"--reuid={self.owner.pw_uid}", f"--regid={self.owner.pw_gid}",
                "--clear-groups", *arguments]

    def make_cluster(self, leaf):
        subprocess.run(self.as_owner(
            f"{self.bin}/initdb", "--pgdata", self.data, "--username=postgres",
            "--encoding=UTF8", "--locale=C", "--no-sync", "--auth=trust"),
            check=True, cwd="/", stdout=subprocess.DEVNULL)
        for source, name in ((leaf.chain, "server.pem"), (leaf.key, "server.key")):
            shutil.copyfile(source, f"{self.data}/{name}")
            os.chmod(f"{self.data}/{name}", 0o600)
            os.chown(f"{self.data}/{name}", self.owner.pw_uid, self.owner.pw_gid)
        with open(f"{self.data}/pg_hba.conf", "w", encoding="ascii") as f:
            f.write(ACCESS)
        with open(f"{self.data}/postgresql.conf", "w", encoding="ascii") as f:
            f.write(CONFIGURATION.format(
                addresses=",".join(self.host.addresses),
                port=self.host.port(PORT), folder=self.folder))

    @property
    def local(self):
        """The URL of the state for programs of this machine."""
        return (f"postgresql:///{DATABASE}?host={self.folder}"
                f"&port={self.host.port(PORT)}&user={ROLE}")

    def another(self):
        """The same for a database that nobody else has."""
        name = f"{DATABASE}_{next(self.numbers)}"
        self.query(f"CREATE DATABASE {name} OWNER {ROLE}", "postgres")
        return self.local.replace(f"/{DATABASE}?", f"/{name}?")

    @property
    def remote(self):
        """The URL for other machines; no resolver is asked for the name."""
        return (f"postgresql://{ROLE}@{self.name}:{self.host.port(PORT)}/{DATABASE}"
                f"?hostaddr={self.host.ipv4}")

    def passfile(self, path, owner, password=None):
        """Writes a file of passwords, as libpq reads it."""
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
                  encoding="ascii") as f:
            f.write(f"*:*:*:*:{password or self.password}\n")
        os.chown(path, owner, owner)
        return path

    def start(self):
        self.process = Process(self.host, self.as_owner(
            f"{self.bin}/postgres", "-D", self.data), f"{self.folder}/log")
        self.process.ready(self.answers, "PostgreSQL", 60)

    def answers(self):
        return subprocess.run(
            [f"{self.bin}/pg_isready", "-q", "-h", self.folder,
             "-p", str(self.host.port(PORT))], check=False).returncode == 0

    def query(self, sql, database=DATABASE, user="postgres"):
        """The rows, a line each, with | between columns."""
        return subprocess.run(
            [f"{self.bin}/psql", "-h", self.folder, "-p", str(self.host.port(PORT)),
             "-U", user, "-d", database, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql],
            check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()

    def empty(self):
        """As if no program had used it yet."""
        self.query("DROP TABLE IF EXISTS ddnsgate_host, ddnsgate_turn,"
                   " ddnsgate_history, ddnsgate_meta, ddnsgate_account")

    def state(self, passfile, **url):
        """What a configuration says, for machines that are elsewhere."""
        name = url.pop("name", self.name)
        more = "".join(f"&{key}={value}" for key, value in url.items())
        return {"url": self.remote.replace(self.name, name) + more,
                "password_file": passfile}

    def session(self, sql):
        """A session of its own that carries out sql, meanwhile."""
        return subprocess.Popen(
            [f"{self.bin}/psql", "-h", self.folder, "-p", str(self.host.port(PORT)),
             "-U", "postgres", "-d", DATABASE, "-XAtq", "-c", sql],
            stdout=subprocess.DEVNULL)

    def processes(self):
        return [self.process.pid, *children(self.process.pid)]

    def pause(self):
        """It answers nothing, and closes nothing."""
        for _ in range(2):              # a second time for those that came meanwhile
            for pid in self.processes():
                self.signal(pid, signal.SIGSTOP)

    def resume(self):
        for pid in reversed(self.processes()):
            self.signal(pid, signal.SIGCONT)

    @staticmethod
    def signal(pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    def cut_off(self):
        """Packets to and from the host are lost."""
        self.host.unplug()

    def mend(self):
        self.host.plug()

    def stop(self):
        """In order, and at once: clients are told."""
        self.resume()
        status = self.process.stop(signal.SIGINT)
        waiting.until(lambda: not self.answers(), "PostgreSQL to be gone")
        return status
