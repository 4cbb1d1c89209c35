#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "provider/rest/piece.h"
#include "provider/rest/scope.h"
#include "provider/rest/step.h"
#include "provider/rest/template.h"

static enum err
check_pointer(const struct place *p, const char *pointer, struct error *why)
{
	if (*pointer != '\0' && *pointer != '/')
		return place_error(p, why,
		    "must be a JSON Pointer: empty, "
		    "or beginning with a slash");
	while ((pointer = strchr(pointer, '~')) != NULL)
		if (*++pointer != '0' && *pointer != '1')
			return place_error(p, why,
			    "in a JSON Pointer ~ is "
			    "written ~0, and a slash in a name ~1");
	return ERR_OK;
}

enum err
pointer_read(const struct place *p, const char **to, struct error *why)
{
	if (p->value == NULL)
		return ERR_OK;
	if (!json_object_is_type(p->value, json_type_string))
		return place_error(p, why, "must be a string");
	*to = json_object_get_string(p->value);
	return check_pointer(p, *to, why);
}

enum err
expect_read(const struct place *p, json_object **to, struct error *why)
{
	TRY(place_object(p, NULL, why));
	if (p->value == NULL)
		return ERR_OK;
	json_object_object_foreach (p->value, key, value) {
		struct place m = place_member(p, key);
		bool list = json_object_is_type(value, json_type_array);
		bool good = list || value == NULL || scope_takes(value);

		TRY(check_pointer(&m, key, why));
		for (size_t i = 0; list && i < json_object_array_length(value);
		     i++) {
			json_object *e = json_object_array_get_idx(value, i);

			good = good && (e == NULL || scope_takes(e));
		}
		if (!good)
			return place_error(&m, why,
			    "must be a value, or a list of values");
	}
	*to = p->value;
	return ERR_OK;
}

/* RFC 9110 section 5.6.2. */
static bool
is_field_name(const char *name)
{
	return *name != '\0' &&
	    strspn(name,
		"!#$%&'*+-.^_`|~0123456789"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") ==
	    strlen(name);
}

/* Can the place hold all bytes around the variables? */
static bool
literals_fit(const char *text, enum encoding as)
{
	struct piece p;

	while (piece_next(&text, &p))
		for (size_t i = 0; p.literal != NULL && i < p.len; i++)
			if (!template_may_hold(as, p.literal[i]))
				return false;
	return true;
}

/* What belongs to the connection is libcurl's to say. */
static bool
is_ours(const char *name)
{
	static const char *const ours[] = { "Host", "Content-Length",
		"Transfer-Encoding", "Connection", "Expect", NULL };

	for (const char *const *o = ours; *o != NULL; o++)
		if (strcasecmp(*o, name) == 0)
			return true;
	return false;
}

enum err
headers_read(const struct place *p, json_object *set, json_object **to,
    struct error *why)
{
	TRY(known_texts(p, set, true, to, why));
	if (p->value == NULL)
		return ERR_OK;
	json_object_object_foreach (p->value, name, value) {
		struct place m = place_member(p, name);

		if (!is_field_name(name))
			return place_error(&m, why,
			    "is not the name of a header");
		if (is_ours(name))
			return place_error(&m, why,
			    "is sent anyway; leave it out");
		if (!literals_fit(json_object_get_string(value), ENCODE_HEADER))
			return place_error(&m, why, "must be printable ASCII");
	}
	return ERR_OK;
}

bool
statuses_have(const struct statuses *s, long status)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i] == status)
			return true;
	return false;
}

static enum err
read_statuses(const struct place *p, struct statuses *to, struct error *why)
{
	size_t n;

	TRY(place_array(p, STATUSES_MAX, &n, why));
	for (size_t i = 0; i < n; i++) {
		struct place e = place_element(p, i);
		int64_t status = 0;

		TRY(place_integer(&e, 100, 599, &status, why));
		if (status == 0)
			return place_error(&e, why, "must be a status");
		to->list[to->count++] = (long)status;
	}
	return ERR_OK;
}

static enum err
read_pick(const struct place *p, json_object *set, struct step *to,
    struct error *why)
{
	static const char *const members[] = { "in", "where", NULL };
	struct place in = place_member(p, "in");
	struct place where = place_member(p, "where");

