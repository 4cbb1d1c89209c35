"""The reference case, told step by step in a terminal: examples/quickstart.

Run as `python3 -m lab.story BINARY FOLDER NUMBER`; NUMBER is that of the first
step.  Every step is checked, and the exit status says whether all went as told.
"""

import os
import secrets
import signal
import subprocess
import sys
import textwrap

from . import network, stage, webserver
from .gateway import USER as DAEMON, verifier
from .router import query
from .stage import BEFORE, USER, ZONE

ITERATIONS = 600_000            # what `ddnsgate hash` uses
TERMINAL = sys.stdout.isatty()
BOLD, FAINT, GREEN, RED, PLAIN = (
    ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m") if TERMINAL else ("",) * 5)


class NotAsTold(Exception):
    """A step went another way than the story says."""


class Teller:
    """Prints numbered steps: a number, a word, and what there is to see."""

    def __init__(self, number):
        self.number = number

    def step(self, word, *lines):
        print(f"\n{BOLD}{self.number:2}  {word:<9}{PLAIN}{lines[0]}", *(
            f"{'':13}{line}" for line in lines[1:]), sep="\n", flush=True)
        self.number += 1


def expect(what, seen, wanted):
    if seen != wanted:
        raise NotAsTold(f"{what}: {seen!r} instead of {wanted!r}")


def curl(stage_, who, token, claim):
    """Asks as a router would; the token goes by stdin, where nobody sees it."""
    port = stage_.proxy.port(443)
    place = stage.GATEWAY if port == 443 else f"{stage.GATEWAY}:{port}"
    url = f"https://{place}/update?{query(claim)}"
    text = who.run(["curl", "--config", "-", url], input="\n".join([
        "silent", "show-error", "max-time = 20", f'user = "{USER}:{token}"',
        f'cacert = "{stage_.authority.pem}"', 'write-out = "%{http_code}"',
        f'resolve = "{stage.GATEWAY}:{port}:{stage_.proxy.ipv4}"']))
    return url, int(text[-3:]), text[:-3].strip()


def wrapped(url):
    """A long URL in lines, one parameter each."""
    place, _, parameters = url.partition("?")
    first, *others = parameters.split("&")
    return [f"'{place}?{first}", *(f"  &{p}" for p in others)]


def ask(teller, stage_, who, claim, word):
    """One request and its answer, told; and the line ddnsgate wrote about it."""
    mark = stage_.pool_.mark()
    url, status, body = curl(stage_, who, stage_.token, claim)
    lines = wrapped(url)
    teller.step(word, f"{FAINT}{who.name}${PLAIN} curl --user {USER} \\",
                *(f"    {line}" for line in lines[:-1]), f"    {lines[-1]}'")
    colour = GREEN if status == 200 else RED
    teller.step("answer", f"{colour}{status}{PLAIN} {body}")
    log = [line for line in stage_.pool_.since(mark, ZONE) if ZONE in line]
    teller.step("log", *(part for line in log for part in textwrap.wrap(
        line, 65, subsequent_indent="  ", break_on_hyphens=False)))
    return status, body


def told_by_dig(teller, stage_, word, wanted):
    """What anybody on the Internet gets to see now."""
    seen = {kind: stage_.powerdns.dig(ZONE, kind, stage_.impostor)
            for kind in wanted}
    lines = [f"{ZONE}  {kind:<5} {' '.join(found) or '-'}"
             for kind, found in seen.items()]
    teller.step(word, *lines)
    expect("dig", seen, {kind: [address] for kind, address in wanted.items()})


def claims(stage_):
    """What the router claims, what DNS must say then, and the host's rules."""
    if isinstance(stage_.network, network.Network):
        return (stage.CLAIM, dict(zip(("A", "AAAA"), stage.WEB)), stage.HOST,
                {"ipv4": stage_.impostor.ipv4})
    claim = {"ipv4": stage_.web.ipv4}
    wanted = {"A": stage_.web.ipv4, "AAAA": BEFORE["AAAA"]}
    rules = {"ipv4": True, "ipv6": "router", "allow": ["127.0.0.0/8", "::1/128"],
             "proof": {"kind": "certificate", "port": stage_.web.port(443)}}
    if stage_.web.ipv6:
        claim["ipv6"] = wanted["AAAA"] = stage_.web.ipv6
    stage_.impostor.ports[443] = stage_.web.port(443)
    return claim, wanted, rules, {"ipv4": stage_.impostor.ipv4}


def build(stage_, teller, binary):
    stage_.hosts()
    claim, wanted, rules, false_claim = claims(stage_)
    stage_.web_server()
    stage_.dns()
    configuration = stage_.configuration()
    configuration["accounts"][USER] |= {
        "verifier": verifier(USER, stage_.token, ITERATIONS), "hosts": {ZONE: rules}}
    configuration["state"] = f"{stage_.folder}/state"
    os.mkdir(configuration["state"])
    os.chown(configuration["state"], DAEMON, DAEMON)
    stage_.pool_ = stage_.pool(binary, configuration)
    stage_.gateway(stage_.pool_)
    self_signed = stage_.authority.leaf(ZONE, "self-signed")
    stage_.keep(webserver.start(stage_.impostor, f"{stage_.folder}/impostor",
                                [(self_signed, stage_.impostor.ipv4)]))
    teller.step("internet", *(
        f"{host.name:<10}{what:<10}{host.ipv4:<15}{host.ipv6 or ''}"
        for host, what in ((stage_.router, "curl"), (stage_.web, "nginx"),
                           (stage_.proxy, "ddnsgate"), (stage_.provider, "PowerDNS"),
                           (stage_.impostor, "nginx"))))
    return claim, wanted, false_claim


def tell(stage_, teller, binary):
    claim, wanted, false_claim = build(stage_, teller, binary)
    addresses = [a for kind, a in wanted.items() if a != BEFORE[kind]]
    told_by_dig(teller, stage_, "before", BEFORE)

    expect("answer", ask(teller, stage_, stage_.router, claim, "router"),
           (200, f"{ZONE} good {' '.join(addresses)}"))
    told_by_dig(teller, stage_, "after", wanted)

    calls = len(stage_.powerdns.calls())
    expect("answer", ask(teller, stage_, stage_.router, claim, "again"),
           (200, f"{ZONE} nochg {' '.join(addresses)}"))
    expect("requests to the provider", len(stage_.powerdns.calls()), calls)

    expect("answer", ask(teller, stage_, stage_.impostor, false_claim, "impostor"),
           (403, f"{ZONE} proof"))
    told_by_dig(teller, stage_, "still", wanted)


def main():
    binary, folder, number = sys.argv[1:]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    net = stage.network_here()
    if isinstance(net, network.Loopback):
        print("\n    Network namespaces are forbidden here, so all of this happens on"
              "\n    loopback addresses; the host's \"allow\" list lets them pass.")
    try:
        with stage.Stage(folder, secrets.token_urlsafe(24), net) as stage_:
            tell(stage_, Teller(int(number)), binary)
    except (NotAsTold, OSError, RuntimeError, subprocess.SubprocessError) as error:
        print(f"\n{RED}Not as told.{PLAIN} {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"\n{GREEN}All as told.{PLAIN} The router could move {ZONE}, and asking once more"
          "\ncost neither a proof nor a request to the provider; the impostor, who had the"
          "\npassword too, could not.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
