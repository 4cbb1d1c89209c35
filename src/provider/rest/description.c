#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provider/endpoint.h"
#include "provider/rest/description.h"
#include "provider/rest/known.h"
#include "provider/rest/scope.h"

#define FORMAT	  1
#define TTL_LIMIT 2147483647 /* RFC 2181 section 8 */

/* Does a template anywhere in tree name this variable? */
static bool
mentions(json_object *tree, const char *name)
{
	const char *s = json_object_to_json_string(tree);
	size_t len = strlen(name);

	while ((s = strstr(s, name)) != NULL) {
		if ((s[-1] == '{' || s[-1] == '=') &&
		    strchr("}?|", s[len]) != NULL)
			return true;
		s += len;
	}
	return false;
}

/* {"token": [texts], ...}: what the provider says, and what it means. */
static enum err
read_verdicts(const struct place *p, struct description *d, struct error *why)
{
	static const char *const members[] = { "token", "zone", "busy",
		"unchanged", NULL };
	json_object *ignored;

	TRY(place_object(p, members, why));
	for (const char *const *m = members; *m != NULL; m++) {
		struct place list = place_member(p, *m);

		TRY(known_list(&list, NULL, &ignored, why));
	}
	d->verdicts = p->value;
	return ERR_OK;
}

static enum err
read_token(const struct place *p, struct description *d, struct error *why)
{
	size_t n;

	TRY(place_array(p, TOKEN_PARTS_MAX, &n, why));
	for (size_t i = 0; i < n; i++) {
		struct place e = place_element(p, i);

		TRY(place_string(&e, &d->parts[d->part_count], why));
		if (d->parts[d->part_count] == NULL)
			return place_error(&e, why, "must be a string");
		TRY(known_name(&e, d->parts[d->part_count], why));
		for (size_t j = 0; j < i; j++)
			if (strcmp(d->parts[i], d->parts[j]) == 0)
				return place_error(&e, why,
				    "is the name of another part");
		d->part_count++;
	}
	if (d->part_count == 0)
		d->parts[d->part_count++] = "token";
	return ERR_OK;
}

static enum err
read_ttl(const struct place *p, struct description *d, struct error *why)
{
	static const char *const members[] = { "default", "min", "max", "of",
		NULL };
	struct place dflt = place_member(p, "default");
	struct place min = place_member(p, "min");
	struct place max = place_member(p, "max");
	struct place of = place_member(p, "of");
	size_t n;

	d->ttl = 300;
	d->ttl_min = 1;
	d->ttl_max = TTL_LIMIT;
	TRY(place_object(p, members, why));
	TRY(place_integer(&dflt, 1, TTL_LIMIT, &d->ttl, why));
	TRY(place_integer(&min, 1, TTL_LIMIT, &d->ttl_min, why));
	TRY(place_integer(&max, 1, TTL_LIMIT, &d->ttl_max, why));
	TRY(place_array(&of, DESCRIPTION_TTLS_MAX, &n, why));
	for (size_t i = 0; i < n; i++) {
		struct place e = place_element(&of, i);
		int64_t ttl = 0;

		TRY(place_integer(&e, 1, TTL_LIMIT, &ttl, why));
		if (i > 0 && ttl <= d->ttl_of[i - 1])
			return place_error(&of, why, "must ascend");
		d->ttl_of[d->ttl_of_count++] = ttl;
	}
	if (d->ttl_min > d->ttl_max)
		return place_error(p, why, "min is larger than max");
	if (dflt.value != NULL && (d->ttl < d->ttl_min || d->ttl > d->ttl_max))
		return place_error(&dflt, why, "is not from min to max");
	return ERR_OK;
}

