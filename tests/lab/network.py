"""Hosts with public addresses, each in a network namespace, joined by a bridge.

Nothing leaves the machine, and nothing is left behind: a small shell, the
janitor, waits until the lab closes its pipe or dies, however it dies, and then
ends the processes and deletes the namespaces of this one lab.

Where namespaces are forbidden, Loopback offers the same hosts on 127.0.0.0/8.
"""

import contextlib
import ctypes
import ipaddress
import os
import secrets
import socket
import subprocess
import sys

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)

JANITOR = """
trap '' INT TERM HUP
cat >/dev/null
namespaces=$(ip netns list | sed -n "s/^\\($1-[a-z0-9]*\\).*/\\1/p")
for n in $namespaces; do
    kill -9 $(ip netns pids "$n") 2>/dev/null
done
for n in $namespaces; do
    ip netns delete "$n"
done
if [ -e "$2" ] && [ -z "$(ip netns list)" ]; then
    rm "$2"
    umount /run/netns && rmdir /run/netns
fi
"""


# Tells that no namespaces had names before those of the labs: the last lab ends
# the mount that they need.
OURS = "/run/ddnsgate-labs"


def namespaces_allowed():
    """May this process make network namespaces?"""
    return subprocess.run(["unshare", "-n", "true"], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


def entering(namespace):
    """A command is run there.  (`ip netns exec` would not work in a chroot.)"""
    return ["nsenter", f"--net=/run/netns/{namespace}", "--"]


def enter(descriptor):
    """Moves the calling thread into a network namespace."""
    if LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Host:
    """A place where programs run and sockets open."""

    def __init__(self, name, addresses):
        self.name = name
        self.addresses = addresses

    def of_version(self, version):
        return next((a for a in self.addresses
                     if ipaddress.ip_address(a).version == version), None)

    @property
    def ipv4(self):
        return self.of_version(4)

    @property
    def ipv6(self):
        return self.of_version(6)

    def run(self, args, **options):
        """Runs a short command here; returns what it printed."""
        return subprocess.run(self.command(args), check=True, text=True,
                              stdout=subprocess.PIPE, **options).stdout

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM, protocol=0):
        """A socket of this host, for use by the lab's own process."""
        with self.inside():
            return socket.socket(family, kind, protocol)

    def listen(self, address, port, backlog=64):
        """A listening TCP socket; several may share an address with other ports."""
        server = self.socket(family_of(address))
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if server.family == socket.AF_INET6:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        server.bind((address, port))
        server.listen(backlog)
        return server

    def connect(self, address, port, timeout=10.0):
        client = self.socket(family_of(address))
        client.settimeout(timeout)
        try:
            client.connect((address, port))
        except OSError:
            client.close()
            raise
        return client

    def answers(self, address, port):
        """Does somebody listen there, as seen from here?"""
        try:
            self.connect(address, port, timeout=1.0).close()
        except OSError:
            return False
        return True


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class NamespaceHost(Host):
    """A host with a network namespace of its own."""

    def __init__(self, name, addresses, namespace):
        super().__init__(name, addresses)
        self.namespace = namespace
        self.resolv_conf = None
        self.cable = None

    def command(self, args):
        return [*entering(self.namespace), *self.own_resolver(), *args]

    def own_resolver(self):
        """A resolv.conf that only the programs of this host see."""
        if self.resolv_conf is None:
            return []
        return ["unshare", "--mount", "sh", "-c",
                'mount --bind "$0" /etc/resolv.conf && exec "$@"', self.resolv_conf]

    def unplug(self):
        """Packets from and to this host are lost, as with a cable that is cut."""
        switch, near = self.cable
        Network.configure(switch, f"link set {near} down")

    def plug(self):
        switch, near = self.cable
        Network.configure(switch, f"link set {near} up")

    def call_from(self, address):
        """Adds an IPv4 address; connections that the host opens come from it."""
        Network.configure(self.namespace, f"""
            address add {address}/32 dev eth0
            route replace 0.0.0.0/0 dev eth0 src {address}""")
        self.addresses.insert(0, address)

    @contextlib.contextmanager
    def inside(self):
        """The calling thread is on this host, with what it opens."""
        with open("/proc/thread-self/ns/net", "rb") as home, \
                open(f"/run/netns/{self.namespace}", "rb") as there:
            enter(there.fileno())
            try:
                yield
            finally:
                enter(home.fileno())

    def port(self, wanted):
        """The port to use for a service: a host of its own has them all."""
        return wanted


