#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "config/reader.h"

struct reader
reader_top(json_object *root, const char *file, struct error *why)
{
	*why = (struct error){ .code = ERR_OK };
	return (struct reader){ .value = root,
		.file = file,
		.present = true,
		.why = why };
}

struct reader
reader_member(struct reader *r, const char *name)
{
	struct reader m = { .parent = r,
		.file = r->file,
		.name = name,
		.why = r->why,
		.faults = r->faults };

	assert(r->asked_count < READER_MEMBERS_MAX);
	r->asked[r->asked_count++] = name;
	if (json_object_is_type(r->value, json_type_object))
		m.present = json_object_object_get_ex(r->value, name, &m.value);
	if (!m.present && r->defaults != NULL &&
	    json_object_is_type(r->defaults->value, json_type_object) &&
	    json_object_object_get_ex(r->defaults->value, name, &m.value)) {
		m.parent = r->defaults;
		m.present = true;
	}
	return m;
}

struct reader
reader_element(const struct reader *r, size_t index)
{
	struct reader e = { .parent = r,
		.file = r->file,
		.index = index,
		.chosen = true,
		.why = r->why,
		.faults = r->faults };

	if (json_object_is_type(r->value, json_type_array) &&
	    index < json_object_array_length(r->value)) {
		e.value = json_object_array_get_idx(r->value, index);
		e.present = true;
	}
	return e;
}

struct reader
reader_entry(const struct reader *r, const char *name, json_object *value)
{
	return (struct reader){ .parent = r,
		.file = r->file,
		.name = name,
		.value = value,
		.present = true,
		.chosen = true,
		.why = r->why,
		.faults = r->faults };
}

bool
reader_ok(const struct reader *r)
{
	return r->why->code == ERR_OK;
}

bool
reader_goes_on(const struct reader *r)
{
	return reader_ok(r) || r->faults != NULL;
}

/* Writes "/a/b/0"; the top writes nothing. */
static void
write_place(const struct reader *r, struct buffer *to)
{
	if (r->parent == NULL)
		return;
	write_place(r->parent, to);
	if (r->name != NULL)
		buffer_printf(to, "/%s", r->name);
	else
		buffer_printf(to, "/%zu", r->index);
}

void
faults_add(struct faults *f, const struct error *why, const char *place)
{
	if (f->count < READER_FAULTS_MAX) {
		f->list[f->count] = *why;
		snprintf(f->places[f->count], READER_PLACE_MAX + 1, "%s",
		    place != NULL ? place : "-");
	}
	f->count++;
}

static size_t
kept(const struct faults *f)
{
	return f->count < READER_FAULTS_MAX ? f->count : READER_FAULTS_MAX;
}

bool
faults_within(const struct faults *f, const char *place)
{
	size_t len = strlen(place);

	for (size_t i = 0; i < kept(f); i++)
		if (strncmp(f->places[i], place, len) == 0 &&
		    (f->places[i][len] == '\0' || f->places[i][len] == '/'))
			return true;
	return false;
}

/*
 * May an error of this place only follow from one that is known?  So may one of
 * the same place, or of an object with an error in it.  own: it is of the value
 * itself, such as a wrong type.  Otherwise somebody judged it, maybe by the
 * other members of the same object.
 */
static bool
may_follow(const struct reader *r, bool own, const char *place)
{
	const struct faults *f = r->faults;
	size_t parent = strlen(place);

	if (faults_within(f, place))
		return true;
	while (parent > 0 && place[parent] != '/')
		parent--;
	/* The members of the document itself have little to do with another. */
	for (size_t i = 0; !own && !r->chosen && parent > 0 && i < kept(f); i++)
		if (!f->apart[i] &&
		    strncmp(f->places[i], place, parent + 1) == 0 &&
		    strchr(f->places[i] + parent + 1, '/') == NULL)
			return true;
	return false;
}

