"""What devices send, byte for byte, and what each makes of the answer.

The bytes are those that their firmware is known to send, and the rules of
acceptance those of its source, or what its users report.
"""

import dataclasses
import http.client
import io
import re
import ssl
import urllib.parse

from .clients import Update
from .router import basic

PREFIX = "2a01:c22:b045:de00::/64"
ROUTER_IPV6 = "2a01:c22:b200:69f9:1234:56ff:fe78:9abc"


class Answer:
    """A response as a device reads it: status, headers, body."""

    def __init__(self, raw):
        response = http.client.HTTPResponse(Bytes(raw))
        response.begin()
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.body = response.read().decode()

    def __repr__(self):
        return f"{self.status} {self.body!r}"


class Bytes(io.BytesIO):
    """Stands in for the socket of an HTTPResponse."""

    def makefile(self, _):
        return self


def connect(host, address, name, trust, port=443):
    """A TLS connection from host."""
    context = ssl.create_default_context(cafile=trust)
    return context.wrap_socket(host.connect(address, port, 30.0), server_hostname=name)


def send(host, address, name, trust, request, port=443):
    """Sends one request from host, and reads the answer to its end."""
    with connect(host, address, name, trust, port) as connection:
        connection.sendall(request)
        raw = b""
        while not complete(raw):
            part = connection.recv(65536)
            if not part:
                break
            raw += part
    return Answer(raw)


def complete(raw):
    """All that its Content-Length promises is there."""
    head, end, body = raw.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return bool(end and length and len(body) >= int(length[1]))


