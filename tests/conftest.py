"""What all tests share: the programs, their network, and tables that are printed.

tests/run sets DDNSGATE (built with sanitizers) and DDNSGATE_PLAIN (without), and
lets several processes of pytest-xdist share the test files: each has a lab of its
own, and gives its tables to the one that prints them.
"""

import os
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from lab import network                                         # noqa: E402

# What the tests have to show besides that they passed.
TABLES = pytest.StashKey()


def pytest_configure():
    """A TERM ends the session in order, as Ctrl-C does.

    A shell without job control starts what is in its background with these two
    ignored, and so would be the programs that are to end by them.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def pytest_addoption(parser):
    parser.addoption("--failed", metavar="FILE", help="write there which tests failed")
    parser.addoption("--only", metavar="FILE", help="run those that stand there")


def pytest_collection_modifyitems(config, items):
    if config.option.only:
        only = set(pathlib.Path(config.option.only).read_text("utf-8").splitlines())
        items[:] = [item for item in items if item.nodeid in only]


def program(variable):
    path = os.environ.get(variable)
    if not path:
        pytest.exit(f"{variable} is not set: start these tests with tests/run", 2)
    return path


@pytest.fixture(scope="session")
def binary():
    return program("DDNSGATE")


@pytest.fixture(scope="session")
def plain_binary():
    """Without sanitizers: what is measured must be what is shipped."""
    return program("DDNSGATE_PLAIN")


@pytest.fixture(scope="session")
def namespaces():
    """Who needs this is skipped where no network namespace can be made."""
    if not network.namespaces_allowed():
        pytest.skip("network namespaces are forbidden here")


@pytest.fixture(scope="session")
def matrix(request):
    """matrix(title, row, column, text): a table that is printed in the end."""
    tables = request.config.stash.setdefault(TABLES, {})

    def enter(title, row, column, text):
        tables.setdefault(title, {}).setdefault(row, {})[column] = str(text)
    return enter


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tables"] = session.config.stash.get(TABLES, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    tables = node.config.stash.setdefault(TABLES, {})
    for title, rows in getattr(node, "workeroutput", {}).get("tables", {}).items():
        for row, cells in rows.items():
            tables.setdefault(title, {}).setdefault(row, {}).update(cells)


def pytest_terminal_summary(terminalreporter, config):
    """The tables, and for tests/run which tests have failed."""
    bad = [report for kind in ("failed", "error")
           for report in terminalreporter.stats.get(kind, [])]
    if bad and config.option.failed:
        with open(config.option.failed, "w", encoding="utf-8") as f:
            f.writelines(f"{name}\n" for name in dict.fromkeys(r.nodeid for r in bad))
    for title, rows in config.stash.get(TABLES, {}).items():
        columns = list(dict.fromkeys(c for cells in rows.values() for c in cells))
        lines = [["", *columns], *([row, *(cells.get(c, "-") for c in columns)]
                                   for row, cells in rows.items())]
        widths = [max(map(len, column)) for column in zip(*lines)]
        terminalreporter.write_line(f"\n{title}")
        for line in lines:
            terminalreporter.write_line("  ".join(
                text.ljust(width) for text, width in zip(line, widths)).rstrip())
