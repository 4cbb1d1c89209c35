"""The router: asks for an update over HTTPS, as its firmware would."""

import base64
import http.client
import json
import ssl
import urllib.parse


class Answer:
    """What the router got."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.getheaders()
        self.body = response.read().decode()

    def header(self, name):
        return dict((k.lower(), v) for k, v in self.headers).get(name.lower())

    def json(self):
        return json.loads(self.body)

    def seen(self):
        """All that a client can tell apart, without what each answer has of its own."""
        own = ("Date", "X-Request-Id")
        return (self.status, [h for h in self.headers if h[0] not in own], self.body)

    def __repr__(self):
        return f"{self.status} {self.body!r}"


def basic(user, token):
    return "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()


def query(parameters):
    """As routers write it: addresses with bare colons."""
    return urllib.parse.urlencode(parameters, safe=":/,")


class Router:
    """Talks to the web server at address, known as name, from host."""

    def __init__(self, host, name, address, port, trust):
        self.host = host
        self.name = name
        self.address = address
        self.port = port
        self.tls = ssl.create_default_context(cafile=trust)

    def get(self, path, headers=None, timeout=30.0):
        call = http.client.HTTPConnection(self.name, self.port)
        plain = self.host.connect(self.address, self.port, timeout)
        call.sock = self.tls.wrap_socket(plain, server_hostname=self.name)
        try:
            call.request("GET", path, headers=headers or {})
            return Answer(call.getresponse())
        finally:
            call.close()

    def update(self, user, token, accept=None, **parameters):
        headers = {"Authorization": basic(user, token)}
        if accept:
            headers["Accept"] = accept
        return self.get("/update?" + query(parameters), headers)
