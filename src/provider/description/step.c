#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "provider/description/step.h"

bool
value_is_scalar(json_object *value)
{
	enum json_type type = json_object_get_type(value);

	return type == json_type_string || type == json_type_int ||
	    type == json_type_double || type == json_type_boolean;
}

bool
statuses_have(const struct statuses *s, long status)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i] == status)
			return true;
	return false;
}

const struct get *
step_gets(const struct step *s, int variable)
{
	for (size_t i = 0; i < s->answer.gets.count; i++)
		if (s->answer.gets.list[i].variable == variable)
			return &s->answer.gets.list[i];
	return NULL;
}

/*
 * The request
 */

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

/* Does libcurl write this header by itself, since it is the connection's? */
static bool
is_of_connection(const char *name)
{
	static const char *const headers[] = { "Host", "Content-Length",
		"Transfer-Encoding", "Connection", "Expect", NULL };

	for (const char *const *h = headers; *h != NULL; h++)
		if (strcasecmp(*h, name) == 0)
			return true;
	return false;
}

struct fields
headers_compile(struct compiler *c, const struct reader *r, enum level level)
{
	struct fields headers = compiler_fields(c, r, level, true);

	for (size_t i = 0; i < headers.count; i++) {
		const struct field *h = &headers.list[i];
		struct reader m = reader_entry(r, h->name, NULL);

		if (!is_field_name(h->name))
			reader_fail(&m, "is not the name of a header");
		else if (is_of_connection(h->name))
			reader_fail(&m, "is sent anyway; leave it out");
		else if (!template_fits(&h->value, ENCODE_HEADER))
			reader_fail(&m, "must be printable ASCII");
	}
	return headers;
}

/* "{config.x|/path}": the operator may choose the whole of it. */
static void
compile_chosen_path(struct compiler *c, const struct reader *r,
    const char *path, struct step_request *to)
{
	struct template *whole = compiler_take(c, 1, sizeof *whole);
	const struct piece *p;

	if (whole == NULL)
		return;
	*whole = compiler_template(c, r, path, LEVEL_SESSION, false);
	p = whole->count == 1 ? whole->pieces : NULL;
	if (reader_ok(r) &&
	    (p == NULL || p->literal != NULL || p->fallback == NULL ||
		!template_is_path(p->fallback)))
		reader_fail(r,
		    "a path that the operator may choose is "
		    "\"{config.x|/path}\", with a path as the word");
	if (!reader_ok(r))
		return;
	c->variables->list[p->variable].is_path = true;
	to->segments = whole;
	to->segment_count = 1;
	to->path_chosen = true;
}

/* Each segment for itself: a variable never reaches beyond its slashes. */
static void
compile_path(struct compiler *c, const struct reader *r, enum level level,
    struct step_request *to)
{
	const char *path = reader_required(r) ? reader_string(r, "/") : "/";
	struct template *segments;
	size_t count = 1;

	if (strncmp(path, "{config.", strlen("{config.")) == 0) {
		compile_chosen_path(c, r, path, to);
		return;
	}
	if (*path != '/')
		reader_fail(r, "must begin with a slash");
	for (const char *s = path; *s != '\0'; s++)
		count += *s == '/';
	segments = compiler_take(c, count, sizeof *segments);
	for (size_t i = 0; i < count && reader_ok(r); i++) {
		size_t len = strcspn(path, "/");
		const char *segment = arena_copy(c->arena, path, len);

		if (segment == NULL) {
			error_memory(c->why);
			return;
		}
		segments[i] = compiler_template(c, r, segment, level, false);
		if (!template_fits(&segments[i], ENCODE_PATH))
			reader_fail(r,
			    "has a character that no path can have; what "
			    "follows ? goes into \"query\"");
		path += len + (path[len] == '/');
	}
	to->segments = segments;
	to->segment_count = reader_ok(r) ? count : 0;
}

static bool
names_type(const struct fields *headers)
{
	for (size_t i = 0; i < headers->count; i++)
		if (strcasecmp(headers->list[i].name, "Content-Type") == 0)
			return true;
	return false;
}

