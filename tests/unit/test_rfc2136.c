/*
 * test_rfc2136.c - DNS messages: what we ask, and what we make of the answers.
 *
 * The answers are made here with libknot; tests/integration has other servers.
 */
#include "unit.h"

#include <time.h>

#include "provider/dns/answer.h"
#include "provider/dns/packet.h"

#define SECRET "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U="
#define HEADER 12

static struct dnskey *
new_key(void)
{
	struct error why;
	struct dnskey *k = dnskey_new("hmac-sha256", "router", SECRET, &why);

	assert_non_null(k);
	return k;
}

static const struct {
	const char *algorithm;
	const char *name;
	const char *secret;
	bool good;
} keys[] = {
	{ "hmac-sha256", "router", SECRET, true },
	{ "hmac-sha384", "Router.Example.", SECRET, true },
	{ "hmac-sha512", "r", "AA==", true },
	{ "hmac-sha256", "router", "", false },
	{ "hmac-sha256", "router", "%%%%", false },
	{ "hmac-sha256", "router", "AAA", false },
	{ "hmac-sha256", "router", "AAAA AAAA", false },
	{ "hmac-sha256", "a..b", SECRET, false },
	{ "hmac-sha256", "", SECRET, false },
	{ "hmac-sha257", "router", SECRET, false },
};

static void
test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct error why = { .code = ERR_OK };
		struct dnskey *k = dnskey_new(keys[i].algorithm, keys[i].name,
		    keys[i].secret, &why);

		ROW((k != NULL) == keys[i].good, "%s:%s:%s: %s",
		    keys[i].algorithm, keys[i].name, keys[i].secret,
		    k != NULL ? "taken" : "refused");
		ROW(k != NULL ||
			(why.code == ERR_TOKEN &&
			    (*keys[i].secret == '\0' ||
				strstr(why.text, keys[i].secret) == NULL)),
		    "%s: %s", error_name(why.code), why.text);
		dnskey_free(k);
	}
	ROWS_END();
}

static const struct {
	const char *name;
	bool known;
} algorithms[] = {
	{ "hmac-sha256", true },
	{ "hmac-sha384", true },
	{ "hmac-sha512", true },
	{ "hmac-sha1", false },
	{ "hmac-md5", false },
	{ "HMAC-SHA256", false },
	{ "", false },
};

static void
test_algorithms(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(algorithms); i++)
		ROW(dnskey_algorithm(algorithms[i].name) == algorithms[i].known,
		    "\"%s\"", algorithms[i].name);
	ROWS_END();
}

/* A query, byte for byte but for the number in front and the signature. */
static const uint8_t query[] = {
	0x00,
	0x00, /* a query, no recursion */
	0,
	1,
	0,
	0,
	0,
	0,
	0,
	1, /* a question; behind it TSIG */
	4,
	'h',
	'o',
	'm',
	'e',
	7,
	'e',
	'x',
	'a',
	'm',
	'p',
	'l',
	'e',
	0,
	0,
	28,
	0,
	1, /* AAAA, IN */
	6,
	'r',
	'o',
	'u',
	't',
	'e',
	'r',
	0,
	0,
	250,
	0,
	255,
};

/* An update, by its sections; how names are compressed is not our business. */
static const struct {
	knot_section_t section;
	const char *owner;
	uint16_t type;
	uint16_t class;
	uint32_t ttl;
	const char *address;
} updates[] = {
	/* No CNAME, section 2.4.3. */
	{ KNOT_ANSWER, "home.example.", KNOT_RRTYPE_CNAME, KNOT_CLASS_NONE, 0,
	    NULL },
	{ KNOT_ANSWER, "*.example.", KNOT_RRTYPE_CNAME, KNOT_CLASS_NONE, 0,
	    NULL },
	/* Delete an RRset, section 2.5.2. */
	{ KNOT_AUTHORITY, "home.example.", KNOT_RRTYPE_A, KNOT_CLASS_ANY, 0,
	    NULL },
	{ KNOT_AUTHORITY, "home.example.", KNOT_RRTYPE_AAAA, KNOT_CLASS_ANY, 0,
	    NULL },
	{ KNOT_AUTHORITY, "*.example.", KNOT_RRTYPE_A, KNOT_CLASS_ANY, 0,
	    NULL },
	/* Add, section 2.5.1; the AAAA was only to be taken away. */
	{ KNOT_AUTHORITY, "home.example.", KNOT_RRTYPE_A, KNOT_CLASS_IN, 60,
	    "192.0.2.1" },
	{ KNOT_AUTHORITY, "*.example.", KNOT_RRTYPE_A, KNOT_CLASS_IN,
	    0x12345678, "192.0.2.2" },
};

