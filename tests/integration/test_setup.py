"""ddnsgate setup: a home user's few answers, tried at once, and what they make.

The machine is a host of the lab whose /etc/nginx, hosts and CAs are those of
the test alone, so that nginx itself checks the site that is written.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess

import pytest
from lab import network, nginx, stage as stages
from lab.gateway import USER, Pool
from lab.nginx import MAIN
from lab.router import Router
from lab.stage import GATEWAY, WEB, ZONE
from lab.terminal import Terminal
from world import CLOSED_AT

TOKEN = "canary-of-the-setup"
CA = "/etc/ssl/certs/ca-certificates.crt"
# What a machine of its own has, as far as setup looks at it.
MACHINE = """
set -eu
if [ -d "$0/programs" ]; then
	. "$0/programs/mount"
fi
mount --bind "$0/nginx" /etc/nginx
mount --bind "$0/hosts" /etc/hosts
mount --bind "$0/ca.pem" %s
mount --bind "$0/log" /var/log/nginx
mkdir -p "$1"
mount --bind "$0/var" "$1"
shift
exec "$@"
""" % CA


@pytest.fixture(scope="module")
def stage(namespaces, folder):
    with stages.Stage(f"{folder}/setup", TOKEN, network.Network()) as everything:
        everything.hosts(more_web=[CLOSED_AT])
        everything.web_server()
        everything.dns()
        yield everything


class Machine:
    """Where setup is called; what it writes is below one folder."""

    def __init__(self, stage, binary, folder):
        self.stage, self.binary, self.folder = stage, binary, folder
        self.user = str(USER)
        self.configuration = f"{folder}/etc/ddnsgate.json"
        self.nginx = f"{folder}/nginx"
        self.site = f"{self.nginx}/sites-available/ddnsgate"
        self.enabled = f"{self.nginx}/sites-enabled/ddnsgate"
        self.var = f"{os.path.dirname(os.path.dirname(binary))}/var"
        for name in ("nginx/sites-available", "nginx/sites-enabled", "log", "var"):
            os.makedirs(f"{folder}/{name}")
        shutil.copy("/etc/nginx/fastcgi_params", self.nginx)
        self.write("nginx/nginx.conf", MAIN.format(
            folder=folder, sites="    include /etc/nginx/sites-enabled/*;"))
        self.write("hosts", "".join(
            f"{address} {stage.powerdns.name}\n" for address in stage.provider.addresses))
        shutil.copy(stage.authority.pem, f"{folder}/ca.pem")
        self.leaf = stage.authority.leaf(GATEWAY)

    def write(self, name, text):
        path = pathlib.Path(self.folder, name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def inside(self, *words):
        """What runs a command on the machine, once it is on the host."""
        return ["unshare", "--mount", "sh", "-c", MACHINE, self.folder, self.var, *words]

    def command(self, *options):
        user = ["--user", self.user] if self.user else []
        return self.stage.proxy.command(self.inside(
            self.binary, "setup", "--config", self.configuration, *user, *options))

    def answers(self, **changes):
        """All of them, as options."""
        answers = {"server": GATEWAY, "provider": "powerdns",
                   "set": f"base={self.stage.powerdns.base}", "host": ZONE,
                   "ipv4": WEB[0], "ipv6": WEB[1], "device": "curl",
                   "certificate": self.leaf.chain, "key": self.leaf.key, **changes}
        return [f"--{name.replace('_', '-')}={value}" for name, value in answers.items()
                if value is not None]

    def call(self, *options, token=TOKEN, **changes):
        return self.again(*options, *self.answers(**changes), token=token)

    def again(self, *options, token=""):
        return subprocess.run(self.command(*options), check=False, text=True, timeout=120,
                              input=f"{token}\n" if token else "",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def person(self, *options):
        return Terminal(*self.command(*options))

    def files(self):
        """All that there is, to see whether anything was left or changed."""
        found = {}
        for path in sorted(pathlib.Path(self.folder).rglob("*")):
            # nginx's own, and SQLite's index of its log, written by each look.
            if path.parent.name == "log" or path.suffix in (".pid", ".log", ".db-shm"):
                continue
            if path.is_dir() and not list(path.iterdir()):
                continue                    # nginx's directories for bodies
            found[str(path)] = (path.lstat().st_mode,
                                path.read_bytes() if path.is_file() else None)
        return found

    def read(self):
        """The configuration, without its comments."""
        text = pathlib.Path(self.configuration).read_text(encoding="utf-8")
        return json.loads(re.sub(r"(^|\s)//.*$|/\*.*?\*/", "", text, flags=re.M))

    @contextlib.contextmanager
    def serving(self):
        """With the files as they are, behind nginx with the site as it is."""
        pool = Pool(self.stage.proxy, f"{self.folder}/pool", self.binary, "{}")
        pool.configuration = self.configuration
        text = pathlib.Path(self.site).read_text(encoding="utf-8")
        pool.start(self.inside(*pool.spawn()))
        front = nginx.start(
            self.stage.proxy, f"{self.folder}/front",
            text.replace("/run/ddnsgate/ddnsgate.sock", pool.socket)
            .replace("/var/log/nginx/", f"{self.folder}/log/"), self.stage.proxy.ipv4)
        try:
            yield Router(self.stage.router, GATEWAY, self.stage.proxy.ipv4, 443,
                         self.stage.authority.pem)
        finally:
            front.stop()
            pool.stop()


@pytest.fixture
def machine(stage, binary, folder, request):
    name = re.sub(r"\W+", "-", request.node.name)
    return Machine(stage, binary, f"{folder}/setup/{name}")


def test_a_first_time_user(machine):
    """One who types, errs, and is told; then a real update."""
    stage = machine.stage
    stage.powerdns.set(ZONE, **stages.BEFORE)
    before = machine.files()
    with machine.person() as at:
        at.answer("Name of this server: ", "server")
        at.answer("Name of this server: ", GATEWAY)
        at.answer("User that the router logs in as [router]: ", "")
        at.answer("DNS provider (? lists all): ", "power-dns")
        at.answer("DNS provider (? lists all): ", "?")
        at.answer("DNS provider (? lists all): ", "powerdns")
        at.answer('"base" of powerdns: ', "http://api.example")
        at.answer('"base" of powerdns: ', stage.powerdns.base)
        at.answer("Name that is to follow your address: ", "chaos")
        at.answer("Name that is to follow your address: ", ZONE)
        at.answer("IPv4 address of your home now: ", CLOSED_AT)
        at.answer("IPv6 address of the web server now: ", "2a01:c22")
        at.answer("IPv6 address of the web server now: ", WEB[1])
        at.answer("Prefix length of your line [56]: ", "")
        at.answer("Token: ", "wrong")
        at.answer("Token again: ", "wrong")
        assert machine.files() == before
        at.answer("Another token, or the same again? [yes]: ", "")
        at.answer("Token: ", TOKEN)
        at.answer("Token again: ", TOKEN)
        at.answer("Other addresses, or the same again? [yes]: ", "y")
        at.answer(f"IPv4 address of your home now [{CLOSED_AT}]: ", WEB[0])
        at.answer(f"IPv6 address of the web server now [{WEB[1]}]: ", "")
        at.answer("Prefix length of your line [56]: ", "")
        at.answer("Your router (? lists all, or none) [none]: ", "fritzbox")
        at.answer("Site of nginx (or none) [/etc/nginx/sites-available/ddnsgate]: ", "")
        at.answer(f"[/etc/letsencrypt/live/{GATEWAY}/fullchain.pem]: ", machine.leaf.chain)
        at.answer("/privkey.pem]: ", "/nonexistent")
        at.answer("Another certificate, or no site? [yes]: ", "yes")
        at.answer("Site of nginx (or none) [/etc/nginx/sites-available/ddnsgate]: ", "")
        at.answer("/fullchain.pem]: ", machine.leaf.chain)
        at.answer("/privkey.pem]: ", machine.leaf.key)
        told = at.rest()
        assert at.ended() == 0, told
    for text in ('"server": give the full name', "there is no provider power-dns",
                 "\ndesec  ", "The token of powerdns (token), which", '"chaos": give the whole name', "Connection refused",
                 "what to do: Nothing listens at this address", "HTTP 401",
                 '"2a01:c22": the IPv6 address', "must be https://",
                 f"  {WEB[1]}: proved in ", f"is {stages.BEFORE['A']} there",
                 f"\n    https://{GATEWAY}/update?ipv4=<ipaddr>"):
        assert text in told or text in " ".join(told.split()), told
    assert TOKEN not in told
    assert stage.powerdns.addresses(ZONE) == list(stages.BEFORE.values())
    machine.write("transcript", told)
    made = os.stat(machine.configuration)
    assert (made.st_uid, made.st_gid, stat.S_IMODE(made.st_mode)) == (0, USER, 0o640)
    assert machine.read()["accounts"]["router"]["hosts"] == {
        ZONE: {"ipv4": True, "ipv6": {"suffix": "::fc:0:0:0:8", "prefix_length": 56}}}
    assert os.readlink(machine.enabled) == "../sites-available/ddnsgate"
    with machine.serving() as router:
        answer = router.update("router", TOKEN, **stages.CLAIM)
    assert (answer.status, answer.body) == (200, f"{ZONE} good {' '.join(WEB)}\n")
    assert stage.powerdns.addresses(ZONE) == list(WEB)


def test_a_script(machine):
    told = machine.call()
    assert told.returncode == 0, told.stdout
    assert f"https://{GATEWAY}/update" in told.stdout and TOKEN not in told.stdout
    with machine.serving() as router:
        assert router.update("router", TOKEN, **stages.CLAIM).status == 200
    # The same again, and nothing is another than it was.
    before = machine.files()
    told = machine.again()
    assert told.returncode == 0, told.stdout
    assert machine.files() == before


HAND_MADE = """// Ours, of 2019.
{
	"url": "https://dns.chaos-wg.net",
	"workers": 3,	// it is a small machine
	"state": "/dev/null/none",
	"providers": {
		"home": {"description": "powerdns", "config": {"base": "BASE"}},  // the lab
		"other": {"description": "desec", "addresses": ["192.0.2.1"]}
	},
	"accounts": {
		/* the neighbours */
		"other": {"verifier": "$pbkdf2-sha256$i=600000$Nu6rdzs98c9g5MrhaEZuZg$NZlysB1kG9MXU9oq9kBUhX/10UgqlG3vSccDJIUoEO4", "provider": "other",
			"hosts": {"a.example.org": {"ipv4": true}}},
		"router": {
			"verifier": "VERIFIER",
			"provider": "home",
			"hosts": {
				"chaos-wg.net": {
					"ipv4": true,
					"ipv6": {"prefix_length": 60, "suffix": "::8"}, // wrong
					"ttl": 60
				}
			}
		}
	}
}
"""


@pytest.fixture
def hand_made(machine):
    """A configuration that a person wrote, and a site."""
    assert machine.call().returncode == 0
    verifier = machine.read()["accounts"]["router"]["verifier"]
    text = HAND_MADE.replace("BASE", machine.stage.powerdns.base).replace("VERIFIER", verifier)
    machine.write("etc/ddnsgate.json", text)
    site = pathlib.Path(machine.site).read_text(encoding="utf-8")
    machine.write("nginx/sites-available/ddnsgate", f"# mine\n{site}")
    return text


def test_run_again_changes_what_is_asked_and_keeps_the_rest(machine, hand_made):
    told = machine.again("--account", "router", "--ipv6", WEB[1])
    assert told.returncode == 0, told.stdout
    text = pathlib.Path(machine.configuration).read_text(encoding="utf-8")
    assert text == hand_made.replace('{"prefix_length": 60, "suffix": "::8"}',
                                     '{"prefix_length": 60, "suffix": "::c:0:0:0:8"}')
    assert pathlib.Path(machine.site).read_text(encoding="utf-8").startswith("# mine\n")
    told = machine.again("--account", "router", "--prefix-length", "56", "--suffix",
                         "0:0:0:fc::8", "--server", f"www.{GATEWAY}", "--provider", "home")
    assert told.returncode == 0, told.stdout
    text = pathlib.Path(machine.configuration).read_text(encoding="utf-8")
    assert text == hand_made.replace('{"prefix_length": 60, "suffix": "::8"}',
                                     '{"prefix_length": 56, "suffix": "0:0:0:fc::8"}').replace(
        '"https://dns.', '"https://www.dns.')
    site = pathlib.Path(machine.site).read_text(encoding="utf-8")
    assert site.startswith("# mine\n") and f"server_name www.{GATEWAY};" in site
    told = machine.again("--account", "router", "--server", GATEWAY)
    assert told.returncode == 0, told.stdout
    with machine.serving() as router:       # with the token of before
        assert router.update("router", TOKEN, **stages.CLAIM).status == 200


def test_another_token_and_another_account(machine, hand_made):
    before = machine.files()
    told = machine.again("--account", "router", "--token", token="wrong")
    assert told.returncode == 1 and "HTTP 401" in told.stdout
    assert machine.files() == before
    told = machine.again("--account", "new", "--provider", "home", "--host", f"new.{ZONE}",
                         "--proof", "none", token=TOKEN)
    assert told.returncode == 0, told.stdout
    text = pathlib.Path(machine.configuration).read_text(encoding="utf-8")
    assert "\t\t/* the neighbours */\n" in text
    assert text.startswith(hand_made[:hand_made.rindex("}\n\t}")])
    accounts = machine.read()["accounts"]
    assert accounts["new"]["hosts"] == {
        f"new.{ZONE}": {"ipv4": True, "proof": {"kind": "none"}}}


def test_an_account_in_a_directory_is_changed_there(machine):
    assert machine.call().returncode == 0
    content = machine.read()
    os.mkdir(f"{machine.folder}/etc/accounts.d")
    machine.write("etc/accounts.d/router.json",
                  json.dumps(content["accounts"].pop("router")))
    del content["accounts"]
    content["account_directory"] = f"{machine.folder}/etc/accounts.d"
    machine.write("etc/ddnsgate.json", json.dumps(content))
    told = machine.again("--account", "router", "--host", ZONE, "--ttl", "300")
    assert told.returncode == 0, told.stdout
    assert machine.read() == content
    with open(f"{machine.folder}/etc/accounts.d/router.json", encoding="utf-8") as f:
        assert json.load(f)["hosts"][ZONE]["ttl"] == 300
    told = machine.again("--account", "new", "--host", f"new.{ZONE}", token=TOKEN)
    assert told.returncode == 0, told.stdout
    assert machine.read() == content
    assert os.path.exists(f"{machine.folder}/etc/accounts.d/new.json")


@pytest.mark.parametrize("changes, token, status, text", [
    ({"provider": "nowhere"}, TOKEN, 1, "there is no provider nowhere; ddnsgate provider list"),
    ({"host": "chaos"}, TOKEN, 1, '"chaos": give the whole name of the host'),
    ({"ipv4": "1.2.3"}, TOKEN, 1, '"1.2.3": an IPv4 address, as 192.0.2.7; or no'),
    ({"ipv4": "10.0.0.1"}, TOKEN, 1, "10.0.0.1, as the router sends it"),
    ({"ipv4": CLOSED_AT}, TOKEN, 1, "Connection refused"),
    ({"prefix_length": "560"}, TOKEN, 1, '"560": a number from 16 to 127'),
    ({"set": "base=http://x"}, TOKEN, 1, "must be https://"),
    ({"set": None}, TOKEN, 1, "--set base=... is missing"),
    ({"device": "toaster"}, TOKEN, 1, "ddnsgate router --list names them"),
    ({"ttl": "soon"}, TOKEN, 1, f"/hosts/{ZONE}/ttl: "),
    ({}, "wrong", 1, "HTTP 401"),
    ({}, "", 1, "no token was given"),
    ({"provider": None, "host": None}, TOKEN, 2,
     "--provider is missing, and nobody is there to ask\n"
     "ddnsgate: --host is missing"),
], ids=str)
def test_what_is_wrong_is_told_and_changes_nothing(machine, changes, token, status, text):
    before = machine.files()
    told = machine.call(token=token, **changes)
    assert told.returncode == status, told.stdout
    assert text in told.stdout
    assert machine.files() == before


def test_a_site_that_nginx_does_not_take_changes_nothing(machine):
    before = machine.files()
    told = machine.call(key=machine.stage.authority.leaf(ZONE).key)
    assert told.returncode == 1
    assert "key values mismatch" in told.stdout and "--site none" in told.stdout
    assert machine.files() == before
    assert not os.path.exists(os.path.dirname(machine.configuration))


@pytest.mark.parametrize("certificate, text", [
    (None, "holds no certificate in PEM"),
    (("example.net", "good"), f"is not for {GATEWAY}, but for example.net, *.example.net;"),
    ((GATEWAY, "expired"), "has expired; renew it first")], ids=str)
def test_a_certificate_that_routers_would_refuse(machine, certificate, text):
    file = (machine.stage.authority.leaf(*certificate).chain if certificate else
            machine.write("broken.pem", "no certificate\n"))
    before = machine.files()
    told = machine.call(certificate=file)
    assert told.returncode == 1 and text in told.stdout, told.stdout
    assert machine.files() == before


def test_a_server_at_another_port(machine):
    assert machine.call(server=f"{GATEWAY}:8443").returncode == 0
    assert machine.read()["url"] == f"https://{GATEWAY}:8443"
    assert f"server_name {GATEWAY};" in pathlib.Path(machine.site).read_text(encoding="utf-8")


def test_who_cannot_write_is_told_before_all_questions(machine):
    os.mkdir(f"{machine.folder}/etc")
    told = subprocess.run(
        ["setpriv", f"--reuid={USER}", "--clear-groups", machine.binary, "setup", "--config",
         machine.configuration, *machine.answers(provider="nowhere")],
        check=False, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    assert (told.returncode, told.stdout) == (1, (
        f"ddnsgate: {machine.configuration}: Permission denied; setup must be able to write "
        "it: call it as root\n"))


def test_without_a_certificate_the_site_is_not_enabled(machine):
    told = machine.call(certificate="/nonexistent/fullchain.pem", key=None)
    assert told.returncode == 0, told.stdout
    assert "certbot certonly" in told.stdout and f"--domain {GATEWAY}\n" in told.stdout
    assert os.path.exists(machine.site) and not os.path.lexists(machine.enabled)
    assert "ssl_certificate_key /nonexistent/privkey.pem;" in \
        pathlib.Path(machine.site).read_text(encoding="utf-8")


def test_what_the_user_that_serves_cannot_read_is_told(machine):
    """Root can read everything, so the check must be that user's own."""
    machine.write("etc/there", "")
    os.chmod(f"{machine.folder}/etc", 0o700)
    before = machine.files()
    told = machine.call()
    assert told.returncode == 1
    assert f"{machine.configuration}: Permission denied" in told.stdout
    assert machine.files() == before


