"""schema/: what an editor says of a file is what the program says of it.

Everything of ours is good by the schema; the members that stand at each place are
those that the program asks for, and a value that is wrong for the one is wrong for
the other, but for what only the program can know.
"""

import contextlib
import copy
import json
import os
import pathlib
import pwd
import re
import subprocess
import tempfile

import jsonschema
import pytest
from lab import certificates
from lab.gateway import ROOT, USER, verifier

SCHEMAS = {name: json.loads(pathlib.Path(f"{ROOT}/schema/{name}.schema.json").read_text(
    encoding="utf-8")) for name in ("ddnsgate", "account", "provider")}
# What account.schema.json refers to, as an editor finds it: in the same directory.
BESIDE = {f"{name}.schema.json": schema for name, schema in SCHEMAS.items()}

# A file with each member that there is, where some exclude others.
HOST = {"ipv4": "if-public", "zone": "example.org", "ttl": 60, "partial": False,
        "removal": True, "replace_set": True, "allow": ["10.0.0.0/8", "192.0.2.1"],
        "ipv6": {"prefix_length": 56, "suffix": "::8", "subnet": "fc", "if_public": True},
        "proof": {"kind": "certificate", "port": 8443, "request": "HEAD /", "ca": "CA",
                  "echo": "/whoami"}}
PIN = {"ipv6": {"prefix_length": 48, "suffix": "52:54:00:12:34:56"},
       "proof": {"kind": "pin", "request": "tls", "pins": ["ab" * 32]}}
WILDCARD = {"ipv4": True, "ipv6": "router", "proof": {"kind": "none"}}
CONFIGURATION = {
    "$schema": "file:///usr/share/ddnsgate/schema/ddnsgate.schema.json",
    "workers": 4, "listen": {"socket": "/run/x.sock", "mode": "0660", "group": "root"},
    "peers": ["root"], "log": {"to": "stderr", "format": "json", "level": "warning"},
    "metrics": {"allow": ["192.0.2.10"], "hosts": False}, "state": "STATE", "refresh": 1,
    "history": 30, "url": "https://dns.example.org", "ca": "CA",
    "providers": {
        "desec": {"addresses": ["192.0.2.53", "2001:db8::53"], "ca": "CA"},
        "My own": {"description": "powerdns", "config": {"base": "https://api.example:8443"}}},
    "operators": {"prometheus": {"verifier": "VERIFIER"}},
    "notify": {
        "chat": {"url": "https://chat.example.org:8443/{secret}?a=b", "form": "slack",
                 "secret_file": "SECRET", "events": ["changed", "refused"],
                 "addresses": ["192.0.2.1"], "ca": "CA"},
        "admin": {"mail": "root@example.org", "from": "ddnsgate", "server": "::1", "port": 2525,
                  "events": ["refused"]},
        "beat": {"url": "https://x.example.org", "form": "healthchecks", "every": 5,
                 "provider_minutes": 5, "certificate_days": 20, "silent_hours": 26,
                 "events": ["silent", "certificate", "provider"]}},
    "defaults": {"provider": "desec", "from_connection": False, "all_hosts": True,
                 "query_credentials": False, "ipv4": True, "prefix_length": 56, "ttl": 300,
                 "proof": {"kind": "certificate"}, "allow": [], "partial": True,
                 "removal": False, "replace_set": False},
    "accounts": {"router": {
        "verifier": "VERIFIER", "provider": "My own", "from_connection": True,
        "all_hosts": False, "query_credentials": True, "disabled": False,
        "hosts": {"home.example.org": HOST, "pin.example.org": PIN, "*.example.org": WILDCARD}}},
    "account_directory": "ACCOUNTS", "account_table": False}

READ = {"method": "GET", "path": "/records", "query": {"{config.q|name}": "{name}"},
        "headers": {"X-Key": "{key}"}, "none": [404], "expect": {"/ok": [True, None]},
        "max": 4, "pages": {"query": "page", "pages": "/last"},
        "pick": {"in": "/records", "where": {"/type": "{type}"}, "expect": {"/ours": True},
                 "largest": "/version"},
        "get": {"record": "/id", "current": ["/data", "/value"]}}
