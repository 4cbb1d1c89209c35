"""A zone of 5,000 records, and an account of 1,500 domains, at every provider.

Where a description reads a whole zone, or the list of an account's domains,
the answers of its recording are filled up with others, as large as those of
the vendor that says the most of each; ours comes last.  Where its requests
name what they look for, nothing grows with the account.
"""

import copy
import json
import re

import pytest
from test_replay import (EXCHANGES, HOSTS, SHIPPED, SIGNED, config_of, options_of, printed,
                         script_of)

__all__ = ["HOSTS"]

RECORDS, DOMAINS, VERSIONS = 5000, 1500, 2500
ELEMENT = 620                       # bytes: bunny's 1 MiB is full at 1,700
SIZES = ("per_page", "perPage", "page_size", "limit", "take")


def lists_of(description, part, zone):
    """The steps that pick from all that there is, with how many that may be."""
    wide = [(description["zone"], DOMAINS)] if "zone" in description and zone is None else []
    wide += [(step, VERSIONS if "largest" in step.get("pick", {}) else RECORDS)
             for step in description[part]]
    for step, count in wide:
        sent = json.dumps([step.get(k) for k in ("path", "query", "headers", "json", "form")])
        named = ("{name}", "{sub}", "{zone}") if count == DOMAINS else ("{name}", "{sub}")
        if "pick" in step and not any(name in sent for name in named):
            yield step, count


def point(tree, pointer):
    for name in pointer.split("/")[1:]:
        tree = tree[int(name)] if isinstance(tree, list) else tree.get(name, {})
    return tree


def put(tree, pointer, value):
    at = point(tree, pointer.rpartition("/")[0])
    at[pointer.rpartition("/")[2]] = value


def is_of(item, step, base):
    """Is it the answer to this step, with a list in it?"""
    path = re.sub(r"\\\{[^}]*\\\}", "[^/?]*", re.escape(base + step["path"]))
    asked = item["request"]["path"]
    if item["request"]["method"] != step["method"] or not re.fullmatch(path + r"(\?.*)?", asked):
        return False
    if not {f"{k}={v}" for k, v in step.get("query", {}).items() if re.fullmatch(r"\w+", v)} <= \
            set(asked.partition("?")[2].split("&")):
        return False
    try:
        found = point(item["answer"]["json"], step["pick"]["in"])
    except (KeyError, AttributeError, IndexError, ValueError):
        return False
    return isinstance(found, list) and any(isinstance(e, (dict, str)) for e in found)


def others(element, step, count):
    """Elements like one of the recording, for other names."""
    if isinstance(element, str):    # nothing but the name
        yield from (f"other-{i:04}.{element}" for i in range(count))
        return
    named = [p for p, value in step["pick"].get("where", {}).items()
             if re.search(r"\{(name|sub|zone)\}", value)]
    filler = "x" * max(0, ELEMENT - len(json.dumps(element)) - 12)
    for i in range(count):
        other = copy.deepcopy(element)
        if "largest" in step["pick"]:
            put(other, step["pick"]["largest"], "")
        for pointer in named:
            _, dot, rest = str(point(other, pointer)).partition(".")
            put(other, pointer, f"other-{i:04}{dot}{rest}")
        yield {**other, "filler": filler}


def next_path(path, query, value):
    """The path with this value in its query, at the end."""
    path = re.sub(rf"(?<=[?&]){query}=[^&]*&?", "", path).rstrip("?&")
    return f"{path}{'&' if '?' in path else '?'}{query}={value}"


