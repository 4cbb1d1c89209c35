"""man/: what the pages show can be loaded, and what they list is what there is."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest
from lab import certificates
from lab.gateway import ROOT, USER, verifier
from test_schema import SAYS, SCHEMAS, Program, displayed

PAGES = ("ddnsgate.8", "ddnsgate.json.5", "ddnsgate-provider.5")
SCHEMA = SCHEMAS["ddnsgate"]
DEFINITIONS = SCHEMA["definitions"]
PROPERTIES = SCHEMA["properties"]
# The object that each table of keys is about.
OBJECTS = {
    "The daemon": SCHEMA, "listen": PROPERTIES["listen"],
    "log": PROPERTIES["log"]["anyOf"][1], "metrics": PROPERTIES["metrics"],
    "state": PROPERTIES["state"]["anyOf"][1], "providers, each": DEFINITIONS["provider"],
    "operators, each": PROPERTIES["operators"]["additionalProperties"],
    "notify, each": DEFINITIONS["receiver"], "defaults": PROPERTIES["defaults"],
    "accounts, each": DEFINITIONS["account"], "hosts, each": DEFINITIONS["host"],
    "ipv6": DEFINITIONS["behind"], "proof": DEFINITIONS["proof"]}
TYPES = {"integer": "number", "array": "list", "boolean": "boolean", "object": "object"}
VERIFIER = verifier("router", "token")


def page(name):
    return pathlib.Path(f"{ROOT}/man/{name}").read_text(encoding="utf-8")


def tables():
    """The rows of each table of keys, by its title: key, type, default, example."""
    text = page("ddnsgate.json.5").replace("\\(dq", '"').replace("\\&", "")
    text = text[text.index(".Ss Table of keys"):text.index(".Ss The daemon")]
    return {title: [re.split(r" Ta ", row) for row in re.findall(r"^\.It Cm (.*)$", rows, re.M)]
            for title, rows in re.findall(r"^\.Sy (.*)\n\.Bl -column.*\n((?:.*\n)*?)\.El$",
                                          text, re.M)}


def resolved(schema):
    while "$ref" in schema:
        schema = DEFINITIONS[schema["$ref"].rpartition("/")[2]]
    return schema


def forms(schema):
    """A schema, and those of which a value may have one."""
    schema = resolved(schema)
    return [schema, *(form for key in ("allOf", "anyOf") for inner in schema.get(key, [])
                      for form in forms(inner))]


def kind(schema):
    """The word of the table for what a value may be."""
    schema = resolved(schema)
    if "type" not in schema and "allOf" in schema:
        return kind(schema["allOf"][0])
    if "type" not in schema:
        return "mixed"
    return TYPES.get(schema["type"],
                     "file" if schema.get("pattern") == "^/" else "string")


def default(name, schema, required):
    found = [form["default"] for form in (schema, *forms(schema)) if "default" in form]
    if found and name not in required:
        return json.dumps(found[0])
    # In an account without defaults it must be there.
    return "required" if name in required or name == "prefix_length" and \
        schema is not PROPERTIES["defaults"]["properties"][name] else "-"


def test_each_object_has_a_table():
    assert list(tables()) == list(OBJECTS)


@pytest.mark.parametrize("title", OBJECTS)
def test_the_table_of_keys_is_the_schema(title):
    schema = OBJECTS[title]
    known = {k: v for k, v in schema["properties"].items() if k != "$schema"}
    rows = tables()[title]
    assert sorted(row[0] for row in rows) == sorted(known)
    for name, type_, told, example in rows:
        assert type_ == kind(known[name]), name
        wanted = default(name, known[name], schema.get("required", []))
        assert told == wanted or told.endswith("...") and wanted.startswith(told[:-3]), name
        if example.startswith("see "):
            assert {example[4:], f"{example[4:]}, each"} & set(OBJECTS) or \
                example == "see ddnsgate hash", name
        elif "..." not in example:
            one = {"$schema": SCHEMA["$schema"], "definitions": DEFINITIONS, **known[name]}
            if "$ref" in known[name]:
                one = {**one, **resolved(known[name])}
            assert type(SAYS["ddnsgate"])(one).is_valid(json.loads(example)), name


def members(document):
    """The names in a configuration, with those of objects of the author's choice."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield name
            yield from members(value)
    elif isinstance(document, list):
        for value in document:
            yield from members(value)


def examples():
    """The whole configurations that the page shows."""
    shown = [text for text in displayed("ddnsgate.json.5") if text.startswith("{")]
    return [json.loads(text.replace("$SALT$KEY", "$7Bjt$u1k6")) for text in shown
            if '"providers"' in text]