QUESTIONS = (("Name of this server: ", GATEWAY), ("[router]: ", ""),
             ("(? lists all): ", "desec"), ("your address: ", ZONE),
             ("home now: ", "later"), ("server now: ", "no"), ("Token: ", TOKEN),
             ("Token again: ", TOKEN))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("answered", [0, 3, len(QUESTIONS) - 1])
def test_interrupted_it_leaves_everything_as_it_was(machine, answered, number):
    before = machine.files()
    with machine.person("--no-trial") as at:
        for question, text in QUESTIONS[:answered]:
            at.answer(question, text)
        at.until(QUESTIONS[answered][0].encode())
        assert at.ended_by(number) == -number
        assert at.echoes()
    assert machine.files() == before


def test_the_end_of_input_leaves_everything_as_it_was(machine):
    before = machine.files()
    with machine.person("--no-trial") as at:
        at.answer(QUESTIONS[0][0], GATEWAY)
        at.until(QUESTIONS[1][0].encode())
        at.type(b"\x04")
        assert "nothing was changed" in at.rest()
        assert at.ended() == 1
    assert machine.files() == before


# A machine that systemd manages, with users of its own: what setup would do to
# it is written down by a systemctl that stands in for the real one.
MANAGED = """
mount --bind "$0/copy" /etc
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
mount --bind "$0/programs/systemctl" /usr/bin/systemctl
mount --bind "$0/etc" "%s"
"""
SYSTEMCTL = """#!/bin/sh
echo "$*" >>"%s/called"
[ ! -e "%s/fails" ] || [ "$1" != "$(cat "%s/fails")" ] || exit 1
[ "$2" != is-active ] || [ -e "%s/serves" ]
"""
ENABLE = ["daemon-reload", "--quiet is-active ddnsgate.service",
          "--quiet enable --now ddnsgate.service", "reload nginx.service"]
