/*
 * run.c - carries out a description for the records of one request.
 *
 * begin, then for each name its zone, then for each zone the steps, then end.
 * A record leaves the list of what is to do as soon as it has an answer:
 * it already holds the address, or something went wrong with it.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/gnutls.h>
#include <json-c/json_pointer.h>

#include "base/clock.h"
#include "base/secret.h"
#include "config/hostname.h"
#include "provider/description.h"
#include "provider/provider.h"
#include "provider/template.h"

#define REQUEST_MAX	(256UL << 10)	/* body, and each of its parts */
#define ANSWER_DEPTH	32
#define CAPTURE_MAX	1024		/* bytes of one captured value */
#define ERROR_QUOTE_MAX	160		/* bytes of a provider's own words */
#define RETRY_PAUSE_MS	200

/* A candidate for a zone, and what the zone step found. */
struct zone {
	struct zone	*next;
	char		*asked;		/* the candidate */
	char		*name;		/* NULL: no such zone */
	json_object	*values;
	struct scope	 scope;
};

/* A record on its way. */
struct item {
	struct provider_record	*record;
	const struct zone	*zone;
	json_object		*values;
	struct scope		 scope;
	bool			 todo;
	bool			 written;
};

struct run {
	const struct provider	*provider;
	const struct description *description;
	struct exchange		*exchange;
	int64_t			 deadline;
	struct credential	 credential;
	json_object		*values;	/* config.* and begin's captures */
	struct scope		 scope;
	struct zone		*zones;
	struct item		*items;
	size_t			 count;
	long			 retry_after;
};

/* Would asking again, or for another name, end the same way? */
static bool
ends_run(enum err code)
{
	return code == ERR_TOKEN || code == ERR_BUSY ||
	    code == ERR_UNREACHABLE || code == ERR_MEMORY;
}

static enum err
no_memory(struct error *why)
{
	return error_set(why, ERR_MEMORY, "out of memory");
}

/* Gives a record its answer. */
static void
settle(struct item *i, enum err result, bool changed, const struct error *why)
{
	i->record->result = result;
	i->record->changed = changed;
	if (why != NULL)
		i->record->why = *why;
	i->todo = false;
}

static void
settle_all(struct run *r, const struct error *why)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->items[i].todo)
			settle(&r->items[i], why->code, false, why);
}

/*
 * The credential
 */

/* Splits at the first colons; the last part may hold more of them. */
static enum err
credential_split(struct run *r, const char *token, struct error *why)
{
	const struct description *d = r->description;
	struct credential *c = &r->credential;

	while (c->count < d->part_count) {
		const char *colon = strchr(token, ':');
		bool last = c->count + 1 == d->part_count;
		size_t len = last || colon == NULL ? strlen(token) :
		    (size_t)(colon - token);

		if (len == 0 || (!last && colon == NULL))
			return error_set(why, ERR_TOKEN, "the token must have "
			    "%zu parts with colons between", d->part_count);
		c->names[c->count] = d->parts[c->count];
		if ((c->parts[c->count] = strndup(token, len)) == NULL)
			return no_memory(why);
		c->count++;
		token += last ? len : len + 1;
	}
	return ERR_OK;
}

/* Blanks out what an answer repeats of the credential. */
static void
credential_hide(const struct credential *c, char *text)
{
	for (size_t i = 0; i < c->count; i++) {
		size_t len = strlen(c->parts[i]);
		char *at = text;

		while (len > 0 && (at = strstr(at, c->parts[i])) != NULL) {
			memset(at, '*', len);
			at += len;
		}
	}
}

/*
 * Making a request
 */

static enum err
add_header(struct curl_slist **list, struct buffer *line, struct error *why)
{
	struct curl_slist *longer = line->failed ? NULL :
	    curl_slist_append(*list, line->data);

	buffer_free(line);
	if (longer == NULL)
		return no_memory(why);
	*list = longer;
	return ERR_OK;
}

