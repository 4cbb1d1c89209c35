"""Exchanges with every provider, replayed to the real program over TLS.

Each NAME.json holds the cases of the description NAME: what the program must
send, in order and to the byte, what the provider answers, and the verdict that
must come of it.  README.md tells the form of these files.

The program runs in a network namespace of its own, where the provider is
127.0.0.1:443 and a certificate authority of the tests vouches for its name.
tests/run sets DDNSGATE.
"""

import contextlib
import copy
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
SOURCE = HERE.parent.parent


def exchanges_in(folder):
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def cases_of(exchanges):
    return [pytest.param(name, case, id=f"{name}-{case['case']}")
            for name, exchange in exchanges.items() for case in exchange["cases"]]


EXCHANGES = exchanges_in(HERE)
MANUAL = exchanges_in(HERE / "manual")
HOSTS = [host for exchange in [*EXCHANGES.values(), *MANUAL.values()]
         for host in [exchange["host"], *exchange.get("hosts", [])]]
SHIPPED = sorted((SOURCE / "providers").glob("*.json"))

# No user of the system.
DAEMON = 61500

# Signed by the clock, so that no recording would fit.
SIGNED = {"route53", "ovh"}


def script_of(exchange, case):
    """The case's requests with their answers, "parts" and "headers" filled in."""
    script = []
    for item in case["exchange"]:
        script += exchange["parts"][item] if isinstance(item, str) else [item]
    script = copy.deepcopy(script)
    for item in script:
        request = item["request"]
        request["headers"] = {"Host": exchange["host"], **exchange.get("headers", {}),
                              **request.get("headers", {})}
    return script


def printed(address):
    """The type and the address of a line of the output; "ipv4=none" removes."""
    removed = {"ipv4=none": ["A", "none"], "ipv6=none": ["AAAA", "none"]}
    return removed.get(address, ["AAAA" if ":" in address else "A", address])


def config_of(exchange, case):
    """What the operator gives."""
    return case.get("config", exchange.get("config"))


def options_of(case):
    return {k: case[k] for k in ("zone", "ttl") if k in case}


def check(providers, name, exchange, case):
    token = case.get("token", exchange["token"])
    host = case.get("host", "home.example.org")
    ran, seen = providers.replay(
        script_of(exchange, case), name, config_of(exchange, case), token, host,
        case["addresses"], options_of(case))
    assert seen.problems == [], ran.stdout + ran.stderr
    assert seen.left() == [], f"was not asked for:\n{ran.stdout}{ran.stderr}"
    lines = [line.split(" ", 4) for line in ran.stdout.splitlines()
             if line.startswith(f"{host} ")]
    assert [line[1:3] for line in lines] == [printed(a) for a in case["addresses"]], \
        ran.stdout + ran.stderr
    assert [line[3] for line in lines] == case["verdicts"], ran.stdout
    assert ran.returncode == (0 if set(case["verdicts"]) <= {"changed", "unchanged"} else 1)
    for text in case.get("says", []):
        assert text in ran.stdout
    for part in token.split(":"):
        assert part == host or len(part) < 12 or part[:12] not in ran.stdout + ran.stderr, \
            "shows the credential"


@pytest.mark.parametrize("name, case", cases_of(EXCHANGES))
def test_exchange(providers, name, case):
    check(providers, name, EXCHANGES[name], case)


def elsewhere(exchange):
    """The same exchange for other names, which nobody else is to learn."""
    text = json.dumps(exchange).replace("example.org", "kellerhaus.de")
    return json.loads(re.sub("(?<![A-Za-z])home(?![A-Za-z])", "zuhause", text))


@pytest.mark.parametrize("name, case", [
    p for p in cases_of(EXCHANGES) if p.values[1]["case"] in ("replace", "create", "ambiguous")])
def test_a_recording_replays(providers, tmp_path, name, case):
    """It names nobody, and shows what happened."""
    exchange, case = elsewhere(EXCHANGES[name]), elsewhere(case)
    token = case.get("token", exchange["token"])
    host = case.get("host", "zuhause.kellerhaus.de")
    file = tmp_path / "recorded.json"
    ran, seen = providers.replay(
        script_of(exchange, case), name, config_of(exchange, case), token, host,
        case["addresses"], options_of(case), ["--record", str(file)])
    assert seen.problems == [] and seen.left() == []
    assert f"recorded in {file}; read it" in ran.stdout
    text = file.read_text()
    for secret in ("kellerhaus", "zuhause", *token.split(":")):
        assert len(secret) < 6 or secret.lower() not in text.lower()
    assert file.stat().st_mode & 0o777 == 0o600
    recorded = json.loads(text)
    again, = recorded["cases"]
    assert again["verdicts"] == case["verdicts"]
    check(providers, name, recorded, again)