/* {"A": {"rtype": 0}, "AAAA": {"rtype": 1}} */
static enum err
read_types(const struct place *p, struct description *d,
    const struct known *known, struct error *why)
{
	static const char *const members[] = { "A", "AAAA", NULL };

	TRY(place_object(p, members, why));
	if (p->value == NULL)
		return ERR_OK;
	json_object_object_foreach (p->value, type, variables) {
		struct place m = place_member(p, type);

		TRY(place_object(&m, NULL, why));
		json_object_object_foreach (variables, key, value) {
			struct place v = place_member(&m, key);

			TRY(known_name(&v, key, why));
			if (!scope_takes(value))
				return place_error(&v, why,
				    "must be a text, a "
				    "number, or true or false");
			TRY(known_learn(known->of_record, key, why));
		}
	}
	d->types = p->value;
	return ERR_OK;
}

/* Notes each {config.x}; one that lacks '?' and '|' somewhere must be given. */
static enum err
find_variables(json_object *tree, json_object *set, struct error *why)
{
	const char *s;

	switch (json_object_get_type(tree)) {
	case json_type_string:
		s = json_object_get_string(tree);
		while ((s = strstr(s, "{config.")) != NULL) {
			size_t len = strcspn(++s, "?|}");
			char *name = strndup(s, len);
			json_object *needed =
			    json_object_new_boolean(s[len] == '}' ||
				(name != NULL &&
				    json_object_get_boolean(
					json_object_object_get(set, name))));

			if (name == NULL ||
			    json_object_object_add(set, name, needed) != 0) {
				json_object_put(needed);
				free(name);
				return error_memory(why);
			}
			free(name);
		}
		return ERR_OK;
	case json_type_object:; /* a macro that begins by declaring */
		json_object_object_foreach (tree, key, value) {
			(void)key;
			TRY(find_variables(value, set, why));
		}
		return ERR_OK;
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(tree); i++)
			TRY(find_variables(json_object_array_get_idx(tree, i),
			    set, why));
		return ERR_OK;
	default:
		return ERR_OK;
	}
}

static enum err
check_literal(const struct place *p, const char *url, struct error *why)
{
	struct endpoint e = { .host = NULL };
	struct error reason;
	enum err rc;

	if (strncmp(url, "https://", 8) != 0)
		return place_error(p, why,
		    "must be an https:// URL as it is, "
		    "or, for \"base\", \"{config.base}\" for one that the "
		    "operator gives");
	if (strchr(url, '{') != NULL)
		return place_error(p, why,
		    "where the token goes must not "
		    "depend on a variable");
	rc = endpoint_read(&e, url, &reason);
	endpoint_end(&e);
	return rc == ERR_OK ? ERR_OK : place_error(p, why, "%s", reason.text);
}

static enum err
read_base(const struct place *p, struct description *d, struct error *why)
{
	TRY(place_required(p, why));
	TRY(place_string(p, &d->base, why));
	if (strcmp(d->base, "{config.base}") == 0)
		return ERR_OK;
	return check_literal(p, d->base, why);
}

/* ["{login}", "{password}"] */
static enum err
read_basic(const struct place *p, json_object *known, struct description *d,
    struct error *why)
{
	const char *texts[2] = { NULL };
	size_t n;

	TRY(place_array(p, 2, &n, why));
	if (p->value != NULL && n != 2)
		return place_error(p, why, "must be [user, password]");
	for (size_t i = 0; i < n; i++) {
		struct place e = place_element(p, i);

		TRY(place_string(&e, &texts[i], why));
		if (texts[i] == NULL)
			return place_error(&e, why, "must be a string");
		TRY(known_text(&e, known, false, why));
	}
	if (n > 0 && strchr(texts[0], ':') != NULL)
		return place_error(p, why, "a user name has no colon");
	if (n > 0 && asprintf(&d->basic, "%s:%s", texts[0], texts[1]) == -1)
		return error_memory(why);
	return ERR_OK;
}