static void
test_query(void **state)
{
	struct dnskey *k = new_key();
	struct error why;
	struct dnsrequest *q =
	    dnsrequest_query(k, "home.example", DNS_AAAA, &why);
	const uint8_t *wire;
	size_t len;

	(void)state;
	assert_non_null(q);
	wire = dnsrequest_wire(q, &len);
	assert_true(len > 2 + sizeof query);
	assert_memory_equal(wire + 2, query, sizeof query);
	dnsrequest_free(q);
	dnskey_free(k);
}

static void
check_update(const knot_pkt_t *p)
{
	assert_int_equal(p->rrset_count, COUNT(updates) + 1); /* and TSIG */
	for (size_t i = 0; i < COUNT(updates); i++) {
		const knot_rrset_t *rr = &p->rr[i];
		bool before = i < p->sections[KNOT_ANSWER].count;
		knot_dname_txt_storage_t owner;
		char text[ADDRESS_TEXT_MAX] = "";
		struct address a = { .family = AF_INET };

		knot_dname_to_str(owner, rr->owner, sizeof owner);
		if (rr->rrs.rdata->len == 4) {
			memcpy(a.bytes, rr->rrs.rdata->data, 4);
			address_format(&a, text);
		}
		ROW(before == (updates[i].section == KNOT_ANSWER) &&
			unit_same(owner, updates[i].owner) &&
			rr->type == updates[i].type &&
			rr->rclass == updates[i].class &&
			rr->ttl == updates[i].ttl &&
			(updates[i].address == NULL ?
				rr->rrs.rdata->len == 0 :
				unit_same(text, updates[i].address)),
		    "%zu: %s, type %u, class %u, TTL %u, \"%s\"", i, owner,
		    rr->type, rr->rclass, rr->ttl, text);
	}
	ROWS_END();
}

static void
test_update(void **state)
{
	static const uint8_t zone[] = { 0x28, 0, 0, 1, 0, 2, 0, 5, 0, 1, 7, 'e',
		'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 6, 0, 1 };
	struct address one = unit_address("192.0.2.1"),
		       two = unit_address("192.0.2.2");
	struct address none = { .family = AF_INET6 };
	const struct dnschange changes[] = {
		{ "home.example", &one, 60, false },
		{ "home.example", &none, 60, true },
		{ "*.example", &two, 0x12345678, false },
	};
	struct dnskey *k = new_key();
	struct error why;
	struct dnsrequest *q =
	    dnsrequest_update(k, "example", changes, COUNT(changes), &why);
	uint8_t copy[4096];
	const uint8_t *wire;
	knot_pkt_t *p;
	size_t len;

	(void)state;
	assert_non_null(q);
	wire = dnsrequest_wire(q, &len);
	assert_in_range(len, 2 + sizeof zone, sizeof copy);
	assert_memory_equal(wire + 2, zone, sizeof zone);
	memcpy(copy, wire, len);
	p = knot_pkt_new(copy, (uint16_t)len, NULL);
	assert_int_equal(knot_pkt_parse(p, 0), 0);
	check_update(p);
	knot_pkt_free(p);
	dnsrequest_free(q);
	dnskey_free(k);
}

/* 400 names of the greatest length are more than 64 kB. */
static void
test_too_much_for_one_message(void **state)
{
	static char names[400][HOSTNAME_MAX + 1];
	static struct dnschange changes[COUNT(names)];
	struct address one = unit_address("192.0.2.1");
	struct error why = { .code = ERR_OK };
	struct dnskey *k = new_key();

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		memset(names[i], 'a', HOSTNAME_MAX);
		names[i][60] = names[i][120] = names[i][180] = names[i][240] =
		    '.';
		snprintf(names[i], 4, "%03zu", i);
		names[i][3] = 'a';
		memcpy(names[i] + 241, "bbbb.example", 13);
		changes[i] = (struct dnschange){ names[i], &one, 60, false };
	}
	assert_null(
	    dnsrequest_update(k, "example", changes, COUNT(names), &why));
	assert_int_equal(why.code, ERR_REFUSED);
	dnskey_free(k);
}