def request(target, update, *headers, version="1.1", login=True, method="GET", body=""):
    """A request with the headers in the order in which the device sends them."""
    lines = [f"{method} {target} HTTP/{version}", f"Host: {update.server}", *headers]
    if login:
        lines.append(f"Authorization: {basic(update.user, update.token)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


# One function a device: the request for an update.

def fritzbox(update, ipv4=None, ipv6=ROUTER_IPV6, prefix=PREFIX):
    """{url}/update?ipv4=<ipaddr>&ipv6=<ip6addr>&prefix=<ip6lanprefix>, unescaped."""
    ipv4 = update.ipv4 if ipv4 is None else ipv4
    return request(f"/update?ipv4={ipv4}&ipv6={ipv6}&prefix={prefix}"
                   f"&hostname={update.hostname}", update,
                   "User-Agent: Fritz!Box DDNS/1.0.1", "Connection: close")


def unifi(update, path=r"/\/nic/update", hostname=None, behind=""):
    """inadyn inside a gateway: one family, and slashes of its own."""
    return request(f"{path}?hostname={hostname or update.hostname}"
                   f"&myip={update.ipv4}{behind}", update,
                   "User-Agent: inadyn/2.9.1"
                   " https://github.com/troglobit/inadyn/issues", version="1.0")


def opnsense(update):
    return request(f"/nic/update?hostname={update.hostname}&myip={update.ipv4}"
                   "&system=dyndns&wildcard=NOCHG", update,
                   "User-Agent: OPNsense-dyndns", "Accept-Encoding: gzip, deflate",
                   "Accept: */*", "Connection: keep-alive")


def pfsense_custom(update):
    return request(f"/nic/update?hostname={update.hostname}&myip={update.ipv4}", update,
                   "User-Agent: phpDynDNS/0.7", "Accept: */*")


def pfsense_dyndns(update):
    return request(f"/nic/update?system=dyndns&hostname={update.hostname}"
                   f"&myip={update.ipv4}&wildcard=ON&mx=&backmx=NO", update,
                   "User-Agent: phpDynDNS/0.7", "Accept: */*")


def openwrt_listed(update):
    """ddns-scripts with curl, which they call without -f."""
    return request(f"/nic/update?hostname={update.hostname}&myip={update.ipv4}", update,
                   "User-Agent: curl/8.6.0", "Accept: */*")


def openwrt_custom(update):
    return request(f"/update?hostname={update.hostname}&ipv4={update.ipv4}", update,
                   "User-Agent: Wget/1.21.4", "Accept: */*",
                   "Accept-Encoding: identity", "Connection: Keep-Alive")


def synology(update):
    return request(f"/nic/update?hostname={update.hostname}&myip={update.ipv4}"
                   f"&username={update.user}&password={update.token}", update,
                   "User-Agent: Synology DSM", "Accept: */*", login=False)


def mikrotik(update):
    """Addresses with the length of their network."""
    return request(f"/update?ipv4={update.ipv4}/32&prefix={PREFIX}"
                   f"&hostname={update.hostname}", update,
                   "User-Agent: Mikrotik/6.x Fetch", "Connection: close")


def draytek(update):
    return request(f"/nic/update?hostname={update.hostname}&myip={update.ipv4}"
                   f"&username={update.user}&password={update.token}", update,
                   "User-Agent: DrayTek/Vigor", "Connection: close",
                   version="1.0", login=False)


# And one: what the device makes of the answer.

def fritzbox_says(answer, _):
    return "registered" if answer.status == 200 else f"HTTP {answer.status}"


def unifi_says(answer, _):
    """inadyn's custom plugin takes these words anywhere in a 200 for a success.

    A gateway calls it with -C: what would end it is logged, and no more.
    """
    if answer.status == 200 and re.search("OK|good|true|updated|success|nochg",
                                          answer.body, re.I):
        return "updated"
    return "retries" if answer.status >= 500 else "ignores it"


def opnsense_says(answer, _):
    """Any 2xx, and it will not ask again until the address changes."""
    return "cached" if 200 <= answer.status < 300 else "error, asks again"


def pfsense_custom_says(answer, update):
    """The whole body must be one of the alternatives; the status is not seen."""
    wanted = f"good {update.ipv4}|nochg {update.ipv4}".split("|")
    return "cached" if answer.body.strip("\t\n\r") in wanted else "no match"


def pfsense_dyndns_says(answer, _):
    if "notfqdn" in answer.body:
        return "no match"
    return "cached" if re.search("nochg|good", answer.body) else "no match"


def openwrt_listed_says(answer, _):
    """Greps the body, whatever the status."""
    return "updated" if re.search("good|nochg", answer.body) else "asks again"


def openwrt_custom_says(answer, _):
    """GNU wget's exit status, and no look at the body."""
    return "updated" if 200 <= answer.status < 300 else "transfer failed"


def synology_says(answer, _):
    if answer.status == 200 and re.match("good|nochg", answer.body):
        return "Normal"
    return ("Authentication failed" if answer.body.startswith("badauth")
            else "Unknown error")


def mikrotik_says(answer, _):
    return "finished" if answer.status == 200 else f"failed, {answer.status}"


def draytek_says(answer, _):
    """The answer must begin with the "Server Response" of the profile, which
    is empty here, and have the status 200."""
    return "success" if answer.status == 200 else "fail"


# And one that is set up by hand: what somebody typed into its fields, and the
# addresses that it has.  It sends what it makes of the fields, with the login
# where the fields let it, and returns its own words about the answer.

@dataclasses.dataclass(frozen=True)
class Typed:
    """The fields of a device, by the labels of its page."""
    fields: dict
    ipv4: str = ""
    ipv6: str = ""
    prefix: str = ""

    def __getitem__(self, label):
        return self.fields[label]

    def request(self, url, user, password, *headers, **how):
        """A GET of url; without a user, without a login."""
        parts = urllib.parse.urlsplit(url)
        assert (parts.scheme, parts.username) == ("https", None), url
        return request(f"{parts.path}?{parts.query}",
                       Update(parts.netloc, user, password, "", self.ipv4),
                       *headers, login=bool(user), **how)


def typed_fritzbox(send, box):
    """What it puts in is not escaped.  It sends a login of its own unless the
    URL has words for it, and nothing at all while the user name is empty."""
    user, password = box["User name"], box["Password"]
    if not user:
        return "account data is wrong"
    url, own = box["Update URL"], True
    for word, value in (("<ipaddr>", box.ipv4), ("<ip6addr>", box.ipv6),
                        ("<ip6lanprefix>", box.prefix if "<ip6addr>" in url else ""),
                        ("<domain>", box["Domain name"])):
        url = url.replace(word, value)
    for word, value in (("<username>", user), ("<pass>", password)):
        own = own and word not in url
        url = url.replace(word, value)
    return fritzbox_says(send(box.request(
        url, user if own else "", password, "User-Agent: Fritz!Box DDNS/1.0.1",
        "Connection: close")), None)


def fritzbox_looks(box, addresses):
    """What it says after looking its domain name up: addresses are found there."""
    own = [a for a in (box.ipv4, box.ipv6) if a]
    return ("successfully registered" if set(addresses) == set(own) else
            "DynDNS error: the domain name does not resolve to this box")


def typed_pfsense(send, box):
    """The class updatedns, "custom" and "custom-v6": _update, _checkStatus."""
    address = box.ipv6 if box["Service Type"].endswith("(v6)") else box.ipv4
    answer = send(box.request(box["Update URL"].replace("%IP%", address),
                              box["Username"], box["Password"],
                              "User-Agent: phpDynDNS/0.7", "Accept: */*"))
    match = box["Result Match"].replace("%IP%", address)
    wanted = [one.replace("\\|", "|") for one in re.split(r"(?<!\\)\|", match)]
    if match == "" or answer.body.strip("\t\n\r") in wanted:
        return "(Success) IP Address Updated Successfully!"
    return f"(Error) Result did not match. [{answer.body}]"


def typed_opnsense(send, box):
    """DynDNS2.execute() of os-ddclient, which is given to python3-requests."""
    address = box.ipv6 if box["Check ip method"].endswith("[IPv6]") else box.ipv4
    if box["Protocol"] == "Custom GET":
        url = box["Server"].replace("__MYIP__", address)
        url = url.replace("__HOSTNAME__", box["Hostname(s)"])
        if not url.startswith("https://"):
            return "No connection adapters were found"
    elif "/" in box["Server"]:
        return "Failed to establish a new connection"
    else:
        url = f"https://{box['Server']}/nic/update?" + urllib.parse.urlencode({
            "hostname": box["Hostname(s)"], "myip": address, "system": "dyndns",
            "wildcard": "NOCHG"})
    answer = send(box.request(
        url, box["Username"], box["Password"], "User-Agent: OPNsense-dyndns",
        "Accept-Encoding: gzip, deflate", "Accept: */*", "Connection: keep-alive"))
    if 200 <= answer.status < 300:
        return f"set new ip {address}"
    return f"failed to set new ip {address} [{answer.status} - {answer.body.strip()}]"


def typed_synology(send, box):
    """The words are put in escaped; no other login is sent."""
    url = box["Query URL"]
    for word, value in (("__HOSTNAME__", box["Hostname"]), ("__MYIP__", box.ipv4),
                        ("__USERNAME__", box["Username/Email"]),
                        ("__PASSWORD__", box["Password/Key"])):
        url = url.replace(word, urllib.parse.quote(value, safe=""))
    return synology_says(send(box.request(url, "", "", "User-Agent: Synology DSM",
                                          "Accept: */*")), None)


def typed_omada(send, box):
    """The words are put in as they are; a login in the URL is sent as a header."""
    url = box["Update URL"]
    for word, value in (("[USERNAME]", box["Username"]), ("[PASSWORD]", box["Password"]),
                        ("[DOMAIN]", box["Domain Name"]), ("[IP]", box.ipv4)):
        url = url.replace(word, value)
    scheme, _, rest = url.partition("://")
    login, _, rest = rest.partition("@")
    answer = send(box.request(f"{scheme}://{rest}", *login.split(":", 1),
                              "Accept: */*"))
    return answer.body.strip()


# What stands behind the URL of a user-defined service, in inadyn 1: the alias, or
# what dyndns.org wanted.
ZYXEL = {"alias": "{name}",
         "dyndns": "?system=dyndns&hostname={name}&myip={ipv4}&wildcard=OFF&mx=&backmx=NO"
                   "&offline=NO"}


def typed_zyxel(send, box, form):
    behind = ZYXEL[form].format(name=box["Domain Name"], ipv4=box.ipv4)
    answer = send(request(
        box["URL"] + behind,
        Update(box["DYNDNS Server"], box["Username"], box["Password"], "", box.ipv4),
        "User-Agent: inadyn/1.96.2", version="1.0"))
    return answer.body.strip()