RELOAD = ["daemon-reload", "--quiet is-active ddnsgate.service",
          "reload ddnsgate.service", "reload nginx.service"]


@pytest.fixture
def managed(machine):
    """The machine with systemd, and without the user ddnsgate; the usual file."""
    usual = f"{os.path.dirname(os.path.dirname(machine.binary))}/etc/ddnsgate"
    os.makedirs(usual, exist_ok=True)
    os.mkdir(f"{machine.folder}/etc")
    subprocess.run(["cp", "-a", "/etc", f"{machine.folder}/copy"], check=True)
    subprocess.run(["userdel", "--prefix", f"{machine.folder}/copy", "ddnsgate"],
                   check=False, stderr=subprocess.DEVNULL)
    machine.write("programs/mount", MANAGED % usual)
    program = machine.write("programs/systemctl", SYSTEMCTL.replace("%s", machine.folder))
    os.chmod(program, 0o755)
    if not os.path.exists("/usr/bin/systemctl"):
        pytest.skip("no systemctl is there to be stood in for")
    machine.user = None
    machine.usual = f"{usual}/ddnsgate.json"
    return machine


def called(machine):
    """What systemctl was asked since the last look."""
    path = pathlib.Path(machine.folder, "called")
    words = path.read_text(encoding="utf-8").splitlines()
    path.unlink()
    return words