static void report(const struct reader *r, bool own, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
vreport(const struct reader *r, bool own, const char *fmt, va_list ap)
{
	struct buffer place = { .max = READER_PLACE_MAX };
	char text[ERROR_TEXT_MAX];
	const char *at;
	struct error e;

	if (!reader_goes_on(r))
		return;
	vsnprintf(text, sizeof text, fmt, ap);
	write_place(r, &place);
	at = place.len > 0 ? place.data : "/";
	error_set(&e, ERR_CONFIG, "%s: %s: %s", r->file, at, text);
	if (r->faults != NULL && !may_follow(r, own, at)) {
		faults_add(r->faults, &e, at);
		/* A member that is missing, or unknown. */
		if (r->faults->count <= READER_FAULTS_MAX)
			r->faults->apart[r->faults->count - 1] =
			    own && (!r->present || r->value == NULL);
	}
	if (reader_ok(r))
		*r->why = e;
	buffer_free(&place);
}

static void
report(const struct reader *r, bool own, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vreport(r, own, fmt, ap);
	va_end(ap);
}

enum err
reader_fail(const struct reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vreport(r, false, fmt, ap);
	va_end(ap);
	return r->why->code;
}

size_t
reader_entries(const struct reader *r, size_t max, const char *what)
{
	size_t count = 0;

	if (!reader_goes_on(r) || !r->present)
		return 0;
	if (json_object_is_type(r->value, json_type_object))
		count = (size_t)json_object_object_length(r->value);
	if (count > 0 && count <= max)
		return count;
	report(r, true, "must be an object of 1 to %zu %s", max, what);
	return 0;
}

enum err
reader_no_memory(const struct reader *r)
{
	return reader_ok(r) ? error_memory(r->why) : r->why->code;
}

/* Is there a value of this type, and a reason to read it? */
static bool
is_a(const struct reader *r, enum json_type type, const char *what)
{
	if (!reader_goes_on(r) || !r->present)
		return false;
	if (json_object_is_type(r->value, type))
		return true;
	report(r, true, "must be %s", what);
	return false;
}

const char *
reader_string(const struct reader *r, const char *fallback)
{
	const char *s;

	if (!is_a(r, json_type_string, "a string"))
		return fallback;
	s = json_object_get_string(r->value);
	if (*s != '\0' &&
	    strlen(s) == (size_t)json_object_get_string_len(r->value))
		return s;
	report(r, true,
	    *s == '\0' ? "must not be empty" : "must not hold \\u0000");
	return fallback;
}

bool
reader_bool(const struct reader *r, bool fallback)
{
	return is_a(r, json_type_boolean, "true or false") ?
	    json_object_get_boolean(r->value) :
	    fallback;
}

bool
reader_is(const struct reader *r, const char *word)
{
	return json_object_is_type(r->value, json_type_string) &&
	    strcmp(json_object_get_string(r->value), word) == 0;
}

int64_t
reader_integer(const struct reader *r, int64_t min, int64_t max,
    int64_t fallback)
{
	int64_t n;

	if (!is_a(r, json_type_int, "a whole number"))
		return fallback;
	n = json_object_get_int64(r->value);
	if (n >= min && n <= max)
		return n;
	report(r, true, "must be from %" PRId64 " to %" PRId64, min, max);
	return fallback;
}

int
reader_word(const struct reader *r, const char *const words[], int fallback)
{
	struct buffer list = { .max = ERROR_TEXT_MAX / 2 };
	const char *word = reader_string(r, NULL);

	if (word == NULL)
		return fallback;
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	for (int i = 0; words[i] != NULL; i++)
		buffer_printf(&list, "%s\"%s\"", i == 0 ? "" : ", ", words[i]);
	report(r, true, "must be one of %s", buffer_text(&list));
	buffer_free(&list);
	return fallback;
}

const char *
read_string(struct reader *r, const char *name, const char *fallback)
{
	struct reader m = reader_member(r, name);

	return reader_string(&m, fallback);
}

bool
read_bool(struct reader *r, const char *name, bool fallback)
{
	struct reader m = reader_member(r, name);

	return reader_bool(&m, fallback);
}

int64_t
read_integer(struct reader *r, const char *name, int64_t min, int64_t max,
    int64_t fallback)
{
	struct reader m = reader_member(r, name);

	return reader_integer(&m, min, max, fallback);
}

int
read_word(struct reader *r, const char *name, const char *const words[],
    int fallback)
{
	struct reader m = reader_member(r, name);

	return reader_word(&m, words, fallback);
}

const char *
reader_filename(const struct reader *r, const char *fallback)
{
	const char *file = reader_string(r, NULL);

	if (file == NULL)
		return fallback;
	if (*file == '/')
		return file;
	report(r, true, "must be a full file name, from / on");
	return fallback;
}

const char *
read_filename(struct reader *r, const char *name, const char *fallback)
{
	struct reader m = reader_member(r, name);

	return reader_filename(&m, fallback);
}

bool
reader_object(const struct reader *r)
{
	return is_a(r, json_type_object, "an object: { ... }");
}

size_t
reader_array(const struct reader *r, size_t max)
{
	size_t count;

	if (!is_a(r, json_type_array, "a list: [ ... ]"))
		return 0;
	count = json_object_array_length(r->value);
	if (count <= max)
		return count;
	report(r, true, "has %zu elements, at most %zu", count, max);
	return 0;
}

bool
reader_required(const struct reader *r)
{
	if (!r->present)
		report(r, true, "is missing");
	return r->present;
}

static bool
was_asked(const struct reader *r, const char *name)
{
	for (size_t i = 0; i < r->asked_count; i++)
		if (strcmp(r->asked[i], name) == 0)
			return true;
	return false;
}

void
read_end(const struct reader *r)
{
	struct buffer names = { .max = ERROR_TEXT_MAX / 2 };

	if (!reader_goes_on(r) ||
	    !json_object_is_type(r->value, json_type_object))
		return;
	for (size_t i = 0; i < r->asked_count; i++)
		buffer_printf(&names, "%s%s", i == 0 ? "" : ", ", r->asked[i]);
	json_object_object_foreach (r->value, name, value) {
		struct reader here = { .parent = r,
			.file = r->file,
			.name = name,
			.why = r->why,
			.faults = r->faults };

		(void)value;
		if (r->parent == NULL && strcmp(name, "$schema") == 0)
			continue;
		if (!was_asked(r, name))
			report(&here, true, "unknown; here may stand: %s",
			    buffer_text(&names));
	}
	buffer_free(&names);
}
