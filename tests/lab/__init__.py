"""A small internet in one machine: router, web server, provider, ddnsgate, impostor.

The integration tests, examples/quickstart and tests/bench all stand on it.
"""