def users(machine):
    return [line.split(":")[0] for line in
            pathlib.Path(machine.folder, "copy/passwd").read_text(encoding="utf-8").splitlines()]


def test_it_makes_the_user_and_starts_the_service(managed):
    """From nothing to a service that serves, on the usual place."""
    managed.configuration = managed.usual
    assert "ddnsgate" not in users(managed)
    told = managed.call("--start")
    assert told.returncode == 0, told.stdout
    assert "made the user ddnsgate, as whom it serves\n" in told.stdout
    assert "it serves; `ddnsgate health' and" in told.stdout
    assert users(managed).count("ddnsgate") == 1
    assert called(managed) == ENABLE
    managed.write("serves", "")
    told = managed.again("--start", "--site", "none")
    assert told.returncode == 0, told.stdout
    assert "made the user" not in told.stdout
    assert called(managed) == RELOAD[:-1]
    told = managed.again()                     # nobody is there to say no
    assert told.returncode == 0, told.stdout
    assert called(managed) == RELOAD


def test_a_service_that_does_not_start_is_a_failure(managed):
    managed.configuration = managed.usual
    for word in ("daemon-reload", "reload", "--quiet"):
        managed.write("fails", word)
        told = managed.again("--start", *managed.answers(), token=TOKEN)
        assert told.returncode == 1, told.stdout
        assert "it serves;" not in told.stdout
        assert called(managed) == ENABLE