/*
 * Answers
 */

struct record {
	knot_section_t section;
	const char *owner;
	uint16_t type;
	uint16_t class;
	const char *data; /* an address, a name, or NULL: an SOA */
};

#define FLAG_QR 0x8000
#define FLAG_AA 0x0400
#define FLAG_TC 0x0200

struct answer {
	uint16_t flags;		      /* with the RCODE */
	const struct record *records; /* in the order of sections */
	size_t count;
	bool unsigned_;
	uint16_t tsig_error;
};

static uint16_t class_of_question = KNOT_CLASS_IN;

static void
put(knot_pkt_t *p, const struct record *r)
{
	uint8_t data[2 * 255 + 20] = { 0 };
	uint16_t len = 22; /* root, root and five numbers */
	struct address a;
	knot_rrset_t rr;

	if (r->data != NULL && address_parse_any(&a, r->data)) {
		len = (uint16_t)(address_bits(&a) / 8);
		memcpy(data, a.bytes, len);
	} else if (r->data != NULL) {
		assert_non_null(
		    knot_dname_from_str(data, r->data, sizeof data));
		len = (uint16_t)knot_dname_size(data);
	}
	knot_rrset_init(&rr, knot_dname_from_str_alloc(r->owner), r->type,
	    r->class, 3600);
	assert_int_equal(knot_rrset_add_rdata(&rr, data, len, NULL), 0);
	if (p->current != r->section)
		assert_int_equal(knot_pkt_begin(p, r->section), 0);
	assert_int_equal(knot_pkt_put(p, KNOT_COMPR_HINT_NONE, &rr,
			     KNOT_PF_FREE),
	    0);
}

/* The answer of a server that has the key; returns its length. */
static size_t
make_answer(uint8_t *wire, size_t max, const struct dnsrequest *q,
    const struct dnskey *k, const struct answer *a)
{
	knot_pkt_t *p = knot_pkt_new(wire, (uint16_t)max, NULL);
	uint8_t mac[DNSPACKET_MAC_MAX];
	size_t len, mac_len = sizeof mac;

	assert_non_null(p);
	memset(wire, 0, HEADER);
	knot_pkt_clear(p);
	assert_int_equal(knot_pkt_put_question(p, knot_pkt_qname(q->packet),
			     class_of_question, knot_pkt_qtype(q->packet)),
	    0);
	knot_wire_set_id(wire, knot_wire_get_id(q->packet->wire));
	wire[2] = (uint8_t)(a->flags >> 8);
	wire[3] = (uint8_t)a->flags;
	knot_wire_set_opcode(wire, knot_wire_get_opcode(q->packet->wire));
	for (size_t i = 0; i < a->count; i++)
		put(p, &a->records[i]);
	len = p->size;
	if (!a->unsigned_)
		assert_int_equal(knot_tsig_sign(wire, &len, max, q->mac,
				     q->mac_len, mac, &mac_len, &k->tsig,
				     a->tsig_error, (uint64_t)time(NULL)),
		    0);
	knot_pkt_free(p);
	return len;
}

static const struct record soa_of_zone[] = {
	{ KNOT_AUTHORITY, "example.org", KNOT_RRTYPE_SOA, KNOT_CLASS_IN, NULL },
};

