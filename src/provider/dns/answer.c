#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "provider/dns/answer.h"
#include "provider/dns/packet.h"

struct dnsanswer {
	knot_pkt_t *packet;
};

/* verified: its MAC is right.  tsig is the error in its TSIG record, or 0. */
static enum err
rcode_error(const knot_pkt_t *p, unsigned int tsig, bool verified)
{
	bool query = knot_wire_get_opcode(p->wire) == KNOT_OPCODE_QUERY;

	if (tsig == KNOT_RCODE_BADTIME)
		return ERR_REFUSED;
	if (tsig != 0)
		return ERR_TOKEN;
	switch (knot_wire_get_rcode(p->wire)) {
	case KNOT_RCODE_SERVFAIL:
		return ERR_BUSY;
	case KNOT_RCODE_REFUSED:
		/* Queries about zones of other servers are refused, too. */
		return query ? ERR_ZONE : ERR_TOKEN;
	case KNOT_RCODE_NOTAUTH:
		/* For the zone, once the key is right (RFC 2136, 3.1.1). */
		return verified ? ERR_ZONE : ERR_TOKEN;
	case KNOT_RCODE_NOTZONE:
	case KNOT_RCODE_NXDOMAIN:
		return ERR_ZONE;
	default:
		return ERR_REFUSED;
	}
}

/* The likely cause, in words for the log. */
static const char *
explain(const knot_pkt_t *p, unsigned int tsig, enum err code)
{
	if (tsig == KNOT_RCODE_BADTIME)
		return ": its clock and ours differ by minutes";
	if (code == ERR_TOKEN)
		return ": it does not know the key, or does not let it do that";
	if (code == ERR_ZONE)
		return ": it has no such zone";
	if (knot_wire_get_rcode(p->wire) == KNOT_RCODE_YXRRSET)
		return ": a CNAME stands there";
	return "";
}

static enum err
refused(const knot_pkt_t *p, bool verified, struct error *why)
{
	unsigned int tsig =
	    knot_pkt_has_tsig(p) ? knot_tsig_rdata_error(p->tsig_rr) : 0;
	const char *name = knot_pkt_ext_rcode_name(p);
	enum err code = rcode_error(p, tsig, verified);

	if (*name == '\0')
		return error_set(why, code, "the server says error %u, %u",
		    (unsigned int)knot_wire_get_rcode(p->wire), tsig);
	return error_set(why, code, "the server says %s%s", name,
	    explain(p, tsig, code));
}

/* A server may leave out of its answer what an update was about (3.8). */
static bool
echoes(const knot_pkt_t *q, const knot_pkt_t *p)
{
	if (knot_wire_get_qdcount(p->wire) == 0)
		return knot_wire_get_opcode(q->wire) == KNOT_OPCODE_UPDATE;
	return knot_pkt_qtype(p) == knot_pkt_qtype(q) &&
	    knot_pkt_qclass(p) == knot_pkt_qclass(q) &&
	    knot_dname_is_case_equal(knot_pkt_qname(p), knot_pkt_qname(q));
}

static enum err
judge(const struct dnsrequest *q, const struct dnskey *k, const knot_pkt_t *p,
    struct error *why)
{
	unsigned int rcode = knot_wire_get_rcode(p->wire);
	uint8_t opcode = knot_wire_get_opcode(q->packet->wire);
	int check;

	if (knot_wire_get_id(p->wire) != knot_wire_get_id(q->packet->wire) ||
	    knot_wire_get_opcode(p->wire) != opcode ||
	    !knot_wire_get_qr(p->wire))
		return error_set(why, ERR_REFUSED,
		    "the server answers something else");
	check = !knot_pkt_has_tsig(p) ?
	    KNOT_TSIG_EBADKEY :
	    knot_tsig_client_check(p->tsig_rr, p->wire, p->size, q->mac,
		q->mac_len, &k->tsig, 0);
	/*
	 * An error may come unsigned, from a server that does not know our
	 * key.  An attacker can forge it as well, but only make us fail.
	 */
	if (rcode != KNOT_RCODE_NOERROR &&
	    (rcode != KNOT_RCODE_NXDOMAIN || opcode != KNOT_OPCODE_QUERY))
		return refused(p, check == KNOT_EOK, why);
	if (check == KNOT_TSIG_EBADTIME)
		return error_set(why, ERR_REFUSED,
		    "the answer was not made "
		    "now; are both clocks right?");
	if (check != KNOT_EOK)
		return error_set(why, ERR_REFUSED,
		    "the answer is not signed with the key");
	if (knot_wire_get_tc(p->wire) || !echoes(q->packet, p))
		return error_set(why, ERR_REFUSED,
		    "the server answers another question");
	return ERR_OK;
}

