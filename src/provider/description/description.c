#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "config/document.h"
#include "provider/description/description.h"
#include "provider/endpoint.h"

#define FORMAT	  1
#define TTL_LIMIT 2147483647 /* RFC 2181 section 8 */

/*
 * What all requests share
 */

/* A file is found by the name of its provider. */
static void
check_name(const struct reader *r, const char *file, const char *name)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash != NULL ? slash + 1 : file;
	size_t len = strlen(base), end = strlen(".json");

	if (len > end && strcmp(base + len - end, ".json") == 0 &&
	    (strlen(name) != len - end || strncmp(base, name, len - end) != 0))
		reader_fail(r,
		    "must be \"%.*s\", or the file be called %s.json",
		    (int)(len - end), base, name);
}

/* An https URL that nothing can change later. */
static void
check_url(const struct reader *r, const char *url)
{
	struct endpoint e = { .host = NULL };
	struct error reason;

	if (strncmp(url, "https://", 8) != 0)
		reader_fail(r,
		    "must be an https:// URL as it is, or, for \"base\", "
		    "\"{config.base}\" or \"{config.base|https://...}\" for "
		    "one that the operator gives");
	else if (strchr(url, '{') != NULL)
		reader_fail(r,
		    "where the token goes must not depend on a variable");
	else if (endpoint_read(&e, url, &reason) != ERR_OK)
		reader_fail(r, "%s", reason.text);
	endpoint_end(&e);
}

static const char *
read_url(const struct reader *r)
{
	const char *url = reader_string(r, NULL);

	if (url != NULL)
		check_url(r, url);
	return url;
}

/* The URL, or that in "{config.base|URL}"; of "{config.base}" itself. */
static const char *
read_base(struct compiler *c, const struct reader *r)
{
	static const char own[] = "{config.base}", with[] = "{config.base|";
	const char *text, *url = NULL;
	size_t len;
	int n;

	reader_required(r);
	text = reader_string(r, "");
	len = strlen(text);
	if (strncmp(text, with, sizeof with - 1) == 0 && text[len - 1] == '}')
		url = arena_copy(c->arena, text + sizeof with - 1,
		    len - sizeof with);
	else if (strcmp(text, own) != 0)
		return read_url(r);
	if (url != NULL)
		check_url(r, url);
	if ((n = compiler_learn(c, "config.base", LEVEL_SESSION)) != -1)
		c->variables->list[n].required = url == NULL;
	return url != NULL ? url : text;
}

static void
read_token(struct compiler *c, const struct reader *r, struct description *d)
{
	size_t count = reader_array(r, TOKEN_PARTS_MAX);

	for (size_t i = 0; i < count && reader_ok(r); i++) {
		struct reader e = reader_element(r, i);

		d->parts[i] = reader_string(&e, "");
		if (reader_ok(r))
			compiler_check_name(&e, d->parts[i]);
		for (size_t j = 0; j < i; j++)
			if (strcmp(d->parts[i], d->parts[j]) == 0)
				reader_fail(&e, "is the name of another part");
		d->part_count++;
	}
	if (d->part_count == 0)
		d->parts[d->part_count++] = "token";
	for (size_t i = 0; i < d->part_count && reader_ok(r); i++)
		d->part_variables[i] =
		    compiler_learn(c, d->parts[i], LEVEL_SESSION);
}

/* ["{login}", "{password}"] */
static void
read_basic(struct compiler *c, const struct reader *r, struct description *d)
{
	size_t count = reader_array(r, 2);

	if (reader_ok(r) && r->present && count != 2)
		reader_fail(r, "must be [user, password]");
	for (size_t i = 0; i < count; i++) {
		struct reader e = reader_element(r, i);
		const char *text = reader_string(&e, "");

		d->basic[i] =
		    compiler_template(c, &e, text, LEVEL_SESSION, false);
		if (i == 0 && strchr(text, ':') != NULL)
			reader_fail(r, "a user name has no colon");
	}
	d->has_basic = count == 2;
}

/*
 * "sigv4:REGION:SERVICE" or "ovh", and the parts of the token that each takes
 */
static void
read_sign(struct compiler *c, const struct reader *r, struct sign *to)
{
	static const char sigv4[] = "sigv4:";
	const char *text = reader_string(r, NULL);
	const struct variables *v = c->variables;

	if (text == NULL)
		return;
	to->key = variables_find(v, "key", LEVEL_SESSION);
	to->secret = variables_find(v, "secret", LEVEL_SESSION);
	to->application = variables_find(v, "application", LEVEL_SESSION);
	to->consumer = variables_find(v, "consumer", LEVEL_SESSION);
	if (strncmp(text, sigv4, sizeof sigv4 - 1) == 0 &&
	    strchr(text + sizeof sigv4 - 1, ':') != NULL) {
		to->kind = SIGN_SIGV4;
		to->region = text + sizeof sigv4 - 1;
		if (to->key == -1 || to->secret == -1)
			reader_fail(r,
			    "needs \"token\": [\"key\", \"secret\"]");
	} else if (strcmp(text, "ovh") == 0) {
		to->kind = SIGN_OVH;
		if (to->application == -1 || to->secret == -1 ||
		    to->consumer == -1)
			reader_fail(r,
			    "needs \"token\": [\"application\", \"secret\", "
			    "\"consumer\"]");
	} else {
		reader_fail(r, "must be \"sigv4:REGION:SERVICE\" or \"ovh\"");
	}
}

