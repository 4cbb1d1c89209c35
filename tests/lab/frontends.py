"""Web servers in front of ddnsgate, each with its file of examples/.

Every one is a function that starts the server on one address of a host, in
front of the socket of a pool, and returns its process.
"""

import dataclasses
import os

from .gateway import shipped
from .process import Process

SOCKET = "/run/ddnsgate/ddnsgate.sock"
NAME = "dns.example.org"
CERTIFICATES = f"/etc/letsencrypt/live/{NAME}"
PORT = 443

APACHE = """
ServerRoot {folder}
Listen {address}:{port}
PidFile {folder}/pid
User www-data
Group www-data
Mutex file:{folder}
ServerName localhost
{modules}
ErrorLog {folder}/server.log
"""
APACHE_MODULES = ("mpm_event", "authz_core", "alias", "env", "headers", "proxy",
                  "proxy_fcgi", "reqtimeout", "ssl")

LIGHTTPD = """
server.username = "www-data"
server.groupname = "www-data"
server.document-root = "/nonexistent"
server.bind = "127.0.0.1"
server.port = 8099
"""


@dataclasses.dataclass
class Place:
    """Where a web server is to stand, and what it has to know."""
    host: object
    folder: str
    address: str
    name: str
    leaf: object
    socket: str

    def write(self, name, text, mode=0o644):
        path = f"{self.folder}/{name}"
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def start(self, args, env=None):
        process = Process(self.host, args, f"{self.folder}/printed.log", env)
        return process.ready(lambda: self.host.answers(self.address, PORT), args[0])


def make_place(host, folder, address, name, leaf, socket):
    """The folder is one that the server, whoever it runs as, may write."""
    os.makedirs(folder)
    os.chmod(folder, 0o777)
    return Place(host, folder, address, name, leaf, socket)


def apache(place):
    modules = "\n".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so"
                        for m in APACHE_MODULES)
    site = shipped("apache.conf", {
        "<VirtualHost *:443>": f"<VirtualHost {place.address}:{PORT}>",
        f"ServerName {NAME}": f"ServerName {place.name}",
        f"{CERTIFICATES}/fullchain.pem": place.leaf.chain,
        f"{CERTIFICATES}/privkey.pem": place.leaf.key,
        SOCKET: place.socket,
        "/var/log/apache2/": f"{place.folder}/",
    })
    file = place.write("apache.conf", APACHE.format(
        folder=place.folder, address=place.address, port=PORT, modules=modules) + site)
    return place.start(["apache2", "-DFOREGROUND", "-f", file])


def lighttpd(place):
    file = place.write("lighttpd.conf", LIGHTTPD + shipped("lighttpd.conf", {
        '"[::]:443"': f'"{place.address}:{PORT}"',
        '	server.set-v6only = "disable"\n': "",
        f"{CERTIFICATES}/fullchain.pem": place.leaf.chain,
        f"{CERTIFICATES}/privkey.pem": place.leaf.key,
        SOCKET: place.socket,
        "/var/log/lighttpd/": f"{place.folder}/",
    }))
    return place.start(["lighttpd", "-D", "-f", file])


def caddy(place):
    file = place.write("Caddyfile", shipped("Caddyfile", {
        "auto_https disable_redirects": "auto_https disable_redirects\n\tadmin off\n"
            f"\tdefault_bind {place.address}",
        f"https://{NAME} {{": f"https://{place.name} {{",
        f"{CERTIFICATES}/fullchain.pem": place.leaf.chain,
        f"{CERTIFICATES}/privkey.pem": place.leaf.key,
        SOCKET: place.socket,
        "/var/log/caddy/": f"{place.folder}/",
    }))
    os.chmod(place.leaf.key, 0o644)
    return place.start([*as_user("caddy"), "caddy", "run", "--config", file,
                        "--adapter", "caddyfile"], {"HOME": place.folder})


def as_user(name):
    """With the one privilege that binding port 443 needs."""
    return ["setpriv", f"--reuid={name}", f"--regid={name}", "--clear-groups",
            "--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service"]


def haproxy(place, changes=None):
    with open(place.leaf.chain, encoding="ascii") as chain, \
            open(place.leaf.key, encoding="ascii") as key:
        both = place.write("both.pem", chain.read() + key.read())
    file = place.write("haproxy.cfg", shipped("haproxy.cfg", {
        "bind :::443 v4v6": f"bind {place.address}:{PORT}",
        f"/etc/haproxy/{NAME}.pem": both,
        SOCKET: place.socket,
        "/dev/log local0": "stderr format raw local0",
        **(changes or {}),
    }))
    return place.start(["haproxy", "-db", "-f", file])


def haproxy_keep_conn(place):
    """As HAProxy would do it by itself."""
    return haproxy(place, {"	no option keep-conn\n": ""})


ALL = {"Apache": apache, "lighttpd": lighttpd, "Caddy": caddy, "HAProxy": haproxy,
       "HAProxy, keep-conn": haproxy_keep_conn}
