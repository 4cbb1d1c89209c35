#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "config/document.h"
#include "provider/rest/description.h"

#define FORMAT		1
#define TTL_LIMIT	2147483647	/* RFC 2181 section 8 */

/*
 * The variables that are known at a place, by how often the place is visited.
 * Each set holds the ones of the wider place too.
 */
struct known {
	json_object	*of_run;	/* token parts, config, begin's captures */
	json_object	*of_zone;
	json_object	*of_name;
	json_object	*of_record;
};

static enum err
learn(json_object *set, const char *name, struct error *why)
{
	if (json_object_object_add(set, name, json_object_new_boolean(1)) != 0)
		return error_memory(why);
	return ERR_OK;
}

static enum err
learn_all(json_object *set, const char *const names[], struct error *why)
{
	for (; *names != NULL; names++)
		TRY(learn(set, *names, why));
	return ERR_OK;
}

/* A template whose variables must all be known. */
static enum err
check_text(const struct place *p, json_object *known, struct error *why)
{
	char *unknown = template_unknown(json_object_get_string(p->value),
	    known);
	enum err rc;

	if (unknown == NULL)
		return ERR_OK;
	rc = place_error(p, why,
	    "{%s} is not known at this point; a step before must get it",
	    unknown);
	free(unknown);
	return rc;
}

static enum err check_tree(const struct place *p, json_object *known,
    json_object *each, struct error *why);
static enum err read_list(const struct place *p, json_object *known,
    json_object **to, struct error *why);

/* {"$each": T, "$if": [...]}; each is the set inside T, NULL: not allowed. */
static enum err
check_each(const struct place *p, json_object *each, struct error *why)
{
	static const char *const members[] = { "$each", "$if", NULL };
	struct place body = place_member(p, "$each");
	struct place conditions = place_member(p, "$if");
	json_object *ignored;

	TRY(place_object(p, members, why));
	if (each == NULL)
		return place_error(p, why,
		    "$each needs a step with \"for\": \"zone\" or \"name\"");
	TRY(read_list(&conditions, each, &ignored, why));
	return check_tree(&body, each, NULL, why);
}

/* Every string of a body, at any depth. */
static enum err
check_tree(const struct place *p, json_object *known, json_object *each,
    struct error *why)
{
	switch (json_object_get_type(p->value)) {
	case json_type_string:
		return check_text(p, known, why);
	case json_type_object:
		if (json_object_object_get_ex(p->value, "$each", NULL))
			return check_each(p, each, why);
		json_object_object_foreach(p->value, key, value) {
			struct place m = place_member(p, key);

			(void)value;
			TRY(check_tree(&m, known, each, why));
		}
		return ERR_OK;
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(p->value);
		    i++) {
			struct place e = place_element(p, i);

			TRY(check_tree(&e, known, each, why));
		}
		return ERR_OK;
	case json_type_null:
		return place_error(p, why, "must not be null; leave it out");
	default:
		return ERR_OK;
	}
}

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

/* An object of templates, such as headers or a query. */
static enum err
read_texts(const struct place *p, json_object *known, json_object **to,
    struct error *why)
{
	if (p->value == NULL)
		return ERR_OK;
	if (!json_object_is_type(p->value, json_type_object))
		return place_error(p, why, "must be an object: { ... }");
	json_object_object_foreach(p->value, key, value) {
		struct place m = place_member(p, key);

		if (!json_object_is_type(value, json_type_string))
			return place_error(&m, why, "must be a string");
		TRY(check_text(&m, known, why));
	}
	*to = p->value;
	return ERR_OK;
}

/* JSON Pointer, RFC 6901. */
static enum err
check_pointer(const struct place *p, const char *pointer, struct error *why)
{
	if (*pointer != '\0' && *pointer != '/')
		return place_error(p, why, "must be a JSON Pointer: empty, "
		    "or beginning with a slash");
	return ERR_OK;
}

static enum err
read_pointer(const struct place *p, const char **to, struct error *why)
{
	if (p->value == NULL)
		return ERR_OK;
	if (!json_object_is_type(p->value, json_type_string))
		return place_error(p, why, "must be a string");
	*to = json_object_get_string(p->value);
	return check_pointer(p, *to, why);
}

/* {"/pointer": value or [values]} */
static enum err
read_expect(const struct place *p, json_object **to, struct error *why)
{
	if (p->value == NULL)
		return ERR_OK;
	if (!json_object_is_type(p->value, json_type_object))
		return place_error(p, why, "must be an object: { ... }");
	json_object_object_foreach(p->value, key, value) {
		struct place m = place_member(p, key);

		TRY(check_pointer(&m, key, why));
		if (json_object_is_type(value, json_type_object))
			return place_error(&m, why,
			    "must be a value, or a list of values");
	}
	*to = p->value;
	return ERR_OK;
}