/* {"token": [texts], ...}: what the provider says, and what it means. */
static void
read_meanings(struct compiler *c, struct reader r, struct description *d)
{
	static const char *const names[MEANS__MAX] = {
		[MEANS_TOKEN] = "token",
		[MEANS_ZONE] = "zone",
		[MEANS_BUSY] = "busy",
		[MEANS_UNCHANGED] = "unchanged",
	};

	reader_object(&r);
	for (size_t i = 0; i < MEANS__MAX; i++) {
		struct reader list = reader_member(&r, names[i]);

		d->meanings[i] = compiler_words(c, &list);
	}
	read_end(&r);
}

static const char *
read_apex(const struct reader *r)
{
	const char *apex = json_object_is_type(r->value, json_type_string) ?
	    json_object_get_string(r->value) :
	    NULL;

	if (!r->present)
		return "@";
	if (apex == NULL ||
	    (*apex != '\0' && strcmp(apex, "@") != 0 && strcmp(apex, ".") != 0))
		reader_fail(r, "must be \"@\", \".\" or \"\"");
	return apex;
}

static void
read_ttl(struct reader r, struct description *d)
{
	struct reader dflt = reader_member(&r, "default");
	struct reader of;
	size_t count;

	reader_object(&r);
	d->ttl = reader_integer(&dflt, 1, TTL_LIMIT, 300);
	d->ttl_min = read_integer(&r, "min", 1, TTL_LIMIT, 1);
	d->ttl_max = read_integer(&r, "max", 1, TTL_LIMIT, TTL_LIMIT);
	of = reader_member(&r, "of");
	count = reader_array(&of, DESCRIPTION_TTLS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct reader e = reader_element(&of, i);

		d->ttl_of[i] = reader_integer(&e, 1, TTL_LIMIT, 1);
		if (i > 0 && d->ttl_of[i] <= d->ttl_of[i - 1])
			reader_fail(&of, "must ascend");
	}
	d->ttl_of_count = count;
	read_end(&r);
	if (d->ttl_min > d->ttl_max)
		reader_fail(&r, "min is larger than max");
	if (dflt.present && (d->ttl < d->ttl_min || d->ttl > d->ttl_max))
		reader_fail(&dflt, "is not from min to max");
}

/*
 * The requests
 */

/* {"rtype": 0}: what variables are for one type of record. */
static size_t
read_type(struct compiler *c, const struct reader *r,
    const struct type_value **to)
{
	size_t count =
	    reader_object(r) ? (size_t)json_object_object_length(r->value) : 0;
	struct type_value *list = compiler_take(c, count, sizeof *list);
	size_t i = 0;

	*to = list;
	if (count == 0 || list == NULL)
		return 0;
	json_object_object_foreach (r->value, key, value) {
		struct reader m = reader_entry(r, key, value);

		compiler_check_name(&m, key);
		if (!value_is_scalar(value))
			reader_fail(&m,
			    "must be a text, a number, or true or false");
		if (!reader_ok(r))
			return 0;
		list[i].variable = compiler_learn(c, key, LEVEL_RECORD);
		list[i++].value = value;
	}
	return count;
}

/* {"A": {"rtype": 0}, "AAAA": {"rtype": 1}} */
static void
read_types(struct compiler *c, struct reader r, struct description *d)
{
	struct reader a = reader_member(&r, "A");
	struct reader aaaa = reader_member(&r, "AAAA");

	reader_object(&r);
	read_end(&r);
	d->type_counts[0] = read_type(c, &a, &d->types[0]);
	d->type_counts[1] = read_type(c, &aaaa, &d->types[1]);
}

static void
read_zone(struct compiler *c, struct reader r, struct description *d)
{
	(void)compiler_learn(c, "zone", LEVEL_ZONE);
	(void)compiler_learn(c, "name", LEVEL_ZONE);
	if (r.present) {
		d->has_zone = true;
		strcpy(d->zone.label, "zone");
		step_compile(c, &r, PART_ZONE, &d->zone);
		for (size_t i = 0; i < d->zone.answer.gets.count; i++)
			if (d->zone.answer.gets.list[i].variable !=
			    VARIABLE_ZONE)
				d->zone_gets_more = true;
	}
	/* The name that found a zone is not the only one of it. */
	c->variables->list[VARIABLE_NAME].known = false;
}

/*
 * The steps of "steps" or "remove"; the variables that one list sets are not
 * known in the other.
 */
