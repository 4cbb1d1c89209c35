"""Other people's certificate tests, through `ddnsgate prove`: see README.md."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))

import limbo_run                                                # noqa: E402

CORPORA = [HERE / "limbo.json.gz", HERE / "webservers.json.gz"]
CASES = {case["id"]: case for corpus in CORPORA
         for case in limbo_run.load(str(corpus))
         if limbo_run.usable(case, {"DNS"}, with_crl=False) is None}
KNOWN = {line.split("#")[0].strip()
         for line in (HERE / "known-gnutls.txt").read_text().splitlines()} - {""}


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """What ddnsgate thinks of each case.  (Sanitizers and libfaketime quarrel.)"""
    binary = os.environ.get("DDNSGATE_PLAIN")
    if not binary:
        pytest.exit("DDNSGATE_PLAIN is not set: start these tests with tests/run", 2)
    out = tmp_path_factory.mktemp("corpora") / "results.json"
    told = subprocess.run(
        [sys.executable, HERE / "limbo_run.py",
         *(f"--corpus={corpus}" for corpus in CORPORA), f"--out={out}",
         f"--cmd={binary} prove --port {{port}} --ca {{ca}} --allow 127.0.0.0/8"
         " {host} {ip}"], text=True, capture_output=True, check=False)
    assert out.exists(), told.stdout + told.stderr
    return {r["id"]: r for r in json.loads(out.read_text())["results"]}


@pytest.mark.parametrize("name", CASES)
def test_verdict(results, name):
    result = results[name]
    if result["got"] == "UNSERVABLE":
        pytest.skip(result["note"])
    assert not result.get("abnormal"), result
    assert result["status"] in (0, 1), result
    if result["got"] == "FAILURE":
        assert not result["request"], f"asked before it was sure: {result}"
    if not result["features"] and name not in KNOWN:
        assert result["got"] == result["expected"], result
