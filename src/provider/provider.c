#include "config.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "provider/dns/rfc2136.h"
#include "provider/endpoint.h"
#include "provider/provider.h"
#include "provider/rest/publish.h"
#include "provider/rest/rehearse.h"
#include "tls/trust.h"

#define DIGESTED_MAX  65536
#define NAMESERVER_MS 5000 /* for all questions of one update */

/* One provider of the configuration. */
struct provider {
	const struct provider_settings *settings;
	struct endpoint at;
	struct endpoint login; /* where the steps of begin go, if elsewhere */
	struct api api;	       /* no description: rfc2136.h */
	uint8_t digest[PROVIDER_DIGEST_LEN];
};

struct providers {
	struct provider *list;
	size_t count;
	struct resolution *resolutions; /* one an endpoint */
};

/* The endpoints of all providers, counted through. */
static struct endpoint *
endpoint_at(const struct providers *p, size_t i)
{
	struct provider *one = &p->list[i / 2];

	return i % 2 == 0 ? &one->at : &one->login;
}

static enum err
provider_read(struct provider *p, const char *file, struct error *why)
{
	if (strcmp(p->settings->description, RFC2136_NAME) == 0)
		return rfc2136_read(&p->at, file, why);
	return api_read(&p->api, &p->at, &p->login, file, why);
}

/*
 * False: out of memory.  An address that is pinned is only another way to the
 * same records.
 */
static bool
provider_make_digest(struct provider *p)
{
	const struct provider_settings *s = p->settings;
	struct buffer text = { .max = DIGESTED_MAX };
	const char *variables = "";
	json_object *copy = NULL;
	bool ok;

	/*
	 * json-c keeps the text with the object, and those of the settings
	 * are given back with their region, without a json_object_put().
	 */
	if (s->variables != NULL)
		variables =
		    json_object_deep_copy(s->variables, &copy, NULL) == 0 ?
		    json_text(copy, JSON_C_TO_STRING_SPACED) :
		    NULL;
	ok = variables != NULL &&
	    buffer_printf(&text, "%s\n%s\n%s", s->name, s->description,
		variables);
	ok = ok &&
	    gnutls_hash_fast(GNUTLS_DIG_SHA256, text.data, text.len,
		p->digest) == 0;
	buffer_free(&text);
	json_object_put(copy);
	return ok;
}

struct providers *
providers_new(const struct settings *s, struct error *why)
{
	struct providers *p = calloc(1, sizeof *p);
	size_t n = s->provider_count;

	if (p == NULL || (p->list = calloc(n, sizeof *p->list)) == NULL ||
	    (p->resolutions = resolution_new(2 * n)) == NULL) {
		error_memory(why);
		goto fail;
	}
	p->count = n;
	for (size_t i = 0; i < 2 * n; i++) {
		struct endpoint *e = endpoint_at(p, i);

		e->what = "provider";
		e->settings = p->list[i / 2].settings = &s->providers[i / 2];
		if (e->settings->address_count == 0)
			e->resolution = resolution_at(p->resolutions, i);
	}
	for (size_t i = 0; i < n; i++) {
		if (provider_read(&p->list[i], s->file, why) != ERR_OK)
			goto fail;
		if (!provider_make_digest(&p->list[i])) {
			error_memory(why);
			goto fail;
		}
	}
	return p;
fail:
	providers_free(p);
	return NULL;
}

void
providers_free(struct providers *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->count; i++) {
		api_end(&p->list[i].api);
		endpoint_end(&p->list[i].at);
		endpoint_end(&p->list[i].login);
	}
	resolution_free(p->resolutions, 2 * p->count);
	free(p->list);
	free(p);
}

const struct provider *
providers_get(const struct providers *p, size_t index)
{
	return &p->list[index];
}

const uint8_t *
provider_digest(const struct provider *p)
{
	return p->digest;
}

const struct endpoint *
provider_endpoint(const struct provider *p)
{
	return &p->at;
}

const struct endpoint *
provider_login(const struct provider *p)
{
	return p->login.host != NULL ? &p->login : NULL;
}

const struct description *
provider_description(const struct provider *p)
{
	return p->api.description;
}

