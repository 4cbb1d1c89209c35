#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provider/dns/nameserver.h"
#include "provider/dns/tcp.h"
#include "provider/token.h"

struct nameserver {
	int fd;
	int64_t deadline;
	struct dnskey *key;
	uint8_t answer[DNSREQUEST_MAX];
};

static struct dnskey *
read_token(const char *algorithm, const char *token, struct error *why)
{
	static const char *const parts[] = { "key", "secret" };
	struct token_parts c = { .count = 0 };
	struct dnskey *key = NULL;

	if (token_split(&c, token, parts, 2, why) == ERR_OK)
		key = dnskey_new(algorithm, c.parts[0], c.parts[1], why);
	token_end(&c);
	return key;
}

struct nameserver *
nameserver_open(const struct address *addresses, size_t count, uint16_t port,
    const char *algorithm, const char *token, int64_t deadline,
    struct error *why)
{
	struct nameserver *n = malloc(sizeof *n);

	if (n == NULL) {
		error_memory(why);
		return NULL;
	}
	n->fd = -1;
	n->deadline = deadline;
	if ((n->key = read_token(algorithm, token, why)) == NULL ||
	    dnstcp_connect(&n->fd, addresses, count, port, deadline, why) !=
		ERR_OK) {
		nameserver_close(n);
		return NULL;
	}
	return n;
}

void
nameserver_close(struct nameserver *n)
{
	if (n == NULL)
		return;
	if (n->fd != -1)
		close(n->fd);
	dnskey_free(n->key);
	free(n);
}

/*
 * Sends q, takes it over and frees it.  Returns the answer, or NULL with *why
 * set; a NULL q is one that could not be made, and *why tells that already.
 */
static struct dnsanswer *
ask(struct nameserver *n, struct dnsrequest *q, struct error *why)
{
	struct dnsanswer *r = NULL;
	const uint8_t *wire;
	size_t len;

	if (q == NULL)
		return NULL;
	wire = dnsrequest_wire(q, &len);
	if (dnstcp_exchange(n->fd, wire, len, n->answer, sizeof n->answer, &len,
		n->deadline, why) == ERR_OK)
		r = dnsanswer_new(q, n->key, n->answer, len, why);
	dnsrequest_free(q);
	return r;
}

/* Asks about the name, then about ever shorter ones, until one has a zone. */
enum err
nameserver_zone(struct nameserver *n, const char *name,
    char zone[static HOSTNAME_MAX + 1], struct error *why)
{
	const char *at = name;
	bool ours = true, found = false;

	for (; ours && !found && strchr(at, '.') != NULL;
	     at = strchr(at, '.') + 1) {
		struct dnsanswer *r =
		    ask(n, dnsrequest_query(n->key, at, DNS_SOA, why), why);

		if (r == NULL)
			return error_prefix(why, "zone of %s", name);
		/*
		 * A server that delegates a name is not the one for any
		 * shorter one that could hold it, either: stop.
		 */
		ours = dnsanswer_authoritative(r);
		found = ours && dnsanswer_zone(r, at, zone);
		dnsanswer_free(r);
	}
	if (!found)
		return error_set(why, ERR_ZONE, "the server has no zone for %s",
		    name);
	return ERR_OK;
}

enum err
nameserver_held(struct nameserver *n, const char *name, enum dns_type type,
    struct dnsheld *held, struct error *why)
{
	struct dnsanswer *r =
	    ask(n, dnsrequest_query(n->key, name, type, why), why);
	bool visible;

	if (r == NULL)
		return error_prefix(why, "query of %s", name);
	visible =
	    dnsanswer_authoritative(r) && dnsanswer_held(r, name, type, held);
	dnsanswer_free(r);
	if (!visible)
		return error_set(why, ERR_ZONE,
		    "the server does not speak for %s", name);
	return ERR_OK;
}

enum err
nameserver_update(struct nameserver *n, const char *zone,
    const struct dnschange *changes, size_t count, struct error *why)
{
	struct dnsanswer *r =
	    ask(n, dnsrequest_update(n->key, zone, changes, count, why), why);

	if (r == NULL)
		return error_prefix(why, "update of %s", zone);
	dnsanswer_free(r);
	return ERR_OK;
}
