"""What a worker weighs, and that it does not grow."""

from lab import waiting
from lab.stage import CLAIM, USER, WEB, ZONE
from world import CERTIFICATES_AT

PSS_ALLOWED = 1536                  # kB, idle after some updates
TRUST = "/etc/ssl/certs/ca-certificates.crt"


def kilobytes(pid, field, file="smaps_rollup"):
    with open(f"/proc/{pid}/{file}", encoding="ascii") as f:
        for line in f:
            if line.startswith(f"{field}:"):
                return int(line.split()[1])
    raise LookupError(field)


def test_an_idle_worker_is_light(world, dns, plain_binary, make_pool):
    """With the system's trust store, as it runs for real."""
    configuration = {**world.configuration(), "workers": 8}
    configuration["accounts"]["system"] = {
        **configuration["accounts"]["single"], "hosts": {
            f"system.{ZONE}": {"ipv4": True, "proof": {
                "kind": "certificate", "ca": TRUST}}}}
    pool = make_pool(configuration, binary=plain_binary).start()
    for _ in range(40):
        assert world.straight(pool, USER, **CLAIM)[0] == 200
    waiting.until(lambda: len(pool.workers()) == 8, "eight workers")
    weights = {pid: kilobytes(pid, "Pss") for pid in pool.workers()}
    assert max(weights.values()) <= PSS_ALLOWED, weights


def test_a_thousand_updates_leave_no_trace(world, plain_binary, make_pool):
    """The worker is replaced after about 1000 requests: look before that."""
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
