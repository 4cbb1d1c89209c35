"""What the tests of faults share: a yard with everything up, and their tools."""

import os
import secrets
import subprocess
import tempfile

import pytest
from lab import network, postgresql, stage as stages
from yard import Yard

HERE = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture(scope="session")
def tools():
    """What is compiled for these tests: a folder with `tracer' and a library."""
    with tempfile.TemporaryDirectory(prefix="ddnsgate-faults.") as folder:
        os.chmod(folder, 0o755)
        for command in (
                ["cc", "-O1", "-o", f"{folder}/tracer", f"{HERE}/tracer.c"],
                ["cc", "-O1", "-shared", "-fPIC", "-o", f"{folder}/machine.so",
                 f"{HERE}/machine.c", "-ldl"]):
            subprocess.run(command, check=True)
        yield folder


@pytest.fixture(scope="session")
def yard(namespaces, plain_binary, tools):
    """Without sanitizers, whose own calls and allocations would be counted."""
    with tempfile.TemporaryDirectory(prefix="ddnsgate-yard.") as folder:
        token = f"canary-{secrets.token_urlsafe(24)}"
        with Yard(folder, token, network.Network(), plain_binary, tools) as everything:
            yield everything


@pytest.fixture(scope="session")
def database(yard):
    """PostgreSQL of this machine."""
    server = postgresql.PostgreSQL(
        yard.provider, f"{yard.folder}/postgresql",
        yard.authority.leaf(f"db.{stages.ZONE}"), f"db.{stages.ZONE}")
    yield server
    server.stop()
