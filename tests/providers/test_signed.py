"""Providers whose requests are signed by the clock, so that no recording fits.

A small model of each is served over TLS as in test_replay.  It makes every
signature again from the provider's documents and, as the provider does, refuses
a request whose signature is another: a wrong one can never look like success.
"""

import datetime
import hashlib
import hmac
import json
import re
import time
import urllib.parse
import xml.etree.ElementTree

import pytest
from lab.replay import Script

HOST = "home.example.org"
IPV4, IPV6 = "192.0.2.10", "2001:db8::10"


class Model:
    """A provider: `handle` answers with a status and a text or what becomes JSON."""

    def __init__(self, fault=None):
        self.fault = fault              # (method, path): what is refused, if any
        self.records = {}
        self.seen = []
        self.problems = []

    def answer(self, method, path, headers, body):
        self.seen.append(f"{method} {path}")
        status, said = self.handle(method, path, headers, body)
        return Script.encode(status, **({"text": said} if isinstance(said, str)
                                        else {"json": said}))

    def want(self, condition, what):
        if not condition:
            self.problems.append(what)
        return condition


def hmac_sha256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def sigv4(secret, method, path, query, headers, signed, body, day, region, service):
    """The signature of a request, after "Signature Version 4 for API requests"."""
    canonical = "\n".join([
        method, path, query,
        *(f"{name}:{' '.join(headers[name].split())}" for name in signed), "",
        ";".join(signed), hashlib.sha256(body).hexdigest()])
    to_sign = "\n".join([
        "AWS4-HMAC-SHA256", headers["x-amz-date"], f"{day}/{region}/{service}/aws4_request",
        hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac_sha256(key, part)
    return hmac_sha256(key, to_sign).hex()


def test_sigv4_itself():
    """The known example of AWS: that the model counts as they do."""
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8",
               "host": "iam.amazonaws.com", "x-amz-date": "20150830T123600Z"}
    assert sigv4("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "GET", "/",
                 "Action=ListUsers&Version=2010-05-08", headers, sorted(headers), b"",
                 "20150830", "us-east-1", "iam") == (
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")


class Route53(Model):
    host = "route53.amazonaws.com"
    config = {"zone_id": "Z0123456789EXAMPLE"}
    token = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    path = "/2013-04-01/hostedzone/Z0123456789EXAMPLE/rrset/"
    name = "{https://route53.amazonaws.com/doc/2013-04-01/}"

    @staticmethod
    def error(status, code, message):
        return status, (f"<?xml version=\"1.0\"?>\n<ErrorResponse><Error><Type>Sender</Type>"
                        f"<Code>{code}</Code><Message>{message}</Message></Error>"
                        f"</ErrorResponse>")

    def signed(self, method, path, headers, body):
        key, secret = self.token.split(":", 1)
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/us-east-1/route53/aws4_request, "
            r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})",
            headers.get("authorization", ""))
        if not self.want(found, f"Authorization: {headers.get('authorization')}"):
            return False
        used, day, names, signature = found.groups()
        names = names.split(";")
        stamp = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(
            tzinfo=datetime.timezone.utc)
        self.want(abs(stamp.timestamp() - time.time()) < 60, f"signed at {stamp}")
        self.want(headers["x-amz-date"][:8] == day, f"day {day}")
        self.want(names == sorted(names) and {"host", "x-amz-date"} <= set(names),
                  f"signs {names}")
        self.want(headers["host"] == self.host, f"host {headers['host']}")
        return used == key and signature == sigv4(
            secret, method, path, "", headers, names, body, day, "us-east-1", "route53")

    def handle(self, method, path, headers, body):
        if not self.signed(method, path, headers, body):
            return self.error(403, "SignatureDoesNotMatch", "The signature does not match.")
        if path != self.path:
            return self.error(404, "NoSuchHostedZone", "No hosted zone found with ID.")
        if self.fault == (method, path):
            return self.error(400, "InvalidChangeBatch", "RRSet conflicts with a CNAME")
        self.want(method == "POST" and headers["content-type"] == "application/xml", method)
        tag = self.name
        changes = xml.etree.ElementTree.fromstring(body).findall(
            f"{tag}ChangeBatch/{tag}Changes/{tag}Change")
        for change in changes:
            self.want(change.findtext(f"{tag}Action") == "UPSERT", "not an UPSERT")
            rrset = change.find(f"{tag}ResourceRecordSet")
            values = [v.text for v in rrset.iter(f"{tag}Value")]
            self.records[rrset.findtext(f"{tag}Name"), rrset.findtext(f"{tag}Type")] = (
                int(rrset.findtext(f"{tag}TTL")), values)
        return 200, ("<?xml version=\"1.0\"?>\n<ChangeResourceRecordSetsResponse><ChangeInfo>"
                     "<Id>/change/C2682N5HXP0BZ4</Id><Status>PENDING</Status></ChangeInfo>"
                     "</ChangeResourceRecordSetsResponse>")


