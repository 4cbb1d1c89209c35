"""What the integration tests share: one stage with everything up, and its logs."""

import os
import pathlib
import secrets
import shutil
import subprocess
import tempfile

import pytest
from household import TOKEN, Household, block
from lab import gateway, network, postgresql, stage as stages
from world import World


@pytest.fixture(scope="session")
def folder(request):
    """For all files of the lab; kept when a test failed and somebody asked."""
    path = tempfile.mkdtemp(prefix="ddnsgate-lab.")
    os.chmod(path, 0o755)
    yield path
    kept = os.environ.get("DDNSGATE_LOGS")
    if request.session.testsfailed and kept:
        shutil.copytree(path, f"{kept}/{os.path.basename(path)}", symlinks=True, dirs_exist_ok=True, ignore=sockets)
    shutil.rmtree(path, ignore_errors=True)


def sockets(directory, names):
    """What cannot be copied."""
    return [name for name in names
            if pathlib.Path(directory, name).is_socket()]


@pytest.fixture(scope="session")
def whole_world(namespaces, binary, folder):
    """The stage of the reference case, with more accounts and more web servers."""
    token = f"canary-{secrets.token_urlsafe(24)}"
    with World(f"{folder}/world", token, network.Network(), binary) as everything:
        yield everything
        # Whatever the tests made ddnsgate write down.
        assert everything.shows() == set()


@pytest.fixture(scope="session")
def whole_household(whole_world):
    """A second gateway, for clients and devices of all sorts."""
    return Household(whole_world)


@pytest.fixture(scope="session")
def database(whole_world, folder):
    """PostgreSQL on a machine of its own."""
    name = f"db.{stages.ZONE}"
    server = postgresql.PostgreSQL(
        whole_world.network.add("database", "37.120.160.60", "2a03:4000:7:1::60"),
        f"{folder}/postgresql", whole_world.authority.leaf(name), name)
    yield server
    server.stop()


@pytest.fixture
def passfile(database, folder):
    """With the password of the database, for the service."""
    return database.passfile(f"{folder}/passwords", gateway.USER)


@pytest.fixture(scope="session")
def second(whole_world):
    """Another machine that shares a state."""
    return whole_world.network.add("second", "185.30.20.11")


@pytest.fixture(scope="module")
def world(whole_world):
    """Everything, and a router with an address of its own for each module.

    The logins that fail in one must not add up for another.
    """
    whole_world.move_router()
    return whole_world


@pytest.fixture(scope="module")
def household(world, whole_household):
    return whole_household


@pytest.fixture
def before(household):
    """The household, with the addresses of before, for each test anew."""
    household.world.powerdns.set(*household.names(), **stages.BEFORE)
    return household


@pytest.fixture
def page(household):
    """page(name, account): what `ddnsgate router` prints."""
    def show(name, account="device"):
        done = subprocess.run(
            [household.world.binary, "router", name, "--account", account, "--config",
             household.pool.configuration], text=True, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout
    return show


@pytest.fixture
def typed(before, page):
    """typed(name, word): a block of a page, with the token put in."""
    def text(name, word, account="device"):
        lines = block(page(name, account), word)
        for placeholder in TOKEN:
            lines = lines.replace(placeholder, before.world.token)
        return lines
    return text


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