static const struct {
	const char *what;
	bool update;
	struct answer answer;
	enum err want;
} verdicts[] = {
	{ "a good answer", false,
	    { FLAG_QR | FLAG_AA, soa_of_zone, 1, false, 0 }, ERR_OK },
	{ "there is no such name", false,
	    { FLAG_QR | FLAG_AA | KNOT_RCODE_NXDOMAIN, soa_of_zone, 1, false,
		0 },
	    ERR_OK },
	{ "an update is done", true, { FLAG_QR, NULL, 0, false, 0 }, ERR_OK },
	{ "not signed", false, { FLAG_QR | FLAG_AA, soa_of_zone, 1, true, 0 },
	    ERR_REFUSED },
	{ "no such name, not signed", false,
	    { FLAG_QR | FLAG_AA | KNOT_RCODE_NXDOMAIN, soa_of_zone, 1, true,
		0 },
	    ERR_REFUSED },
	{ "done, not signed", true, { FLAG_QR, NULL, 0, true, 0 },
	    ERR_REFUSED },
	{ "not an answer", false, { FLAG_AA, NULL, 0, false, 0 }, ERR_REFUSED },
	{ "cut", false, { FLAG_QR | FLAG_TC, NULL, 0, false, 0 }, ERR_REFUSED },
	{ "FORMERR", true, { FLAG_QR | KNOT_RCODE_FORMERR, NULL, 0, true, 0 },
	    ERR_REFUSED },
	{ "SERVFAIL", true,
	    { FLAG_QR | KNOT_RCODE_SERVFAIL, NULL, 0, false, 0 }, ERR_BUSY },
	{ "SERVFAIL to a query", false,
	    { FLAG_QR | KNOT_RCODE_SERVFAIL, NULL, 0, false, 0 }, ERR_BUSY },
	{ "NOTIMP", true, { FLAG_QR | KNOT_RCODE_NOTIMPL, NULL, 0, true, 0 },
	    ERR_REFUSED },
	{ "REFUSED", true, { FLAG_QR | KNOT_RCODE_REFUSED, NULL, 0, false, 0 },
	    ERR_TOKEN },
	{ "REFUSED to a query", false,
	    { FLAG_QR | KNOT_RCODE_REFUSED, NULL, 0, true, 0 }, ERR_ZONE },
	{ "YXRRSET", true, { FLAG_QR | KNOT_RCODE_YXRRSET, NULL, 0, false, 0 },
	    ERR_REFUSED },
	{ "NXDOMAIN to an update", true,
	    { FLAG_QR | KNOT_RCODE_NXDOMAIN, NULL, 0, false, 0 }, ERR_ZONE },
	{ "NOTZONE", true, { FLAG_QR | KNOT_RCODE_NOTZONE, NULL, 0, false, 0 },
	    ERR_ZONE },
	{ "NOTAUTH with the key", true,
	    { FLAG_QR | KNOT_RCODE_NOTAUTH, NULL, 0, false, 0 }, ERR_ZONE },
	{ "NOTAUTH without", true,
	    { FLAG_QR | KNOT_RCODE_NOTAUTH, NULL, 0, true, 0 }, ERR_TOKEN },
	{ "BADTIME", true,
	    { FLAG_QR | KNOT_RCODE_NOTAUTH, NULL, 0, false,
		KNOT_RCODE_BADTIME },
	    ERR_REFUSED },
	{ "15", true, { FLAG_QR | 15, NULL, 0, false, 0 }, ERR_REFUSED },
};

static struct dnsrequest *
new_request(const struct dnskey *k, bool update_, enum dns_type type)
{
	struct address one = unit_address("192.0.2.1");
	const struct dnschange change = { "home.example.org", &one, 60, false };
	struct error why;
	struct dnsrequest *q = update_ ?
	    dnsrequest_update(k, "example.org", &change, 1, &why) :
	    dnsrequest_query(k, "home.example.org", type, &why);

	assert_non_null(q);
	return q;
}

static void
test_verdicts(void **state)
{
	struct dnskey *k = new_key();
	uint8_t wire[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(verdicts); i++) {
		struct dnsrequest *q =
		    new_request(k, verdicts[i].update, DNS_SOA);
		struct error why = { .code = ERR_OK };
		size_t len =
		    make_answer(wire, sizeof wire, q, k, &verdicts[i].answer);
		struct dnsanswer *r = dnsanswer_new(q, k, wire, len, &why);

		ROW((r != NULL) == (verdicts[i].want == ERR_OK) &&
			why.code == verdicts[i].want,
		    "%s: %s, %s", verdicts[i].what, error_name(why.code),
		    why.text);
		dnsanswer_free(r);
		dnsrequest_free(q);
	}
	dnskey_free(k);
	ROWS_END();
}

/*
 * What the signature leaves out, RFC 8945: the original number, which is for
 * servers that pass a message on (4.2), and capitals in the two names of the
 * TSIG record (4.3.3).
 */
static bool
is_free(size_t bit, size_t len, size_t tsig_len)
{
	size_t at = bit / 8, tsig = len - tsig_len;
	size_t algorithm = tsig + sizeof "router" + 1 + 10;

	if (at == len - 6 || at == len - 5)
		return true;
	return bit % 8 == 5 &&
	    ((at > tsig && at <= tsig + 6) ||
		(at > algorithm && at <= algorithm + 11));
}