class Ovh(Model):
    host = "eu.api.ovh.com"
    config = None
    token = "application-key:application-secret:consumer-key"
    clock_ahead = 4321                  # theirs counts, not ours

    def __init__(self, fault=None, records=()):
        super().__init__(fault)
        self.records = dict(records)    # number: [type, sub, target, ttl]
        self.published = None
        self.began = int(time.time()) + self.clock_ahead

    def signed(self, method, path, headers, body):
        """After "First steps with the OVH APIs"."""
        application, secret, consumer = self.token.split(":")
        self.want(headers.get("x-ovh-timestamp") == str(self.began),
                  f"timestamp {headers.get('x-ovh-timestamp')}")
        text = "+".join([secret, consumer, method, f"https://{self.host}{path}",
                         body.decode(), str(self.began)])
        return (headers["x-ovh-application"], headers["x-ovh-consumer"]) == (
            application, consumer) and headers.get("x-ovh-signature") == (
            "$1$" + hashlib.sha1(text.encode()).hexdigest())

    def handle(self, method, path, headers, body):
        where = urllib.parse.urlsplit(path)
        path_of = where.path.removeprefix("/1.0")
        if (method, path_of) == ("GET", "/auth/time"):
            self.want("x-ovh-signature" not in headers, "signed before the time is known")
            return 200, self.began
        if not self.signed(method, path, headers, body):
            return 400, {"class": "Client::BadRequest", "message": "Invalid signature"}
        if self.fault == (method, path_of):
            return 403, {"class": "Client::Forbidden",
                         "message": "This call has not been granted"}
        if not path_of.startswith("/domain/zone/example.org"):
            return 404, {"class": "Client::NotFound",
                         "message": "This service does not exist"}
        return self.in_zone(method, path_of.removeprefix("/domain/zone/example.org"),
                            dict(urllib.parse.parse_qsl(where.query, True)),
                            json.loads(body) if body else None)

    def in_zone(self, method, what, query, sent):
        if (method, what) == ("GET", ""):
            return 200, {"name": "example.org"}
        if (method, what) == ("GET", "/record"):
            return 200, [number for number, r in self.records.items()
                         if r[:2] == [query["fieldType"], query["subDomain"]]]
        if (method, what) == ("POST", "/record"):
            if sent["target"] == "192.0.2.66":
                return 400, {"message": "Invalid target"}
            self.records[900 + len(self.records)] = [
                sent["fieldType"], sent["subDomain"], sent["target"], sent["ttl"]]
            return 200, {"id": 900, **sent}
        if (method, what) == ("POST", "/refresh"):
            self.published = {n: list(r) for n, r in self.records.items()}
            return 200, None
        if method == "PUT" and (found := re.fullmatch(r"/record/(\d+)", what)):
            self.want(set(sent) == {"target"}, f"PUT {sent}")
            self.records[int(found[1])][2] = sent["target"]
            return 200, None
        if method == "DELETE" and (found := re.fullmatch(r"/record/(\d+)", what)):
            self.want(sent is None, f"DELETE {sent}")
            del self.records[int(found[1])]
            return 200, None
        self.problems.append(f"{method} {what}")
        return 404, {"message": "Not found"}


class OvhCanada(Ovh):
    """The same API in another region, which the operator names."""

    host = "ca.api.ovh.com"
    config = {"base": "https://ca.api.ovh.com/1.0"}


# What the host answers to.
HOSTS = [Route53.host, Ovh.host, OvhCanada.host]


def play(providers, name, model, *addresses, token=None, config=None, options=None, host=HOST):
    """Runs the program against the model: the verdicts, and what it printed."""
    providers.script = model
    token = token or model.token
    ran = providers.run(providers.configuration(name, config or model.config, host, options or {}),
                    token, name, host, *addresses)
    printed = ran.stdout + ran.stderr
    assert model.problems == [], printed
    for part in token.split(":")[1:]:
        assert part not in printed, "shows the credential"
    return [line.split(" ")[3] for line in ran.stdout.splitlines()
            if line.startswith(f"{host} ")], printed