def test_a_person_may_start_it_himself(managed):
    managed.configuration = managed.usual
    answers = managed.answers(ipv4="later", ipv6="no", account="router", site="none")
    with managed.person(*answers, "--no-trial") as at:
        at.answer("Token: ", TOKEN)
        at.answer("Token again: ", TOKEN)
        at.answer("Start it now? [yes]: ", "perhaps")
        at.answer("Start it now? [yes]: ", "no")
        told = at.rest()
        assert at.ended() == 0, told
    assert "yes or no\n" in told
    assert "next: systemctl enable --now ddnsgate.service, or reload it if it serves\n" in told
    assert not os.path.exists(f"{managed.folder}/called")


def test_the_user_goes_again_if_nothing_came_of_it(managed):
    managed.configuration = managed.usual
    told = managed.call("--start", key=managed.stage.authority.leaf(ZONE).key)
    assert told.returncode == 1
    assert "made the user ddnsgate" in told.stdout and "nothing was changed" in told.stdout
    assert "ddnsgate" not in users(managed)
    assert not os.path.exists(managed.usual)


def test_a_user_that_is_named_is_not_made(managed):
    managed.user = "nobody-there"
    told = managed.call()
    assert told.returncode == 1
    assert "ddnsgate: nobody-there: no such user on this machine\n" in told.stdout
    assert "nobody-there" not in users(managed)
    assert not os.path.exists(managed.configuration)


