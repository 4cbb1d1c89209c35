"""What a worker weighs, and that it does not grow."""

import concurrent.futures

from lab import waiting
from lab.gateway import verifier
from lab.memory import kilobytes
from lab.stage import WEB, ZONE
from world import CERTIFICATES_AT, SCRIPTED_AT

PSS_ALLOWED = 1200                  # kB, of one of 32
PRIVATE_ALLOWED = 1400              # kB, while a connection is kept: no worker has CAs of its own
GIVES_BACK = 15                     # seconds without work
SLOW = SCRIPTED_AT["slow"]           # proves itself after 1.5 s
TRUST = "/etc/ssl/certs/ca-certificates.crt"


def test_an_idle_worker_is_light(world, dns, plain_binary, make_pool):
    """Those of 32 that have proven and published, with the system's trust store.

    At once, with its connection to the provider, and when it has nothing to do.
    """
    configuration = {**world.configuration(), "workers": 32}
    configuration["accounts"]["system"] = {
        **configuration["accounts"]["single"], "hosts": {
            f"system.{ZONE}": {"ipv4": True, "proof": {
                "kind": "certificate", "ca": TRUST}}}}
    # Of all workers 3 of 4 may be at work, and of those 3 of 4 at one provider.
    users = [f"fine-{i}" for i in range(18)]
    for user in users:
        configuration["accounts"][user] = {
            **configuration["accounts"]["fine"], "verifier": verifier(user, world.token)}
    pool = make_pool(configuration, binary=plain_binary).start()
    for user in users:                  # so that none has to wait for its login
        assert world.straight(pool, user, ipv4="10.0.0.1")[0] == 400
    # Else all but one would wait until somebody has proven something there.
    assert world.straight(pool, users[0], ipv4=SLOW)[0] == 200
    with concurrent.futures.ThreadPoolExecutor(len(users)) as clients:
        for _ in range(2):              # one each, as every one takes 1.5 s
            answers = list(clients.map(
                lambda user: world.straight(pool, user, ipv4=SLOW), users))
            assert {status for status, _ in answers} == {200}, answers
    weights = {pid: kilobytes(pid, "Pss") for pid in pool.workers()}
    assert max(weights.values()) <= PSS_ALLOWED, weights
    weights = {}

    def light():
        weights.update((pid, kilobytes(pid, "Pss")) for pid in pool.workers())
        return len(weights) == 32 and max(weights.values()) <= PSS_ALLOWED
    try:
        waiting.until(light, "light workers", GIVES_BACK + 5, step=0.5)
    except TimeoutError as late:
        raise AssertionError(f"{late}: {weights} kB") from None


def test_a_connection_to_a_provider_costs_little(world, plain_binary, make_pool):
    """The CAs of the system are read once, before the fork, and not for each."""
    bundle = f"{world.folder}/bundle.pem"
    with open(bundle, "w", encoding="ascii") as f:
        for part in (TRUST, world.authority.pem):
            with open(part, encoding="ascii") as g:
                f.write(g.read())
    configuration = {**world.configuration(), "workers": 1, "ca": bundle}
    pool = make_pool(configuration, binary=plain_binary).start()
    worker, = pool.workers()
    for _ in range(3):
        assert world.straight(pool, "fine", ipv4=WEB[0])[0] == 200
    private = sum(kilobytes(worker, f"Private_{what}") for what in ("Clean", "Dirty"))
    assert private <= PRIVATE_ALLOWED


def test_a_thousand_updates_leave_no_trace(world, plain_binary, make_pool):
    pool = make_pool({**world.configuration(), "workers": 1},
                     binary=plain_binary).start()
    worker, = pool.workers()
    resident = {}
    for i in range(1, 1001):
        ipv4 = WEB[0] if i % 2 else CERTIFICATES_AT["good"][0]
        status, body = world.straight(pool, "fine", ipv4=ipv4)
        assert (status, body) == (200, f"host-fine.{ZONE} good {ipv4}\n"), i
        if i % 100 == 0 and pool.workers() == [worker]:
            resident[i] = kilobytes(worker, "VmRSS", "status")
    assert max(resident) >= 800, f"replaced too early: {resident}"
    settled = {i: kb for i, kb in resident.items() if i >= 200}
    assert max(settled.values()) - settled[200] <= 64, resident
