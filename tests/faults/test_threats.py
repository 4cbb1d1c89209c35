"""docs/threats.md: every row is there, and names tests that exist."""

import os
import re

import pytest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(os.path.dirname(TESTS), "docs", "threats.md")
IDS = [f"T{i}" for i in range(1, 43)] + [f"F{i}" for i in range(1, 37)]


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def rows():
    found = re.findall(r"^\| ([TF]\d+) \|(.*)\|$", read(PAGE), re.M)
    return [(number, re.findall(r"`((?:\w+/)[\w./]+(?:::\w+)?)`",
                                columns.split("|")[-1])) for number, columns in found]


def test_no_row_is_missing():
    assert [number for number, _ in rows()] == IDS


@pytest.mark.parametrize("number, tests", rows(), ids=[number for number, _ in rows()])
def test_it_names_tests_that_are_there(number, tests):
    assert tests, number
    for name in tests:
        file, _, test = name.partition("::")
        text = read(f"{TESTS}/{file}")
        if file.endswith(".py"):
            assert re.search(rf"^def {test}\(", text, re.M), name
        elif file.startswith("unit/"):
            assert re.search(rf"cmocka_unit_test\w*\(\s*{test}\b", text), name
        else:
            assert "LLVMFuzzerTestOneInput" in text, name
