#include "config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "address/address.h"
#include "page/refusal.h"

#define SAME_NETWORK 48 /* bits of an IPv6 address */

static const struct {
	const char *verdict, *words;
} verdicts[] = {
	{ "proof", "The host did not prove that this address is its own" },
	{ "address", "This is not an address to publish" },
	{ "provider", "The DNS provider refused the change" },
	{ "busy", "The change could not be made at that moment" },
	{ "held", "Not tried, for the other address of the host failed" },
};

/* The first whose verdict is the same and whose part is in the reason. */
static const struct {
	const char *verdict, *part, *advice;
} advices[] = {
	{ "proof", "Connection refused",
	    "Nothing listens at this address and port: start the web server "
	    "and, behind a router, forward TCP port 443 to it." },
	{ "proof", "connect: no answer in time",
	    "Nothing came back from this address: forward TCP port 443 to the "
	    "web server (IPv4), open it in the router's firewall (IPv6), and "
	    "look whether the address is still the one the line has." },
	{ "proof", "No route to host",
	    "The line or the router says that nobody has this address: is the "
	    "web server on, and does the router let port 443 in?" },
	{ "proof", "etwork is unreachable",
	    "The machine that runs ddnsgate has no way to such addresses; give "
	    "it IPv4 or IPv6, whichever it lacks." },
	{ "proof", "no answer in time",
	    "The web server took the connection and then said nothing: look "
	    "into its own log." },
	{ "proof", "has expired",
	    "Renew the certificate of the web server, and reload it." },
	{ "proof", "is not valid before",
	    "One of the two clocks is wrong: that of the machine that runs "
	    "ddnsgate, or that of whoever made the certificate." },
	{ "proof", "is not for this name",
	    "Another certificate is shown than the one for this name: give the "
	    "web server a site with this name and its certificate.  Or the "
	    "port leads to another machine, as to the router itself." },
	{ "proof", "is for no host name",
	    "The certificate names no host as a subject alternative name: get "
	    "one that does." },
	{ "proof", "its CA is not trusted",
	    "Let the web server send the whole chain (fullchain.pem), or name "
	    "the CA, or the key as a pin, in the proof of the host." },
	{ "proof", "none of the pinned",
	    "The key is another one than was registered.  If that is meant, "
	    "put the new hash into \"pins\"; if not, find out who answers "
	    "there." },
	{ "proof", "is revoked",
	    "The certificate was revoked: get a new one." },
	{ "proof", "is not TLS",
	    "Something speaks at this port, but not TLS: let it be the HTTPS "
	    "port of the web server that is forwarded." },
	{ "proof", "echo",
	    "The page that returns the address of its visitor does not return "
	    "ours: look at it, and whether a proxy stands before it." },
	{ "proof", "reset",
	    "The connection was cut off: look into the log of the web server, "
	    "and for a firewall between." },
	{ "proof", "closed without an answer",
	    "The web server hung up: look into its own log." },
	{ "proof", "certificate:",
	    "The certificate does not pass: `ddnsgate prove NAME ADDRESS' "
	    "shows the same again while you mend it." },
	{ "proof", "",
	    "Try it again from the machine that runs ddnsgate: `ddnsgate prove "
	    "NAME ADDRESS'." },
	{ "address", "\"removal\"",
	    "If the router may remove addresses, set \"removal\": true for the "
	    "host." },
	{ "address", "prefix",
	    "The prefix that the router sends is shorter or longer than the "
	    "host's \"prefix_length\" says: compare both." },
	{ "address", "",
	    "The router has an address that the Internet does not reach, as "
	    "behind carrier-grade NAT.  If that is so, let the host have "
	    "IPv6 alone, or set \"ipv4\": \"if-public\"." },
	{ "provider", "HTTP 401",
	    "The provider does not take the token: make a new one there, and "
	    "enter it in the router and with `ddnsgate hash'." },
	{ "provider", "HTTP 403",
	    "The token may not change this zone: look at its rights at the "
	    "provider." },
	{ "provider", "no zone",
	    "The provider has no zone for this name: create it there, or name "
	    "the right one as \"zone\" of the host." },
	{ "provider", "HTTP 404",
	    "The provider does not know the zone or the record: create the "
	    "zone there, or name the right one as \"zone\" of the host." },
	{ "provider", "",
	    "Read what the provider says; most often the token has not the "
	    "right for this zone, or the zone is not there." },
	{ "busy", "newer claim", "Nothing: a newer update took its place." },
	{ "busy", "state is out of reach",
	    "Look at the database of the state; until it is back nothing can "
	    "be changed." },
	{ "busy", "",
	    "Nothing, if it stays the only time: the router tries again.  If "
	    "it lasts, see whether the provider has a fault." },
	{ "held", "", "Mend the other address of the host." },
	{ "", "", "See the log of ddnsgate for more." },
};

void
refusal_read(struct refusal *r, const char *text)
{
	int end = 0;

	*r = (struct refusal){ .reason = text };
	if (sscanf(text, "%15[A-Z] %15[a-z]:%n", r->type, r->verdict, &end) ==
		2 &&
	    end > 0)
		r->reason = text + end + (text[end] == ' ');
	else
		r->type[0] = r->verdict[0] = '\0';
}

const char *
refusal_family(const char *type)
{
	return strcmp(type, "A") == 0 ? "IPv4" :
	    strcmp(type, "AAAA") == 0 ? "IPv6" :
					type;
}

const char *
refusal_words(const char *verdict)
{
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
		if (strcmp(verdicts[i].verdict, verdict) == 0)
			return verdicts[i].words;
	return verdict;
}

const char *
refusal_advice(const char *verdict, const char *reason)
{
	size_t i = 0, last = sizeof advices / sizeof *advices - 1;

	if (reason == NULL)
		reason = "";
	while (i < last &&
	    (strcmp(advices[i].verdict, verdict) != 0 ||
		strstr(reason, advices[i].part) == NULL))
		i++;
	return advices[i].advice;
}

const char refusal_checks[] =
    "Look in this order: is the web server on; does the router forward TCP "
    "port 443 to it (IPv4), and let it in (IPv6); is its certificate valid, "
    "and for this name.  The operator sees which of them it is.";

bool
refusal_is_open(const char *verdict, const char *source, const char *address)
{
	struct address from, to;

	if (strcmp(verdict, "proof") != 0)
		return true;
	if (source == NULL || address == NULL ||
	    !address_parse_any(&from, source) ||
	    !address_parse_any(&to, address))
		return false;
	if (from.family == AF_INET6)
		address_mask(&from, SAME_NETWORK);
	if (to.family == AF_INET6)
		address_mask(&to, SAME_NETWORK);
	return address_equal(&from, &to);
}