struct dnsanswer *
dnsanswer_new(const struct dnsrequest *q, const struct dnskey *k, uint8_t *wire,
    size_t len, struct error *why)
{
	struct dnsanswer *r = calloc(1, sizeof *r);

	if (r == NULL) {
		error_memory(why);
		return NULL;
	}
	if (len < KNOT_WIRE_HEADER_SIZE || len > DNSREQUEST_MAX) {
		error_set(why, ERR_REFUSED, "the answer has %zu bytes", len);
		goto fail;
	}
	if ((r->packet = knot_pkt_new(wire, (uint16_t)len, NULL)) == NULL) {
		error_memory(why);
		goto fail;
	}
	if (knot_pkt_parse(r->packet, 0) != KNOT_EOK) {
		error_set(why, ERR_REFUSED, "the answer makes no sense");
		goto fail;
	}
	if (judge(q, k, r->packet, why) == ERR_OK)
		return r;
fail:
	dnsanswer_free(r);
	return NULL;
}

void
dnsanswer_free(struct dnsanswer *r)
{
	if (r != NULL)
		knot_pkt_free(r->packet);
	free(r);
}

bool
dnsanswer_authoritative(const struct dnsanswer *r)
{
	return knot_wire_get_aa(r->packet->wire);
}

/* The zone that an SOA record is of, if it holds name. */
static bool
zone_of(const knot_rrset_t *soa, const char *name,
    char zone[static HOSTNAME_MAX + 1])
{
	knot_dname_txt_storage_t text;
	char *owner;
	bool ok;

	if (soa->type != KNOT_RRTYPE_SOA || soa->rclass != KNOT_CLASS_IN ||
	    knot_dname_to_str(text, soa->owner, sizeof text) == NULL ||
	    (owner = hostname_normalise(text, false)) == NULL)
		return false;
	ok = hostname_within(name, owner);
	if (ok)
		strcpy(zone, owner);
	free(owner);
	return ok;
}

bool
dnsanswer_zone(const struct dnsanswer *r, const char *name,
    char zone[static HOSTNAME_MAX + 1])
{
	const knot_pktsection_t *answer =
	    knot_pkt_section(r->packet, KNOT_ANSWER);
	const knot_pktsection_t *authority =
	    knot_pkt_section(r->packet, KNOT_AUTHORITY);

	/* For an alias the answer has the SOA of the target's zone. */
	if (answer->count > 0)
		return zone_of(knot_pkt_rr(answer, 0), name, zone) &&
		    strcmp(zone, name) == 0;
	for (uint16_t i = 0; i < authority->count; i++)
		if (zone_of(knot_pkt_rr(authority, i), name, zone))
			return true;
	return false;
}

static void
hold(struct dnsheld *held, const knot_rrset_t *rr, enum dns_type type)
{
	struct address a = { .family = type == DNS_A ? AF_INET : AF_INET6 };

	/* The parser takes no other length. */
	if (rr->rrs.rdata->len != address_bits(&a) / 8)
		return;
	memcpy(a.bytes, rr->rrs.rdata->data, rr->rrs.rdata->len);
	held->address = a;
	held->ttl = rr->ttl;
	held->count++;
}

bool
dnsanswer_held(const struct dnsanswer *r, const char *name, enum dns_type type,
    struct dnsheld *held)
{
	const knot_pktsection_t *answer =
	    knot_pkt_section(r->packet, KNOT_ANSWER);
	knot_dname_storage_t wanted;

	*held = (struct dnsheld){ .count = 0 };
	if (knot_dname_from_str(wanted, name, sizeof wanted) == NULL)
		return false;
	for (uint16_t i = 0; i < answer->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(answer, i);

		if (rr->type == KNOT_RRTYPE_DNAME)
			return false;
		if (rr->type == type && rr->rclass == KNOT_CLASS_IN &&
		    knot_dname_is_case_equal(rr->owner, wanted))
			hold(held, rr, type);
	}
	return true;
}
