"""What the integration tests share: one stage with everything up, and its logs.

tests/run sets DDNSGATE (built with sanitizers) and DDNSGATE_PLAIN (without).
"""

import os
import pathlib
import secrets
import shutil
import signal
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from lab import network, stage as stages                        # noqa: E402
from household import Household                                 # noqa: E402
from world import World                                         # noqa: E402

# What the tests have to show besides that they passed.
TABLES = pytest.StashKey()


def pytest_configure():
    """A TERM ends the session in order, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


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
def folder(request):
    """For all files of the lab; kept when a test failed and somebody asked."""
    path = tempfile.mkdtemp(prefix="ddnsgate-lab.")
    os.chmod(path, 0o755)
    yield path
    kept = os.environ.get("DDNSGATE_LOGS")
    if request.session.testsfailed and kept:
        shutil.copytree(path, kept, symlinks=True, dirs_exist_ok=True, ignore=sockets)
    shutil.rmtree(path, ignore_errors=True)


def sockets(directory, names):
    """What cannot be copied."""
    return [name for name in names
            if pathlib.Path(directory, name).is_socket()]


@pytest.fixture(scope="session")
def world(binary, folder):
    """The stage of the reference case, with more accounts and more web servers."""
    if not network.namespaces_allowed():
        pytest.skip("network namespaces are forbidden here")
    token = f"canary-{secrets.token_urlsafe(24)}"
    with World(f"{folder}/world", token, network.Network(), binary) as everything:
        yield everything


@pytest.fixture(scope="session")
def household(world):
    """A second gateway, for clients and devices of all sorts."""
    return Household(world)


@pytest.fixture(scope="session")
def matrix(request):
    """matrix(title, row, column, text): a table that is printed in the end."""
    tables = request.config.stash.setdefault(TABLES, {})

    def enter(title, row, column, text):
        tables.setdefault(title, {}).setdefault(row, {})[column] = str(text)
    return enter


def pytest_terminal_summary(terminalreporter, config):
    for title, rows in config.stash.get(TABLES, {}).items():
        columns = list(dict.fromkeys(c for cells in rows.values() for c in cells))
        lines = [["", *columns], *([row, *(cells.get(c, "-") for c in columns)]
                                   for row, cells in rows.items())]
        widths = [max(map(len, column)) for column in zip(*lines)]
        terminalreporter.write_line(f"\n{title}")
        for line in lines:
            terminalreporter.write_line("  ".join(
                text.ljust(width) for text, width in zip(line, widths)).rstrip())


@pytest.fixture
def dns(world):
    """PowerDNS with the addresses of before, for each test anew."""
    world.powerdns.set(*world.names(), **stages.BEFORE)
    return world.powerdns


@pytest.fixture
def make_pool(world):
    """make_pool(configuration, name): more pools, on the proxy, stopped at the end."""
    pools = []

    def make(configuration=None, name="pool", **options):
        pool = world.pool(options.pop("binary", world.binary), configuration,
                          f"{name}-{secrets.token_hex(3)}", world.sanitizer(name))
        pools.append(pool)
        return pool
    yield make
    for pool in pools:
        if pool.process:
            pool.stop()