def test_route53_creates_and_replaces(providers):
    model = Route53()
    model.records[f"{HOST}.", "TXT"] = (60, ["kept"])
    for ipv4 in (IPV4, "192.0.2.20"):
        verdicts, printed = play(providers, "route53", model, ipv4, IPV6, options={"ttl": 120})
        assert verdicts == ["changed", "changed"], printed
        assert model.records == {(f"{HOST}.", "A"): (120, [ipv4]),
                                 (f"{HOST}.", "AAAA"): (120, [IPV6]),
                                 (f"{HOST}.", "TXT"): (60, ["kept"])}
    assert model.seen == 2 * [f"POST {Route53.path}"]


@pytest.mark.parametrize("address, type_", [(IPV4, "A"), (IPV6, "AAAA")])
def test_route53_changes_one_family(providers, address, type_):
    model = Route53()
    model.records[f"{HOST}.", "A"] = model.records[f"{HOST}.", "AAAA"] = (60, ["kept"])
    verdicts, printed = play(providers, "route53", model, address)
    assert verdicts == ["changed"], printed
    other = {"A": "AAAA", "AAAA": "A"}[type_]
    assert model.records == {(f"{HOST}.", type_): (300, [address]),
                             (f"{HOST}.", other): (60, ["kept"])}
    assert len(model.seen) == 1


def test_route53_changes_a_wildcard(providers):
    model = Route53()
    verdicts, printed = play(providers, "route53", model, IPV4, host="*.example.org")
    assert verdicts == ["changed"], printed
    assert list(model.records) == [("*.example.org.", "A")]


@pytest.mark.parametrize("token", ["AKIDEXAMPLE:another-secret-key",
                                   "AKIDANOTHER:" + Route53.token.split(":")[1]])
def test_route53_refuses_a_wrong_token(providers, token):
    model = Route53()
    verdicts, printed = play(providers, "route53", model, IPV4, IPV6, token=token)
    assert verdicts == ["token", "token"], printed
    assert model.records == {} and len(model.seen) == 1


def test_route53_does_not_know_the_zone(providers):
    verdicts, printed = play(providers, "route53", Route53(), IPV4, config={"zone_id": "ZOTHER"})
    assert verdicts == ["zone"], printed


@pytest.mark.parametrize("zone", ["..", "."])
def test_route53_sends_no_path_that_libcurl_would_shorten(providers, zone):
    """libcurl normalises the path of a request that it signs."""
    model = Route53()
    verdicts, printed = play(providers, "route53", model, IPV4, config={"zone_id": zone})
    assert verdicts == ["refused"], printed
    assert f'the path would have a segment "{zone}"' in printed and model.seen == []


def test_route53_refuses_a_record(providers):
    model = Route53(fault=("POST", Route53.path))
    verdicts, printed = play(providers, "route53", model, IPV4, IPV6)
    assert verdicts == ["refused", "refused"], printed
    assert "RRSet conflicts with a CNAME" in printed and model.records == {}


OURS = {1: ["A", "home", "192.0.2.1", 60], 2: ["AAAA", "home", "2001:db8::1", 60]}
NEIGHBOURS = {3: ["TXT", "home", "kept", 60], 4: ["A", "www", "192.0.2.4", 60]}


def ovh(fault=None, ours=None):
    return Ovh(fault, {number: list(record)
                       for number, record in {**NEIGHBOURS, **(ours or {})}.items()})


def test_ovh_of_another_region(providers):
    """Which is in the signature, too."""
    model = OvhCanada(records={number: list(record) for number, record in OURS.items()})
    verdicts, printed = play(providers, "ovh", model, IPV4, IPV6)
    assert verdicts == ["changed", "changed"], printed
    assert model.published[1][2] == IPV4


def test_ovh_creates(providers):
    model = ovh()
    verdicts, printed = play(providers, "ovh", model, IPV4, IPV6)
    assert verdicts == ["changed", "changed"], printed
    assert sorted(model.published.values()) == sorted([
        *NEIGHBOURS.values(), ["A", "home", IPV4, 300], ["AAAA", "home", IPV6, 300]])


