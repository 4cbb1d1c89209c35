/*
 * rfc2136.c - reads what a name server has, and writes what differs.
 *
 * All over one connection: for each name its zone, for each record what the
 * name has, for each zone one update.  The queries are signed as well: somebody
 * who forged their answers could make us leave an old record as it is.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "address/hostname.h"
#include "base/buffer.h"
#include "provider/dns/nameserver.h"
#include "provider/dns/rfc2136.h"

#define PORT_DEFAULT	  53
#define ALGORITHM_DEFAULT "hmac-sha256"

/* A record on its way. */
struct record {
	struct publication *publication;
	char zone[HOSTNAME_MAX + 1];
	uint32_t ttl;
	bool todo; /* it has no result yet */
};

/*
 * Configuration
 */

static const char *
variable(const struct endpoint *e, const char *name)
{
	json_object *value = NULL;

	if (e->settings->variables == NULL ||
	    !json_object_object_get_ex(e->settings->variables, name, &value))
		return NULL;
	return json_object_get_string(value);
}

static const char *
algorithm(const struct endpoint *e)
{
	const char *name = variable(e, "algorithm");

	return name != NULL ? name : ALGORITHM_DEFAULT;
}

static enum err
wrong(const struct endpoint *e, const char *file, const char *name,
    const char *what, struct error *why)
{
	return error_set(why, ERR_CONFIG, "%s: /providers/%s/config/%s: %s",
	    file, e->settings->name, name, what);
}

static enum err
check_names(const struct endpoint *e, const char *file, struct error *why)
{
	if (e->settings->variables == NULL)
		return ERR_OK;
	json_object_object_foreach (e->settings->variables, name, value) {
		(void)value;
		if (strcmp(name, "server") != 0 && strcmp(name, "port") != 0 &&
		    strcmp(name, "algorithm") != 0)
			return wrong(e, file, name,
			    "provider " RFC2136_NAME
			    " has server, port and algorithm",
			    why);
	}
	return ERR_OK;
}

static bool
read_port(uint16_t *port, const char *text)
{
	unsigned long number = strtoul(text, NULL, 10);

	*port = (uint16_t)number;
	return strspn(text, "0123456789") == strlen(text) && number > 0 &&
	    number <= UINT16_MAX;
}

enum err
rfc2136_read(struct endpoint *e, const char *file, struct error *why)
{
	const char *server = variable(e, "server");
	const char *port = variable(e, "port");
	struct buffer origin = { .max = 512 };
	struct address literal;
	enum err rc;

	if ((rc = check_names(e, file, why)) != ERR_OK)
		return rc;
	if (server == NULL)
		return wrong(e, file, "server",
		    "is missing; write the name "
		    "of the server that takes the updates",
		    why);
	e->host = address_parse_any(&literal, server) ?
	    strdup(server) :
	    hostname_normalise(server, false);
	if (e->host == NULL)
		return wrong(e, file, "server",
		    "must be the name of a host, "
		    "or an address",
		    why);
	e->port = PORT_DEFAULT;
	if (port != NULL && !read_port(&e->port, port))
		return wrong(e, file, "port", "must be \"1\" to \"65535\"",
		    why);
	if (!dnskey_algorithm(algorithm(e)))
		return wrong(e, file, "algorithm",
		    "must be \"hmac-sha256\", "
		    "\"hmac-sha384\" or \"hmac-sha512\"",
		    why);
	buffer_printf(&origin, "updates to %s, port %u, %s", e->host,
	    (unsigned int)e->port, algorithm(e));
	e->origin = buffer_take(&origin);
	e->path = strdup("");
	if (e->origin == NULL || e->path == NULL)
		return error_memory(why);
	return ERR_OK;
}

/*
 * Records
 */

/* Gives a record its result; the first one counts. */
static void
conclude(struct record *r, enum err result, bool changed,
    const struct error *why)
{
	if (!r->todo)
		return;
	r->todo = false;
	r->publication->result = result;
	r->publication->changed = changed;
	if (result != ERR_OK)
		r->publication->why = *why;
}

static void
conclude_all(struct record *records, size_t count, const struct error *why)
{
	for (size_t i = 0; i < count; i++)
		conclude(&records[i], why->code, false, why);
}

/*
 * A record that the server has as the only one of its family is not written;
 * the time to live of one that is replaced is kept.
 */
static enum err
look(struct nameserver *n, struct record *record, struct error *why)
{
	const struct publication *r = record->publication;
	char text[ADDRESS_TEXT_MAX];
	struct dnsheld held;
	enum err rc;

	rc = nameserver_held(n, r->name,
	    r->address.family == AF_INET ? DNS_A : DNS_AAAA, &held, why);
	if (rc != ERR_OK)
		return rc;
	if (held.count > 1 && !r->remove && !r->replace_set)
		return error_set(why, ERR_REFUSED,
		    "ambiguous: there are %zu addresses, among them %s; "
		    "\"replace_set\": true of the host lets one replace them",
		    held.count, address_format(&held.address, text));
	record->ttl = r->ttl != 0 ? (uint32_t)r->ttl :
	    held.count > 0	  ? held.ttl :
				    RFC2136_TTL;
	if (r->remove ?
		held.count == 0 :
		held.count == 1 && address_equal(&held.address, &r->address))
		conclude(record, ERR_OK, false, NULL);
	return ERR_OK;
}

