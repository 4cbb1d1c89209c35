"""Providers that hold records, and answer as their APIs do, after a while.

One server is all of them; the Host header says which one is spoken to.
"""

import json
import threading
import time
import urllib.parse

from . import provider, scripted

CLOUDFLARE = "api.cloudflare.com"
DIGITALOCEAN = "api.digitalocean.com"
LINODE = "api.linode.com"
POWERDNS = "powerdns.chaos-wg.net"


class Vendor:
    """`records` is {name: address}; `bad` are names that it refuses to write."""

    def __init__(self, host, address, leaf, zone, delay=0.0):
        self.zone = self.shown = zone       # shown: as it spells its zone
        self.delay = delay
        self.others = 0
        self.records, self.bad, self.failing = {}, set(), set()
        self.requests = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.server = scripted.Server(host, address, 443,
                                      scripted.with_tls(leaf, self.serve))

    def stop(self):
        self.server.stop()

    def reset(self, delay=0.0, shown=None, bad=(), failing=(), others=0):
        self.delay, self.shown, self.others = delay, shown or self.zone, others
        self.records, self.bad, self.failing = {}, set(bad), set(failing)
        self.requests, self.most_at_once = [], 0

    def serve(self, connection):
        while True:
            request = provider.read_request(connection)
            method, target, _ = request.line.split()
            url = urllib.parse.urlsplit(target)
            host = next(line.split(b": ")[1].decode()
                        for line in request.head.split(b"\r\n")
                        if line.lower().startswith(b"host:"))
            with self.lock:
                self.requests.append((method, target))
                self.at_once += 1
                self.most_at_once = max(self.at_once, self.most_at_once)
            time.sleep(self.delay)
            with self.lock:
                self.at_once -= 1
                status, answer = self.models[host](
                    self, method, url.path, dict(urllib.parse.parse_qsl(url.query)),
                    json.loads(request.body or b"null"))
            connection.sendall(provider.answer(
                str(status), b"" if status == 204 else json.dumps(answer).encode()))

    def writing(self):
        return [r for r in self.requests if r[0] != "GET"]

    def cloudflare(self, method, path, query, body):
        def good(result):
            return 200, {"success": True, "errors": [], "result": result}
        if path == "/client/v4/zones":
            return good([{"id": "Z", "name": self.shown}]
                        if query["name"] == self.zone else [])
        if method == "GET":
            return good([{"id": name, "type": "A", "name": name, "content": self.records[name]}
                         for name in [query["name"]] if name in self.records])
        wanted = {p["id"]: p["content"] for p in body.get("patches", [])} | {
            p["name"]: p["content"] for p in body.get("posts", [])}
        if self.bad & wanted.keys():
            return 400, {"success": False, "errors": [
                {"code": 81054, "message": "A CNAME record with that host already exists."}]}
        self.records |= wanted
        return good({})

    def digitalocean(self, method, path, query, body):
        parts = path.split("/")[3:]
        if len(parts) == 1:
            return (200, {"domain": {"name": self.zone}}) if parts[0] == self.zone \
                else (404, {"message": "not found"})
        if method == "GET":
            sub = query["name"].removesuffix(f".{self.zone}")
            return 200, {"domain_records": [
                {"id": sub, "type": "A", "name": sub, "data": self.records[sub]}
                for sub in [sub] if sub in self.records]}
        sub = parts[2] if method == "PATCH" else body["name"]
        if sub in self.failing:
            return 500, {"message": "Server error"}
        self.records[sub] = body["data"]
        return (200 if method == "PATCH" else 201), {}

    def linode(self, method, path, query, body):
        """Has `others` other records in its zone; ours come last."""
        if path == "/v4/domains":
            return 200, {"data": [{"id": 1, "domain": self.zone}], "page": 1, "pages": 1}
        if method == "GET":
            everything = [{"id": i, "type": "TXT", "name": f"other-{i}", "target": "x"}
                          for i in range(self.others)]
            everything += [{"id": name, "type": "A", "name": name, "target": address}
                           for name, address in self.records.items()]
            page, size = int(query["page"]), int(query["page_size"])
            return 200, {"data": everything[(page - 1) * size:page * size], "page": page,
                         "pages": max(1, -(-len(everything) // size))}
        self.records[body["name"] if method == "POST" else path.split("/")[-1]] = body["target"]
        return 200, {}

    def powerdns(self, method, path, query, body):
        if method == "PATCH":
            wanted = {r["name"]: r["records"][0]["content"] for r in body["rrsets"]}
            if self.bad & wanted.keys():
                return 422, {"error": "RRset conflicts with pre-existing CNAME"}
            self.records |= wanted
            return 204, None
        if path.endswith("/zones"):
            return 200, [{"name": f"{self.zone}."}] if query["zone"] == f"{self.zone}." else []
        return 200, {"rrsets": []}

    models = {CLOUDFLARE: cloudflare, DIGITALOCEAN: digitalocean, LINODE: linode,
              POWERDNS: powerdns}
