"""A million addresses made of prefix and suffix, against Python's ipaddress."""

import ipaddress
import pathlib
import random
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
SOURCE = HERE.parent.parent / "src"
SPECIAL = HERE.parent / "unit/special-purpose-ips.tsv"
FILES = ("address/address.c", "address/prefix.c", "address/special.c", "base/clock.c",
         "base/error.c")
CASES = 1_000_000
JUDGED = 200_000
SEED = 20261124
ALL = (1 << 128) - 1
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


@pytest.fixture(scope="module")
def derive(tmp_path_factory):
    """derive(lines): what the C code says to them."""
    folder = tmp_path_factory.mktemp("derive")
    (folder / "config.h").write_text("#define _GNU_SOURCE 1\n")
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-I", folder, "-I", SOURCE, HERE / "derive.c",
                    *(SOURCE / file for file in FILES), "-o", folder / "derive"],
                   check=True)

    def run(lines):
        return subprocess.run([folder / "derive"], input="\n".join(lines) + "\n",
                              stdout=subprocess.PIPE, text=True, check=True
                              ).stdout.splitlines()
    return run


def special_networks(version):
    """Every range of the table that is refused, to aim at."""
    lines = SPECIAL.read_text().splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [ipaddress.ip_network(row[1]) for row in rows
            if row[0] == str(version) and row[-1] == "refuse" and row[1] != "::/0"]


def draw(chance, networks, bits):
    """Anywhere; or within a special range, or one beside its edges."""
    kind = chance.randrange(4)
    if kind == 0:
        return chance.getrandbits(bits)
    if kind == 1 and bits == 128:
        return int(GLOBAL_UNICAST[0]) | chance.getrandbits(125)
    network = chance.choice(networks)
    first, size = int(network.network_address), network.num_addresses
    if kind == 2:
        return first + chance.randrange(size)
    return (first + chance.choice((-1, 0, size - 1, size))) % (1 << bits)


def text_of(number):
    return str(ipaddress.IPv6Address(number))


def hexadecimal(number):
    """The same in the long form, which is quicker to make."""
    digits = f"{number:032x}"
    return ":".join(digits[i:i + 4] for i in range(0, 32, 4))


def is_mapped(number):
    """Is it an IPv4 address, which is no IPv6 prefix?"""
    return number >> 32 == 0xffff


@pytest.fixture(scope="module")
def cases():
    """(sent, its length, the delegated length, suffix), all numbers."""
    chance = random.Random(SEED)
    networks = special_networks(6)
    made = []
    for _ in range(CASES):
        length = chance.randrange(16, 128)
        suffix = chance.getrandbits(128) & (ALL >> length)
        sent_length = chance.choice((128, 64, length, chance.randrange(129)))
        if chance.randrange(50) == 0:
            suffix |= 1 << chance.randrange(128)
        sent = draw(chance, networks, 128)
        if not is_mapped(sent):
            made.append((sent, sent_length, length, suffix))
    return made


def test_a_million_derivations(derive, cases):
    answers = derive(f"{hexadecimal(sent)}/{sent_length} {length} {hexadecimal(suffix)}"
                     for sent, sent_length, length, suffix in cases)
    assert len(answers) == len(cases) > CASES * 9 / 10
    counted = dict.fromkeys(("unfit", "short", "public", "special"), 0)
    for (sent, sent_length, length, suffix), answer in zip(cases, answers):
        inside = ALL >> length
        if suffix & ~inside:
            assert answer == "unfit"
            counted[answer] += 1
            continue
        if sent_length < length:
            assert answer == "short"
            counted[answer] += 1
            continue
        made, again, verdict = answer.split(" ")
        counted[verdict] += 1
        number = int(made, 16)
        case = f"{text_of(sent)}/{sent_length} {length} {text_of(suffix)}: {answer}"
        assert number & ~inside == sent & ~inside, f"not the bits of the prefix: {case}"
        assert number & inside == suffix, f"not the bits of the suffix: {case}"
        assert again == made, f"not idempotent: {case}"
        if verdict == "public":
            address = ipaddress.IPv6Address(number)
            assert address.is_global and address in GLOBAL_UNICAST, case
            assert not (address.is_multicast or address.is_reserved), case
    # The draw was no farce: each sort came often.
    assert min(counted.values()) > CASES / 100, counted


def in_any(number, networks):
    return any(first <= number <= last for first, last in networks)


@pytest.mark.parametrize("version, bits", [(4, 32), (6, 128)])
def test_what_is_public_is_global_for_python_too(derive, version, bits):
    chance = random.Random(SEED + version)
    networks = special_networks(version)
    numbers = [draw(chance, networks, bits) for _ in range(JUDGED)]
    of = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    # A mapped address is the IPv4 address, for us.
    addresses = [getattr(of(n), "ipv4_mapped", None) or of(n) for n in numbers]
    verdicts = derive(map(str, addresses))
    assert len(verdicts) == JUDGED
    wrong = [a for a, v in zip(addresses, verdicts) if v == "public" and (
        not a.is_global or a.is_multicast or a.is_reserved or a.is_loopback
        or a.is_link_local or a.is_unspecified)]
    assert wrong == []
    # And nothing is refused without a range that says so.
    ranges = [(int(n[0]), int(n[-1])) for n in networks]
    strays = [a for a, v in zip(addresses, verdicts) if v == "special"
              and not in_any(int(a), ranges)
              and (version == 4 or a in GLOBAL_UNICAST)]
    assert strays == []
    assert min(verdicts.count(v) for v in ("public", "special")) > JUDGED / 20
