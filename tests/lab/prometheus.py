"""What Prometheus reads, taken apart; its own programs, where they are."""

import json
import os
import re
import subprocess

from .process import Process

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


class Prometheus:
    """The real one, which reads a page each second; it listens on host."""

    PORT = 9090

    def __init__(self, host, folder, address, name, trust, login, rules):
        self.host = host
        os.makedirs(f"{folder}/data")
        user, password = login
        with open(f"{folder}/prometheus.json", "w", encoding="ascii") as f:
            json.dump({"global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                       "rule_files": [rules],
                       "scrape_configs": [{
                           "job_name": "ddnsgate", "scheme": "https",
                           "tls_config": {"ca_file": trust, "server_name": name},
                           "basic_auth": {"username": user, "password": password},
                           "static_configs": [{"targets": [address]}]}]}, f)
        self.url = f"http://{host.ipv4}:{self.PORT}/api/v1"
        self.process = Process(host, [
            "prometheus", f"--config.file={folder}/prometheus.json",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address={host.ipv4}:{self.PORT}"], f"{folder}/prometheus.log")
        self.process.ready(lambda: host.answers(host.ipv4, self.PORT), "prometheus", 30)

    def ask(self, expression):
        """What Prometheus answers to a query, now: a list of samples."""
        told = json.loads(self.host.run([
            "curl", "-sS", "-G", "--data-urlencode", f"query={expression}",
            f"{self.url}/query"]))
        if told["status"] != "success":
            raise ValueError(f"{expression}: {told}")
        return told["data"]["result"]

    def stop(self):
        self.process.stop()