enum err
provider_trust(const struct provider *p, struct trust *trust, struct error *why)
{
	if (p->api.description == NULL ||
	    trust_load(trust, p->settings->ca, why) == ERR_OK)
		return ERR_OK;
	return error_prefix(why, "/providers/%s", p->settings->name);
}

void
providers_resolve(struct providers *p)
{
	for (size_t i = 0; i < 2 * p->count; i++)
		(void)endpoint_resolve(endpoint_at(p, i));
}

const struct endpoint *
providers_resolved(const struct providers *p, size_t index)
{
	for (size_t i = 0; i < 2 * p->count; i++)
		if (endpoint_is_resolved(endpoint_at(p, i)) && index-- == 0)
			return endpoint_at(p, i);
	return NULL;
}

bool
providers_only_read(struct providers *p)
{
	return resolution_only_read(p->resolutions, 2 * p->count);
}

bool
providers_known(const struct providers *p)
{
	struct address addresses[SETTINGS_ADDRESSES_MAX];

	for (size_t i = 0; i < 2 * p->count; i++)
		if (endpoint_is_resolved(endpoint_at(p, i)) &&
		    endpoint_addresses(endpoint_at(p, i), addresses) == 0)
			return false;
	return true;
}

void
providers_inherit(struct providers *p, const struct providers *from)
{
	for (size_t i = 0; i < 2 * p->count; i++)
		for (size_t j = 0; j < 2 * from->count; j++) {
			const struct endpoint *to = endpoint_at(p, i);
			const struct endpoint *of = endpoint_at(from, j);
			struct address known[RESOLUTION_MAX];
			size_t count;

			if (!endpoint_is_resolved(to) ||
			    !endpoint_is_resolved(of) ||
			    strcmp(to->host, of->host) != 0)
				continue;
			count = resolution_get(of->resolution, known);
			resolution_set(to->resolution, known, count);
		}
}

struct publishing {
	const struct provider *provider;
	struct exchanges *exchanges;
	struct run *run; /* NULL: it is a name server */
	const char *token;
	struct publication *const *records;
	size_t count;
	int64_t deadline;
};

struct publishing *
provider_start(const struct provider *p, struct exchanges *x, const char *token,
    struct publication *const records[], size_t count, int64_t deadline,
    int64_t late)
{
	struct publishing *pub = malloc(sizeof *pub);
	unsigned int turn = 0;

	assert(count <= PUBLICATIONS_MAX);
	if (pub == NULL) {
		for (size_t i = 0; i < count; i++) {
			records[i]->result = error_memory(&records[i]->why);
			records[i]->done = true;
		}
		return NULL;
	}
	*pub = (struct publishing){ .provider = p,
		.exchanges = x,
		.token = token,
		.records = records,
		.count = count,
		.deadline = deadline };
	if (p->api.description == NULL)
		return pub;
	/* Another name goes first at each try, if one try is too short. */
	(void)gnutls_rnd(GNUTLS_RND_NONCE, &turn, sizeof turn);
	pub->run = publish_start(&p->api, x, token, records, count, turn,
	    deadline, late);
	if (pub->run != NULL)
		return pub;
	free(pub);
	return NULL;
}

static int64_t
nameserver_deadline(const struct publishing *pub)
{
	int64_t own = clock_now() + NAMESERVER_MS;

	return own < pub->deadline ? own : pub->deadline;
}

/* Publishes all records that have leave, once no leave is awaited any more. */
static bool
step_nameserver(struct publishing *pub)
{
	struct publication *list[PUBLICATIONS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < pub->count; i++) {
		if (pub->records[i]->done)
			continue;
		if (pub->records[i]->leave == LEAVE_AWAITED)
			return true;
		pub->records[i]->done = true;
		if (pub->records[i]->leave == LEAVE_GIVEN)
			list[count++] = pub->records[i];
		else
			pub->records[i]->result =
			    error_set(&pub->records[i]->why, ERR_ABANDONED,
				"it was not to be written any more");
	}
	if (count > 0)
		rfc2136_publish(&pub->provider->at, pub->token, list, count,
		    nameserver_deadline(pub));
	return false;
}