/* The parts that every step shares. */
static enum err
read_common(const struct place *top, struct description *d,
    const struct known *known, struct error *why)
{
	struct place basic = place_member(top, "basic");
	struct place headers = place_member(top, "headers");
	struct place apex = place_member(top, "apex");

	TRY(headers_read(&headers, known->of_run, &d->headers, why));
	TRY(read_basic(&basic, known->of_run, d, why));
	d->apex = "@";
	if (apex.value != NULL) {
		if (!json_object_is_type(apex.value, json_type_string) ||
		    (json_object_get_string_len(apex.value) > 0 &&
			strcmp(json_object_get_string(apex.value), "@") != 0 &&
			strcmp(json_object_get_string(apex.value), ".") != 0))
			return place_error(&apex, why,
			    "must be \"@\", \".\" or \"\"");
		d->apex = json_object_get_string(apex.value);
	}
	return ERR_OK;
}

static enum err
read_zone(const struct place *p, struct description *d, struct known *k,
    struct error *why)
{
	static const char *const here[] = { "zone", "name", NULL };

	TRY(known_copy(k->of_zone, k->of_run, why));
	TRY(known_learn_all(k->of_zone, here, why));
	if (p->value != NULL) {
		d->has_zone = true;
		strcpy(d->zone.label, "zone");
		TRY(step_read(p, k, PART_ZONE, &d->zone, why));
		d->zone_gets_more = d->zone.get != NULL &&
		    json_object_object_length(d->zone.get) >
			json_object_object_get_ex(d->zone.get, "zone", NULL);
	}
	/* The name that found a zone is not the only one of it. */
	json_object_object_del(k->of_zone, "name");
	return ERR_OK;
}

/* The steps of "steps" or "remove"; what one list gets the other knows not. */
static enum err
read_records(const struct place *p, const struct place *types,
    struct description *d, struct known *k, struct steps *to, struct error *why)
{
	static const char *const of_name[] = { "name", "sub", "addr4", "addr6",
		"addrs", "ttl", NULL };

	json_object_put(k->of_record);
	if ((k->of_record = json_object_new_object()) == NULL)
		return error_memory(why);
	TRY(known_copy(k->of_name, k->of_zone, why));
	TRY(known_learn_all(k->of_name, of_name, why));
	TRY(known_copy(k->of_record, k->of_name, why));
	TRY(known_learn(k->of_record, "type", why));
	if (to == &d->steps)
		TRY(known_learn(k->of_record, "addr", why));
	TRY(read_types(types, d, k, why));
	TRY(steps_read(p, k, PART_RECORDS, to, why));
	return p->value != NULL ? steps_check(p, to, why) : ERR_OK;
}

static enum err
read_requests(const struct place *top, struct description *d, struct known *k,
    struct error *why)
{
	struct place begin = place_member(top, "begin");
	struct place zone = place_member(top, "zone");
	struct place types = place_member(top, "types");
	struct place steps = place_member(top, "steps");
	struct place remove = place_member(top, "remove");
	struct place end = place_member(top, "end");
	struct place sign = place_member(top, "sign");

	TRY(steps_read(&begin, k, PART_SESSION, &d->begin, why));
	if (d->sign.kind == SIGN_OVH &&
	    !json_object_object_get_ex(k->of_run, "time", NULL))
		return place_error(&sign, why,
		    "needs a step of \"begin\" "
		    "that gets \"time\"");
	TRY(steps_read(&end, k, PART_SESSION, &d->end, why));
	TRY(read_zone(&zone, d, k, why));
	TRY(place_required(&steps, why));
	TRY(read_records(&steps, &types, d, k, &d->steps, why));
	TRY(read_records(&remove, &types, d, k, &d->remove, why));
	d->zoneless = !d->has_zone && !mentions(top->value, "zone") &&
	    !mentions(top->value, "sub");
	return ERR_OK;
}