PROVIDER = {
    "$schema": "file:///usr/share/ddnsgate/schema/provider.schema.json",
    "format": 1, "name": "whole", "about": "all there is", "basis": "recording",
    "base": "{config.base|https://api.example.org/v1}",
    "begin_base": "https://login.example.org", "token": ["key", "secret"],
    "headers": {"User-Agent": "x"}, "basic": ["{key}", "{secret}"],
    "sign": "sigv4:here:dns", "expect": {"/status": "ok"}, "error": "/error",
    "verdicts": {"token": ["bad key"], "zone": ["no zone"], "busy": ["later"],
                 "unchanged": ["same"]},
    "apex": "", "ttl": {"default": 300, "min": 60, "max": 86400, "of": [60, 300]},
    "types": {"A": {"number": 0}, "AAAA": {"number": 1}},
    "begin": [{"method": "POST", "path": "/login", "json": {"key": "{key}"},
               "get": {"session": "/session"}}],
    "zone": {"method": "GET", "path": "/zones/{zone}", "get": {"ttl_min": "/min", "id": "/id"}},
    "steps": [
        {"for": "rrset", **READ},
        {"for": "zone", "if": ["record", "!config.new"], "method": "PUT", "path": "/all",
         "json": {"list": [{"$each": {"id": "{=record}"}, "$if": ["record"]}, 1, True]},
         "ok": [200, 201], "words": ["good"]},
        {"if": ["!record"], "method": "POST", "path": "{config.path|/new}",
         "form": {"addr": "{addr}", "n": "{number}"}, "has": "done"}],
    "remove": [
        {"for": "name", "method": "POST", "path": "/xml", "text": "<x/>",
         "headers": {"content-type": "text/xml"}, "contains": ["removed"]}],
    "end": [{"method": "DELETE", "path": "/session/{session}"}]}


def finder(schema, name):
    """Says what is wrong with a file, as an editor would."""
    jsonschema.Draft7Validator.check_schema(schema)
    resolver = jsonschema.RefResolver(f"{name}.schema.json", schema, store=BESIDE)
    return jsonschema.Draft7Validator(schema, resolver=resolver)


SAYS = {name: finder(schema, name) for name, schema in SCHEMAS.items()}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def good(name, document):
    return SAYS[name].is_valid(document)


def without_comments(text):
    """Comments are the program's; of a string they are no part."""
    return re.sub(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda m: m[1] or "", text,
                  flags=re.S)


def read(path):
    return json.loads(without_comments(pathlib.Path(path).read_text(encoding="utf-8")))


def displayed(page):
    """The texts of JSON that a manual page sets apart."""
    text = pathlib.Path(f"{ROOT}/man/{page}").read_text(encoding="utf-8")
    return [without_comments(shown.replace("\\e\n", "").replace("\\e", "\\"))
            for shown in re.findall(r"^\.Bd -literal.*\n([{\"](?:.*\n)*?)\.Ed$", text, re.M)]


#
# All of ours
#

@pytest.mark.parametrize("name", sorted(os.listdir(f"{ROOT}/providers")))
def test_each_description(name):
    if name.endswith(".json"):
        SAYS["provider"].validate(read(f"{ROOT}/providers/{name}"))


def test_the_example_of_a_configuration():
    SAYS["ddnsgate"].validate(read(f"{ROOT}/examples/ddnsgate.json"))


def test_the_configuration_of_the_readme():
    text = pathlib.Path(f"{ROOT}/README.md").read_text(encoding="utf-8")
    text = re.search(r"cat >/etc/ddnsgate/ddnsgate\.json <<END\n(.*?)\nEND\n", text, re.S)[1]
    text = text.replace("$verifier", verifier("router", "token")).replace("$server", "x.example")
    SAYS["ddnsgate"].validate(json.loads(without_comments(text)))


