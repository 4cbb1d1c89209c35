"""Serves the cases of a corpus, and asks `ddnsgate prove` about each.

For every case there is one TLS server on a port of its own, and one process
that is asked about it twice: the second time it remembers the chain that it
found good.  Both end with the case.
"""

import contextlib
import dataclasses
import datetime
import gzip
import json
import os
import pathlib
import selectors
import socket
import ssl
import subprocess
import tempfile

HERE = pathlib.Path(__file__).parent
FILES = ("limbo.json.gz", "webservers.json.gz")
PATIENCE = 30           # seconds for one case, on a busy machine
TIMES = 2               # that one process is asked about one chain
LIBFAKETIME = [*pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"),
               *pathlib.Path("/usr/lib").glob("faketime/libfaketime.so.1")]


@dataclasses.dataclass
class Case:
    """One server as the corpus describes it, and what a client owes it."""
    name: str
    host: str
    accepted: bool          # by a client that does everything right
    optional: bool          # not everybody agrees
    chain: list
    key: str
    roots: list
    time: str               # ISO 8601, or None for any

    @property
    def fault(self):
        """What a client that gets it wrong has done."""
        return "false reject" if self.accepted else "false accept"


def why_not(entry):
    """Why a case cannot be asked of us, or None."""
    name = entry["expected_peer_name"]
    if entry["validation_kind"] != "SERVER":
        return "about a client's certificate"
    if name is None or name["kind"] != "DNS":
        return "not about a host name"
    if entry["peer_certificate_key"] is None:
        return "no key, so that nobody can serve it"
    if entry["crls"]:
        return "revocation by list"
    if (entry["signature_algorithms"] or entry["key_usage"] or
            entry["max_chain_depth"] is not None or
            set(entry["extended_key_usage"]) - {"serverAuth"}):
        return "about what the caller of a library may ask for"
    return None


def read():
    """All cases that can be asked, in the order of the files."""
    cases = []
    for file in FILES:
        with gzip.open(HERE / file, "rt", encoding="utf-8") as f:
            entries = json.load(f)["testcases"]
        cases += [Case(name=e["id"], host=e["expected_peer_name"]["value"],
                       accepted=e["expected_result"] == "SUCCESS",
                       optional=bool(e["features"]),
                       chain=[e["peer_certificate"], *e["untrusted_intermediates"]],
                       key=e["peer_certificate_key"], roots=e["trusted_certs"],
                       time=e["validation_time"])
                  for e in entries if why_not(e) is None]
    return cases


class Unservable(Exception):
    """OpenSSL does not take this certificate for a server."""


@dataclasses.dataclass
class Connection:
    """What the server saw of one."""
    name: str = None        # that the client sent in the handshake
    established: bool = False
    request: bytes = b""    # what it asked for


@dataclasses.dataclass
class Outcome:
    """What both ends of a case saw."""
    status: int = None      # of the process; None: it did not end
    lines: list = dataclasses.field(default_factory=list)   # that it printed
    connections: list = dataclasses.field(default_factory=list)

    @property
    def text(self):
        return "; ".join(self.lines)

    @property
    def accepted(self):
        """How many times."""
        return sum(": proved in " in line for line in self.lines)


def save(folder, name, blocks):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as f:
        f.writelines(block.strip() + "\n" for block in blocks)
    return path


def server_context(case, folder, outcome):
    """As careless as OpenSSL can be: the client is to judge."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ALL:@SECLEVEL=0")

    def named(_session, name, _context):
        outcome.connections[-1].name = name
    context.sni_callback = named
    try:
        context.load_cert_chain(save(folder, "chain.pem", case.chain),
                                save(folder, "key.pem", [case.key]))
    except ssl.SSLError as error:
        raise Unservable(error.reason or str(error)) from None
    return context


def answer(connection, context, seen):
    """One HTTP exchange, as far as the client lets it come."""
    with contextlib.suppress(OSError), connection:
        connection.settimeout(PATIENCE)
        with context.wrap_socket(connection, server_side=True) as tls:
            seen.established = True
            while b"\r\n\r\n" not in seen.request:
                received = tls.recv(4096)
                if not received:
                    return
                seen.request += received
            tls.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            tls.unwrap()


def attend(listener, process, context, outcome):
    """Serves whoever connects until the process has ended."""
    ended = os.pidfd_open(process.pid)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(ended, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select(PATIENCE)]
                if listener in ready:
                    outcome.connections.append(Connection())
                    answer(listener.accept()[0], context, outcome.connections[-1])
                elif ended in ready or not ready:
                    return
    finally:
        os.close(ended)


def environment(case, folder, whole_stacks):
    """The clock of the case, if it has one; and what a sanitizer must know.

    whole_stacks: to tell leaks from each other; it takes a hundred times as long
    to allocate, and a proof is ended after a time that knows no sanitizer.
    """
    env = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    # GnuTLS loses a few bytes of a name constraint that it cannot read.
    add_option(env, "LSAN_OPTIONS", f"suppressions={HERE}/leaks.txt:print_suppressions=0")
    if whole_stacks:
        add_option(env, "ASAN_OPTIONS", "fast_unwind_on_malloc=0")
    if case.time:
        at = datetime.datetime.fromisoformat(case.time).astimezone(datetime.timezone.utc)
        env.update(LD_PRELOAD=str(LIBFAKETIME[0]), FAKETIME_DONT_FAKE_MONOTONIC="1",
                   HOME=str(folder))
        # The program drops variables that it does not know; the file stays.
        pathlib.Path(folder, ".faketimerc").write_text(
            at.strftime("%Y-%m-%d %H:%M:%S\n"), encoding="ascii")
        # The sanitizer's own library wants to be the first.
        add_option(env, "ASAN_OPTIONS", "verify_asan_link_order=0")
    return env


def add_option(env, variable, option):
    env[variable] = ":".join(filter(None, [env.get(variable), option]))


def ask(case, binary):
    """Runs one case; Unservable if it cannot be."""
    outcome = ask_once(case, binary, False)
    if "LeakSanitizer" in outcome.text:
        outcome = ask_once(case, binary, True)
    return outcome


def ask_once(case, binary, whole_stacks):
    outcome = Outcome()
    with (tempfile.TemporaryDirectory(prefix="ddnsgate-case.") as folder,
          socket.create_server(("127.0.0.1", 0)) as listener):
        context = server_context(case, folder, outcome)
        ca = save(folder, "ca.pem", case.roots)
        with subprocess.Popen(
                [binary, "prove", "--port", str(listener.getsockname()[1]),
                 "--ca", ca, "--allow", "127.0.0.0/8", case.host,
                 *TIMES * ["127.0.0.1"]],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, env=environment(case, folder, whole_stacks)) as process:
            attend(listener, process, context, outcome)
            try:
                said, _ = process.communicate(timeout=PATIENCE)
                outcome.status = process.returncode
            except subprocess.TimeoutExpired:
                process.kill()
                said, _ = process.communicate()
        outcome.lines = said.decode("utf-8", "replace").strip().splitlines()
    return outcome


def read_known():
    """The ids of known.txt, without its comments."""
    lines = (HERE / "known.txt").read_text(encoding="ascii").splitlines()
    return [line for line in (line.split("#")[0].strip() for line in lines) if line]