static void
read_records(struct compiler *c, const struct reader *r,
    const struct reader *types, struct description *d, struct steps *to)
{
	static const char *const of_name[] = { "name", "sub", "addr4", "addr6",
		"addrs", "ttl", NULL };

	variables_forget(c->variables, LEVEL_NAME);
	for (const char *const *n = of_name; *n != NULL; n++)
		(void)compiler_learn(c, *n, LEVEL_NAME);
	(void)compiler_learn(c, "type", LEVEL_RECORD);
	if (to == &d->steps)
		(void)compiler_learn(c, "addr", LEVEL_RECORD);
	read_types(c, *types, d);
	steps_compile(c, r, PART_RECORDS, to);
	if (r->present)
		steps_check(r, to);
}

static void
read_requests(struct compiler *c, struct reader *top, const struct reader *sign,
    struct description *d)
{
	struct reader types = reader_member(top, "types");
	struct reader begin = reader_member(top, "begin");
	struct reader zone = reader_member(top, "zone");
	struct reader steps = reader_member(top, "steps");
	struct reader remove = reader_member(top, "remove");
	struct reader end = reader_member(top, "end");
	const struct variables *v = c->variables;

	steps_compile(c, &begin, PART_BEGIN, &d->begin);
	d->sign.time = variables_find(v, "time", LEVEL_SESSION);
	if (d->sign.kind == SIGN_OVH && d->sign.time == -1)
		reader_fail(sign,
		    "needs a step of \"begin\" that gets \"time\"");
	steps_compile(c, &end, PART_END, &d->end);
	read_zone(c, zone, d);
	reader_required(&steps);
	read_records(c, &steps, &types, d, &d->steps);
	read_records(c, &remove, &types, d, &d->remove);
	d->zoneless = !d->has_zone && !v->list[VARIABLE_ZONE].used &&
	    !v->list[VARIABLE_SUB].used;
}

static const char *const basis_words[] = {
	[BASIS_DOCUMENTS] = "documents",
	[BASIS_RECORDING] = "recording",
	[BASIS_RUN] = "run",
	NULL,
};

static void
compile(struct compiler *c, struct reader top, struct description *d)
{
	struct reader format = reader_member(&top, "format");
	struct reader name = reader_member(&top, "name");
	struct reader about = reader_member(&top, "about");
	struct reader basis = reader_member(&top, "basis");
	struct reader base = reader_member(&top, "base");
	struct reader begin_base = reader_member(&top, "begin_base");
	struct reader token = reader_member(&top, "token");
	struct reader headers = reader_member(&top, "headers");
	struct reader basic = reader_member(&top, "basic");
	struct reader sign = reader_member(&top, "sign");
	struct reader expect = reader_member(&top, "expect");
	struct reader error = reader_member(&top, "error");
	struct reader verdicts = reader_member(&top, "verdicts");
	struct reader apex = reader_member(&top, "apex");
	struct reader ttl = reader_member(&top, "ttl");

	reader_object(&top);
	reader_required(&format);
	reader_integer(&format, FORMAT, FORMAT, FORMAT);
	reader_required(&name);
	d->name = reader_string(&name, "");
	if (reader_ok(&top))
		check_name(&name, d->file, d->name);
	d->about = reader_string(&about, NULL);
	d->basis = (enum basis)reader_word(&basis, basis_words, 0);
	d->base = read_base(c, &base);
	d->begin_base = read_url(&begin_base);
	read_token(c, &token, d);
	read_sign(c, &sign, &d->sign);
	d->expect = expectations_compile(c, &expect);
	d->error = compiler_pointer(&error);
	read_meanings(c, verdicts, d);
	read_ttl(ttl, d);
	d->headers = headers_compile(c, &headers, LEVEL_SESSION);
	read_basic(c, &basic, d);
	d->apex = read_apex(&apex);
	read_requests(c, &top, &sign, d);
	read_end(&top);
}

/*
 * The file
 */

struct description *
description_read(const char *file, struct error *why)
{
	struct description *d = calloc(1, sizeof *d);
	struct compiler c = { .why = why };

	if (d == NULL || (d->file = strdup(file)) == NULL ||
	    !variables_start(&d->variables))
		error_memory(why);
	else if (document_read(&d->document, file, why) == ERR_OK) {
		c.arena = &d->arena;
		c.variables = &d->variables;
		compile(&c, reader_top(d->document, d->file, why), d);
		if (why->code == ERR_OK)
			return d;
	}
	description_free(d);
	return NULL;
}

void
description_free(struct description *d)
{
	if (d == NULL)
		return;
	json_object_put(d->document);
	arena_end(&d->arena);
	variables_end(&d->variables);
	free(d->file);
	free(d);
}

const struct variable *
description_config(const struct description *d, const char *name)
{
	for (size_t i = 0; i < d->variables.count; i++)
		if (variable_is_config(d->variables.list[i].name) &&
		    strcmp(d->variables.list[i].name, name) == 0)
			return &d->variables.list[i];
	return NULL;
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