static enum err
add_headers(struct curl_slist **list, json_object *headers,
    const struct scope *s, struct error *why)
{
	enum err rc = ERR_OK;

	if (headers == NULL)
		return ERR_OK;
	json_object_object_foreach(headers, name, value) {
		struct buffer line = { .max = 8192 };
		bool dropped;

		buffer_printf(&line, "%s: ", name);
		rc = template_text(&line, json_object_get_string(value), s,
		    ENCODE_HEADER, &dropped, why);
		if (rc == ERR_OK && !dropped)
			rc = add_header(list, &line, why);
		buffer_free(&line);
		if (rc != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

/* RFC 7617, made here so that libcurl never knows a user name. */
static enum err
add_basic(struct curl_slist **list, const struct run *r,
    const struct scope *s, struct error *why)
{
	struct buffer pair = { .max = 4096 }, line = { .max = 8192 };
	gnutls_datum_t raw, coded = { NULL, 0 };
	enum err rc;

	rc = template_text(&pair, r->description->basic[0], s, ENCODE_HEADER,
	    NULL, why);
	buffer_puts(&pair, ":");
	if (rc == ERR_OK)
		rc = template_text(&pair, r->description->basic[1], s,
		    ENCODE_HEADER, NULL, why);
	raw = (gnutls_datum_t){ (unsigned char *)pair.data,
	    (unsigned int)pair.len };
	if (rc == ERR_OK && gnutls_base64_encode2(&raw, &coded) < 0)
		rc = no_memory(why);
	if (rc == ERR_OK) {
		buffer_printf(&line, "Authorization: Basic %.*s",
		    (int)coded.size, (char *)coded.data);
		rc = add_header(list, &line, why);
	}
	secret_wipe(coded.data, coded.size);
	gnutls_free(coded.data);
	buffer_free(&pair);
	return rc;
}

/* "a=1&b=2"; members that are dropped leave no trace. */
static enum err
make_form(struct buffer *to, json_object *fields, const struct scope *s,
    struct error *why)
{
	const char *separator = "";
	enum err rc;

	json_object_object_foreach(fields, name, value) {
		struct buffer field = { .max = 8192 };
		const char *text = json_object_get_string(value);
		bool dropped;

		rc = template_text(&field, text, s, ENCODE_QUERY, &dropped, why);
		if (rc == ERR_OK && !dropped) {
			/* A key without a value, as in "?JSON". */
			buffer_printf(to, "%s%s%s", separator, name,
			    *text == '\0' ? "" : "=");
			buffer_add(to, field.data != NULL ? field.data : "",
			    field.len);
			separator = "&";
		}
		buffer_free(&field);
		if (rc != ERR_OK)
			return rc;
	}
	return to->failed ? no_memory(why) : ERR_OK;
}

/*
 * Fills body and the header that names its kind.  *empty: the template left
 * nothing, so that the step is to be passed over.
 */
static enum err
make_body(struct buffer *body, struct curl_slist **headers,
    const struct step *step, const struct scope *s, const struct scope *each,
    size_t count, bool *empty, struct error *why)
{
	static const char *const types[] = { [BODY_NONE] = NULL,
	    [BODY_JSON] = "application/json",
	    [BODY_FORM] = "application/x-www-form-urlencoded",
	    [BODY_TEXT] = NULL };		/* its headers say */
	struct buffer line = { .max = 128 };
	json_object *tree = NULL;
	const char *text;
	enum err rc = ERR_OK;

	*empty = false;
	switch (step->body_kind) {
	case BODY_NONE:
		return ERR_OK;
	case BODY_FORM:
		rc = make_form(body, step->body, s, why);
		break;
	case BODY_TEXT:
		rc = template_text(body, json_object_get_string(step->body), s,
		    ENCODE_XML, NULL, why);
		break;
	case BODY_JSON:
		rc = template_json(&tree, step->body, s, each, count, why);
		if (rc != ERR_OK)
			return rc;
		*empty = tree == NULL ||
		    (json_object_is_type(tree, json_type_object) &&
		    json_object_object_length(tree) == 0);
		text = json_object_to_json_string_ext(tree,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		if (text == NULL || !buffer_puts(body, text))
			rc = no_memory(why);
		/* json-c keeps that text inside the tree. */
		secret_wipe_string((char *)(uintptr_t)text);
		template_wipe(tree);
		break;
	}
	if (rc == ERR_OK && types[step->body_kind] != NULL) {
		buffer_printf(&line, "Content-Type: %s",
		    types[step->body_kind]);
		rc = add_header(headers, &line, why);
	}
	return rc;
}

/*
 * Reading an answer
 */

/* The member that pointer names, or NULL; "" is the whole. */
static json_object *
point(json_object *tree, const char *pointer)
{
	json_object *found = NULL;

	if (tree == NULL || json_pointer_get(tree, pointer, &found) != 0)
		return NULL;
	return found;
}

static bool
is_scalar(json_object *value)
{
	enum json_type type = json_object_get_type(value);

	return type == json_type_string || type == json_type_int ||
	    type == json_type_double || type == json_type_boolean;
}

/* Numbers and their text are the same to us, as they are to providers. */
static bool
same_scalar(json_object *a, json_object *b)
{
	return a == b || (is_scalar(a) && is_scalar(b) &&
	    strcmp(json_object_get_string(a), json_object_get_string(b)) == 0);
}

static bool
expected(json_object *answer, json_object *expect)
{
	if (expect == NULL)
		return true;
	json_object_object_foreach(expect, pointer, wanted) {
		json_object *value = point(answer, pointer);
		bool found = false;

		if (!json_object_is_type(wanted, json_type_array)) {
			found = same_scalar(value, wanted);
		} else {
			for (size_t i = 0; !found &&
			    i < json_object_array_length(wanted); i++)
				found = same_scalar(value,
				    json_object_array_get_idx(wanted, i));
		}
		if (!found)
			return false;
	}
	return true;
}

/* What the provider says about it, cleaned and short, for the log. */
static void
quote_answer(const struct run *r, json_object *answer,
    const struct exchange_reply *reply, char quote[ERROR_QUOTE_MAX])
{
	json_object *text = r->description->error != NULL ?
	    point(answer, r->description->error) : NULL;
	const char *source = text != NULL && is_scalar(text) ?
	    json_object_get_string(text) : reply->body.data;

	snprintf(quote, ERROR_QUOTE_MAX, "%s", source != NULL ? source : "");
	for (char *c = quote; *c != '\0'; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = ' ';
	credential_hide(&r->credential, quote);
}

static enum err
status_error(long status)
{
	if (status == 401 || status == 403)
		return ERR_TOKEN;
	if (status == 404)
		return ERR_ZONE;
	if (status == 429 || status >= 500)
		return ERR_BUSY;
	return ERR_REFUSED;
}

static bool
has_status(long status, const long list[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == status)
			return true;
	return false;
}

/* The words of dyndns2 that an upstream server may say instead. */
static enum err
word_error(const char *word)
{
	static const struct { const char *word; enum err code; } known[] = {
		{ "badauth", ERR_TOKEN }, { "!donator", ERR_TOKEN },
		{ "nohost", ERR_ZONE }, { "notfqdn", ERR_ZONE },
		{ "!yours", ERR_ZONE }, { "911", ERR_BUSY },
		{ "dnserr", ERR_BUSY },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(known[i].word, word) == 0)
			return known[i].code;
	return ERR_REFUSED;
}

static enum err
check_words(const struct step *step, const char *body, bool *unchanged,
    struct error *why)
{
	char word[32];
	size_t len = strcspn(body, " \t\r\n");

	if (len >= sizeof word)
		len = sizeof word - 1;
	memcpy(word, body, len);
	word[len] = '\0';
	for (size_t i = 0; i < json_object_array_length(step->words); i++)
		if (strcmp(word, json_object_get_string(
		    json_object_array_get_idx(step->words, i))) == 0) {
			*unchanged = strcmp(word, "nochg") == 0;
			return ERR_OK;
		}
	return error_set(why, word_error(word), "answered \"%s\"", word);
}

/* A small string or number; anything else is no value to work with. */
static bool
capture(json_object *values, const char *name, json_object *value)
{
	if (value == NULL || !is_scalar(value) ||
	    strlen(json_object_get_string(value)) > CAPTURE_MAX)
		return false;
	return json_object_object_add(values, name,
	    json_object_get(value)) == 0;
}

/* The one element of a list; several of them are not a value. */
static json_object *
only_element(json_object *tree, json_object *pointers)
{
	json_object *list = point(tree, json_object_get_string(
	    json_object_array_get_idx(pointers, 0)));

	if (!json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) != 1)
		return NULL;
	return point(json_object_array_get_idx(list, 0),
	    json_object_get_string(json_object_array_get_idx(pointers, 1)));
}

static void
capture_all(const struct step *step, json_object *from, json_object *values)
{
	json_object_object_foreach(step->get, name, pointer) {
		json_object *value = json_object_is_type(pointer,
		    json_type_array) ? only_element(from, pointer) :
		    point(from, json_object_get_string(pointer));

		(void)capture(values, name, value);
	}
}

static enum err
where_matches(const struct step *step, json_object *element,
    const struct scope *s, bool *matches, struct error *why)
{
	*matches = true;
	if (step->pick_where == NULL)
		return ERR_OK;
	json_object_object_foreach(step->pick_where, pointer, wanted) {
		json_object *value = point(element, pointer);
		struct buffer text = { .max = CAPTURE_MAX };
		enum err rc = template_text(&text,
		    json_object_get_string(wanted), s, ENCODE_PLAIN, NULL, why);

		/* An absent member is as good as an empty one. */
		if (rc == ERR_OK && strcmp(value != NULL && is_scalar(value) ?
		    json_object_get_string(value) : "", text.data != NULL ?
		    text.data : "") != 0)
			*matches = false;
		buffer_free(&text);
		if (rc != ERR_OK || !*matches)
			return rc;
	}
	return ERR_OK;
}

/* The only match; *found stays NULL without one, two are an error. */
static enum err
pick(const struct step *step, json_object *answer, const struct scope *s,
    json_object **found, struct error *why)
{
	json_object *in = point(answer, step->pick_in);
	enum err rc = ERR_OK;
	size_t matches = 0;
	bool match;

	*found = NULL;
	if (json_object_is_type(in, json_type_array)) {
		for (size_t i = 0; rc == ERR_OK &&
		    i < json_object_array_length(in); i++) {
			json_object *e = json_object_array_get_idx(in, i);

			rc = where_matches(step, e, s, &match, why);
			if (rc == ERR_OK && match && ++matches == 1)
				*found = e;
		}
	} else if (json_object_is_type(in, json_type_object)) {
		json_object_object_foreach(in, key, e) {
			(void)key;
			if (rc != ERR_OK)
				break;
			rc = where_matches(step, e, s, &match, why);
			if (rc == ERR_OK && match && ++matches == 1)
				*found = e;
		}
	}
	if (rc == ERR_OK && matches > 1)
		rc = error_set(why, ERR_REFUSED,
		    "ambiguous: %zu records match where one should", matches);
	return rc;
}

/* Takes out of an answer what the step gets; *found: was there any? */
static enum err
take(const struct step *step, json_object *answer, const struct scope *s,
    json_object *values, bool *found, struct error *why)
{
	json_object *from = answer;
	enum err rc;

	if (step->pick_in != NULL &&
	    (rc = pick(step, answer, s, &from, why)) != ERR_OK)
		return rc;
	*found = from != NULL;
	if (from != NULL)
		capture_all(step, from, values);
	return ERR_OK;
}

/*
 * One request
 */

struct outcome {
	json_object	*answer;	/* parsed; NULL: no JSON */
	bool		 none;		/* "not there", by its status */
	bool		 skipped;	/* nothing to send */
	bool		 unchanged;	/* the provider said so itself */
};

static json_object *
parse_answer(const struct buffer *body)
{
	struct json_tokener *tok = json_tokener_new_ex(ANSWER_DEPTH);
	json_object *tree = NULL;

	if (tok == NULL)
		return NULL;
	if (body->data != NULL) {
		tree = json_tokener_parse_ex(tok, body->data,
		    (int)body->len + 1);
		if (json_tokener_get_error(tok) != json_tokener_success) {
			json_object_put(tree);
			tree = NULL;
		}
	}
	json_tokener_free(tok);
	return tree;
}

/* Is it safe to send the same again after a 5xx? */
static bool
may_repeat(const struct step *step, const struct exchange_reply *reply)
{
	return reply->status >= 500 && reply->retry_after == 0 &&
	    strcmp(step->method, "POST") != 0;
}

static enum err
send_request(struct run *r, const struct step *step, const char *path,
    const struct curl_slist *headers, const struct buffer *body,
    struct exchange_reply *reply, struct error *why)
{
	const struct provider *p = r->provider;
	struct target to = { p->host, p->port, p->addresses,
	    p->address_count, p->settings->ca };
	struct exchange_request request = { step->method, path, headers,
	    step->body_kind != BODY_NONE ? body->data : NULL, body->len };
	struct timespec pause = { 0, RETRY_PAUSE_MS * 1000000L };
	enum err rc;

	if (p->address_count == 0)
		return error_set(why, ERR_UNREACHABLE,
		    "no address of %s is known", p->host);
	rc = exchange_perform(r->exchange, &to, &request, r->deadline, reply,
	    why);
	if (rc == ERR_OK && may_repeat(step, reply) &&
	    clock_left(r->deadline) > 2 * RETRY_PAUSE_MS) {
		nanosleep(&pause, NULL);
		rc = exchange_perform(r->exchange, &to, &request, r->deadline,
		    reply, why);
	}
	return rc;
}

/* The single place where an answer becomes a success. */
static enum err
judge(struct run *r, const struct step *step,
    const struct exchange_reply *reply, struct outcome *o, struct error *why)
{
	char quote[ERROR_QUOTE_MAX];
	bool wants_json = step->get != NULL || step->expect != NULL ||
	    r->description->expect != NULL;

	o->answer = parse_answer(&reply->body);
	quote_answer(r, o->answer, reply, quote);
	if (reply->retry_after > r->retry_after)
		r->retry_after = reply->retry_after;
	if (has_status(reply->status, step->none, step->none_count)) {
		o->none = true;
		return ERR_OK;
	}
	if (!has_status(reply->status, step->ok, step->ok_count))
		return error_set(why, status_error(reply->status),
		    "HTTP %ld: %s", reply->status, quote);
	if (wants_json && o->answer == NULL)
		return error_set(why, ERR_REFUSED,
		    "HTTP %ld, but no JSON: %s", reply->status, quote);
	if (!expected(o->answer, r->description->expect) ||
	    !expected(o->answer, step->expect))
		return error_set(why, ERR_REFUSED, "refused: %s", quote);
	if (step->has != NULL && (reply->body.data == NULL ||
	    strstr(reply->body.data, step->has) == NULL))
		return error_set(why, ERR_REFUSED, "refused: %s", quote);
	if (step->words != NULL)
		return check_words(step, reply->body.data != NULL ?
		    reply->body.data : "", &o->unchanged, why);
	return ERR_OK;
}

/* each: the records that a step of a zone or name is about. */
static enum err
perform(struct run *r, const struct step *step, const struct scope *s,
    const struct scope *each, size_t count, struct outcome *o,
    struct error *why)
{
	struct exchange_reply reply = { .body.max = EXCHANGE_BODY_MAX };
	struct buffer path = { .max = 8192 }, body = { .max = REQUEST_MAX };
	struct curl_slist *headers = NULL;
	enum err rc;

	*o = (struct outcome){ .answer = NULL };
	buffer_puts(&path, r->provider->path);
	if ((rc = template_path(&path, step->path, s, why)) != ERR_OK)
		goto out;
	if (step->query != NULL) {
		buffer_puts(&path, "?");
		if ((rc = make_form(&path, step->query, s, why)) != ERR_OK)
			goto out;
	}
	if ((rc = add_headers(&headers, r->description->headers, s, why)) !=
	    ERR_OK || (rc = add_headers(&headers, step->headers, s, why)) !=
	    ERR_OK)
		goto out;
	if (r->description->basic[0] != NULL &&
	    (rc = add_basic(&headers, r, s, why)) != ERR_OK)
		goto out;
	rc = make_body(&body, &headers, step, s, each, count, &o->skipped, why);
	if (rc != ERR_OK || o->skipped)
		goto out;
	if ((rc = send_request(r, step, path.data, headers, &body, &reply,
	    why)) == ERR_OK)
		rc = judge(r, step, &reply, o, why);
out:
	if (rc != ERR_OK)
		error_prefix(why, "%s: %s", r->provider->settings->name,
		    step->label);
	curl_slist_free_all(headers);
	buffer_free(&reply.body);
	buffer_free(&path);
	buffer_free(&body);
	return rc;
}

/*
 * begin and end
 */

static enum err
run_once(struct run *r, const struct step steps[], size_t count,
    struct error *why)
{
	for (size_t i = 0; i < count; i++) {
		struct outcome o;
		bool found;
		enum err rc;

		if (!scope_holds_all(&r->scope, steps[i].conditions))
			continue;
		rc = perform(r, &steps[i], &r->scope, NULL, 0, &o, why);
		if (rc == ERR_OK && steps[i].get != NULL && o.answer != NULL)
			rc = take(&steps[i], o.answer, &r->scope, r->values,
			    &found, why);
		json_object_put(o.answer);
		if (rc != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

/*
 * Zones
 */

static struct zone *
zone_add(struct run *r, const char *asked)
{
	struct zone *z = calloc(1, sizeof *z);

	if (z == NULL || (z->asked = strdup(asked)) == NULL ||
	    (z->values = json_object_new_object()) == NULL) {
		if (z != NULL)
			free(z->asked);
		free(z);
		return NULL;
	}
	z->scope = (struct scope){ &r->scope, z->values, NULL };
	z->next = r->zones;
	r->zones = z;
	return z;
}

static enum err
set_text(json_object *values, const char *name, const char *text,
    struct error *why)
{
	json_object *s = json_object_new_string(text);

	if (s == NULL || json_object_object_add(values, name, s) != 0) {
		json_object_put(s);
		return no_memory(why);
	}
	return ERR_OK;
}

/* A zone step may name the zone itself; it must be one that holds name. */
static enum err
zone_accept(struct zone *z, const char *name, struct error *why)
{
	json_object *value = json_object_object_get(z->values, "zone");
	const char *text = json_object_get_string(value);

	if ((z->name = hostname_normalise(text, false)) == NULL ||
	    !hostname_within(name, z->name)) {
		free(z->name);
		z->name = NULL;
		return error_set(why, ERR_REFUSED,
		    "the provider names a zone that does not hold %s", name);
	}
	return set_text(z->values, "zone", z->name, why);
}

/* Sends the zone step; *found: is there such a zone? */
static enum err
zone_request(struct run *r, struct zone *z, const char *name, bool *found,
    struct error *why)
{
	const struct step *step = &r->description->zone;
	json_object *question = json_object_new_object();
	struct scope asked = { &r->scope, question, NULL };
	struct outcome o = { .answer = NULL };
	enum err rc;

	*found = false;
	if (question == NULL) {
		rc = no_memory(why);
		goto out;
	}
	if ((rc = set_text(question, "zone", z->asked, why)) != ERR_OK ||
	    (rc = set_text(question, "name", name, why)) != ERR_OK)
		goto out;
	rc = perform(r, step, &asked, NULL, 0, &o, why);
	if (rc == ERR_ZONE || (rc == ERR_OK && o.none))
		rc = ERR_OK;
	else if (rc == ERR_OK && step->get == NULL)
		*found = true;
	else if (rc == ERR_OK)
		rc = take(step, o.answer, &asked, z->values, found, why);
out:
	json_object_put(o.answer);
	json_object_put(question);
	return rc;
}

/* Does the step find out more about a zone than its name? */
static bool
zone_captures(const struct description *d)
{
	if (!d->has_zone || d->zone.get == NULL)
		return false;
	json_object_object_foreach(d->zone.get, variable, pointer) {
		(void)pointer;
		if (strcmp(variable, "zone") != 0)
			return true;
	}
	return false;
}

/*
 * Asks about one candidate, unless that was done before; given: the operator
 * says that it is the zone.  *result stays NULL when it is none.
 */
static enum err
zone_ask(struct run *r, const char *candidate, const char *name, bool given,
    const struct zone **result, struct error *why)
{
	const struct description *d = r->description;
	bool found = true, named;
	struct zone *z;
	enum err rc;

	for (z = r->zones; z != NULL; z = z->next)
		if (strcmp(z->asked, candidate) == 0) {
			*result = z->name != NULL ? z : NULL;
			return ERR_OK;
		}
	if ((z = zone_add(r, candidate)) == NULL)
		return no_memory(why);
	if (d->has_zone && (!given || zone_captures(d)) &&
	    (rc = zone_request(r, z, name, &found, why)) != ERR_OK)
		return rc;
	named = d->has_zone && d->zone.get != NULL &&
	    json_object_object_get_ex(d->zone.get, "zone", NULL);
	if (given || !named) {
		if ((rc = set_text(z->values, "zone", candidate, why)) !=
		    ERR_OK)
			return rc;
	} else if (!json_object_object_get_ex(z->values, "zone", NULL)) {
		found = false;
	}
	if (!found)
		return ERR_OK;
	if ((rc = zone_accept(z, name, why)) == ERR_OK)
		*result = z;
	return rc;
}

/* The longest end of the name that the provider has as a zone. */
static enum err
zone_find(struct run *r, const struct provider_record *record,
    const struct zone **result, struct error *why)
{
	const char *name = record->name, *candidate = name;
	enum err rc;

	*result = NULL;
	if (record->zone != NULL) {
		rc = zone_ask(r, record->zone, name, true, result, why);
		if (rc == ERR_OK && *result == NULL)
			rc = error_set(why, ERR_ZONE, "%s: has no zone %s",
			    r->provider->settings->name, record->zone);
		return rc;
	}
	if (strncmp(candidate, "*.", 2) == 0)
		candidate += 2;
	if (!r->description->has_zone)
		return error_set(why, ERR_ZONE, "%s: finds no zones by "
		    "itself; write \"zone\" for %s into the configuration",
		    r->provider->settings->name, name);
	for (; strchr(candidate, '.') != NULL;
	    candidate = strchr(candidate, '.') + 1) {
		rc = zone_ask(r, candidate, name, false, result, why);
		if (rc != ERR_OK || *result != NULL)
			return rc;
		if (r->description->zone_once)
			break;
	}
	return error_set(why, ERR_ZONE, "%s: has no zone for %s",
	    r->provider->settings->name, name);
}

/*
 * Records
 */

/* What {sub} is: the name without its zone. */
static enum err
set_sub(json_object *values, const char *name, const char *zone,
    const char *apex, struct error *why)
{
	size_t n = strlen(name), z = strlen(zone);
	char sub[HOSTNAME_MAX + 1];

	if (n == z)
		return set_text(values, "sub", apex, why);
	snprintf(sub, sizeof sub, "%.*s", (int)(n - z - 1), name);
	return set_text(values, "sub", sub, why);
}

/* addr4, addr6 and addrs, of all records of the name that are to do. */
static enum err
set_addresses(const struct run *r, struct item *item, struct error *why)
{
	struct buffer all = { .max = 512 };
	enum err rc = ERR_OK;

	for (size_t i = 0; rc == ERR_OK && i < r->count; i++) {
		const struct provider_record *other = r->items[i].record;
		char text[ADDRESS_TEXT_MAX];

		if (!r->items[i].todo ||
		    strcmp(other->name, item->record->name) != 0)
			continue;
		address_format(&other->address, text);
		rc = set_text(item->values, other->address.family == AF_INET ?
		    "addr4" : "addr6", text, why);
		buffer_printf(&all, "%s%s", all.len > 0 ? "," : "", text);
	}
	if (rc == ERR_OK && all.len > 0)
		rc = set_text(item->values, "addrs", all.data, why);
	buffer_free(&all);
	return rc;
}

static enum err
set_types(const struct run *r, struct item *item, struct error *why)
{
	json_object *extra = NULL;

	if (r->description->types == NULL || !json_object_object_get_ex(
	    r->description->types, record_type(&item->record->address),
	    &extra))
		return ERR_OK;
	json_object_object_foreach(extra, name, value)
		if (!capture(item->values, name, value))
			return no_memory(why);
	return ERR_OK;
}

static enum err
item_prepare(struct run *r, struct item *i, struct error *why)
{
	const struct provider_record *record = i->record;
	char text[ADDRESS_TEXT_MAX];
	enum err rc;

	if ((i->values = json_object_new_object()) == NULL)
		return no_memory(why);
	i->scope = (struct scope){ &i->zone->scope, i->values, NULL };
	if ((rc = set_text(i->values, "name", record->name, why)) != ERR_OK ||
	    (rc = set_sub(i->values, record->name, i->zone->name,
	    r->description->apex, why)) != ERR_OK ||
	    (rc = set_text(i->values, "type", record_type(&record->address),
	    why)) != ERR_OK ||
	    (rc = set_text(i->values, "addr", address_format(&record->address,
	    text), why)) != ERR_OK ||
	    (rc = set_addresses(r, i, why)) != ERR_OK ||
	    (rc = set_types(r, i, why)) != ERR_OK)
		return rc;
	json_object_object_add(i->values, "ttl", json_object_new_int64(
	    description_ttl(r->description, record->ttl)));
	return ERR_OK;
}

/*
 * What a step found about one record.  The time to live that stands there
 * stays, unless the operator wants another one.
 */
static enum err
item_take(struct run *r, struct item *i, const struct step *step,
    const struct outcome *o, struct error *why)
{
	json_object *current = NULL, *ttl = json_object_object_get(i->values,
	    "ttl");
	struct address held;
	bool found;
	enum err rc;

	(void)r;
	ttl = json_object_get(ttl);
	rc = take(step, o->answer, &i->scope, i->values, &found, why);
	if (i->record->ttl != 0)
		json_object_object_add(i->values, "ttl", json_object_get(ttl));
	json_object_put(ttl);
	if (rc != ERR_OK)
		return rc;
	/* "current" is of this step alone: a later look counts for itself. */
	if (json_object_object_get_ex(i->values, "current", &current) &&
	    address_parse_any(&held, json_object_get_string(current)) &&
	    address_equal(&held, &i->record->address))
		settle(i, ERR_OK, false, NULL);
	return ERR_OK;
}

/* Does item b take part in the same request of the step as a? */
static bool
same_group(const struct item *a, const struct item *b, enum step_for times)
{
	if (a == b)
		return true;
	if (times == FOR_RRSET || a->zone != b->zone)
		return false;
	return times == FOR_ZONE ||
	    strcmp(a->record->name, b->record->name) == 0;
}

/* One request of a step, for the records of group. */
static enum err
step_group(struct run *r, const struct step *step, struct item **group,
    size_t count)
{
	struct scope scopes[PROVIDER_RECORDS_MAX];
	const struct scope *s = &group[0]->scope;
	struct error why = { .code = ERR_OK };
	struct outcome o;
	enum err rc;

	for (size_t i = 0; i < count; i++)
		scopes[i] = group[i]->scope;
	if (step->times == FOR_ZONE)
		s = &group[0]->zone->scope;
	rc = perform(r, step, s, scopes, count, &o, &why);
	for (size_t i = 0; i < count; i++) {
		enum err one = rc;

		if (one == ERR_OK && step->get != NULL && !o.none &&
		    !o.skipped)
			one = item_take(r, group[i], step, &o, &why);
		if (one != ERR_OK)
			settle(group[i], one, false, &why);
		else if (o.unchanged)
			settle(group[i], ERR_OK, false, NULL);
		else if (step->get == NULL && !o.skipped)
			group[i]->written = true;
	}
	json_object_put(o.answer);
	if (ends_run(rc))
		settle_all(r, &why);
	return rc;
}

/* A step, for every record of a zone that is still to do. */
static void
step_zone(struct run *r, const struct step *step, const struct zone *zone)
{
	bool done[PROVIDER_RECORDS_MAX] = { false };

	for (size_t i = 0; i < r->count; i++) {
		struct item *group[PROVIDER_RECORDS_MAX];
		size_t count = 0;

		for (size_t j = i; j < r->count; j++) {
			struct item *item = &r->items[j];

			if (done[j] || !item->todo || item->zone != zone ||
			    !same_group(&r->items[i], item, step->times) ||
			    !scope_holds_all(&item->scope, step->conditions))
				continue;
			done[j] = true;
			group[count++] = item;
		}
		if (count > 0)
			(void)step_group(r, step, group, count);
	}
}

/* After the last step: what was written is so, anything else is not. */
static void
conclude(struct run *r)
{
	struct error why;

	for (size_t i = 0; i < r->count; i++) {
		if (!r->items[i].todo)
			continue;
		if (r->items[i].written) {
			settle(&r->items[i], ERR_OK, true, NULL);
			continue;
		}
		error_set(&why, ERR_REFUSED, "%s: no step wrote it",
		    r->provider->settings->name);
		settle(&r->items[i], why.code, false, &why);
	}
}

static void
find_zones(struct run *r)
{
	struct error why;
	enum err rc;

	for (size_t i = 0; i < r->count; i++) {
		struct item *item = &r->items[i];

		if (!item->todo)
			continue;
		rc = zone_find(r, item->record, &item->zone, &why);
		if (rc == ERR_OK)
			rc = item_prepare(r, item, &why);
		if (ends_run(rc))
			settle_all(r, &why);
		else if (rc != ERR_OK)
			settle(item, rc, false, &why);
	}
}

static void
run_steps(struct run *r)
{
	for (const struct zone *z = r->zones; z != NULL; z = z->next)
		for (size_t i = 0; i < r->description->step_count; i++)
			step_zone(r, &r->description->steps[i], z);
	conclude(r);
}

/* A copy of its own, since the values of a run are wiped in the end. */
static bool
copy_value(json_object *values, const char *name, json_object *value)
{
	json_object *copy = NULL;

	return json_object_deep_copy(value, &copy, NULL) == 0 &&
	    json_object_object_add(values, name, copy) == 0;
}

static bool
run_start(struct run *r, const char *token, struct error *why)
{
	if ((r->values = json_object_new_object()) == NULL) {
		no_memory(why);
		return false;
	}
	json_object_object_foreach(r->provider->variables, name, value)
		if (!copy_value(r->values, name, value)) {
			no_memory(why);
			return false;
		}
	r->scope = (struct scope){ NULL, r->values, &r->credential };
	return credential_split(r, token, why) == ERR_OK;
}

static void
run_end(struct run *r)
{
	struct zone *z, *next;

	for (z = r->zones; z != NULL; z = next) {
		next = z->next;
		json_object_put(z->values);
		free(z->asked);
		free(z->name);
		free(z);
	}
	for (size_t i = 0; i < r->count; i++)
		json_object_put(r->items[i].values);
	for (size_t i = 0; i < r->credential.count; i++)
		secret_free(r->credential.parts[i]);
	template_wipe(r->values);
}

void
provider_publish(const struct provider *p, struct exchange *x,
    const char *token, struct provider_record *records, size_t count,
    int64_t deadline, long *retry_after)
{
	struct item items[PROVIDER_RECORDS_MAX];
	struct run r = { .provider = p, .description = p->description,
	    .exchange = x, .deadline = deadline, .items = items,
	    .count = count };
	struct error why = { .code = ERR_OK };

	assert(count <= PROVIDER_RECORDS_MAX);
	for (size_t i = 0; i < count; i++) {
		items[i] = (struct item){ .record = &records[i], .todo = true };
		records[i].result = ERR_REFUSED;
		records[i].changed = false;
		records[i].why = (struct error){ .code = ERR_OK };
	}
	if (run_start(&r, token, &why) && run_once(&r, p->description->begin,
	    p->description->begin_count, &why) == ERR_OK) {
		find_zones(&r);
		run_steps(&r);
	} else {
		settle_all(&r, &why);
	}
	/* A session that began must end, whatever came between. */
	(void)run_once(&r, p->description->end, p->description->end_count,
	    &why);
	*retry_after = r.retry_after;
	run_end(&r);
}