static enum err
read_statuses(const struct place *p, long to[], size_t *count,
    struct error *why)
{
	size_t n;

	TRY(place_array(p, DESCRIPTION_STATUS_MAX, &n, why));
	for (size_t i = 0; i < n; i++) {
		struct place e = place_element(p, i);
		int64_t status = 0;

		TRY(place_integer(&e, 100, 599, &status, why));
		if (status == 0)
			return place_error(&e, why, "must be a status");
		to[(*count)++] = (long)status;
	}
	return ERR_OK;
}

/* A list of strings; each is checked as a condition if known is given. */
static enum err
read_list(const struct place *p, json_object *known, json_object **to,
    struct error *why)
{
	size_t n;

	TRY(place_array(p, 16, &n, why));
	for (size_t i = 0; i < n; i++) {
		struct place e = place_element(p, i);
		const char *s = NULL;

		TRY(place_string(&e, &s, why));
		if (s == NULL)
			return place_error(&e, why, "must be a string");
		if (known != NULL && !json_object_object_get_ex(known,
		    s + (*s == '!'), NULL))
			return place_error(&e, why,
			    "no step before gets such a variable");
	}
	*to = p->value;
	return ERR_OK;
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

		TRY(read_list(&list, NULL, &ignored, why));
	}
	d->verdicts = p->value;
	return ERR_OK;
}

static enum err
read_pick(const struct place *p, json_object *known, struct step *to,
    struct error *why)
{
	static const char *const members[] = { "in", "where", NULL };
	struct place in = place_member(p, "in");
	struct place where = place_member(p, "where");

	TRY(place_object(p, members, why));
	if (p->value == NULL)
		return ERR_OK;
	TRY(place_required(&in, why));
	TRY(read_pointer(&in, &to->pick_in, why));
	TRY(read_texts(&where, known, &to->pick_where, why));
	if (to->pick_where != NULL) {
		json_object_object_foreach(to->pick_where, key, value) {
			struct place m = place_member(&where, key);

			(void)value;
			TRY(check_pointer(&m, key, why));
		}
	}
	return ERR_OK;
}

/* {"name": "/pointer" or ["/list", "/in/element"]}; adds to known. */
static enum err
read_get(const struct place *p, json_object *known, struct step *to,
    struct error *why)
{
	if (p->value == NULL)
		return ERR_OK;
	if (!json_object_is_type(p->value, json_type_object) ||
	    json_object_object_length(p->value) == 0)
		return place_error(p, why, "must be an object: { ... }");
	json_object_object_foreach(p->value, key, value) {
		struct place m = place_member(p, key);
		const char *pointer = NULL;

		if (strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_") !=
		    strlen(key) || *key == '\0')
			return place_error(&m, why, "the name of a variable "
			    "has small letters, digits and _");
		if (!json_object_is_type(value, json_type_array)) {
			TRY(read_pointer(&m, &pointer, why));
		} else if (json_object_array_length(value) != 2) {
			return place_error(&m, why,
			    "must be a pointer, or a list of two");
		} else {
			for (size_t i = 0; i < 2; i++) {
				struct place e = place_element(&m, i);

				TRY(read_pointer(&e, &pointer, why));
			}
		}
		TRY(learn(known, key, why));
	}
	to->get = p->value;
	return ERR_OK;
}

static enum err
read_body(const struct place *p, json_object *known, json_object *each,
    struct step *to, struct error *why)
{
	struct place json = place_member(p, "json");
	struct place form = place_member(p, "form");
	struct place text = place_member(p, "text");

	if ((json.value != NULL) + (form.value != NULL) + (text.value != NULL)
	    > 1)
		return place_error(p, why,
		    "has more than one of json, form and text");
	if (json.value != NULL) {
		to->body_kind = BODY_JSON;
		to->body = json.value;
		return check_tree(&json, known, each, why);
	}
	if (form.value != NULL) {
		to->body_kind = BODY_FORM;
		return read_texts(&form, known, &to->body, why);
	}
	if (text.value != NULL) {
		const char *ignored;

		to->body_kind = BODY_TEXT;
		to->body = text.value;
		TRY(place_string(&text, &ignored, why));
		return check_text(&text, known, why);
	}
	return ERR_OK;
}

/*
 * of_step: what is known where the request is made; of_record: where its
 * answer is looked at, which is once for each record.
 */