/* each: the body is made for several records. */
static void
compile_body(struct compiler *c, struct reader *r, enum level level, bool each,
    struct step_request *to)
{
	struct reader json = reader_member(r, "json");
	struct reader form = reader_member(r, "form");
	struct reader text = reader_member(r, "text");

	if (json.present + form.present + text.present > 1)
		reader_fail(r, "has more than one of json, form and text");
	if (json.present) {
		to->body_kind = BODY_JSON;
		to->json = body_compile(c, &json, level, each);
	} else if (form.present) {
		to->body_kind = BODY_FORM;
		to->form = compiler_named_fields(c, &form, level);
	} else if (text.present) {
		to->body_kind = BODY_TEXT;
		to->text = compiler_template(c, &text, reader_string(&text, ""),
		    level, false);
	}
	if (to->body_kind != BODY_NONE && strcmp(to->method, "GET") == 0)
		reader_fail(r, "a GET has no body");
	if ((to->body_kind == BODY_TEXT) != names_type(&to->headers))
		reader_fail(r,
		    "\"text\" needs a header Content-Type, and nothing else "
		    "has one");
}

static void
compile_request(struct compiler *c, struct reader *r, enum level level,
    bool each, struct step_request *to)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH",
		"DELETE", NULL };
	struct reader method = reader_member(r, "method");
	struct reader path = reader_member(r, "path");
	struct reader query = reader_member(r, "query");
	struct reader headers = reader_member(r, "headers");

	reader_required(&method);
	to->method = methods[reader_word(&method, methods, 0)];
	compile_path(c, &path, level, to);
	to->has_query = query.present;
	to->query = compiler_named_fields(c, &query, level);
	to->headers = headers_compile(c, &headers, level);
	compile_body(c, r, level, each, to);
}

/*
 * The answer
 */

static struct statuses
compile_statuses(const struct reader *r)
{
	struct statuses to = { .count = reader_array(r, STATUSES_MAX) };

	for (size_t i = 0; i < to.count; i++) {
		struct reader e = reader_element(r, i);

		to.list[i] = (long)reader_integer(&e, 100, 599, 200);
	}
	return to;
}

/* A value, or a list of values; null stands for nothing there. */
static struct expectation
compile_expectation(struct compiler *c, const struct reader *r)
{
	bool list = json_object_is_type(r->value, json_type_array);
	size_t count = list ? json_object_array_length(r->value) : 1, n = 0;
	const char **texts = compiler_take(c, count, sizeof *texts);
	struct expectation e = { .pointer = r->name };

	if (!compiler_pointer_valid(r, r->name) || texts == NULL)
		return e;
	for (size_t i = 0; i < count; i++) {
		json_object *v =
		    list ? json_object_array_get_idx(r->value, i) : r->value;

		if (v == NULL)
			e.nothing = true;
		else if (value_is_scalar(v))
			texts[n++] = json_object_get_string(v);
		else
			reader_fail(r, "must be a value, or a list of values");
	}
	e.texts = (struct words){ texts, n };
	return e;
}

struct expectations
expectations_compile(struct compiler *c, const struct reader *r)
{
	size_t count =
	    reader_object(r) ? (size_t)json_object_object_length(r->value) : 0;
	struct expectation *list = compiler_take(c, count, sizeof *list);
	size_t i = 0;

	if (count == 0 || list == NULL)
		return (struct expectations){ NULL, 0 };
	json_object_object_foreach (r->value, key, value) {
		struct reader m = reader_entry(r, key, value);

		list[i++] = compile_expectation(c, &m);
	}
	return (struct expectations){ list, count };
}