def pages_of(item, step, elements):
    """The answer, or as many as its pages, with all these elements."""
    pages = step.get("pages")
    size = next((int(v) for k, v in step.get("query", {}).items() if k in SIZES), 100)
    if pages is None:
        size = len(elements)
    count = -(-len(elements) // size)
    for i in range(count):
        page = copy.deepcopy(item)
        answer = page["answer"]["json"]
        at = point(answer, step["pick"]["in"])
        at[:] = elements[i * size:(i + 1) * size]
        if pages and "next" in pages:
            put(answer, pages["next"], f"c{i + 1}" if i + 1 < count else "")
        elif pages:
            total = pages.get("pages") or pages["elements"]
            put(answer, total, count if "pages" in pages else len(elements))
        if i > 0:
            page["request"]["path"] = next_path(
                item["request"]["path"], pages["query"],
                f"c{i}" if "next" in pages else i + 1 if "pages" in pages else i * size)
        yield page


def grown(script, description, part, zone, base):
    """The script with full lists, and how many elements were added."""
    added = 0
    for step, count in lists_of(description, part, zone):
        for at, item in enumerate(script):
            if is_of(item, step, base):
                ours = point(item["answer"]["json"], step["pick"]["in"])
                like = next(e for e in ours if isinstance(e, (dict, str)))
                everything = [*others(like, step, count), *ours]
                script[at:at + 1] = pages_of(item, step, everything)
                added += count
                break
    return added


def base_of(description):
    """What goes before every path."""
    return re.sub(r"^[^:]*://[^/}]*|\}$", "", description["base"])


ALL = [json.loads(path.read_text()) for path in SHIPPED if path.stem not in SIGNED]


def unchanged(name):
    return next((c for c in EXCHANGES[name]["cases"] if c["case"] == "unchanged"), {})


def run(providers, name, script, case):
    """Is the verdict that of the recording?"""
    exchange = EXCHANGES[name]
    ran, seen = providers.replay(script, name, config_of(exchange, case), exchange["token"],
                                 case.get("host", "home.example.org"), case["addresses"],
                                 options_of(case))
    assert (seen.problems, seen.left()) == ([], []), ran.stdout + ran.stderr
    lines = [line.split(" ", 4)[1:4] for line in ran.stdout.splitlines()]
    assert lines == [[*printed(address), verdict] for address, verdict in
                     zip(case["addresses"], case["verdicts"])], ran.stdout + ran.stderr


@pytest.mark.parametrize("description", [
    d for d in ALL if list(lists_of(d, "steps", unchanged(d["name"]).get("zone")))],
    ids=lambda d: d["name"])
def test_large(providers, description):
    """It is found among all others, on whatever page."""
    name = description["name"]
    case = unchanged(name)
    script = script_of(EXCHANGES[name], case)
    base = base_of(description)
    assert grown(script, description, "steps", case.get("zone"), base) > 0
    run(providers, name, script, case)


# Where the answer that finds the zone has all of it along.
WHOLE = {"digitalocean": ("/domain", "zone_file", 255 * RECORDS),
         "bunny": ("/Items/1", "Records", ELEMENT * RECORDS)}


@pytest.mark.parametrize("name", WHOLE)
def test_a_zone_that_comes_along(providers, name):
    case = unchanged(name)
    script = script_of(EXCHANGES[name], case)
    pointer, member, size = WHOLE[name]
    for item in script:
        try:
            at = point(item["answer"]["json"], pointer)
        except IndexError:
            continue
        if at.get("name", at.get("Domain")) == "example.org":
            at[member] = "x" * size
            break
    else:
        pytest.fail("the recording has no such answer")
    run(providers, name, script, case)


@pytest.mark.parametrize("description", [d for d in ALL if "remove" in d],
                         ids=lambda d: d["name"])
def test_a_removal_reads_as_much(description):
    """What was read to write an address is not too much to remove it."""
    wide = {json.dumps([step.get(k) for k in ("path", "query", "json")]): step
            for step, _ in lists_of(description, "steps", "given")}
    for step, _ in lists_of(description, "remove", "given"):
        same = wide[json.dumps([step.get(k) for k in ("path", "query", "json")])]
        assert (step.get("max"), step.get("pages")) == (same.get("max"), same.get("pages"))


@pytest.mark.parametrize("element, count, why", [
    ('{"Name":"' + 611 * "x" + '"},', 14000, "the answer is longer than 8388608 bytes"),
    ("{},", 2700000, "HTTP 200, but too many values: "),
])
def test_what_is_too_large_is_told(providers, element, count, why):
    """With no write, and little memory: what is behind the end might be ours."""
    case = unchanged("bunny")
    script = script_of(EXCHANGES["bunny"], case)
    script[-1]["answer"] = {"status": 200, "text": '{"Records":[' + count * element + "{}]}"}
    ran, seen = providers.replay(script, "bunny", None, EXCHANGES["bunny"]["token"],
                                 "home.example.org", case["addresses"], {})
    assert (seen.problems, seen.left(), ran.returncode) == ([], [], 1)
    assert [line.split(" ")[3] for line in ran.stdout.splitlines()] == 2 * ["refused"]
    assert ran.stdout.count(f"[bunny: steps/0: {why}") == 2