def test_nothing_is_written_once_it_was_interrupted(managed):
    """By Ctrl-C while nginx looks at the site."""
    managed.configuration = managed.usual
    program = managed.write("programs/nginx", "#!/bin/sh\nkill -INT $PPID\n")
    os.chmod(program, 0o755)
    managed.write("programs/mount", pathlib.Path(managed.folder, "programs/mount").read_text(
        encoding="utf-8") + 'mount --bind "$0/programs/nginx" /usr/sbin/nginx\n')
    before = managed.files()
    told = managed.call("--start")
    assert told.returncode == -signal.SIGINT, told.stdout
    assert "nothing was changed" in told.stdout
    after = managed.files()
    for name in set(before) ^ set(after):       # what useradd left of itself
        assert "/copy/" in name, name
    assert "ddnsgate" not in users(managed)


def test_a_person_goes_on_without_a_trial_that_was_good(machine):
    """Each question once more is declined, and each wrong answer is told."""
    stage = machine.stage
    with machine.person("--set", f"base={stage.powerdns.base}", "--account", "router") as at:
        at.answer("Name of this server: ", f"https://{GATEWAY}")
        at.answer("DNS provider (? lists all): ", "powerdns")
        at.answer("Name that is to follow your address: ", ZONE)
        at.answer("IPv4 address of your home now: ", CLOSED_AT)
        at.answer("IPv6 address of the web server now: ", "router")
        at.answer("Token: ", TOKEN)
        at.answer("Token again: ", f"{TOKEN}s")
        at.answer("Once more? [yes]: ", "")
        at.answer("Token: ", "wrong")
        at.answer("Token again: ", "wrong")
        at.answer("Another token, or the same again? [yes]: ", "no")
        at.answer("Other addresses, or the same again? [yes]: ", "n")
        at.answer("Your router (? lists all, or none) [none]: ", "?")
        at.answer("Your router (? lists all, or none) [none]: ", "")
        at.answer("Site of nginx (or none) [/etc/nginx/sites-available/ddnsgate]: ", "ddnsgate")
        at.answer("Site of nginx (or none) [/etc/nginx/sites-available/ddnsgate]: ", "none")
        told = at.rest()
        assert at.ended() == 0, told
    for text in ("The two are not the same.", "fritzbox", '"ddnsgate": a whole file name',
                 "next: start `ddnsgate serve'"):
        assert text in told, told
    content = machine.read()
    assert content["url"] == f"https://{GATEWAY}"
    assert content["accounts"]["router"]["hosts"] == {ZONE: {"ipv4": True, "ipv6": "router"}}
    assert not os.path.exists(machine.site)