	TRY(place_object(p, members, why));
	if (p->value == NULL)
		return ERR_OK;
	TRY(place_required(&in, why));
	TRY(pointer_read(&in, &to->pick_in, why));
	TRY(known_texts(&where, set, false, &to->pick_where, why));
	if (to->pick_where == NULL)
		return ERR_OK;
	json_object_object_foreach (to->pick_where, key, value) {
		struct place m = place_member(&where, key);

		(void)value;
		TRY(check_pointer(&m, key, why));
	}
	return ERR_OK;
}

/* Some variables mean something, where they are got. */
static bool
has_meaning(const char *name, enum part part)
{
	static const struct {
		const char *name;
		enum part part;
	} meant[] = {
		{ "zone", PART_ZONE },
		{ "ttl_min", PART_ZONE },
		{ "current", PART_RECORDS },
		{ "ttl", PART_RECORDS },
	};

	for (size_t i = 0; i < sizeof meant / sizeof *meant; i++)
		if (meant[i].part == part && strcmp(meant[i].name, name) == 0)
			return true;
	return false;
}

/* {"name": "/pointer" or ["/list", "/in/element"]}; adds to set. */
static enum err
read_get(const struct place *p, json_object *set, enum part part,
    struct step *to, struct error *why)
{
	TRY(place_object(p, NULL, why));
	if (p->value == NULL)
		return ERR_OK;
	if (json_object_object_length(p->value) == 0)
		return place_error(p, why, "must get something");
	json_object_object_foreach (p->value, key, value) {
		struct place m = place_member(p, key);
		const char *pointer = NULL;

		if (!has_meaning(key, part))
			TRY(known_name(&m, key, why));
		if (!json_object_is_type(value, json_type_array)) {
			TRY(pointer_read(&m, &pointer, why));
		} else if (json_object_array_length(value) != 2) {
			return place_error(&m, why,
			    "must be a pointer, or a list of two");
		} else {
			for (size_t i = 0; i < 2; i++) {
				struct place e = place_element(&m, i);

				TRY(pointer_read(&e, &pointer, why));
			}
		}
		TRY(known_learn(set, key, why));
	}
	to->get = p->value;
	return ERR_OK;
}

static bool
names_type(json_object *headers)
{
	if (headers == NULL)
		return false;
	json_object_object_foreach (headers, name, value) {
		(void)value;
		if (strcasecmp(name, "Content-Type") == 0)
			return true;
	}
	return false;
}

static enum err
read_body(const struct place *p, json_object *set, json_object *each,
    struct step *to, struct error *why)
{
	struct place json = place_member(p, "json");
	struct place form = place_member(p, "form");
	struct place text = place_member(p, "text");
	const char *ignored;

	if ((json.value != NULL) + (form.value != NULL) + (text.value != NULL) >
	    1)
		return place_error(p, why,
		    "has more than one of json, form and text");
	if (json.value != NULL) {
		to->body_kind = BODY_JSON;
		to->body = json.value;
		TRY(known_tree(&json, set, each, why));
	} else if (form.value != NULL) {
		to->body_kind = BODY_FORM;
		TRY(known_texts(&form, set, true, &to->body, why));
	} else if (text.value != NULL) {
		to->body_kind = BODY_TEXT;
		to->body = text.value;
		TRY(place_string(&text, &ignored, why));
		TRY(known_text(&text, set, false, why));
	}
	if (to->body_kind != BODY_NONE && strcmp(to->method, "GET") == 0)
		return place_error(p, why, "a GET has no body");
	if ((to->body_kind == BODY_TEXT) != names_type(to->headers))
		return place_error(p, why,
		    "\"text\" needs a header "
		    "Content-Type, and nothing else has one");
	return ERR_OK;
}

static enum err
read_request(const struct place *p, json_object *set, json_object *each,
    struct step *to, struct error *why)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH",
		"DELETE", NULL };
	struct place method = place_member(p, "method");
	struct place path = place_member(p, "path");
	struct place query = place_member(p, "query");
	struct place headers = place_member(p, "headers");
	int word = -1;

	TRY(place_required(&method, why));
	TRY(place_word(&method, methods, &word, why));
	to->method = methods[word];
	TRY(place_required(&path, why));
	TRY(place_string(&path, &to->path, why));
	if (*to->path != '/')
		return place_error(&path, why, "must begin with a slash");
	if (!literals_fit(to->path, ENCODE_PATH))
		return place_error(&path, why,
		    "has a character that no path "
		    "can have; what follows ? goes into \"query\"");
	TRY(known_text(&path, set, false, why));
	TRY(known_texts(&query, set, true, &to->query, why));
	TRY(headers_read(&headers, set, &to->headers, why));
	return read_body(p, set, each, to, why);
}