/* No byte of a good answer can be another one, or be missing. */
static void
test_every_byte_counts(void **state)
{
	static const struct record records[] = {
		{ KNOT_ANSWER, "home.example.org", KNOT_RRTYPE_A, KNOT_CLASS_IN,
		    "192.0.2.1" },
	};
	const struct answer a = { FLAG_QR | FLAG_AA, records, 1, false, 0 };
	struct dnskey *k = new_key();
	struct dnsrequest *q = new_request(k, false, DNS_A);
	uint8_t good[4096], wire[4096];
	size_t len = make_answer(good, sizeof good, q, k, &a);
	struct error why;
	struct dnsanswer *r;

	(void)state;
	memcpy(wire, good, len);
	assert_non_null(r = dnsanswer_new(q, k, wire, len, &why));
	dnsanswer_free(r);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		if (is_free(bit, len, knot_tsig_wire_size(&k->tsig)))
			continue;
		memcpy(wire, good, len);
		wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
		r = dnsanswer_new(q, k, wire, len, &why);
		ROW(r == NULL, "bit %zu of byte %zu may be another one",
		    bit % 8, bit / 8);
		dnsanswer_free(r);
	}
	for (size_t n = 0; n < len; n++) {
		uint8_t *exact = malloc(n + 1); /* for the sanitizer */

		memcpy(exact, good, n);
		r = dnsanswer_new(q, k, exact, n, &why);
		ROW(r == NULL, "%zu bytes of %zu are enough", n, len);
		dnsanswer_free(r);
		free(exact);
	}
	dnsrequest_free(q);
	dnskey_free(k);
	ROWS_END();
}

/* Signed, with our number, and about something else. */
static void
test_another_question(void **state)
{
	static const struct {
		const char *name;
		enum dns_type type;
		uint16_t class;
		bool good;
	} rows[] = {
		{ "home.example.org", DNS_A, KNOT_CLASS_IN, true },
		{ "HOME.example.org", DNS_A, KNOT_CLASS_IN, true },
		{ "home.example.net", DNS_A, KNOT_CLASS_IN, false },
		{ "home.example.org", DNS_AAAA, KNOT_CLASS_IN, false },
		{ "home.example.org", DNS_A, KNOT_CLASS_CH, false },
	};
	struct dnskey *k = new_key();
	struct dnsrequest *q = new_request(k, false, DNS_A);
	uint8_t wire[4096];
	struct error why;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct answer a = { .flags = FLAG_QR | FLAG_AA };
		struct dnsrequest *other =
		    dnsrequest_query(k, rows[i].name, rows[i].type, &why);
		struct dnsanswer *r;

		assert_non_null(other);
		knot_wire_set_id(other->packet->wire,
		    knot_wire_get_id(q->packet->wire));
		memcpy(other->mac, q->mac, q->mac_len);
		class_of_question = rows[i].class;
		r = dnsanswer_new(q, k, wire,
		    make_answer(wire, sizeof wire, other, k, &a), &why);
		class_of_question = KNOT_CLASS_IN;
		ROW((r != NULL) == rows[i].good &&
			(r != NULL ||
			    unit_same(why.text,
				"the server answers another question")),
		    "row %zu: %s", i, why.text);
		dnsanswer_free(r);
		dnsrequest_free(other);
	}
	/* More than a message can be. */
	assert_null(dnsanswer_new(q, k, wire, DNSREQUEST_MAX + 1, &why));
	assert_string_equal(why.text, "the answer has 65536 bytes");
	dnsrequest_free(q);
	dnskey_free(k);
	ROWS_END();
}