def test_what_the_manual_shows():
    whole, parts = [], []
    for text in displayed("ddnsgate.json.5"):
        # Verifiers that are no real ones.
        text = text.replace("SALT$KEY", "7Bjt$u1k6").replace("sR...", "sR$u1k6")
        if text.startswith("{"):
            whole.append(json.loads(text))
        else:
            parts.append(json.loads("{" + text.rstrip().rstrip(",") + "}"))
    assert whole and parts
    for document in whole:
        SAYS["ddnsgate" if "providers" in document else "account"].validate(document)
    for members in parts:
        if "home" in members:       # one of "providers"
            members = {"providers": members}
        SAYS["ddnsgate"].validate({"providers": {"desec": {}}, **members,
                                   "accounts": {"router": ACCOUNT}})
    shown = displayed("ddnsgate-provider.5")
    assert shown
    for text in shown:
        SAYS["provider"].validate(json.loads(text))


ACCOUNT = {"verifier": "$pbkdf2-sha256$i=600000$7BjtCxsR$u1k6k8D4", "provider": "desec",
           "hosts": {"home.example.org": {"ipv4": True}}}


def test_a_file_of_an_account():
    SAYS["account"].validate({"$schema": "account.schema.json", **ACCOUNT})
    assert not good("account", {**ACCOUNT, "hosts": {}})
    assert not good("account", {**ACCOUNT, "host": "home.example.org"})
    assert not good("ddnsgate", {**CONFIGURATION, "accounts": {
        "router": {"$schema": "account.schema.json", **ACCOUNT}}})


def test_they_are_installed(plain_binary):
    installed = pathlib.Path(plain_binary).parents[1] / "share" / "ddnsgate" / "schema"
    assert {path.name: json.loads(path.read_text(encoding="utf-8"))
            for path in installed.iterdir()} == BESIDE
    for page in ("ddnsgate.json.5", "ddnsgate-provider.5"):
        text = pathlib.Path(f"{ROOT}/man/{page}").read_text(encoding="utf-8")
        named = re.findall(r"/usr/share/ddnsgate/schema/(\S+\.schema\.json)$", text, re.M)
        assert named and set(named) <= set(BESIDE)


#
# What the program says of the same
#

class Program:
    """Runs ddnsgate on documents."""

    def __init__(self, binary, place):
        self.binary, self.place = binary, place
        certificates.Authority(str(place), "ca")
        for name in ("own", "accounts"):
            (place / name).mkdir()
            os.chown(place / name, USER, USER)
        (place / "ca.pem").chmod(0o644)
        secret = place / "secret"
        secret.write_text("a-token\n", encoding="ascii")
        secret.chmod(0o640)
        self.give(secret)
        self.words = {"SECRET": f"{secret}", "CA": f"{place}/ca.pem", "STATE": f"{place}/own",
                      "ACCOUNTS": f"{place}/accounts", "VERIFIER": verifier("router", "token")}

    @staticmethod
    def give(file):
        """The user whom a check by root becomes may read it, if there is one."""
        with contextlib.suppress(KeyError):
            os.chown(file, 0, pwd.getpwnam("ddnsgate").pw_gid)

    def filled(self, document):
        """With the names of files that are there."""
        text = json.dumps(document)
        for word, value in self.words.items():
            text = text.replace(f'"{word}"', json.dumps(value))
        return json.loads(text)

    def run(self, *words):
        told = subprocess.run([self.binary, *words], text=True, capture_output=True,
                              check=False, timeout=300)
        assert told.returncode in (0, 1), told
        return told.stderr if told.returncode else ""

    def says(self, kind, document):
        """What is wrong with it; "": nothing."""
        if kind == "provider":
            return self.says_of_providers([document])[0]
        file = self.place / "ddnsgate.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        file.chmod(0o644)
        return self.run("check", "--quiet", "--config", file)

    def says_of_providers(self, documents):
        """The same of many, by one process."""
        files = []
        for number, document in enumerate(documents):
            files.append(self.place / f"{number}" / "whole.json")
            files[-1].parent.mkdir(exist_ok=True)
            files[-1].write_text(json.dumps(document), encoding="utf-8")
        told = self.run("provider", "check", *files)
        return ["".join(re.findall(rf"{file}: (.*)", told)) for file in files]

    def differences(self, kind, documents):
        """Where the schema says something else of one of them, by their names."""
        said = self.says_of_providers(documents.values()) if kind == "provider" else \
            [self.says(kind, document) for document in documents.values()]
        return [f"{name}: {text or 'good'}"
                for (name, document), text in zip(documents.items(), said)
                if good(kind, document) != (text == "")]