@contextlib.contextmanager
def own_description(providers, name, text):
    """A description in the operator's directory."""
    if str(providers.own).startswith("/etc/"):
        pytest.skip("would write into /etc")
    file = providers.own / f"{name}.json"
    made = not providers.own.exists()
    providers.own.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    yield file
    shutil.rmtree(providers.own) if made else file.unlink()


@pytest.fixture
def from_manual(providers):
    """The example of ddnsgate-provider(5), put where it says; one new file is all."""
    page = (SOURCE / "man/ddnsgate-provider.5").read_text()
    text = re.search(r"^\.Bd -literal\n(\{\n.*?^\}\n)\.Ed$", page, re.M | re.S)[1]
    with own_description(providers, "exampledns", text) as file:
        yield file


@pytest.mark.parametrize("name, case", cases_of(MANUAL))
def test_manual(providers, from_manual, name, case):
    check(providers, name, MANUAL[name], case)


# A zone step that asks what the list of its records asks first.
FIRST_PAGE = {
    "format": 1, "name": "firstpage", "about": "a test", "base": "https://api.dns.example",
    "headers": {"X-Key": "{token}"},
    "zone": {"method": "GET", "path": "/{zone}", "none": [404], "get": {"total": "/total"}},
    "steps": [
        {"for": "zone", "method": "GET", "path": "/{zone}",
         "pages": {"next": "/next", "query": "after"},
         "pick": {"in": "/records", "where": {"/type": "{type}", "/name": "{sub}"}},
         "get": {"record": "/id", "current": "/data"}},
        {"if": ["record"], "method": "PUT", "path": "/{zone}/{record}", "json": {"data": "{addr}"}},
        {"if": ["!record"], "method": "POST", "path": "/{zone}", "json": {"data": "{addr}"}}]}


def test_a_first_page_is_not_the_list(providers):
    """Its answer served a step that wants all pages: a record was made again."""
    def asked(method, path, status, answer=None, **body):
        return {"request": {"method": method, "path": path, "headers": {}, **body},
                "answer": {"status": status, **({"json": answer} if answer else {})}}

    first = {"total": 2, "next": "c1", "records": [{"id": 1, "type": "A", "name": "www", "data": "192.0.2.1"}]}
    script = [
        asked("GET", "/home.example.org", 404),
        asked("GET", "/example.org", 200, first),
        asked("GET", "/example.org", 200, first),
        asked("GET", "/example.org?after=c1", 200, {"total": 2, "records": [
            {"id": 2, "type": "A", "name": "home", "data": "198.51.100.7"}]}),
        asked("PUT", "/example.org/2", 200, json={"data": "192.0.2.10"})]
    with own_description(providers, "firstpage", json.dumps(FIRST_PAGE)):
        ran, seen = providers.replay(script, "firstpage", None, "x", "home.example.org",
                                     ["192.0.2.10"], {})
    assert (seen.problems, seen.left()) == ([], []), ran.stdout
    assert ran.stdout.startswith("home.example.org A 192.0.2.10 changed")


def listed(providers):
    """The name of each, and the parts of its credential."""
    ran = subprocess.run([providers.program, "provider", "list"], check=True, text=True,
                         stdout=subprocess.PIPE)
    return dict(line.split()[:2] for line in ran.stdout.splitlines())


def test_list(providers):
    """All that is shipped can be named in a configuration."""
    tokens = {path.stem: ":".join(json.loads(path.read_text()).get("token", ["token"]))
              for path in SHIPPED}
    assert listed(providers) == tokens | {"rfc2136": "key:secret"}
    assert len(SHIPPED) >= 76


def test_list_own(providers, from_manual):
    assert from_manual.stem in listed(providers)