/* A file is found by the name of its provider. */
static enum err
check_name(const struct place *p, const char *file, const char *name,
    struct error *why)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash != NULL ? slash + 1 : file;
	size_t len = strlen(base), end = strlen(".json");

	if (len > end && strcmp(base + len - end, ".json") == 0 &&
	    (strlen(name) != len - end || strncmp(base, name, len - end) != 0))
		return place_error(p, why,
		    "must be \"%.*s\", or the file be "
		    "called %s.json",
		    (int)(len - end), base, name);
	return ERR_OK;
}

static enum err
read_description(struct description *d, struct known *known, struct error *why)
{
	static const char *const members[] = { "format", "name", "about",
		"base", "begin_base", "token", "headers", "basic", "sign",
		"expect", "error", "verdicts", "apex", "ttl", "types", "begin",
		"zone", "steps", "remove", "end", NULL };
	struct place top = place_top(d->document, d->file);
	struct place format = place_member(&top, "format");
	struct place name = place_member(&top, "name");
	struct place about = place_member(&top, "about");
	struct place base = place_member(&top, "base");
	struct place begin_base = place_member(&top, "begin_base");
	struct place token = place_member(&top, "token");
	struct place sign = place_member(&top, "sign");
	struct place expect = place_member(&top, "expect");
	struct place error = place_member(&top, "error");
	struct place verdicts = place_member(&top, "verdicts");
	struct place ttl = place_member(&top, "ttl");
	int64_t version = 0;

	TRY(place_object(&top, members, why));
	TRY(place_required(&format, why));
	TRY(place_integer(&format, FORMAT, FORMAT, &version, why));
	TRY(place_required(&name, why));
	TRY(place_string(&name, &d->name, why));
	TRY(check_name(&name, d->file, d->name, why));
	TRY(place_string(&about, &d->about, why));
	TRY(read_base(&base, d, why));
	TRY(place_string(&begin_base, &d->begin_base, why));
	if (d->begin_base != NULL)
		TRY(check_literal(&begin_base, d->begin_base, why));
	TRY(read_token(&token, d, why));
	TRY(sign_read(&d->sign, &sign, d->parts, why));
	TRY(expect_read(&expect, &d->expect, why));
	TRY(pointer_read(&error, &d->error, why));
	TRY(read_verdicts(&verdicts, d, why));
	TRY(read_ttl(&ttl, d, why));
	TRY(find_variables(d->document, d->variables, why));
	TRY(known_copy(known->of_run, d->variables, why));
	TRY(known_learn_all(known->of_run, d->parts, why));
	TRY(read_common(&top, d, known, why));
	return read_requests(&top, d, known, why);
}

struct description *
description_read(const char *file, struct error *why)
{
	struct description *d = calloc(1, sizeof *d);
	struct known known = { NULL };
	enum err rc = ERR_OK;

	if (d == NULL || (d->file = strdup(file)) == NULL ||
	    (d->variables = json_object_new_object()) == NULL)
		rc = error_memory(why);
	if (rc == ERR_OK && (rc = known_begin(&known, why)) == ERR_OK &&
	    (rc = document_read(&d->document, file, why)) == ERR_OK)
		rc = read_description(d, &known, why);
	known_end(&known);
	if (rc != ERR_OK) {
		description_free(d);
		return NULL;
	}
	return d;
}

void
description_free(struct description *d)
{
	if (d == NULL)
		return;
	json_object_put(d->document);
	json_object_put(d->variables);
	free(d->basic);
	free(d->file);
	free(d);
}

int64_t
description_ttl(const struct description *d, int64_t wanted)
{
	int64_t ttl = wanted != 0 ? wanted : d->ttl;

	if (ttl < d->ttl_min)
		ttl = d->ttl_min;
	if (ttl > d->ttl_max)
		ttl = d->ttl_max;
	for (size_t i = 0; i < d->ttl_of_count; i++)
		if (d->ttl_of[i] >= ttl || i + 1 == d->ttl_of_count)
			return d->ttl_of[i];
	return ttl;
}
