"""What the tests of the providers share."""

import pytest
from lab.replay import Providers


@pytest.fixture(scope="module")
def providers(namespaces, binary, tmp_path_factory, request):
    """One host that has all names of HOSTS in the module, and the program."""
    with Providers(binary, tmp_path_factory.mktemp("providers"),
                   request.module.HOSTS) as everything:
        yield everything