def test_ovh_replaces_and_publishes_once(providers):
    model = ovh(ours=OURS)
    verdicts, printed = play(providers, "ovh", model, IPV4, IPV6)
    assert verdicts == ["changed", "changed"], printed
    assert model.published == {1: ["A", "home", IPV4, 60], 2: ["AAAA", "home", IPV6, 60],
                               **NEIGHBOURS}
    assert model.seen == [f"{method} /1.0{path}" for method, path in (
        ("GET", "/auth/time"),
        ("GET", "/domain/zone/home.example.org"), ("GET", "/domain/zone/example.org"),
        ("GET", "/domain/zone/example.org/record?fieldType=A&subDomain=home"),
        ("GET", "/domain/zone/example.org/record?fieldType=AAAA&subDomain=home"),
        ("PUT", "/domain/zone/example.org/record/1"),
        ("PUT", "/domain/zone/example.org/record/2"),
        ("POST", "/domain/zone/example.org/refresh"))]


def test_ovh_publishes_what_an_earlier_update_could_not(providers):
    """Written and not refreshed: the next update must not take it for done."""
    model = ovh(("POST", "/domain/zone/example.org/refresh"), ours=OURS)
    verdicts, printed = play(providers, "ovh", model, IPV4)
    assert verdicts == ["token"] and model.published is None, printed
    model.fault = None
    verdicts, printed = play(providers, "ovh", model, IPV4)
    assert verdicts == ["changed"] and model.published[1][2] == IPV4, printed


def test_ovh_creates_at_the_apex(providers):
    model = ovh()
    verdicts, printed = play(providers, "ovh", model, IPV4, host="example.org")
    assert verdicts == ["changed"], printed
    assert ["A", "", IPV4, 300] in model.published.values()


@pytest.mark.parametrize("part", [0, 1, 2])
def test_ovh_refuses_a_wrong_token(providers, part):
    model = ovh(ours=OURS)
    parts = Ovh.token.split(":")
    parts[part] = "another-one-of-them"
    verdicts, printed = play(providers, "ovh", model, IPV4, IPV6, token=":".join(parts))
    assert verdicts == ["token", "token"], printed
    assert len(model.seen) == 2 and model.published is None


def test_ovh_does_not_know_the_zone(providers):
    verdicts, printed = play(providers, "ovh", ovh(), IPV4, host="home.example.net")
    assert verdicts == ["zone"], printed


def test_ovh_refuses_a_record(providers):
    """The other one is published."""
    model = ovh()
    verdicts, printed = play(providers, "ovh", model, "192.0.2.66", IPV6)
    assert verdicts == ["refused", "changed"], printed
    assert "Invalid target" in printed
    assert ["AAAA", "home", IPV6, 300] in model.published.values()


def test_ovh_touches_none_of_two(providers):
    model = ovh(ours={**OURS, 5: ["A", "home", "192.0.2.5", 60]})
    verdicts, printed = play(providers, "ovh", model, IPV4)
    assert verdicts == ["refused"] and "ambiguous" in printed, printed
    assert model.published is None and model.records[1] == OURS[1]


def test_ovh_removes_one_family(providers):
    model = ovh(ours=OURS)
    verdicts, printed = play(providers, "ovh", model, "ipv6=none")
    assert verdicts == ["changed"], printed
    assert model.published == {1: OURS[1], **NEIGHBOURS}
    assert model.seen[-3:] == [f"{method} /1.0/domain/zone/example.org{path}" for method, path in (
        ("GET", "/record?fieldType=AAAA&subDomain=home"), ("DELETE", "/record/2"),
        ("POST", "/refresh"))]


def test_ovh_publishes_what_an_earlier_removal_could_not(providers):
    """Removed and not refreshed: nothing is there, and yet it is still published."""
    model = ovh(("POST", "/domain/zone/example.org/refresh"), ours=OURS)
    verdicts, printed = play(providers, "ovh", model, "ipv6=none")
    assert verdicts == ["token"] and model.published is None, printed
    model.fault = None
    verdicts, printed = play(providers, "ovh", model, "ipv6=none")
    assert verdicts == ["changed"] and model.published == {1: OURS[1], **NEIGHBOURS}, printed


def test_ovh_removes_none_of_two(providers):
    model = ovh(ours={**OURS, 5: ["AAAA", "home", "2001:db8::5", 60]})
    verdicts, printed = play(providers, "ovh", model, "ipv6=none")
    assert verdicts == ["refused"] and "ambiguous" in printed, printed
    assert model.published is None and model.records[2] == OURS[2]