class Network:
    """A bridge, alone in a namespace, and the hosts around it."""

    def __init__(self):
        self.name = f"ddnsgate-{os.getpid()}{secrets.token_hex(2)}"
        self.switch = f"{self.name}-switch"
        if not os.path.ismount("/run/netns"):
            with open(OURS, "w", encoding="ascii"):
                pass
        self.janitor = subprocess.Popen(
            ["sh", "-c", JANITOR, "janitor", self.name, OURS],
            stdin=subprocess.PIPE, start_new_session=True)
        self.links = 0
        self.relays = []
        subprocess.run(["ip", "netns", "add", self.switch], check=True)
        self.configure(self.switch, """
            link add bridge type bridge forward_delay 0 mcast_snooping 0
            link set bridge up
            link set lo up""")

    @staticmethod
    def configure(namespace, commands):
        subprocess.run([*entering(namespace), "ip", "-batch", "-"], check=True,
                       input=commands, text=True)

    def add(self, name, *addresses, delay_ms=0.0):
        """A new host; packets from and to it take delay_ms each way."""
        host = NamespaceHost(name, list(addresses), f"{self.name}-{name}")
        subprocess.run(["ip", "netns", "add", host.namespace], check=True)
        self.links += 1
        near = f"link{self.links}"
        host.cable = self.switch, near
        if delay_ms:
            self.delayed_link(near, host.namespace, delay_ms)
        else:
            self.configure(self.switch, f"""
                link add {near} type veth peer name eth0 netns {host.namespace}""")
        self.configure(self.switch, f"""
            link set {near} master bridge up""")
        self.configure(host.namespace, "link set lo up\nlink set eth0 up\n" + "".join(
            f"address add {a}/{128 if ':' in a else 32} dev eth0"
            f"{' nodad' if ':' in a else ''}\n" for a in addresses) + """
            route add 0.0.0.0/0 dev eth0
            route add ::/0 dev eth0""")
        return host

    def delayed_link(self, near, namespace, delay_ms):
        """Two TAP devices with a delay line between them, in a process."""
        far = f"{near}far"
        relay = subprocess.Popen(
            [*entering(self.switch), sys.executable, "-m", "lab.delay",
             near, far, str(delay_ms)], stdout=subprocess.PIPE, text=True,
            start_new_session=True,
            cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self.relays.append(relay)
        if relay.stdout.readline() != "ready\n":
            raise RuntimeError("no delay line: cannot make TAP devices")
        self.configure(self.switch, f"link set {far} netns {namespace} name eth0")

    def close(self):
        """Ends what runs on the hosts and deletes them."""
        self.janitor.stdin.close()
        self.janitor.wait()
        for relay in self.relays:
            relay.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class LoopbackHost(Host):
    """A host that is only a loopback address; its ports are free ones."""

    def __init__(self, name, addresses):
        super().__init__(name, addresses)
        self.ports = {}

    def command(self, args):
        return ["setpriv", "--pdeathsig", "TERM", *args]

    def inside(self):
        return contextlib.nullcontext()

    def port(self, wanted):
        if wanted not in self.ports:
            self.ports[wanted] = free_port(self.addresses)
        return self.ports[wanted]


def free_port(addresses):
    """A port that is free on all the addresses."""
    for _ in range(100):
        port = 20000 + secrets.randbelow(10000)
        with contextlib.ExitStack() as tries, contextlib.suppress(OSError):
            for address in addresses:
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    s = tries.enter_context(socket.socket(family_of(address), kind))
                    s.bind((address, port))
            return port
    raise RuntimeError(f"no free port on {addresses}")


class Loopback:
    """Stands in for Network where namespaces are forbidden."""

    def __init__(self):
        self.hosts = 0
        self.ipv6 = can_bind("::1")

    def add(self, name, *_, delay_ms=0.0):
        if delay_ms:
            raise RuntimeError("loopback knows no delay")
        self.hosts += 1
        return LoopbackHost(name, [f"127.0.0.{10 + self.hosts}"]
                            + (["::1"] if self.ipv6 else []))

    def close(self):
        """The processes end with the lab; there is nothing else."""

    __enter__ = Network.__enter__
    __exit__ = Network.__exit__


def can_bind(address):
    try:
        with socket.socket(family_of(address)) as s:
            s.bind((address, 0))
    except OSError:
        return False
    return True
