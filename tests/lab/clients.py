"""Real clients, as Debian ships them; each tells what it made of the answer.

A client is a function of a machine to run on and of an Update to report.  What
it returns are its own words: an exit status, what its log says, or what it
noted in a file of its own.
"""

import dataclasses
import functools
import os
import re
import subprocess
import tempfile
from urllib.parse import quote

from . import waiting
from .process import Process

BOUND = ('mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/resolv.conf && '
         'shift && exec "$@"')


@dataclasses.dataclass(frozen=True)
class Update:
    """What somebody typed into a client, and the address that it found."""
    server: str
    user: str
    token: str
    hostname: str
    ipv4: str

    @property
    def url(self):
        return (f"https://{self.server}/nic/update"
                f"?hostname={self.hostname}&myip={self.ipv4}")


class Machine:
    """Runs clients on host, where names are known without DNS.

    names are those of other machines: of each its address, or a tuple of them.
    """

    def __init__(self, host, folder, names, trust):
        self.host = host
        self.folder = folder
        self.trust = trust
        self.hosts = self.write("hosts", "127.0.0.1 localhost\n" + "".join(
            f"{address} {name}\n" for name, known in names.items()
            for address in ([known] if isinstance(known, str) else known)))
        self.resolver = self.write("resolv.conf", "nameserver 127.0.0.1\n")

    def write(self, name, text, folder=None):
        """A file that only its owner reads; its full name."""
        path = os.path.join(folder or self.folder, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
                  encoding="utf-8") as f:
            f.write(text)
        if folder is None:
            os.chmod(path, 0o644)
        return path

    def desk(self):
        """An empty folder for one run of a client."""
        return tempfile.mkdtemp(dir=self.folder)

    def command(self, args):
        return self.host.command(["unshare", "--mount", "sh", "-c", BOUND,
                                  self.hosts, self.resolver, *args])

    def run(self, args, **options):
        return subprocess.run(self.command(args), text=True, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, **options)


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as f:
        return f.read()


DDCLIENT = """
ssl=yes
ssl_ca_file={trust}
protocol=dyndns2
server={update.server}
script=/nic/update
use=ip, ip={update.ipv4}
login={update.user}
password='{update.token}'
{update.hostname}
"""


