"""The shipped examples are what they say.  (nginx.conf is in every test.)"""

import base64
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest
from lab.gateway import ROOT

EXAMPLE = f"{ROOT}/examples/ddnsgate.json"
UNITS = ("ddnsgate.socket", "ddnsgate.service")


def test_the_example_configuration_is_good(binary, folder):
    copy = shutil.copy(EXAMPLE, folder)     # which everybody may enter
    os.chmod(copy, 0o644)
    told = subprocess.run([binary, "check", "--config", str(copy)], text=True,
                          capture_output=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "chaos-wg.net" in told.stdout


def test_the_example_verifier_is_of_what_the_comment_says():
    with open(EXAMPLE, encoding="ascii") as f:
        text = f.read()
    credential, = re.findall(r"This one is of `([^`]+)`", text)
    rounds, salt, key = re.findall(r"\$i=(\d+)\$([^$]+)\$([^\"]+)", text)[0]
    raw = [base64.b64decode(part + "=" * (-len(part) % 4)) for part in (salt, key)]
    assert hashlib.pbkdf2_hmac("sha256", credential.encode(), raw[0],
                               int(rounds)) == raw[1]


def test_the_systemd_units_are_valid(binary):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed")
    prefix = os.path.dirname(os.path.dirname(binary))
    for unit in UNITS:
        with open(f"{prefix}/lib/systemd/system/{unit}", encoding="ascii") as f:
            text = f.read()
        assert f"{prefix}/etc/ddnsgate/ddnsgate.json" in text
        assert not re.search(r"@\w+@", text)
    assert f"ExecStart={binary} serve" in text      # of the service, the last one
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no",
         *(f"{prefix}/lib/systemd/system/{unit}" for unit in UNITS)],
        text=True, capture_output=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")


def test_no_link_of_the_installed_pages_is_dead(binary):
    pages = pathlib.Path(binary).parent.parent / "share/doc/ddnsgate"
    links = [(page, link) for page in pages.rglob("*.md")
             for link in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8"))
             if "://" not in link]
    assert len(links) > 20
    assert [f"{page}: {link}" for page, link in links
            if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["requests", "addresses"])
def test_a_drawn_picture_is_for_everybody(name):
    """Small, still, said in words too, and for the light as for the dark."""
    file = pathlib.Path(f"{ROOT}/docs/{name}.svg")
    text = file.read_text(encoding="utf-8")
    picture = xml.etree.ElementTree.fromstring(text)
    parts = {part.tag.rpartition("}")[2]: part for part in picture.iter()}
    assert len(text) < 6000 and parts["title"].text and parts["desc"].text
    assert not parts.keys() & {"script", "image", "a", "foreignObject", "animate", "use"}
    assert "://" not in text.replace("http://www.w3.org/2000/svg", "")
    light, dark = re.search(r"<style>(.*)@media \(prefers-color-scheme: dark\) (.*)</style>",
                            text, re.S).groups()
    coloured = {selector for selector, rules in re.findall(r"^\s*([.\w, ]+) \{ (.*?) \}",
                                                           light, re.M) if "#" in rules}
    dark = {one for selectors in re.findall(r"^\s*([.\w, ]+) \{", dark, re.M)
            for one in selectors.split(", ")}
    assert coloured and coloured == dark
    readme = pathlib.Path(f"{ROOT}/README.md").read_text(encoding="utf-8")
    assert re.search(rf"^!\[[^]]{{40,}}\]\(docs/{name}\.svg\)$", readme, re.M)


def anchor(heading):
    """How a page is linked to this heading in it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_no_link_to_a_heading_is_dead(binary):
    docs = pathlib.Path(binary).parent.parent / "share/doc/ddnsgate"
    links = [(page, *link) for page in docs.rglob("*.md")
             for link in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text("utf-8"))]
    assert len(links) > 3
    for page, file, to in links:
        target = page.parent / file if file else page
        headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.M)
        assert to in map(anchor, headings), f"{page}: {file}#{to}"