static enum err
read_step(const struct place *p, const struct known *known,
    json_object *of_step, json_object *of_record, struct step *to,
    struct error *why)
{
	static const char *const members[] = { "for", "method", "path",
	    "query", "headers", "json", "form", "text", "if", "ok", "none",
	    "expect", "words", "has", "pick", "get", NULL };
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH",
	    "DELETE", NULL };
	static const char *const times[] = { [FOR_RRSET] = "rrset",
	    [FOR_NAME] = "name", [FOR_ZONE] = "zone", [FOR_ZONE + 1] = NULL };
	struct place m[] = { place_member(p, "for"), place_member(p, "method"),
	    place_member(p, "path"), place_member(p, "query"),
	    place_member(p, "headers"), place_member(p, "if"),
	    place_member(p, "ok"), place_member(p, "none"),
	    place_member(p, "expect"), place_member(p, "words"),
	    place_member(p, "has"), place_member(p, "pick"),
	    place_member(p, "get") };
	json_object *each = NULL;
	int word = -1, method = -1;

	TRY(place_object(p, members, why));
	TRY(place_word(&m[0], times, &word, why));
	if (word != -1 && of_record != known->of_record)
		return place_error(&m[0], why, "only \"steps\" are repeated");
	to->times = word == -1 ? FOR_RRSET : (enum step_for)word;
	if (of_record == known->of_record && to->times == FOR_NAME) {
		of_step = known->of_name;
		each = of_record;
	} else if (of_record == known->of_record && to->times == FOR_ZONE) {
		of_step = known->of_zone;
		each = of_record;
	}
	TRY(place_required(&m[1], why));
	TRY(place_word(&m[1], methods, &method, why));
	to->method = methods[method];
	TRY(place_required(&m[2], why));
	TRY(place_string(&m[2], &to->path, why));
	if (*to->path != '/')
		return place_error(&m[2], why, "must begin with a slash");
	TRY(check_text(&m[2], of_step, why));
	TRY(read_texts(&m[3], of_step, &to->query, why));
	TRY(read_texts(&m[4], of_step, &to->headers, why));
	TRY(read_body(p, of_step, each, to, why));
	TRY(read_list(&m[5], of_record, &to->conditions, why));
	TRY(read_statuses(&m[6], to->ok, &to->ok_count, why));
	TRY(read_statuses(&m[7], to->none, &to->none_count, why));
	if (to->ok_count == 0)
		to->ok[to->ok_count++] = 200;
	TRY(read_expect(&m[8], &to->expect, why));
	TRY(read_list(&m[9], NULL, &to->words, why));
	TRY(place_string(&m[10], &to->has, why));
	TRY(read_pick(&m[11], of_record, to, why));
	TRY(read_get(&m[12], of_record, to, why));
	if (to->get == NULL && (to->pick_in != NULL || to->none_count > 0))
		return place_error(p, why,
		    "\"pick\" and \"none\" are for steps that \"get\"");
	return ERR_OK;
}

static enum err
read_steps(const struct place *top, const char *name,
    const struct known *known, json_object *of_step, json_object *of_record,
    struct steps *to, struct error *why)
{
	struct place p = place_member(top, name);
	size_t n;

	TRY(place_array(&p, DESCRIPTION_STEPS_MAX, &n, why));
	for (size_t i = 0; i < n; i++) {
		struct place e = place_element(&p, i);
		struct step *s = &to->list[to->count++];

		if (!json_object_is_type(e.value, json_type_object))
			return place_error(&e, why, "must be a step: { ... }");
		snprintf(s->label, sizeof s->label, "%s/%zu", name, i);
		TRY(read_step(&e, known, of_step, of_record, s, why));
	}
	return ERR_OK;
}

