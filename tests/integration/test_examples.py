"""The shipped examples are what they say.  (nginx.conf is in every test.)"""

import base64
import hashlib
import re
import shutil
import subprocess

import pytest
from lab.gateway import ROOT

EXAMPLE = f"{ROOT}/examples/ddnsgate.json"


def test_the_example_configuration_is_good(binary, tmp_path):
    copy = shutil.copy(EXAMPLE, tmp_path)
    copy_mode = tmp_path / "ddnsgate.json"
    copy_mode.chmod(0o644)
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


def test_the_systemd_units_are_valid(binary, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed")
    for unit in ("ddnsgate.service", "ddnsgate.socket"):
        with open(f"{ROOT}/examples/{unit}", encoding="ascii") as f:
            text = re.sub(r"^Documentation=.*\n", "", f.read(), flags=re.M)
        (tmp_path / unit).write_text(text.replace("/usr/sbin/ddnsgate", binary))
    told = subprocess.run(
        ["systemd-analyze", "verify", *(str(p) for p in sorted(tmp_path.iterdir()))],
        text=True, capture_output=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")