def test_a_person_gives_up(machine):
    """Where the answers do not help, everything stays as it was."""
    before = machine.files()
    for last in ("Token: ", "IPv4 address of your home now ["):
        with machine.person(*machine.answers(ipv4=CLOSED_AT, ipv6="no", account="router")) as at:
            at.answer("Token: ", "wrong")
            at.answer("Token again: ", "wrong")
            at.answer("Another token, or the same again? [yes]: ",
                      "" if last == "Token: " else "no")
            if last == "Token: ":
                at.until(b"Token: ", 60)
                at.type(b"\n")
                at.answer("Once more? [yes]: ", "no")
            else:
                at.answer("Other addresses, or the same again? [yes]: ", "")
                at.until(last.encode() + CLOSED_AT.encode())
                at.type(b"\x04")
            told = at.rest()
            assert at.ended() == 1, told
        assert machine.files() == before


def test_a_nameserver_is_asked_for(machine):
    with machine.person("--no-trial", *machine.answers(
            server=f"{GATEWAY}", provider="rfc2136", set=None, ipv4="later", ipv6="no",
            device="none", site="none", account="bad name", certificate=None, key=None)) as at:
        at.answer("User that the router logs in as [router]: ", "")
        at.answer('"server" of rfc2136: ', "")
        at.answer('"server" of rfc2136: ', "ns.example.org/")
        at.answer('"server" of rfc2136: ', "ns.example.org")
        at.answer("Token: ", "hmac-sha256:key:c2VjcmV0c2VjcmV0c2VjcmV0")
        at.answer("Token again: ", "hmac-sha256:key:c2VjcmV0c2VjcmV0c2VjcmV0")
        told = at.rest()
        assert at.ended() == 0, told
    assert '"bad name": ' in told and "an answer is needed here" in told
    assert machine.read()["providers"]["rfc2136"]["config"] == {"server": "ns.example.org"}