static enum err
read_answer(const struct place *p, json_object *set, enum part part,
    struct step *to, struct error *why)
{
	struct place ok = place_member(p, "ok");
	struct place none = place_member(p, "none");
	struct place expect = place_member(p, "expect");
	struct place words = place_member(p, "words");
	struct place has = place_member(p, "has");
	struct place pick = place_member(p, "pick");
	struct place get = place_member(p, "get");

	TRY(read_statuses(&ok, &to->ok, why));
	TRY(read_statuses(&none, &to->none, why));
	if (to->ok.count == 0)
		to->ok.list[to->ok.count++] = 200;
	for (size_t i = 0; i < to->none.count; i++)
		if (statuses_have(&to->ok, to->none.list[i]))
			return place_error(&none, why, "%ld is in \"ok\", too",
			    to->none.list[i]);
	TRY(expect_read(&expect, &to->expect, why));
	TRY(known_list(&words, NULL, &to->words, why));
	TRY(place_string(&has, &to->has, why));
	TRY(read_pick(&pick, set, to, why));
	TRY(read_get(&get, set, part, to, why));
	if (to->get == NULL && (to->pick_in != NULL || to->none.count > 0))
		return place_error(p, why,
		    "\"pick\" and \"none\" are for steps that \"get\"");
	return ERR_OK;
}

enum err
step_read(const struct place *p, struct known *k, enum part part,
    struct step *to, struct error *why)
{
	static const char *const members[] = { "for", "method", "path", "query",
		"headers", "json", "form", "text", "if", "ok", "none", "expect",
		"words", "has", "pick", "get", NULL };
	static const char *const times[] = { [FOR_RRSET] = "rrset",
		[FOR_NAME] = "name",
		[FOR_ZONE] = "zone",
		[FOR_ZONE + 1] = NULL };
	struct place how_often = place_member(p, "for");
	struct place conditions = place_member(p, "if");
	/* Where its answer is looked at, which is once for each record, */
	json_object *set = part == PART_SESSION ? k->of_run :
	    part == PART_ZONE			? k->of_zone :
						  k->of_record;
	/* and where its request is made. */
	json_object *of_request = set, *each = NULL;
	int word = -1;

	if (!json_object_is_type(p->value, json_type_object))
		return place_error(p, why, "must be a step: { ... }");
	TRY(place_object(p, members, why));
	TRY(place_word(&how_often, times, &word, why));
	if (word != -1 && part != PART_RECORDS)
		return place_error(&how_often, why,
		    "only \"steps\" are repeated");
	to->times = word == -1 ? FOR_RRSET : (enum step_for)word;
	if (to->times != FOR_RRSET) {
		of_request = to->times == FOR_NAME ? k->of_name : k->of_zone;
		each = set;
	}
	TRY(read_request(p, of_request, each, to, why));
	TRY(known_list(&conditions, set, &to->conditions, why));
	return read_answer(p, set, part, to, why);
}

enum err
steps_read(const struct place *p, struct known *k, enum part part,
    struct steps *to, struct error *why)
{
	size_t n;

	TRY(place_array(p, STEPS_MAX, &n, why));
	for (size_t i = 0; i < n; i++) {
		struct place e = place_element(p, i);
		struct step *s = &to->list[to->count++];

		snprintf(s->label, sizeof s->label, "%s/%zu", p->name, i);
		TRY(step_read(&e, k, part, s, why));
	}
	return ERR_OK;
}

/* What is read after a write tells nothing about what was there before. */
enum err
steps_check(const struct place *p, const struct steps *steps, struct error *why)
{
	bool writes = false;

	for (size_t i = 0; i < steps->count; i++) {
		const struct step *s = &steps->list[i];

		if (writes && s->get != NULL &&
		    json_object_object_get_ex(s->get, "current", NULL)) {
			struct place e = place_element(p, i);

			return place_error(&e, why,
			    "gets \"current\" after "
			    "a step that writes; it must come before");
		}
		writes = writes || s->get == NULL;
	}
	return writes ?
	    ERR_OK :
	    place_error(p, why,
		"no step writes: one at least must be without \"get\"");
}
