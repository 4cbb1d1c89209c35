"""Web servers at home: real nginx, one site a certificate."""

from . import nginx


def start(host, folder, sites):
    """sites: (leaf, addresses...) rows, each on addresses of this host."""
    return nginx.start(host, folder, "".join(
        nginx.server(nginx.listen(host, *addresses), leaf,
                     'return 200 "hello from home\\n";')
        for leaf, *addresses in sites), sites[0][1])