@pytest.fixture(scope="module")
def ddnsgate(plain_binary, folder):
    if os.geteuid() != 0:
        pytest.skip("only root can check as the user that serves")
    place = pathlib.Path(tempfile.mkdtemp(dir=folder))
    place.chmod(0o755)
    return Program(plain_binary, place)


# What excludes others that are there.
NOT_TOGETHER = {"ddnsgate": {"password_file"}, "provider": {"next", "elements"}}
WHOLE = {"ddnsgate": CONFIGURATION, "provider": PROVIDER}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_file_with_all_members(ddnsgate, kind):
    document = ddnsgate.filled(WHOLE[kind])
    assert ddnsgate.says(kind, document) == ""
    SAYS[kind].validate(document)


def defined(schema):
    """The names of all members that a schema has anywhere."""
    if isinstance(schema, list):
        return {name for part in schema for name in defined(part)}
    if not isinstance(schema, dict):
        return set()
    own = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    return own.union(*map(defined, schema.values()))


@pytest.mark.parametrize("kind", WHOLE)
def test_a_file_with_all_members_has_all_members(kind):
    keys = {at[-1] for at in places(WHOLE[kind]) if at}
    assert defined(SCHEMAS[kind]) - keys == NOT_TOGETHER[kind]


def places(value, at=()):
    """Each place in a document, from the top."""
    yield at
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*at, key))


def found(document, at):
    for key in at:
        document = document[key]
    return document


GONE = object()


def changed(document, at, value):
    """A copy with another value at that place."""
    document = copy.deepcopy(document)
    if not at:
        return value
    if value is GONE:
        del found(document, at[:-1])[at[-1]]
    else:
        found(document, at[:-1])[at[-1]] = value
    return document


def written(at):
    return "/" + "/".join(str(key) for key in at)


# Where members have names of the author's choice.
NAMED = re.compile(
    r"^/(providers(/[^/]+/config)?|operators|notify|accounts(/[^/]+/hosts)?)$"
    r"|/(query|headers|expect|where|get|form|A|AAAA|json(/.*)?)$")


@pytest.mark.parametrize("kind", WHOLE)
def test_the_members_are_those_of_the_program(ddnsgate, kind):
    document = ddnsgate.filled(WHOLE[kind])
    seen = 0
    for at in places(document):
        if not isinstance(found(document, at), dict) or NAMED.search(written(at)):
            continue
        seen += 1
        said = ddnsgate.says(kind, changed(document, (*at, "unknown"), 1))
        names = re.search(r"/unknown: unknown; here may stand: (.*)", said)[1].split(", ")
        assert members(SCHEMAS[kind], at) - {"$schema"} == set(names), written(at)
    assert seen > 8


def parts(schema, kind):
    """A schema, and those that it is made of."""
    if "$ref" in schema:
        schema = found(SCHEMAS[kind], schema["$ref"].split("/")[1:])
    yield schema
    for key in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(key, []):
            yield from parts(part, kind)