static const struct {
	const char *what;
	const char *name;
	struct record records[3];
	const char *zone; /* NULL: it does not say */
} zones[] = {
	{ "below the zone", "home.example.org",
	    { { KNOT_AUTHORITY, "example.org", KNOT_RRTYPE_SOA, KNOT_CLASS_IN,
		NULL } },
	    "example.org" },
	{ "the zone itself", "example.org",
	    { { KNOT_ANSWER, "Example.ORG", KNOT_RRTYPE_SOA, KNOT_CLASS_IN,
		NULL } },
	    "example.org" },
	{ "behind another record", "home.example.org",
	    { { KNOT_AUTHORITY, "example.org", KNOT_RRTYPE_NS, KNOT_CLASS_IN,
		  "ns.example.org" },
		{ KNOT_AUTHORITY, "example.org", KNOT_RRTYPE_SOA, KNOT_CLASS_IN,
		    NULL } },
	    "example.org" },
	{ "nothing", "home.example.org", { { .owner = NULL } }, NULL },
	{ "a delegation", "home.example.org",
	    { { KNOT_AUTHORITY, "home.example.org", KNOT_RRTYPE_NS,
		KNOT_CLASS_IN, "ns.example" } },
	    NULL },
	{ "no end of the name", "home.example.org",
	    { { KNOT_AUTHORITY, "example.net", KNOT_RRTYPE_SOA, KNOT_CLASS_IN,
		NULL } },
	    NULL },
	{ "within a label", "home.example.org",
	    { { KNOT_AUTHORITY, "ample.org", KNOT_RRTYPE_SOA, KNOT_CLASS_IN,
		NULL } },
	    NULL },
	{ "longer than the name", "home.example.org",
	    { { KNOT_AUTHORITY, "a.home.example.org", KNOT_RRTYPE_SOA,
		KNOT_CLASS_IN, NULL } },
	    NULL },
	{ "the root", "home.example.org",
	    { { KNOT_AUTHORITY, ".", KNOT_RRTYPE_SOA, KNOT_CLASS_IN, NULL } },
	    NULL },
	{ "another class", "home.example.org",
	    { { KNOT_AUTHORITY, "example.org", KNOT_RRTYPE_SOA, KNOT_CLASS_CH,
		NULL } },
	    NULL },
	{ "an alias into a parent zone", "home.sub.example.org",
	    { { KNOT_ANSWER, "home.sub.example.org", KNOT_RRTYPE_CNAME,
		  KNOT_CLASS_IN, "www.example.org" },
		{ KNOT_AUTHORITY, "example.org", KNOT_RRTYPE_SOA, KNOT_CLASS_IN,
		    NULL } },
	    NULL },
	{ "an alias for a zone", "home.example.org",
	    { { KNOT_ANSWER, "home.example.org", KNOT_RRTYPE_CNAME,
		  KNOT_CLASS_IN, "example.org" },
		{ KNOT_ANSWER, "example.org", KNOT_RRTYPE_SOA, KNOT_CLASS_IN,
		    NULL } },
	    NULL },
	{ "the SOA of another name", "home.example.org",
	    { { KNOT_ANSWER, "example.org", KNOT_RRTYPE_SOA, KNOT_CLASS_IN,
		NULL } },
	    NULL },
};

static size_t
count_records(const struct record records[3])
{
	size_t n = 0;

	while (n < 3 && records[n].owner != NULL)
		n++;
	return n;
}

static struct dnsanswer *
answer_to(struct dnsrequest **q, const struct dnskey *k, const char *name,
    enum dns_type type, const struct record records[3], uint16_t flags,
    uint8_t wire[4096])
{
	const struct answer a = { flags, records, count_records(records), false,
		0 };
	struct dnsanswer *r;
	struct error why;

	assert_non_null(*q = dnsrequest_query(k, name, type, &why));
	r = dnsanswer_new(*q, k, wire, make_answer(wire, 4096, *q, k, &a),
	    &why);
	if (r == NULL)
		fail_msg("%s: %s", name, why.text);
	return r;
}

static void
test_zones(void **state)
{
	struct dnskey *k = new_key();
	uint8_t wire[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(zones); i++) {
		char zone[HOSTNAME_MAX + 1] = "";
		struct dnsrequest *q;
		struct dnsanswer *r = answer_to(&q, k, zones[i].name, DNS_SOA,
		    zones[i].records, FLAG_QR | FLAG_AA, wire);
		bool found = dnsanswer_zone(r, zones[i].name, zone);

		ROW(found == (zones[i].zone != NULL) &&
			(!found || unit_same(zone, zones[i].zone)),
		    "%s: %s \"%s\"", zones[i].what, found ? "zone" : "none",
		    zone);
		dnsanswer_free(r);
		dnsrequest_free(q);
	}
	dnskey_free(k);
	ROWS_END();
}

