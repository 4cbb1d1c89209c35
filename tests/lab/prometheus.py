"""What Prometheus reads, taken apart; its own programs, where they are."""

import re
import subprocess

SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (-?[0-9.]+)")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def unescaped(value):
    return re.sub(r"\\.", lambda m: ESCAPES[m[0]], value)


class Page:
    """The samples of one reading: a number each, by name and labels."""

    def __init__(self, text):
        self.text = text
        self.samples = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            name, labels, number = SAMPLE.fullmatch(line).groups()
            key = name, frozenset(
                (k, unescaped(v)) for k, v in LABEL.findall(labels or ""))
            if key in self.samples:
                raise ValueError(f"twice: {line}")
            self.samples[key] = float(number)

    def value(self, name, **labels):
        """The sum of all samples that have these labels, and perhaps others."""
        return sum(number for (its_name, its_labels), number in self.samples.items()
                   if its_name == name and its_labels >= frozenset(labels.items()))

    def more(self, before):
        """What has been counted since, without what has not changed."""
        return {key: number - before.samples.get(key, 0)
                for key, number in self.samples.items()
                if number != before.samples.get(key, 0)}

    def lint(self):
        """What promtool finds; "" is what it should."""
        told = subprocess.run(["promtool", "check", "metrics"], input=self.text, text=True,
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return told.stdout if told.stdout or told.returncode == 0 else "failed"