@functools.cache
def ddclient_version():
    """Major and minor number: what it says depends on them."""
    said = subprocess.run(["ddclient", "-help"], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    return tuple(map(int, re.search(r"ddclient version (\d+)\.(\d+)", said).groups()))


def ddclient(machine, update):
    """Its cache has the last word; 3.10 says nothing about most failures."""
    desk = machine.desk()
    file = machine.write("ddclient.conf", DDCLIENT.format(
        update=update, trust=machine.trust), desk)
    return ddclient_says(machine, file, f"{desk}/cache", update.hostname)


def ddclient_says(machine, file, cache, hostname):
    done = machine.run(["ddclient", "-daemon=0", "-force", "-verbose", "-noquiet",
                        "-file", file, "-cache", cache])
    lines = [n for n in read(cache).splitlines() if n.endswith(f" {hostname}")]
    noted = dict(f.partition("=")[::2] for f in lines[0].split(" ")[0].split(",")) \
        if lines else {}
    word = next((word for word, line in {
        "SUCCESS": f"SUCCESS:  updating {hostname}: good: IP(v4)? address set",
        "nochg": f"WARNING:  updating {hostname}: nochg: No update required",
        "authorization failed": r"(authorization|authentication) failed \(HTTP/1.1 401",
        "not authorized": r"not authorized \(HTTP/1.1 403",
        "cannot connect": "certificate verify failed|certificate cannot be authenticated",
        "failed": "FAILED:", "warned": "WARNING:",
    }.items() if re.search(line, done.stdout)), "silent")
    wrote = noted.get("status") == "good" and noted.get("mtime", "0") != "0"
    return f"{word}, exit {done.returncode}, {'' if wrote else 'not '}cached"


INADYN = """
ca-trust-file = "{trust}"
{provider} {{
    {where}
    ssl = true
    username = "{update.user}"
    password = "{update.token}"
    hostname = "{update.hostname}"
    checkip-command = "/bin/echo {update.ipv4}"
}}
"""


def inadyn_custom(machine, update):
    return inadyn(machine, update, "custom ddnsgate", (
        f'ddns-server = "{update.server}"\n'
        '    ddns-path = "/nic/update?hostname=%h&myip=%i"'))


def inadyn_dyndns(machine, update):
    """The plugin knows one server alone: members.dyndns.org."""
    return inadyn(machine, update, "provider default@dyndns.org", "")


def inadyn(machine, update, provider, where):
    desk = machine.desk()
    return inadyn_says(machine, desk, machine.write("inadyn.conf", INADYN.format(
        update=update, trust=machine.trust, provider=provider, where=where), desk))


def inadyn_says(machine, desk, file):
    """It stays when it is going to try again; then its log says so."""
    os.mkdir(f"{desk}/cache")
    run = Process(machine, [
        "inadyn", "--once", "--force", "--foreground", "--loglevel=debug", "--config",
        file, "--cache-dir", f"{desk}/cache", "--pidfile", f"{desk}/pid"],
        f"{desk}/log")
    waiting.until(lambda: "Will retry again in" in run.printed() or not run.running(),
                  "inadyn to end or to wait", 20)
    waits = run.running()
    status = run.stop()
    noted = any(read(f"{desk}/cache/{name}") for name in os.listdir(f"{desk}/cache"))
    return (("retries in 600 s" if waits and "again in 600 sec" in run.printed()
             else f"exit {status}") + (", cached" if noted else ", not cached"))


def wget(machine, update):
    """GNU wget, with the login in the URL as ddns-scripts of OpenWrt write it.

    It asks without the login first, and gives it only when told to.
    """
    desk = machine.desk()
    login = f"https://{update.user}:{update.token}@"
    done = machine.run(["wget", "-nv", "-t", "1", "-O", f"{desk}/answer",
                        "--ca-certificate", machine.trust,
                        update.url.replace("https://", login)])
    return f"exit {done.returncode} {read(f'{desk}/answer')}".strip()


# The command lines of do_transfer() in ddns-scripts.
OPENWRT = {
    "wget": ["wget", "-nv", "-t", "1", "-O", "{answer}", "-o", "{error}",
             "--ca-certificate={trust}", "--no-proxy"],
    "curl": ["curl", "-RsS", "-o", "{answer}", "--stderr", "{error}",
             "--cacert", "{trust}", "--noproxy", "*"],
}


def openwrt(machine, options, address, tool):
    """ddns-scripts with a custom URL: send_update().

    options are those of a service in /etc/config/ddns.  The login is sent where
    the URL has words for it; there is no look at the answer.
    """
    url = options["update_url"]
    for word, value in (("[USERNAME]", quote(options["username"], safe="")),
                        ("[PASSWORD]", quote(options["password"], safe="")),
                        ("[DOMAIN]", options["domain"]), ("[IP]", address)):
        url = url.replace(word, value)
    desk = machine.desk()
    files = {"answer": f"{desk}/answer", "error": f"{desk}/error",
             "trust": machine.trust}
    done = machine.run([*(word.format(**files) for word in OPENWRT[tool]), url])
    if done.returncode != 0:
        return f"Transfer failed: {read(files['error']).splitlines()[-1]}"
    return f"Update successful: {read(files['answer']).strip()}"


def curl(machine, update):
    desk = machine.desk()
    netrc = machine.write("netrc", f"machine {update.server} login {update.user} "
                          f"password {update.token}\n", desk)
    done = machine.run(["curl", "-sf", "--cacert", machine.trust, "--netrc-file", netrc,
                        update.url])
    return f"exit {done.returncode} {done.stdout}".strip()