bool
provider_step(struct publishing *pub)
{
	return pub->run != NULL ? publish_step(pub->run) : step_nameserver(pub);
}

int64_t
provider_due(const struct publishing *pub)
{
	return pub->run != NULL ? publish_due(pub->run) : pub->deadline;
}

bool
provider_in_flight(const struct publishing *pub)
{
	return pub->run != NULL && publish_in_flight(pub->run);
}

bool
provider_goes_on(const struct publishing *pub)
{
	return pub->run != NULL && publish_goes_on(pub->run);
}

void
provider_finish(struct publishing *pub, long *retry_after)
{
	*retry_after = 0;
	if (pub == NULL)
		return;
	for (size_t i = 0; i < pub->count; i++) {
		struct publication *r = pub->records[i];

		if (!r->done)
			r->result = error_set(&r->why, ERR_UNREACHABLE,
			    "%s: no answer in time",
			    pub->provider->settings->name);
		r->done = true;
	}
	if (pub->run != NULL)
		publish_finish(pub->run, retry_after);
	free(pub);
}

static void
publish(struct publishing *pub, struct exchanges *x, long *retry_after)
{
	while (pub != NULL && provider_step(pub))
		if (provider_in_flight(pub))
			(void)exchanges_wait(x, provider_due(pub));
		else
			(void)poll(NULL, 0, clock_left(provider_due(pub)));
	provider_finish(pub, retry_after);
}

void
provider_publish(const struct provider *p, struct exchanges *x,
    const char *token, struct publication *const records[], size_t count,
    int64_t deadline, long *retry_after)
{
	publish(provider_start(p, x, token, records, count, deadline, deadline),
	    x, retry_after);
}

enum err
provider_record(const struct provider *p, struct exchanges *x,
    const char *token, struct publication *const records[], size_t count,
    int64_t deadline, long *retry_after, FILE *to, struct error *why)
{
	const struct description *d = p->api.description;
	struct token_parts parts = { .count = 0 };
	struct recording *r;
	struct publishing *pub;
	enum err rc;

	if (d == NULL)
		return error_set(why, ERR_CONFIG,
		    "%s: what is said to a name server cannot be recorded",
		    p->settings->name);
	if ((r = recording_new()) == NULL)
		return error_memory(why);
	pub = provider_start(p, x, token, records, count, deadline, deadline);
	if (pub != NULL)
		publish_record(pub->run, r);
	publish(pub, x, retry_after);
	rc = token_split(&parts, token, d->parts, d->part_count, why);
	if (rc == ERR_OK)
		rc = recording_write(r, d->name, &parts, records, count,
		    p->settings->variables, to, why);
	token_end(&parts);
	recording_free(r);
	return rc;
}

void
provider_rehearse(const struct provider *p, FILE *to,
    struct publication *const records[], size_t count)
{
	assert(count <= PUBLICATIONS_MAX);
	if (p->api.description != NULL)
		rehearse(&p->api, to, records, count);
	else
		rfc2136_rehearse(&p->at, to, records, count);
}

static void
print_endpoint(const struct endpoint *e, const char *what, bool asked, FILE *to)
{
	struct address addresses[SETTINGS_ADDRESSES_MAX];
	char text[ADDRESS_TEXT_MAX];
	size_t count = endpoint_addresses(e, addresses);

	fprintf(to, "  %s%s%s\n", e->origin, e->path, what);
	if (count == 0 && !asked)
		fprintf(to,
		    "  at the addresses that the resolver gives; --resolve "
		    "asks it\n");
	else if (count == 0)
		fprintf(to,
		    "  at no known address: the resolver does not answer\n");
	for (size_t i = 0; i < count; i++)
		fprintf(to, "  at %s%s\n", address_format(&addresses[i], text),
		    e->resolution == NULL ? "" : ", by the resolver");
}

void
provider_print(const struct provider *p, bool asked, FILE *to)
{
	fprintf(to, "provider %s\n", p->settings->name);
	print_endpoint(&p->at, "", asked, to);
	if (p->login.host != NULL)
		print_endpoint(&p->login, ", for the login", asked, to);
	if (p->api.description != NULL)
		fprintf(to, "  with a certificate by %s\n", p->settings->ca);
}