static enum err
read_token(const struct place *p, struct description *d, struct error *why)
{
	size_t n;

	TRY(place_array(p, CREDENTIAL_PARTS_MAX, &n, why));
	for (size_t i = 0; i < n; i++) {
		struct place e = place_element(p, i);

		TRY(place_string(&e, &d->parts[d->part_count], why));
		if (d->parts[d->part_count] == NULL)
			return place_error(&e, why, "must be a string");
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
	json_object_object_foreach(p->value, type, variables) {
		struct place m = place_member(p, type);

		if (!json_object_is_type(variables, json_type_object))
			return place_error(&m, why, "must be an object");
		json_object_object_foreach(variables, key, value) {
			(void)value;
			TRY(learn(known->of_record, key, why));
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
			json_object *needed = json_object_new_boolean(
			    s[len] == '}' || (name != NULL &&
			    json_object_get_boolean(json_object_object_get(
			    set, name))));

			if (name == NULL || json_object_object_add(set, name,
			    needed) != 0) {
				json_object_put(needed);
				free(name);
				return error_memory(why);
			}
			free(name);
		}
		return ERR_OK;
	case json_type_object: ;	/* a macro that begins by declaring */
		json_object_object_foreach(tree, key, value) {
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
copy_set(json_object *to, json_object *from, struct error *why)
{
	json_object_object_foreach(from, key, value) {
		(void)value;
		TRY(learn(to, key, why));
	}
	return ERR_OK;
}

static enum err
check_literal(const struct place *p, const char *url, struct error *why)
{
	if (strncmp(url, "https://", 8) != 0)
		return place_error(p, why, "must be an https:// URL as it is, "
		    "or, for \"base\", \"{config.base}\" for one that the "
		    "operator gives");
	if (strchr(url, '{') != NULL)
		return place_error(p, why, "where the token goes must not "
		    "depend on a variable");
	return ERR_OK;
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
		TRY(check_text(&e, known, why));
	}
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

	TRY(read_texts(&headers, known->of_run, &d->headers, why));
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
read_requests(const struct place *top, struct description *d,
    const struct known *known, struct error *why)
{
	static const char *const of_zone[] = { "zone", "name", NULL };
	static const char *const of_name[] = { "name", "sub", "addr4",
	    "addr6", "addrs", NULL };
	static const char *const of_record[] = { "type", "addr", "ttl", NULL };
	struct place zone = place_member(top, "zone");
	struct place steps = place_member(top, "steps");
	struct place types = place_member(top, "types");
	bool writes = false;

	TRY(read_steps(top, "begin", known, known->of_run, known->of_run,
	    &d->begin, why));
	TRY(read_steps(top, "end", known, known->of_run, known->of_run,
	    &d->end, why));
	TRY(copy_set(known->of_zone, known->of_run, why));
	TRY(learn_all(known->of_zone, of_zone, why));
	if (zone.value != NULL) {
		d->has_zone = true;
		strcpy(d->zone.label, "zone");
		if (!json_object_is_type(zone.value, json_type_object))
			return place_error(&zone, why,
			    "must be a step: { ... }");
		TRY(read_step(&zone, known, known->of_zone, known->of_zone,
		    &d->zone, why));
		d->zone_gets_more = d->zone.get != NULL &&
		    json_object_object_length(d->zone.get) >
		    json_object_object_get_ex(d->zone.get, "zone", NULL);
	}
	/* The name that found a zone is not the only one of it. */
	json_object_object_del(known->of_zone, "name");
	TRY(copy_set(known->of_name, known->of_zone, why));
	TRY(learn_all(known->of_name, of_name, why));
	TRY(copy_set(known->of_record, known->of_name, why));
	TRY(learn_all(known->of_record, of_record, why));
	TRY(read_types(&types, d, known, why));
	TRY(place_required(&steps, why));
	TRY(read_steps(top, "steps", known, known->of_record,
	    known->of_record, &d->steps, why));
	TRY(read_steps(top, "remove", known, known->of_record,
	    known->of_record, &d->remove, why));
	for (size_t i = 0; i < d->steps.count; i++)
		writes = writes || d->steps.list[i].get == NULL;
	if (!writes)
		return place_error(&steps, why, "no step writes: one at "
		    "least must be without \"get\"");
	d->zoneless = !d->has_zone && !mentions(top->value, "zone") &&
	    !mentions(top->value, "sub");
	return ERR_OK;
}

static enum err
read_description(struct description *d, const struct known *known,
    struct error *why)
{
	static const char *const members[] = { "format", "name", "about",
	    "base", "begin_base", "token", "headers", "basic", "sign", "expect", "error",
	    "verdicts", "apex", "ttl", "types", "begin", "zone", "steps",
	    "remove", "end", NULL };
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
	TRY(place_string(&about, &d->about, why));
	TRY(read_base(&base, d, why));
	TRY(place_string(&begin_base, &d->begin_base, why));
	if (d->begin_base != NULL)
		TRY(check_literal(&begin_base, d->begin_base, why));
	TRY(read_token(&token, d, why));
	TRY(sign_read(&d->sign, &sign, d->parts, why));
	TRY(read_expect(&expect, &d->expect, why));
	TRY(read_pointer(&error, &d->error, why));
	TRY(read_verdicts(&verdicts, d, why));
	TRY(read_ttl(&ttl, d, why));
	TRY(find_variables(d->document, d->variables, why));
	TRY(copy_set(known->of_run, d->variables, why));
	TRY(learn_all(known->of_run, d->parts, why));
	TRY(read_common(&top, d, known, why));
	return read_requests(&top, d, known, why);
}

struct description *
description_read(const char *file, struct error *why)
{
	struct known known = { json_object_new_object(),
	    json_object_new_object(), json_object_new_object(),
	    json_object_new_object() };
	struct description *d = calloc(1, sizeof *d);
	enum err rc = ERR_MEMORY;

	if (d == NULL || (d->file = strdup(file)) == NULL ||
	    (d->variables = json_object_new_object()) == NULL ||
	    known.of_run == NULL || known.of_zone == NULL ||
	    known.of_name == NULL || known.of_record == NULL)
		rc = error_memory(why);
	else if ((rc = document_read(&d->document, file, why)) == ERR_OK)
		rc = read_description(d, &known, why);
	json_object_put(known.of_run);
	json_object_put(known.of_zone);
	json_object_put(known.of_name);
	json_object_put(known.of_record);
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
