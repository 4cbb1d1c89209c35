"""One host that is every provider, as recorded or as a model; and the program."""

import ctypes
import fcntl
import json
import os
import pathlib
import re
import socket
import ssl
import struct
import subprocess
import threading
import urllib.parse

from . import certificates, network

SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40


def isolate():
    """Moves the calling thread into a new network namespace with a loopback."""
    if network.LIBC.unshare(network.CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS,
                    struct.pack("16sh14x", b"lo", IFF_UP | IFF_RUNNING))


def same(a, b):
    """Are two JSON values equal, 1 and true and "1" being different?"""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


class Script:
    """What is to be asked, and answered; `problems` is what was not as it should be."""

    def __init__(self, items):
        self.items = items
        self.position = 0
        self.problems = []

    def left(self):
        return [f"{i['request']['method']} {i['request']['path']}"
                for i in self.items[self.position:]]

    def answer(self, method, path, headers, body):
        """The bytes that answer this request, or None if it must not be."""
        if self.position == len(self.items):
            self.problems.append(f"one more: {method} {path} {body!r}")
            return None
        item = self.items[self.position]
        self.position += 1
        wrong = list(self.differences(item["request"], method, path, headers, body))
        if wrong:
            self.problems.append(f"request {self.position}: " + "; ".join(wrong))
            return None
        return self.encode(**item["answer"])

    @staticmethod
    def differences(wanted, method, path, headers, body):
        if (method, path) != (wanted["method"], wanted["path"]):
            yield f"{method} {path} instead of {wanted['method']} {wanted['path']}"
        for name, value in wanted["headers"].items():
            if headers.get(name.lower()) != value:
                yield f"{name}: {headers.get(name.lower())!r} instead of {value!r}"
        kind = headers.get("content-type")
        if "json" in wanted:
            try:
                got = json.loads(body)
            except ValueError:
                got = repr(body)
            if kind != "application/json" or not same(got, wanted["json"]):
                yield f"body ({kind}) {json.dumps(got)} instead of {json.dumps(wanted['json'])}"
        elif "form" in wanted:
            got = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)
            if kind != "application/x-www-form-urlencoded" or got != list(wanted["form"].items()):
                yield f"body ({kind}) {got} instead of {list(wanted['form'].items())}"
        elif body:
            yield f"body {body!r} instead of none"

    @staticmethod
    def encode(status, headers=None, text="", **answer):
        body = (json.dumps(answer["json"]) if "json" in answer else text).encode()
        lines = [f"HTTP/1.1 {status} As Recorded", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if status == 204 else body)


class Providers:
    """The namespace, the server in it, and the program under test."""

    def __init__(self, program, folder, hosts):
        self.program = os.path.realpath(program)
        self.folder = folder
        self.script = None
        self.authority = certificates.Authority(str(folder))
        leaf = self.authority.issue("every-provider", certificates.subject("providers"),
                                    sorted(set(hosts)))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(leaf.chain, leaf.key)
        ready = threading.Event()
        threading.Thread(target=self.serve, args=[ready], daemon=True).start()
        if not ready.wait(10):
            raise RuntimeError("no network namespace with 127.0.0.1:443")
        self.own, self.shipped = self.directories()

    def serve(self, ready):
        """Runs in a thread, which alone is in the namespace with what it opens."""
        isolate()
        self.namespace = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.socket = socket.create_server(("127.0.0.1", 443))
        ready.set()
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:             # close() was called
                return
            threading.Thread(target=self.talk, args=[connection], daemon=True).start()

    def talk(self, connection):
        connection.settimeout(20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with self.tls.wrap_socket(connection, server_side=True) as secured, \
                    secured.makefile("rb") as stream:
                while self.talk_once(secured, stream):
                    pass
        except OSError:                 # the program ends as it likes
            pass

    def talk_once(self, secured, stream):
        line = stream.readline().decode().split()
        if len(line) != 3:
            return False
        headers = {}
        while (header := stream.readline().decode().strip()):
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", 0)))
        answer = self.script.answer(line[0], line[1], headers, body)
        if answer is None:
            return False
        secured.sendall(answer)
        return True

    def configuration(self, name, variables, host, options):
        addresses = {"ipv4": True, "ipv6": "router"}
        return {
            "providers": {name: {"description": name, "addresses": ["127.0.0.1"],
                                 "ca": self.authority.pem, "config": variables or {}}},
            "accounts": {"router": {
                "verifier": "$pbkdf2-sha256$i=1000$" + 22 * "A" + "$" + 43 * "A",
                "provider": name,
                "hosts": {host: {**addresses, **options, "proof": {"kind": "none"}}}}}}

    def run(self, configuration, token, *arguments):
        """`ddnsgate provider run`, with the token on its standard input."""
        file = self.folder / "ddnsgate.json"
        file.write_text(json.dumps(configuration))
        return subprocess.run(
            ["nsenter", f"--net=/proc/{os.getpid()}/fd/{self.namespace}", "--",
             self.program, "provider", "run", "--config", str(file), *arguments],
            check=False, text=True, input=f"{token}\n", capture_output=True, timeout=30)

    def directories(self):
        """Where the program looks for descriptions: the operator's, and its own."""
        ran = self.run(self.configuration("no-such-name", None, "home.example.org", {}), "x",
                       "no-such-name", "home.example.org", "192.0.2.1")
        found = re.search(r"no-such-name\.json in (\S+) or (\S+)", ran.stderr)
        return pathlib.Path(found[1]), pathlib.Path(found[2])

    def replay(self, items, name, variables, token, host, addresses, options, words=()):
        """Runs the program against a script; returns what both saw of it."""
        self.script = Script(items)
        return self.run(self.configuration(name, variables, host, options), token, *words,
                        name, host, *addresses), self.script

    def rehearse(self, name, variables, host, addresses, options):
        """The same without a provider: what would be sent."""
        return self.run(self.configuration(name, variables, host, options), "", "--dry-run",
                        name, host, *addresses)

    def close(self):
        self.socket.close()
        os.close(self.namespace)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