def below(schema, key):
    """The schemas for a member, or an element, of what this one describes."""
    if isinstance(key, int):
        return [schema["items"]] if isinstance(schema.get("items"), dict) else []
    named = [s for pattern, s in schema.get("patternProperties", {}).items()
             if re.search(pattern, key)]
    named += [schema["properties"][key]] if key in schema.get("properties", {}) else []
    return named or [s for s in [schema.get("additionalProperties")] if isinstance(s, dict)]


def members(schema, at):
    """The members that the object at a place may have."""
    kind = next(name for name, s in SCHEMAS.items() if s is schema)
    schemas = [schema]
    for key in at:
        schemas = [s for above in schemas for part in parts(above, kind)
                   for s in below(part, key)]
    return {name for s in schemas for part in parts(s, kind)
            if part.get("additionalProperties") is False for name in part["properties"]}


# What only the program can know, or only an editor looks at.
ONLY_ONE_KNOWS = re.compile(
    r"^/\$schema |no such (group|user|member)|is not a URL|or the file be called"
    r"|provider powerdns needs it|is not known at this point|no step before gets")
WRONG = [None, True, -1, 10**12, "\u00e9: /?\u0001", {"a": {}}]


@pytest.mark.parametrize("kind", WHOLE)
def test_what_is_wrong_for_one_is_wrong_for_the_other(ddnsgate, kind):
    document = ddnsgate.filled(WHOLE[kind])
    differ = ddnsgate.differences(kind, {
        f"{written(at)} {json.dumps(value)}": changed(document, at, value)
        for at in places(document) for value in WRONG})
    assert not [d for d in differ if not ONLY_ONE_KNOWS.search(d)]


@pytest.mark.parametrize("kind", WHOLE)
def test_what_is_missing_for_one_is_missing_for_the_other(ddnsgate, kind):
    document = ddnsgate.filled(WHOLE[kind])
    differ = ddnsgate.differences(kind, {
        written(at): changed(document, at, GONE) for at in places(document) if at})
    assert not [d for d in differ if not ONLY_ONE_KNOWS.search(d)]


def host(**members):
    """A configuration with one host."""
    return {"accounts": {"router": {"verifier": "VERIFIER", "provider": "desec",
                                    "hosts": {members.pop("name", "home.example.org"): members}}}}


def proof(**members):
    return host(ipv4=True, proof=members)


def step(**members):
    """A description with one more step."""
    return {"steps": [{"method": "POST", "path": "/", **members},
                      {"method": "PUT", "path": "/"}]}


BASE = {
    "ddnsgate": {"ca": "CA", "state": "STATE", "providers": {"desec": {}},
                 **host(ipv4=True)},
    "provider": {"format": 1, "name": "whole", "base": "https://api.example.org",
                 "steps": [{"method": "PUT", "path": "/"}]}}
ONE = host(ipv4=True)["accounts"]["router"]
GET = {"method": "GET", "get": {"id": "/id"}}
RIGHT = [
    ("ddnsgate", {}), ("ddnsgate", {"log": "syslog"}), ("ddnsgate", {"state": {"url": "STATE"}}),
    ("ddnsgate", host(ipv6="router")), ("ddnsgate", host(ipv6="if-public", ipv4=False)),
    ("ddnsgate", host(name="*.example.org", ipv4=True, proof={"kind": "none"})),
    ("ddnsgate", {"defaults": {"proof": {"kind": "none"}},
                  **host(name="*.example.org", ipv4=True)}),
    ("ddnsgate", {"defaults": {"ipv4": True, "prefix_length": 56},
                  **host(ipv6={"suffix": "::8"})}),
    ("ddnsgate", {"defaults": {"ipv4": True}, **host()}),
    ("ddnsgate", {"defaults": {"provider": "desec"}, "accounts": {
        "router": {k: v for k, v in ONE.items() if k != "provider"}}}),
    ("ddnsgate", {"accounts": GONE, "account_directory": "ACCOUNTS"}),
    ("ddnsgate", proof(kind="pin", pins=["sha256//" + 43 * "A" + "="], echo="/ip")),
    ("provider", {}), ("provider", {"base": "{config.base}"}), ("provider", {"token": []}),
    ("provider", step(**GET)), ("provider", step(text="x", headers={"CONTENT-TYPE": "a/b"})),
    ("provider", step(**{"for": "zone"}, json={"$each": "{addr}"})),
    ("provider", step(**GET, none=[404], pick={"in": ""}, pages={"next": "/n", "query": "q"}))]