/* Finds the zone of one name and what it has; its records fail together. */
static enum err
look_at_name(struct nameserver *n, struct record *records, size_t count,
    struct error *why)
{
	const struct publication *r = records[0].publication;
	char zone[HOSTNAME_MAX + 1];
	enum err rc = ERR_OK;

	if (r->zone != NULL)
		strcpy(zone, r->zone);
	else
		rc = nameserver_zone(n, r->name, zone, why);
	for (size_t i = 0; rc == ERR_OK && i < count; i++) {
		strcpy(records[i].zone, zone);
		rc = look(n, &records[i], why);
	}
	if (rc != ERR_OK)
		conclude_all(records, count, why);
	return rc;
}

/* How many records from the first one on have its name? */
static size_t
same_name(const struct record *records, size_t count)
{
	size_t n = 1;

	while (n < count &&
	    strcmp(records[n].publication->name,
		records[0].publication->name) == 0)
		n++;
	return n;
}

/* Sends one update, for all that is to do in the zone of the first record. */
static enum err
write_zone(struct nameserver *n, struct record *records, size_t count,
    struct error *why)
{
	struct dnschange changes[PUBLICATIONS_MAX];
	struct record *of[PUBLICATIONS_MAX];
	size_t todo = 0;
	enum err rc;

	for (size_t i = 0; i < count; i++) {
		const struct publication *r = records[i].publication;

		if (!records[i].todo ||
		    strcmp(records[i].zone, records[0].zone) != 0)
			continue;
		of[todo] = &records[i];
		changes[todo++] = (struct dnschange){ .name = r->name,
			.address = &r->address,
			.ttl = records[i].ttl,
			.remove = r->remove };
	}
	rc = nameserver_update(n, records[0].zone, changes, todo, why);
	for (size_t i = 0; i < todo; i++)
		conclude(of[i], rc, rc == ERR_OK, why);
	return rc;
}

/* Does this failure say nothing about other names and zones? */
static bool
is_local(enum err rc)
{
	return rc == ERR_ZONE || rc == ERR_REFUSED;
}

/* A key that is good for queries may still not change every zone. */
static enum err
run(struct nameserver *n, struct record *records, size_t count,
    struct error *why)
{
	enum err rc;

	for (size_t i = 0, len; i < count; i += len) {
		len = same_name(records + i, count - i);
		rc = look_at_name(n, records + i, len, why);
		if (rc != ERR_OK && !is_local(rc))
			return rc;
	}
	for (size_t i = 0; i < count; i++) {
		if (!records[i].todo)
			continue;
		rc = write_zone(n, records + i, count - i, why);
		if (rc != ERR_OK && rc != ERR_TOKEN && !is_local(rc))
			return rc;
	}
	return ERR_OK;
}

void
rfc2136_publish(const struct endpoint *e, const char *token,
    struct publication *const publications[], size_t count, int64_t deadline)
{
	struct address addresses[SETTINGS_ADDRESSES_MAX];
	struct record records[PUBLICATIONS_MAX];
	struct error why = { .code = ERR_OK };
	struct nameserver *n;
	enum err rc;

	for (size_t i = 0; i < count; i++)
		records[i] = (struct record){ .publication = publications[i],
			.todo = true };
	n = nameserver_open(addresses, endpoint_addresses(e, addresses),
	    e->port, algorithm(e), token, deadline, &why);
	rc = n != NULL ? run(n, records, count, &why) : why.code;
	nameserver_close(n);
	if (rc != ERR_OK)
		conclude_all(records, count, &why);
	if (rc == ERR_UNREACHABLE)
		endpoint_want_addresses(e);
	for (size_t i = 0; i < count; i++)
		if (publications[i]->result != ERR_OK)
			error_prefix(&publications[i]->why, "%s",
			    e->settings->name);
}

/*
 * Rehearsal
 */

/* Most zones have two labels. */
static const char *
guess_zone(const struct publication *r)
{
	const char *zone = r->name;

	if (r->zone != NULL)
		return r->zone;
	for (const char *dot = strchr(zone, '.');
	     dot != NULL && strchr(dot + 1, '.') != NULL;
	     dot = strchr(dot + 1, '.'))
		zone = dot + 1;
	return zone;
}

static void
print_record(FILE *to, const struct publication *r)
{
	char text[ADDRESS_TEXT_MAX];

	if (!r->remove)
		fprintf(to, "prereq nxrrset %s. CNAME\n", r->name);
	fprintf(to, "update delete %s. %s\n", r->name,
	    address_type(&r->address));
	if (!r->remove)
		fprintf(to, "update add %s. %lld %s %s\n", r->name,
		    r->ttl != 0 ? (long long)r->ttl : RFC2136_TTL,
		    address_type(&r->address),
		    address_format(&r->address, text));
}

void
rfc2136_rehearse(const struct endpoint *e, FILE *to,
    struct publication *const publications[], size_t count)
{
	bool done[PUBLICATIONS_MAX] = { false };

	fprintf(to,
	    "; in the words of nsupdate(1); what stands there already "
	    "is left out,\n; and its time to live is kept\n"
	    "server %s %u\nkey %s:*** ***\n",
	    e->host, (unsigned int)e->port, algorithm(e));
	for (size_t i = 0; i < count; i++) {
		const char *zone = guess_zone(publications[i]);

		if (done[i])
			continue;
		fprintf(to, "zone %s.\n", zone);
		for (size_t j = i; j < count; j++)
			if (strcmp(guess_zone(publications[j]), zone) == 0) {
				print_record(to, publications[j]);
				done[j] = true;
			}
		fprintf(to, "send\n");
	}
}