@pytest.mark.parametrize("text", [None, "", "\n", f"{TOKEN}\r\nmore\n"], ids=repr)
def test_a_token_in_a_file(machine, text):
    file = f"{machine.folder}/token"
    if text is not None:
        machine.write("token", text)
    before = machine.files()
    told = machine.call("--token-file", file, "--no-trial", token="")
    if text and text.strip():
        assert told.returncode == 0, told.stdout
        return
    assert told.returncode == 1
    assert f"ddnsgate: {file}: holds no token\n" in told.stdout
    assert machine.files() == before


@pytest.mark.parametrize("words", [("word",), ("--set", "base"), ("--set", "=x"),
                                   ("--set", "x" * 49 + "=x"), ("--set", "a=b") * 20])
def test_what_is_no_option_is_refused(machine, words):
    told = machine.again(*words)
    assert told.returncode == 2
    assert "usage: ddnsgate setup" in told.stdout


def test_a_socket_of_ones_own_is_in_the_site(machine):
    """And the log's directory is made, for the user that serves."""
    assert machine.call("--no-trial").returncode == 0
    content = machine.read()
    os.mkdir(f"{machine.folder}/run")
    os.chown(f"{machine.folder}/run", USER, USER)
    content["listen"] = {"socket": f"{machine.folder}/run/socket"}
    content["log"] = {"to": f"{machine.folder}/logs/of/ddnsgate.log"}
    del content["url"]
    machine.write("etc/ddnsgate.json", json.dumps(content))
    told = machine.again("--no-trial", "--server", GATEWAY)
    assert told.returncode == 0, told.stdout
    site = pathlib.Path(machine.site).read_text(encoding="utf-8")
    assert f"server unix:{machine.folder}/run/socket max_fails=0;" in site
    assert "/run/ddnsgate/ddnsgate.sock" not in site
    assert os.stat(f"{machine.folder}/logs/of").st_uid == USER
    assert os.stat(f"{machine.folder}/logs").st_uid == 0
    # What nginx does not take is as it was, byte by byte.
    machine.write("nginx/sites-available/ddnsgate", f"nonsense;\n{site}")
    before = machine.files()
    told = machine.again("--no-trial", "--server", f"www.{GATEWAY}")
    assert told.returncode == 1 and "--site none" in told.stdout, told.stdout
    assert machine.files() == before


def test_a_site_that_cannot_be_written(machine):
    """Without a folder for it, for its link, and without an end."""
    before = machine.files()
    told = machine.call("--site", f"{machine.folder}/nowhere/sites-available/ddnsgate")
    assert told.returncode == 1 and "nothing was changed" in told.stdout, told.stdout
    os.mkdir(f"{machine.folder}/alone")
    os.mkdir(f"{machine.folder}/alone/sites-available")
    told = machine.call("--site", f"{machine.folder}/alone/sites-available/ddnsgate")
    assert told.returncode == 1, told.stdout
    assert f"{machine.folder}/alone/sites-enabled/ddnsgate: No such file" in told.stdout
    large = "#" * (1 << 20) + "\n"
    machine.write("large", large)
    told = machine.call("--site", f"{machine.folder}/large")
    assert told.returncode == 1, told.stdout
    assert f"{machine.folder}/large: File too large\n" in told.stdout
    path = pathlib.Path(machine.folder, "large")
    assert path.read_text(encoding="utf-8") == large
    path.unlink()
    shutil.rmtree(f"{machine.folder}/alone")
    assert machine.files() == before


@pytest.mark.parametrize("name", ["ddnsgate.json", "below/ddnsgate.json"])
def test_a_folder_that_cannot_be_made(machine, name):
    machine.write("etc", "a file")
    machine.configuration = f"{machine.folder}/etc/{name}"
    told = machine.call()
    assert told.returncode == 1, told.stdout
    assert re.search(f"ddnsgate: {machine.folder}/etc/.*: Not a directory\n", told.stdout)
    assert os.path.isfile(f"{machine.folder}/etc")
    assert not os.path.exists(machine.site)
