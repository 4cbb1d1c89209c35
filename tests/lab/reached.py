#!/usr/bin/env python3
"""What a build with --enable-coverage ran of the sources: a table for tests/coverage.

    reached.py BUILD SOURCE     BUILD was configured out of tree from SOURCE

One row a folder, a row of totals, each line that did not run, unless
tests/coverage.argued names it, and each that ran with a branch never taken.  That file holds paragraphs: first why, in lines
that begin at the margin, then what, in lines that begin with a tab: the file, a
colon, and the text that the line has there.  A line there that no longer stands
in the source or that ran after all is told, too.
"""

import collections
import json
import pathlib
import subprocess
import sys


class File:
    """Lines are kept by number, branches by line, function and place."""

    def __init__(self, text):
        self.text = [""] + [line.strip() for line in text.splitlines()]
        self.lines = collections.Counter()
        self.branches = collections.Counter()
        self.argued = set()

    def add(self, lines):
        """What one object counted; several may hold the same lines."""
        for line in lines:
            number = line["line_number"]
            self.lines[number] += line["count"]
            for place, branch in enumerate(line["branches"]):
                self.branches[number, line.get("function_name"), place] += branch["count"]

    def missed(self):
        return [n for n, count in sorted(self.lines.items()) if not count]

    def untaken(self):
        """Lines that ran, each with how many of its branches never did, and of how many."""
        ways = collections.defaultdict(list)
        for (n, _, _), count in sorted(self.branches.items()):
            ways[n].append(count)
        return [(n, counts.count(0), len(counts)) for n, counts in ways.items()
                if 0 in counts and self.lines[n]]


def counted(build, source):
    """Each file under src/ by its name."""
    objects = sorted(str(p) for p in (build / "src").rglob("*.gcno"))
    printed = subprocess.run(["gcov", "-b", "-j", "-t", *objects], cwd=build, check=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    files = {}
    for text in printed.stdout.splitlines():
        for entry in json.loads(text)["files"]:
            path = (build / entry["file"]).resolve()
            if not path.is_relative_to(source / "src"):
                continue
            name = str(path.relative_to(source))
            if name not in files:
                files[name] = File(path.read_text())
            files[name].add(entry["lines"])
    return files


def argue(path, files):
    """Marks what the file of arguments names; returns what it names for nothing."""
    idle = []
    for entry in path.read_text().splitlines():
        if not entry.startswith("\t"):
            continue
        name, _, text = entry.strip().partition(": ")
        file = files.get(name)
        found = [n for n in file.missed() if file.text[n] == text] if file else []
        if found:
            file.argued.update(found)
        else:
            idle.append(entry.strip())
    return idle


def row(title, files):
    """Lines that ran or are argued, and branches, of some files."""
    lines = [count for f in files for count in f.lines.values()]
    branches = [count for f in files for count in f.branches.values()]
    argued = sum(len(f.argued) for f in files)
    return (f"{title:24}{len(lines):6} lines {share(lines):5.1f} %"
            f"{argued:5} argued{len(branches):7} branches {share(branches):5.1f} %")


def share(counts):
    """Rounded down: 100 is all of them."""
    ran = sum(count > 0 for count in counts)
    return ran * 1000 // len(counts) / 10 if counts else 100


def main(build, source):
    build, source = pathlib.Path(build).resolve(), pathlib.Path(source).resolve()
    files = counted(build, source)
    idle = argue(source / "tests/coverage.argued", files)
    folders = collections.defaultdict(list)
    for name, file in files.items():
        folders[name.rpartition("/")[0]].append(file)
    for folder, members in sorted(folders.items()):
        print(row(folder, members))
    print(row("total", files.values()))
    left = [(name, n, file.text[n]) for name, file in sorted(files.items())
            for n in file.missed() if n not in file.argued]
    print(f"\nneither reached nor argued: {len(left)} lines")
    for name, n, text in left:
        print(f"{name}:{n}: {text}")
    ways = [(name, n, untaken, of, file.text[n]) for name, file in sorted(files.items())
            for n, untaken, of in file.untaken()]
    print(f"\nbranches never taken, of lines that ran: {sum(w[2] for w in ways)}")
    for name, n, untaken, of, text in ways:
        print(f"{name}:{n}: {untaken} of {of}: {text}")
    if idle:
        print(f"\nargued for nothing: {len(idle)}")
        print("\n".join(idle))


if __name__ == "__main__":
    main(*sys.argv[1:])