static struct pick
compile_pick(struct compiler *c, struct reader r, enum level level)
{
	struct reader in = reader_member(&r, "in");
	struct reader where = reader_member(&r, "where");
	struct reader expect = reader_member(&r, "expect");
	struct reader largest = reader_member(&r, "largest");
	struct fields fields;
	struct match *matches;

	if (!reader_object(&r))
		return (struct pick){ .in = NULL };
	read_end(&r);
	reader_required(&in);
	fields = compiler_fields(c, &where, level, false);
	matches = compiler_take(c, fields.count, sizeof *matches);
	for (size_t i = 0; i < fields.count && matches != NULL; i++) {
		const struct field *f = &fields.list[i];
		struct reader m = reader_entry(&where, f->name, NULL);

		compiler_pointer_valid(&m, f->name);
		matches[i] = (struct match){ f->name, f->value,
			template_uses(&f->value, VARIABLE_ZONE) ||
			    template_uses(&f->value, VARIABLE_NAME) ||
			    template_uses(&f->value, VARIABLE_SUB) };
	}
	return (struct pick){ compiler_pointer(&in), matches, fields.count,
		expectations_compile(c, &expect), compiler_pointer(&largest) };
}

/*
 * {"next": pointer}, {"next": pointer, "query": name},
 * {"query": name, "pages": pointer} or {"query": name, "elements": pointer}
 */
static struct pages
compile_pages(struct reader r)
{
	struct reader next = reader_member(&r, "next");
	struct reader query = reader_member(&r, "query");
	struct reader pages = reader_member(&r, "pages");
	struct reader elements = reader_member(&r, "elements");
	struct pages to = { .kind = PAGING_NONE };

	if (!reader_object(&r))
		return to;
	read_end(&r);
	to.next = compiler_pointer(&next);
	to.query = reader_string(&query, NULL);
	to.total = compiler_pointer(pages.present ? &pages : &elements);
	if (next.present + pages.present + elements.present > 1)
		reader_fail(&r,
		    "has more than one of next, pages and elements");
	else if (!next.present && !query.present)
		reader_fail(&r,
		    "needs \"next\", or the \"query\" that has the number");
	if (next.present)
		to.kind = query.present ? PAGING_CURSOR : PAGING_LINK;
	else
		to.kind = elements.present ? PAGING_OFFSET : PAGING_NUMBER;
	return to;
}

/*
 * Does the engine itself read the variable, if this part of a description gets
 * it?
 */
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

/* "/pointer", or ["/list", "/in/element"] */
static struct get
compile_get(struct compiler *c, const struct reader *r, enum level level)
{
	struct get g = { .name = r->name };

	if (!json_object_is_type(r->value, json_type_array)) {
		g.pointer = compiler_pointer(r);
	} else if (json_object_array_length(r->value) != 2) {
		reader_fail(r, "must be a pointer, or a list of two");
	} else {
		struct reader list = reader_element(r, 0);
		struct reader element = reader_element(r, 1);

		g.pointer = compiler_pointer(&list);
		g.in_element = compiler_pointer(&element);
	}
	g.variable =
	    reader_ok(r) ? compiler_learn(c, r->name, level) : VARIABLE_ZONE;
	return g;
}

static struct gets
compile_gets(struct compiler *c, const struct reader *r, enum part part,
    enum level level)
{
	size_t count =
	    reader_object(r) ? (size_t)json_object_object_length(r->value) : 0;
	struct get *list = compiler_take(c, count, sizeof *list);
	size_t i = 0;

	if (reader_ok(r) && r->present && count == 0)
		reader_fail(r, "must get something");
	if (count == 0 || list == NULL)
		return (struct gets){ NULL, 0 };
	json_object_object_foreach (r->value, key, value) {
		struct reader m = reader_entry(r, key, value);

		if (!has_meaning(key, part))
			compiler_check_name(&m, key);
		list[i++] = compile_get(c, &m, level);
	}
	return (struct gets){ list, count };
}

static void
compile_answer(struct compiler *c, struct reader *r, enum part part,
    enum level level, struct wanted_answer *to)
{
	struct reader ok = reader_member(r, "ok");
	struct reader none = reader_member(r, "none");
	struct reader expect = reader_member(r, "expect");
	struct reader words = reader_member(r, "words");
	struct reader has = reader_member(r, "has");
	struct reader contains = reader_member(r, "contains");
	struct reader max = reader_member(r, "max");
	struct reader pick = reader_member(r, "pick");
	struct reader pages = reader_member(r, "pages");
	struct reader get = reader_member(r, "get");