static const struct {
	const char *what;
	enum dns_type type;
	struct record records[3];
	bool visible;
	size_t count;
	const char *address;
} helds[] = {
	{ "nothing", DNS_A, { { .owner = NULL } }, true, 0, NULL },
	{ "one", DNS_A,
	    { { KNOT_ANSWER, "home.example.org", KNOT_RRTYPE_A, KNOT_CLASS_IN,
		"192.0.2.1" } },
	    true, 1, "192.0.2.1" },
	{ "in capitals", DNS_AAAA,
	    { { KNOT_ANSWER, "HOME.example.org", KNOT_RRTYPE_AAAA,
		KNOT_CLASS_IN, "2001:db8::1" } },
	    true, 1, "2001:db8::1" },
	{ "two", DNS_A,
	    { { KNOT_ANSWER, "home.example.org", KNOT_RRTYPE_A, KNOT_CLASS_IN,
		  "192.0.2.1" },
		{ KNOT_ANSWER, "home.example.org", KNOT_RRTYPE_A, KNOT_CLASS_IN,
		    "192.0.2.2" } },
	    true, 2, NULL },
	{ "of another family", DNS_A,
	    { { KNOT_ANSWER, "home.example.org", KNOT_RRTYPE_AAAA,
		KNOT_CLASS_IN, "2001:db8::1" } },
	    true, 0, NULL },
	{ "of another name", DNS_A,
	    { { KNOT_ANSWER, "mail.example.org", KNOT_RRTYPE_A, KNOT_CLASS_IN,
		"192.0.2.1" } },
	    true, 0, NULL },
	{ "behind an alias", DNS_A,
	    { { KNOT_ANSWER, "home.example.org", KNOT_RRTYPE_CNAME,
		  KNOT_CLASS_IN, "www.example.org" },
		{ KNOT_ANSWER, "www.example.org", KNOT_RRTYPE_A, KNOT_CLASS_IN,
		    "192.0.2.1" } },
	    true, 0, NULL },
	{ "of another class", DNS_A,
	    { { KNOT_ANSWER, "home.example.org", KNOT_RRTYPE_A, KNOT_CLASS_CH,
		"192.0.2.1" } },
	    true, 0, NULL },
	{ "not in the answer", DNS_A,
	    { { KNOT_ADDITIONAL, "home.example.org", KNOT_RRTYPE_A,
		KNOT_CLASS_IN, "192.0.2.1" } },
	    true, 0, NULL },
	{ "below a DNAME", DNS_A,
	    { { KNOT_ANSWER, "example.org", KNOT_RRTYPE_DNAME, KNOT_CLASS_IN,
		"example.net" } },
	    false, 0, NULL },
};

static void
test_held(void **state)
{
	struct dnskey *k = new_key();
	uint8_t wire[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(helds); i++) {
		struct dnsheld held = { .count = 99 }, no_name;
		char text[ADDRESS_TEXT_MAX];
		struct dnsrequest *q;
		struct dnsanswer *r = answer_to(&q, k, "home.example.org",
		    helds[i].type, helds[i].records, FLAG_QR | FLAG_AA, wire);
		bool visible =
		    dnsanswer_held(r, "home.example.org", helds[i].type, &held);

		ROW(visible == helds[i].visible &&
			(!visible || held.count == helds[i].count),
		    "%s: %s %zu", helds[i].what, visible ? "visible" : "hidden",
		    held.count);
		ROW(!dnsanswer_held(r, "a..b", helds[i].type, &no_name) &&
			no_name.count == 0,
		    "%s: what is no name has it", helds[i].what);
		if (helds[i].address != NULL)
			ROW(unit_same(address_format(&held.address, text),
				helds[i].address) &&
				held.ttl == 3600,
			    "%s: %s, %u s", helds[i].what, text, held.ttl);
		dnsanswer_free(r);
		dnsrequest_free(q);
	}
	dnskey_free(k);
	ROWS_END();
}

static void
test_authority(void **state)
{
	static const struct record nothing[3] = { { .owner = NULL } };
	struct dnskey *k = new_key();
	uint8_t wire[4096];

	(void)state;
	for (int aa = 0; aa < 2; aa++) {
		struct dnsrequest *q;
		struct dnsanswer *r =
		    answer_to(&q, k, "home.example.org", DNS_A, nothing,
			(uint16_t)(FLAG_QR | (aa ? FLAG_AA : 0)), wire);

		assert_int_equal(dnsanswer_authoritative(r), aa);
		dnsanswer_free(r);
		dnsrequest_free(q);
	}
	dnskey_free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_too_much_for_one_message),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_every_byte_counts),
		cmocka_unit_test(test_another_question),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_authority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