RIGHT += [("ddnsgate", {"notify": {"a-b_C.1": {"url": url}}}) for url in (
    "https://a.example", "https://a.example/", "https://a.example?b=c/d", "https://a.example:1/%20")]
BAD = [("ddnsgate", {"notify": {"me": {k: v for k, v in {
    "url": "https://a.example", **more}.items() if v is not GONE}}}) for more in (
    {"url": "http://a.example/x"}, {"url": "https:///x"}, {"url": "https://u:p@a.example/"},
    {"url": "https://a.example/a b"}, {"url": "https://a.example/#x"}, {"url": GONE},
    {"url": "https://a.example/{secret}"}, {"every": 5}, {"form": "ntfy", "every": 5},
    {"form": "healthchecks", "every": 0}, {"events": []}, {"events": ["all"]},
    {"secret_file": "token"}, {"addresses": []}, {"mail": "x"}, {"port": 25},
    {"url": GONE, "mail": "a b"}, {"url": GONE, "mail": "a@b@c"}, {"url": GONE, "mail": "@b"},
    {"url": GONE, "mail": "a", "form": "json"}, {"url": GONE, "mail": "a", "ca": "CA"},
    {"url": GONE, "mail": "a", "server": "localhost"})]
BAD += [
    ("ddnsgate", {"notify": {"a b": {"url": "https://a.example"}}}), ("ddnsgate", {"notify": {}}),
    ("ddnsgate", {"accounts": GONE}), ("ddnsgate", {"providers": GONE}),
    ("ddnsgate", {"account_table": True}), ("ddnsgate", {"listen": {"mode": "0660"}}),
    ("ddnsgate", {"state": "postgresql://user:secret@db.example.org/x"}),
    ("ddnsgate", {"state": "postgresql://db.example.org/x?password=secret"}),
    ("ddnsgate", {"url": "https://dns.example.org/update"}), ("ddnsgate", {"log": "ddnsgate.log"}),
    ("ddnsgate", {"accounts": {"a b": ONE}}), ("ddnsgate", {"accounts": {"a:b": ONE}}),
    ("ddnsgate", {"accounts": {"router": {**ONE, "verifier": "secret"}}}),
    ("ddnsgate", {"operators": {}}), ("ddnsgate", {"defaults": {"hosts": {}}}),
    ("ddnsgate", host()), ("ddnsgate", host(ipv4=False)), ("ddnsgate", host(ipv4="router")),
    ("ddnsgate", host(ipv6={"suffix": "::8"})), ("ddnsgate", host(ipv6={"prefix_length": 56})),
    ("ddnsgate", host(ipv6={"prefix_length": 128, "suffix": "::8"})),
    ("ddnsgate", host(name="home", ipv4=True)), ("ddnsgate", host(ipv4=True, zone="org")),
    ("ddnsgate", host(name="*.example.org", ipv4=True)),
    ("ddnsgate", {"defaults": {"proof": {"kind": "none"}}, **host(
        name="*.example.org", ipv4=True, proof={"kind": "certificate"})}),
    ("ddnsgate", proof(kind="pin")), ("ddnsgate", proof(kind="pin", pins=[])),
    ("ddnsgate", proof(pins=["ab" * 32])), ("ddnsgate", proof(kind="none", port=443)),
    ("ddnsgate", proof(kind="none", pins=["ab" * 32])), ("ddnsgate", proof(kind="none", ca="CA")),
    ("ddnsgate", proof(kind="pin", pins=["ab" * 32], ca="CA")),
    ("ddnsgate", proof(request="tls", echo="/ip")), ("ddnsgate", proof(echo="ip")),
    ("provider", {"format": 2}), ("provider", {"format": GONE}), ("provider", {"steps": []}),
    ("provider", {"base": "http://api.example.org"}), ("provider", {"base": "https://{zone}"}),
    ("provider", {"begin_base": "{config.base}"}), ("provider", {"token": ["zone"]}),
    ("provider", {"token": ["a", "a"]}), ("provider", {"token": list("abcde")}),
    ("provider", {"basic": ["{token}"]}), ("provider", {"basic": ["a:b", "{token}"]}),
    ("provider", {"sign": "sigv4:here:dns"}), ("provider", {"sign": "ovh", "token": ["secret"]}),
    ("provider", {"headers": {"Host": "x"}}), ("provider", {"headers": {"content-length": "1"}}),
    ("provider", {"headers": {"a b": "x"}}), ("provider", {"headers": {"X": "\u00e9"}}),
    ("provider", {"error": "error"}), ("provider", {"expect": {"/a~2": 1}}),
    ("provider", {"expect": {"/a": {"b": 1}}}), ("provider", {"apex": "*"}),
    ("provider", {"types": {"MX": {"a": 1}}}), ("provider", {"types": {"A": {"ttl": 1}}}),
    ("provider", {"begin": 9 * [{"method": "PUT", "path": "/"}]}),
    ("provider", {"begin": [{"for": "zone", "method": "PUT", "path": "/"}]}),
    ("provider", {"begin": [{"method": "PUT", "path": "/", "json": [{"$each": "x"}]}]}),
    ("provider", {"steps": [{"path": "/", **GET}]}),
    ("provider", {"remove": [{"path": "/", **GET}]}),
    ("provider", {"zone": {"path": "/", "method": "GET", "get": {"current": "/x"}}}),
    ("provider", step(method="HEAD")), ("provider", step(path="x")), ("provider", step(path="/?x")),
    ("provider", step(method="GET", json={})), ("provider", step(json={}, form={"a": "b"})),
    ("provider", step(text="x")), ("provider", step(json={}, headers={"Content-Type": "a/b"})),
    ("provider", step(json=None)), ("provider", step(json={"a": [None]})),
    ("provider", step(json={"$each": "x"})), ("provider", step(pick={"in": "/x"})),
    ("provider", step(**{"for": "zone"}, json={"$each": {"$each": "x"}})),
    ("provider", step(**{"for": "zone"}, json={"$each": "x", "more": 1})),
    ("provider", step(none=[404])), ("provider", step(**GET, pick={"where": {}})),
    ("provider", step(**GET, pages={"next": "/x"})), ("provider", step(ok=[99])),
    ("provider", step(**GET, pick={"in": ""}, pages={})),
    ("provider", step(**GET, pick={"in": ""}, pages={"next": "/n", "pages": "/p"})),
    ("provider", step(**GET, pick={"in": ""}, pages={
        "query": "q", "elements": "/n", "pages": "/p"})),
    ("provider", step(method="GET", get={})), ("provider", step(method="GET", get={"zone": "/z"})),
    ("provider", step(method="GET", get={"A": "/a"})),
    ("provider", step(method="GET", get={"a": ["/a"]})),
    ("provider", step(words=17 * ["x"])), ("provider", step(**{"if": ["!"]}))]


@pytest.mark.parametrize("cases, verdict", [(RIGHT, True), (BAD, False)], ids=["right", "bad"])
def test_members_that_go_together_or_do_not(ddnsgate, cases, verdict):
    for kind in WHOLE:
        documents = {json.dumps(more, default=repr): {
            name: value for name, value in {**ddnsgate.filled(BASE[kind]), **more}.items()
            if value is not GONE} for of, more in cases if of == kind}
        documents = {name: ddnsgate.filled(d) for name, d in documents.items()}
        assert ddnsgate.differences(kind, documents) == []
        assert [name for name, d in documents.items() if good(kind, d) != verdict] == []