	to->ok = compile_statuses(&ok);
	to->none = compile_statuses(&none);
	if (to->ok.count == 0)
		to->ok.list[to->ok.count++] = 200;
	for (size_t i = 0; i < to->none.count; i++)
		if (statuses_have(&to->ok, to->none.list[i]))
			reader_fail(&none, "%ld is in \"ok\", too",
			    to->none.list[i]);
	to->expect = expectations_compile(c, &expect);
	to->words = compiler_words(c, &words);
	to->has = reader_string(&has, NULL);
	to->contains = compiler_words(c, &contains);
	to->max = (size_t)reader_integer(&max, 1, ANSWER_MIB_MAX, 1) << 20;
	to->pick = compile_pick(c, pick, level);
	to->pages = compile_pages(pages);
	if (pages.present && !pick.present)
		reader_fail(&pages, "are those of a list: needs \"pick\"");
	to->gets = compile_gets(c, &get, part, level);
	if (!get.present && (pick.present || to->none.count > 0))
		reader_fail(r,
		    "\"pick\" and \"none\" are for steps that \"get\"");
}

/*
 * The whole
 */

/* At what level a step of this part runs. */
static enum level
compile_level(struct reader *r, enum part part)
{
	static const char *const words[] = { "rrset", "name", "zone", NULL };
	static const enum level levels[] = { LEVEL_RECORD, LEVEL_NAME,
		LEVEL_ZONE };
	struct reader times = reader_member(r, "for");

	if (part == PART_RECORDS)
		return levels[reader_word(&times, words, 0)];
	(void)reader_word(&times, words, 0);
	if (times.present)
		reader_fail(&times, "only \"steps\" are repeated");
	return part == PART_ZONE ? LEVEL_ZONE : LEVEL_SESSION;
}

void
step_compile(struct compiler *c, struct reader *r, enum part part,
    struct step *to)
{
	enum level answer;
	struct reader conditions;

	if (!json_object_is_type(r->value, json_type_object)) {
		reader_fail(r, "must be a step: { ... }");
		return;
	}
	to->level = compile_level(r, part);
	to->host = part == PART_BEGIN ? HOST_LOGIN : HOST_API;
	/* The answer is looked at once for each record. */
	answer = part == PART_RECORDS ? LEVEL_RECORD : to->level;
	compile_request(c, r, to->level, to->level != answer, &to->request);
	to->has_each = body_has_each(&to->request.json);
	conditions = reader_member(r, "if");
	to->only_if = compiler_conditions(c, &conditions, answer);
	compile_answer(c, r, part, answer, &to->answer);
	to->writes = part != PART_ZONE && to->answer.gets.count == 0;
	read_end(r);
}

void
steps_compile(struct compiler *c, const struct reader *r, enum part part,
    struct steps *to)
{
	size_t count = reader_array(r, STEPS_MAX);

	for (size_t i = 0; i < count; i++) {
		struct reader e = reader_element(r, i);
		struct step *s = &to->list[to->count++];

		snprintf(s->label, sizeof s->label, "%s/%zu", r->name, i);
		step_compile(c, &e, part, s);
	}
}

/* A read after a write tells nothing about the address before it. */
void
steps_check(const struct reader *r, const struct steps *steps)
{
	bool writes = false;

	for (size_t i = 0; i < steps->count; i++) {
		const struct step *s = &steps->list[i];
		struct reader e = reader_element(r, i);

		if (writes && step_gets(s, VARIABLE_CURRENT) != NULL)
			reader_fail(&e,
			    "gets \"current\" after a step that writes; it "
			    "must come before");
		writes = writes || s->writes;
	}
	if (!writes)
		reader_fail(r,
		    "no step writes: one at least must be without \"get\"");
}