def test_own_goes_before_shipped(providers):
    text = (providers.shipped / "gandi.json").read_text()
    with own_description(providers, "gandi", text.replace("api.gandi.net", "gandi.example")):
        ran = provider_run(providers, "--dry-run", "gandi", "home.example.org", "192.0.2.1")
        assert "https://gandi.example/v5/" in ran.stdout and "gandi.net" not in ran.stdout
        listing = subprocess.run([providers.program, "provider", "list"], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout
        assert sum(line.split()[0] == "gandi" for line in listing.splitlines()) == 1
    assert "api.gandi.net" in provider_run(providers, "--dry-run", "gandi", "home.example.org",
                                           "192.0.2.1").stdout


@pytest.mark.parametrize("what", ["file", "directory"])
@pytest.mark.parametrize("how, why", [
    (lambda path: path.chmod(0o777), "others can write it; chmod go-w"),
    (lambda path: os.chown(path, 12345, 0), "belongs to user 12345; make it root's"),
])
def test_what_others_can_change_is_not_used(providers, what, how, why):
    text = (providers.shipped / "gandi.json").read_text()
    with own_description(providers, "gandi", text) as file:
        path = file if what == "file" else file.parent
        before = path.stat()
        how(path)
        ran = provider_run(providers, "--dry-run", "gandi", "home.example.org", "192.0.2.1")
        path.chmod(before.st_mode & 0o7777)
        os.chown(path, before.st_uid, before.st_gid)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert f"{path}: {why}" in ran.stderr


def provider_run(providers, *arguments, user=None):
    return subprocess.run([providers.program, "provider", "run", *arguments], check=False, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, user=user)


def test_the_daemon_itself_cannot_change_it(providers):
    """A file of the user that it runs as is good for a check, and for nothing else."""
    text = (providers.shipped / "gandi.json").read_text()
    with own_description(providers, "gandi", text) as file:
        os.chown(file, DAEMON, DAEMON)
        ran = provider_run(providers, "--dry-run", "gandi", "home.example.org", "192.0.2.1",
                           user=DAEMON)
        assert (ran.returncode, ran.stdout) == (1, "")
        assert f"{file}: belongs to user {DAEMON}; make it root's (chown root)" in ran.stderr
        assert subprocess.run([providers.program, "provider", "check", file], user=DAEMON,
                              check=True, stdout=subprocess.DEVNULL)


def test_dry_run(providers, tmp_path):
    """A description can be tried before there is a configuration, and beside one."""
    file = tmp_path / "ddnsgate.json"
    file.write_text(json.dumps(providers.configuration("duckdns", None, "home.example.org", {})))
    for config in ([], ["--config", str(file)]):
        ran = provider_run(providers, "--dry-run", *config, "gandi", "home.example.org", "192.0.2.1")
        assert (ran.returncode, ran.stderr) == (0, "")
        assert ran.stdout == """\
zone: GET https://api.gandi.net/v5/livedns/domains/example.org
  Authorization: Bearer ***
steps/0: GET https://api.gandi.net/v5/livedns/domains/example.org/records/home
  Authorization: Bearer ***
steps/1: PUT https://api.gandi.net/v5/livedns/domains/example.org/records/home/A
  Authorization: Bearer ***
  Content-Type: application/json
  {"rrset_values":["192.0.2.1"],"rrset_ttl":300}
"""


@pytest.mark.parametrize("name, case", cases_of(EXCHANGES))
def test_a_dry_run_fails_where_no_answer_could_help(providers, name, case):
    """Once, Namecheap without a zone printed nothing, and that was a success."""
    exchange = EXCHANGES[name]
    host = case.get("host", "home.example.org")
    ran = providers.rehearse(name, config_of(exchange, case), host, case["addresses"],
                             options_of(case))
    if ran.returncode == 0:
        assert case["exchange"] or case["verdicts"][0] == "token"
        assert ran.stdout != "" and ran.stderr == ""
        return
    real = providers.replay(script_of(exchange, case), name, config_of(exchange, case),
                            exchange["token"], host, case["addresses"], options_of(case))[0]
    assert ran.returncode == 1 and ran.stderr != ""
    assert set(ran.stderr.splitlines()) <= set(real.stdout.splitlines())


def test_check_tells_both_hosts(providers, tmp_path):
    """Where the token goes, also that of a login elsewhere."""
    file = tmp_path / "ddnsgate.json"
    file.write_text(json.dumps(providers.configuration(
        "azure", EXCHANGES["azure"]["config"], "home.example.org", {})))
    ran = subprocess.run([providers.program, "check", "--config", file], check=True, text=True,
                         stdout=subprocess.PIPE)
    assert f"""
provider azure
  https://management.azure.com
  at 127.0.0.1
  https://login.microsoftonline.com, for the login
  at 127.0.0.1
  with a certificate by {providers.authority.pem}
""" in ran.stdout


@pytest.mark.parametrize("words, why", [
    (["gandi", "home.example.org", "192.0.2.1", "192.0.2.2"], "one too many of its kind"),
    (["gandi", "home.example.org", "192.0.2.1", "ipv4=none"], "one too many of its kind"),
    (["gandi", "home.example.org", "home"], "not an IPv4 or IPv6 address"),
    (["gandi", "home", "192.0.2.1"], "not a full host name"),
    (["gandy", "home.example.org", "192.0.2.1"], "there is no gandy.json in"),
    (["../providers/gandi", "home.example.org", "192.0.2.1"], "there is no ../providers/gandi.json"),
    (["powerdns", "home.example.org", "192.0.2.1"], "powerdns/config/base: is missing"),
])
def test_wrong_run(providers, words, why):
    ran = provider_run(providers, "--dry-run", *words)
    assert ran.returncode != 0 and ran.stdout == ""
    assert why in ran.stderr


def test_page():
    """The page has a row for each: how many requests it takes, and whether it removes."""
    page = (SOURCE / "providers/README.md").read_text()
    rows = {row[0]: row[1:] for row in
            re.findall(r"^\| `([^`]+)` \|(?:[^|]*\|){3} (\d+)[^|]*\| ([^|]+) \|", page, re.M)}
    assert rows.keys() == {path.stem for path in SHIPPED}
    for name, exchange in EXCHANGES.items():
        replace = next(case for case in exchange["cases"] if case["case"] == "replace")
        assert int(rows[name][0]) == len(script_of(exchange, replace)), name
    for path in SHIPPED:
        removes = "remove" in json.loads(path.read_text())
        assert rows[path.stem][1] in (["yes", "IPv4"] if removes else ["no"]), path.stem


def test_findings():
    """What the page says is shown by a case, or by a test, is."""
    table = (HERE / "README.md").read_text().partition("What vendors were found")[2]
    cases = {p.id for p in cases_of(EXCHANGES)}
    tests = "".join(path.read_text() for path in [
        *HERE.glob("test_*.py"), *(SOURCE / "tests/unit").glob("test_*.c")])
    shown = [row.split("|")[3] for row in table.splitlines() if row.startswith("| ")][2:]
    assert len(shown) > 20
    for text in re.findall(r"`[^`]+`|\"[^\"]+\"", " ".join(shown)):
        assert text[1:-1] in cases or f"{text[1:-1]}(" in tests or f"{text}," in tests, text


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_description(providers, path):
    """Each is installed as it is, is valid, carries its name, and has been recorded."""
    description = json.loads(path.read_text())
    installed = providers.shipped / path.name
    assert installed.read_bytes() == path.read_bytes()
    assert description["name"] == path.stem
    ran = subprocess.run([providers.program, "provider", "check", installed],
                         check=False, text=True, capture_output=True)
    assert ran.returncode == 0, ran.stderr
    if path.stem not in SIGNED:
        assert wanted_cases(description) <= {c["case"] for c in EXCHANGES[path.stem]["cases"]}


def wanted_cases(description):
    """What can happen with a provider, as its description says."""
    reads = [step for step in description["steps"] if "current" in step.get("get", {})]
    wanted = {"replace", "wrong-token", "missing-zone", "throttled"}
    if reads:
        wanted |= {"create", "unchanged"}
    # [list, element] takes nothing out of a longer list; there is no ambiguity.
    if any("pick" in step and isinstance(step["get"]["current"], str) for step in reads):
        wanted.add("ambiguous")
    if "remove" in description:
        wanted.add("remove")
        if any("get" in step for step in description["remove"]):
            wanted.add("remove-absent")
    return wanted


# What would take neighbours along.
TRAPS = {
    "gandi": [("PUT", "/domains/{zone}/records"), ("PUT", "/domains/{zone}/records/{sub}"),
              ("DELETE", "/domains/{zone}/records"),
              ("DELETE", "/domains/{zone}/records/{sub}")],
    "godaddy": [("PUT", "/v1/domains/{zone}/records"),
                ("PUT", "/v1/domains/{zone}/records/{type}")],
    "mijn.host": [("PUT", "/domains/{zone}/dns")],
    "transip": [("PUT", "/domains/{zone}/dns")],
}


def deletes_what_was_replaced(description, step):
    """The one record that was found, after the new one was made."""
    before = description["steps"][:description["steps"].index(step)]
    return step["method"] == "DELETE" and step["path"].endswith("/{record}") and \
        step.get("if") == ["record"] and any("{addr}" in json.dumps(s.get("json")) for s in before)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_traps(path):
    """No write takes neighbours along, or lets the provider take our own address."""
    description = json.loads(path.read_text())
    for step in description["steps"]:
        if "get" in step:
            continue
        assert (step["method"], step["path"]) not in TRAPS.get(path.stem, [])
        sent = json.dumps([step.get(part) for part in ("query", "json", "form", "text")])
        assert re.search(r"\{(addrs?|addr4[}?|]|addr6[}?|]|current\})", sent) or \
            step["path"].endswith("/refresh") or deletes_what_was_replaced(description, step)
        assert "setHosts" not in sent
    for step in description.get("remove", []):
        if "get" not in step:
            assert (step["method"], step["path"]) not in TRAPS.get(path.stem, [])
