#include "config.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "base/secret.h"
#include "provider/dns/packet.h"
#include "provider/dns/request.h"

bool
dnskey_algorithm(const char *name)
{
	return strcmp(name, "hmac-sha256") == 0 ||
	    strcmp(name, "hmac-sha384") == 0 ||
	    strcmp(name, "hmac-sha512") == 0;
}

struct dnskey *
dnskey_new(const char *algorithm, const char *name, const char *secret,
    struct error *why)
{
	struct dnskey *k = calloc(1, sizeof *k);
	knot_dname_storage_t ignored;
	int rc = KNOT_EINVAL;

	/* libknot says "out of memory" of a bad name. */
	if (k == NULL)
		rc = KNOT_ENOMEM;
	else if (knot_dname_from_str(ignored, name, sizeof ignored) != NULL)
		rc = knot_tsig_key_init(&k->tsig, algorithm, name, secret);
	if (rc == KNOT_EOK && k->tsig.secret.size > 0)
		return k;
	if (rc == KNOT_ENOMEM)
		error_memory(why);
	else
		error_set(why, ERR_TOKEN,
		    "the token must be the name of a "
		    "key, a colon, and its secret in base64");
	dnskey_free(k);
	return NULL;
}

void
dnskey_free(struct dnskey *k)
{
	if (k == NULL)
		return;
	/* The decoder of base64 may have written beyond the secret's size. */
	if (k->tsig.secret.data != NULL)
		secret_wipe(k->tsig.secret.data,
		    malloc_usable_size(k->tsig.secret.data));
	knot_tsig_key_deinit(&k->tsig);
	free(k);
}

static enum err
library_failed(int rc, struct error *why)
{
	if (rc == KNOT_ENOMEM)
		return error_memory(why);
	return error_set(why, ERR_REFUSED, "a message cannot be made: %s",
	    knot_strerror(rc));
}

static int
put_question(knot_pkt_t *p, const char *name, uint16_t type)
{
	knot_dname_storage_t wire;

	if (knot_dname_from_str(wire, name, sizeof wire) == NULL)
		return KNOT_EINVAL;
	return knot_pkt_put_question(p, wire, KNOT_CLASS_IN, type);
}

/* Without data for the classes ANY and NONE. */
static int
put_record(knot_pkt_t *p, const char *name, uint16_t type, uint16_t class,
    uint32_t ttl, const struct address *data)
{
	knot_dname_t *owner = knot_dname_from_str_alloc(name);
	knot_rrset_t rr;
	int rc = KNOT_EINVAL;

	if (owner == NULL)
		return rc;
	knot_rrset_init(&rr, owner, type, class, ttl);
	rc = data != NULL ? knot_rrset_add_rdata(&rr, data->bytes,
				(uint16_t)(address_bits(data) / 8), NULL) :
			    knot_rrset_add_rdata(&rr, NULL, 0, NULL);
	if (rc == KNOT_EOK)
		rc = knot_pkt_put(p, KNOT_COMPR_HINT_NONE, &rr,
		    KNOT_PF_NOTRUNC | KNOT_PF_FREE);
	if (rc != KNOT_EOK)
		knot_rrset_clear(&rr, NULL);
	return rc;
}

static uint16_t
type_of(const struct address *a)
{
	return a->family == AF_INET ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA;
}

/* RFC 2136 sections 2.4.3 (no such RRset), 2.5.2 (delete one), 2.5.1 (add). */
static int
put_changes(knot_pkt_t *p, const struct dnschange *changes, size_t count)
{
	int rc = knot_pkt_begin(p, KNOT_ANSWER);

	for (size_t i = 0; rc == KNOT_EOK && i < count; i++)
		if (!changes[i].remove &&
		    (i == 0 ||
			strcmp(changes[i].name, changes[i - 1].name) != 0))
			rc = put_record(p, changes[i].name, KNOT_RRTYPE_CNAME,
			    KNOT_CLASS_NONE, 0, NULL);
	if (rc == KNOT_EOK)
		rc = knot_pkt_begin(p, KNOT_AUTHORITY);
	for (size_t i = 0; rc == KNOT_EOK && i < count; i++)
		rc = put_record(p, changes[i].name, type_of(changes[i].address),
		    KNOT_CLASS_ANY, 0, NULL);
	for (size_t i = 0; rc == KNOT_EOK && i < count; i++)
		if (!changes[i].remove)
			rc = put_record(p, changes[i].name,
			    type_of(changes[i].address), KNOT_CLASS_IN,
			    changes[i].ttl, changes[i].address);
	return rc;
}

static struct dnsrequest *
request_new(const struct dnskey *k, int opcode, struct error *why)
{
	struct dnsrequest *q = calloc(1, sizeof *q);
	uint16_t id;

	if (q == NULL ||
	    (q->packet = knot_pkt_new(NULL, DNSREQUEST_MAX, NULL)) == NULL ||
	    gnutls_rnd(GNUTLS_RND_NONCE, &id, sizeof id) != 0 ||
	    knot_pkt_reserve(q->packet,
		(uint16_t)knot_tsig_wire_size(&k->tsig)) != KNOT_EOK) {
		error_memory(why);
		dnsrequest_free(q);
		return NULL;
	}
	knot_wire_set_id(q->packet->wire, id);
	knot_wire_set_opcode(q->packet->wire, (uint8_t)opcode);
	return q;
}

static int
sign(struct dnsrequest *q, const struct dnskey *k)
{
	q->mac_len = sizeof q->mac;
	return knot_tsig_sign(q->packet->wire, &q->packet->size,
	    q->packet->max_size, NULL, 0, q->mac, &q->mac_len, &k->tsig, 0, 0);
}

struct dnsrequest *
dnsrequest_query(const struct dnskey *k, const char *name, enum dns_type type,
    struct error *why)
{
	struct dnsrequest *q = request_new(k, KNOT_OPCODE_QUERY, why);
	int rc;

	if (q == NULL)
		return NULL;
	if ((rc = put_question(q->packet, name, (uint16_t)type)) != KNOT_EOK ||
	    (rc = sign(q, k)) != KNOT_EOK) {
		library_failed(rc, why);
		dnsrequest_free(q);
		return NULL;
	}
	return q;
}

struct dnsrequest *
dnsrequest_update(const struct dnskey *k, const char *zone,
    const struct dnschange *changes, size_t count, struct error *why)
{
	struct dnsrequest *q = request_new(k, KNOT_OPCODE_UPDATE, why);
	int rc;

	if (q == NULL)
		return NULL;
	if ((rc = put_question(q->packet, zone, KNOT_RRTYPE_SOA)) != KNOT_EOK ||
	    (rc = put_changes(q->packet, changes, count)) != KNOT_EOK ||
	    (rc = sign(q, k)) != KNOT_EOK) {
		library_failed(rc, why);
		dnsrequest_free(q);
		return NULL;
	}
	return q;
}

const uint8_t *
dnsrequest_wire(const struct dnsrequest *q, size_t *len)
{
	*len = q->packet->size;
	return q->packet->wire;
}

void
dnsrequest_free(struct dnsrequest *q)
{
	if (q != NULL)
		knot_pkt_free(q->packet);
	free(q);
}