def test_the_file_at_a_glance_has_every_member():
    glance = set(members(examples()[0]))
    # The other form of "state".
    assert {row[0] for rows in tables().values() for row in rows} - glance == {"password_file"}


def test_there_are_six_examples_and_the_whole():
    page5 = page("ddnsgate.json.5")
    titles = re.findall(r"^\.Ss (.*)$", page5[page5.index(".Sh EXAMPLES"):], re.M)
    assert len(examples()) == 1 + len(titles) == 7


class Files:
    """Makes what a configuration names."""

    def __init__(self, place):
        self.place = place

    def filled(self, value):
        if isinstance(value, dict):
            return {name: self.filled(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        if isinstance(value, str) and value.startswith("$pbkdf2"):
            return VERIFIER
        if isinstance(value, str) and re.match(r"/(etc|run|var)/", value):
            return str(self.made(pathlib.Path(f"{self.place}{value}")))
        return value

    def made(self, file):
        for above in reversed(file.relative_to(self.place).parents):
            (self.place / above).mkdir(mode=0o755, exist_ok=True)
        if file.suffix in (".pem", ".crt"):
            shutil.copy(f"{self.place}/ca.pem", file)
            file.chmod(0o644)
        elif file.suffix == ".sock":
            os.chown(file.parent, USER, USER)
        elif not file.suffix or file.suffix == ".d":
            file.mkdir(exist_ok=True)
            os.chown(file, USER, USER)
        else:
            file.write_text("a-token\n", encoding="ascii")
            file.chmod(0o640)
            Program.give(file)
        return file


@pytest.mark.parametrize("number", range(7))
def test_what_the_page_shows_is_loaded(plain_binary, folder, number):
    if os.geteuid() != 0:
        pytest.skip("only root can check as the user that serves")
    place = pathlib.Path(tempfile.mkdtemp(dir=folder))
    place.chmod(0o755)
    certificates.Authority(str(place), "ca")
    document = Files(place).filled(examples()[number])
    document.setdefault("ca", f"{place}/ca.pem")
    (place / "ca.pem").chmod(0o644)
    document.setdefault("state", str(Files(place).made(place / "var")))
    file = place / "ddnsgate.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    file.chmod(0o644)
    told = subprocess.run([plain_binary, "check", "--quiet", "--config", file], text=True,
                          capture_output=True, check=False, timeout=300)
    assert (told.returncode, told.stderr) == (0, "")


def rendered(name):
    """A page as a terminal of 80 columns shows it."""
    if not shutil.which("mandoc"):
        pytest.skip("mandoc is not installed")
    text = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=80", f"{ROOT}/man/{name}"],
                          text=True, capture_output=True, check=True).stdout
    return re.sub(r".\x08", "", text)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_80_columns(name):
    assert [line for line in rendered(name).splitlines() if len(line) > 80] == []


def test_no_word_of_a_symptom_is_taken_for_a_macro():
    shown = " ".join(rendered("ddnsgate.8").split())
    for symptom in re.findall(r"^\.It (.*)$", troubleshooting(), re.M):
        assert f" {symptom} " in shown, symptom


def troubleshooting():
    text = page("ddnsgate.8")
    return text[text.index(".Sh TROUBLESHOOTING"):text.index(".Sh SIGNALS")]


def sources():
    """All that the program can say, without where its lines are broken."""
    text = "".join(file.read_text(encoding="utf-8")
                   for file in sorted(pathlib.Path(f"{ROOT}/src").rglob("*.c")))
    return re.sub(r'"\s*\n\s*"', "", text)


def test_troubleshooting_names_what_the_program_says():
    """Symptoms in the program's words are in its source, and each has a remedy."""
    text = troubleshooting()
    items = re.findall(r"^\.It (.*)\n((?:(?!\.It |\.El).*\n)+)", text, re.M)
    assert len(items) > 25
    said = sources()
    words = re.sub(r"%(?:\.\*)?\w+", "...", said)
    for symptom, remedy in items:
        assert len(remedy.split()) > 5, symptom
        if symptom[0].islower() and not symptom.startswith(("good", "nochg")):
            for part in re.split(r" \.\.\. | \(\.\.\.\) |, |: ", symptom):
                assert part.removesuffix(" ...") in words, part
        elif status := re.match(r"(\d{3}), (\w+)", symptom):
            assert f'"{status[2]}"' in said or "no address for any host" in said, symptom
    for quoted in re.findall(r"^(?:\.Pq )?\.?Ql ([a-z][^\\]{12,}?)(?: [.,:;])?$", text, re.M):
        assert quoted in said or quoted.startswith(("https:", "force=")), quoted
