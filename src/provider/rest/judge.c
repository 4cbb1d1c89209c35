#include "config.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_pointer.h>

#include "address/hostname.h"
#include "base/json.h"
#include "provider/rest/fill.h"
#include "provider/rest/judge.h"

#define DEPTH_MAX   32
#define CAPTURE_MAX 4096 /* bytes of one value */
#define QUOTE_MAX   160	 /* bytes of a provider's own words */
#define SHOWN_MAX   4	 /* addresses of a set */

static bool
is_too_heavy(const struct buffer *body)
{
	return body->data != NULL &&
	    json_weight(body->data, body->len) > JUDGE_WEIGHT_MAX;
}

json_object *
judge_parse(const struct buffer *body)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH_MAX);
	json_object *tree = NULL;
	struct json_fault fault;

	if (tok != NULL && body->data != NULL &&
	    strlen(body->data) == body->len && !is_too_heavy(body))
		tree = json_parse(tok, body->data, body->len, 0);
	if (tok != NULL)
		json_tokener_free(tok);
	if (tree != NULL && !json_names_unique(body->data, body->len, &fault)) {
		json_object_put(tree);
		tree = NULL;
	}
	return tree;
}

/* The value that pointer names, or NULL; "" is the whole. */
static json_object *
point(json_object *tree, const char *pointer)
{
	json_object *found = NULL;

	if (tree == NULL || json_pointer_get(tree, pointer, &found) != 0)
		return NULL;
	return found;
}

/* A text, a number, true or false as text; NULL for anything else. */
static const char *
scalar_text(json_object *value)
{
	return value_is_scalar(value) ? json_object_get_string(value) : NULL;
}

/*
 * Success or not
 */

/* Numbers and their text are the same to us, as they are to providers. */
static bool
is_expected(json_object *tree, const struct expectation *e)
{
	json_object *value = point(tree, e->pointer);
	const char *text = scalar_text(value);

	if (value == NULL)
		return e->nothing;
	for (size_t i = 0; text != NULL && i < e->texts.count; i++)
		if (strcmp(text, e->texts.list[i]) == 0)
			return true;
	return false;
}

static bool
are_expected(json_object *tree, const struct expectations *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!is_expected(tree, &list->list[i]))
			return false;
	return true;
}

/* Does text hold one of the texts that mean this? */
static bool
means(const struct description *d, enum meaning meaning, const char *text)
{
	const struct words *w = &d->meanings[meaning];

	for (size_t i = 0; i < w->count; i++)
		if (strstr(text, w->list[i]) != NULL)
			return true;
	return false;
}

static bool
begins_with(const char *text, const char *word)
{
	size_t len = strlen(word);

	return strncmp(text, word, len) == 0 &&
	    strchr(" \t\r\n", text[len]) != NULL;
}

/* Is the first word one that the step wants, if it wants any? */
static bool
good_word(const struct words *wanted, const char *body)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (begins_with(body, wanted->list[i]))
			return true;
	return wanted->count == 0;
}

static bool
is_word_byte(unsigned char c)
{
	return isalnum(c) != 0;
}

/*
 * Is the word in text, in any case, and not inside a longer one?  An answer
 * that speaks of a "token" does not say "ok".
 */
static bool
has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; (at = strcasestr(at, word)) != NULL; at++)
		if ((at == text || !is_word_byte((unsigned char)at[-1])) &&
		    !is_word_byte((unsigned char)at[len]))
			return true;
	return false;
}

/*
 * Does the answer contain one of the texts that the step wants, if it wants
 * any, and none that means a failure?
 */
static bool
has_contained(const struct description *d, const struct words *wanted,
    const char *body)
{
	static const enum meaning failures[] = { MEANS_TOKEN, MEANS_ZONE,
		MEANS_BUSY };

	if (wanted->count == 0)
		return true;
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
		if (means(d, failures[i], body))
			return false;
	for (size_t i = 0; i < wanted->count; i++)
		if (has_word(body, wanted->list[i]))
			return true;
	return false;
}

/* The words of dyndns2 that an upstream server may say instead. */
static enum err
word_error(const char *body)
{
	static const struct {
		const char *word;
		enum err code;
	} known[] = {
		{ "badauth", ERR_TOKEN },
		{ "!donator", ERR_TOKEN },
		{ "nohost", ERR_ZONE },
		{ "notfqdn", ERR_ZONE },
		{ "!yours", ERR_ZONE },
		{ "911", ERR_BUSY },
		{ "dnserr", ERR_BUSY },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (begins_with(body, known[i].word))
			return known[i].code;
	return ERR_REFUSED;
}

/*
 * Another request is in the way, or ours came too slowly: RFC 9110 sections
 * 15.5.9 and 15.5.10, RFC 4918 section 11.3, RFC 8470 section 5.2.
 */
static bool
is_in_the_way(long status)
{
	return status == 408 || status == 409 || status == 423 || status == 425;
}

static enum err
status_error(long status)
{
	if (status == 401 || status == 403)
		return ERR_TOKEN;
	if (status == 404)
		return ERR_ZONE;
	if (status == 429 || status >= 500 || is_in_the_way(status))
		return ERR_BUSY;
	return ERR_REFUSED;
}

/* The fault of an answer. */
struct fault {
	enum err code;
	char what[48];
	bool own; /* only this request failed, though the code is ERR_BUSY */
};

static bool
set_fault(struct fault *f, enum err code, const char *what)
{
	f->code = code;
	snprintf(f->what, sizeof f->what, "%s", what);
	return true;
}

/* Looks for a fault; the single place where an answer becomes good. */
static bool
find_fault(const struct description *d, const struct step *step,
    const struct exchange_answer *answer, json_object *tree, const char *body,
    struct fault *f)
{
	const struct wanted_answer *want = &step->answer;
	bool wants_json = want->gets.count > 0 || want->expect.count > 0 ||
	    d->expect.count > 0;
	char status[48];

	*f = (struct fault){ .own = false };
	snprintf(status, sizeof status, "HTTP %ld", answer->status);
	if (!statuses_have(&want->ok, answer->status)) {
		/* Unless the provider says when to come back. */
		f->own =
		    (answer->status >= 500 || is_in_the_way(answer->status)) &&
		    answer->retry_after == 0;
		return set_fault(f, status_error(answer->status), status);
	}
	if (wants_json && tree == NULL) {
		strcat(status,
		    is_too_heavy(&answer->body) ? ", but too many values" :
						  ", but no JSON");
		return set_fault(f, ERR_REFUSED, status);
	}
	if (!are_expected(tree, &d->expect) ||
	    !are_expected(tree, &want->expect) ||
	    (want->has != NULL && strstr(body, want->has) == NULL))
		return set_fault(f, ERR_REFUSED, "refused");
	if (!has_contained(d, &want->contains, body))
		return set_fault(f, ERR_REFUSED, "answered");
	if (!good_word(&want->words, body))
		return set_fault(f, word_error(body), "answered");
	return false;
}

/* The provider's own words say more about a failure than its status does. */
static void
hear_words(const struct description *d, const char *text, struct fault *f)
{
	static const struct {
		enum meaning meaning;
		enum err code;
	} order[] = {
		{ MEANS_TOKEN, ERR_TOKEN },
		{ MEANS_ZONE, ERR_ZONE },
		{ MEANS_BUSY, ERR_BUSY },
	};

	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (means(d, order[i].meaning, text)) {
			f->code = order[i].code;
			f->own = false;
			return;
		}
}

/* For the log: cleaned and cut, or withheld where it repeats the token. */
static enum err
set_reason(const struct token_parts *token, const char *text,
    const struct fault *f, struct error *why)
{
	char quote[QUOTE_MAX + 1];

	token_quote(token, text, quote, sizeof quote);
	error_set(why, f->code, "%s: %s", f->what, quote);
	return f->code;
}

enum outcome
judge_answer(const struct description *d, const struct step *step,
    const struct token_parts *token, const struct exchange_answer *answer,
    json_object *tree, struct error *why)
{
	const char *body = answer->body.data != NULL ? answer->body.data : "";
	const char *text =
	    d->error != NULL ? scalar_text(point(tree, d->error)) : NULL;
	struct fault f;
	enum err code;

	if (statuses_have(&step->answer.none, answer->status))
		return OUTCOME_NOT_THERE;
	if (find_fault(d, step, answer, tree, body, &f)) {
		if (text == NULL)
			text = body;
		hear_words(d, text, &f);
		code = set_reason(token, text, &f, why);
		return code == ERR_TOKEN || code == ERR_MEMORY ||
			(code == ERR_BUSY && !f.own) ?
		    OUTCOME_RUN_FAILED :
		    OUTCOME_FAILED;
	}
	if (!step->writes)
		return OUTCOME_ASKED;
	if (means(d, MEANS_UNCHANGED, body) ||
	    (step->answer.words.count > 0 && begins_with(body, "nochg")))
		return OUTCOME_UNCHANGED;
	return OUTCOME_WRITTEN;
}

/*
 * What a step takes
 */

/* The one element of a list; several of them are not a value. */
static json_object *
only_element(json_object *list, const char *pointer)
{
	if (!json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) != 1)
		return NULL;
	return point(json_object_array_get_idx(list, 0), pointer);
}

static json_object *
value_of(const struct get *g, json_object *from)
{
	json_object *value = point(from, g->pointer);

	return g->in_element != NULL ? only_element(value, g->in_element) :
				       value;
}

/* json-c makes the nearest number that it has of one that is too large. */
static bool
is_clamped(json_object *value)
{
	return json_object_is_type(value, json_type_int) &&
	    (json_object_get_uint64(value) == UINT64_MAX ||
		json_object_get_int64(value) == INT64_MIN);
}

/* A value that is too long must not look like one that is not there. */
static enum err
capture_all(const struct step *step, json_object *from, struct values *to,
    struct error *why)
{
	enum err rc = ERR_OK;

	for (size_t i = 0; i < step->answer.gets.count && rc == ERR_OK; i++) {
		const struct get *g = &step->answer.gets.list[i];
		json_object *value = value_of(g, from);
		const char *text = scalar_text(value);

		/* An empty text is as good as nothing, also in a pick. */
		if (text == NULL || *text == '\0')
			continue;
		if (strlen(text) > CAPTURE_MAX || is_clamped(value))
			return error_set(why, ERR_REFUSED,
			    "the answer's %s is too large", g->name);
		rc = values_copy(to, g->variable, value, why);
	}
	return rc;
}

/* Is the text at m's pointer the wanted one?  Nothing is as good as "". */
static bool
is_match(const struct match *m, json_object *element, const char *wanted)
{
	const char *text = scalar_text(point(element, m->pointer));

	if (text == NULL)
		text = "";
	return m->is_hostname ? hostname_same(text, wanted) :
				strcmp(text, wanted) == 0;
}

static bool
matches(const struct pick *pick, json_object *element,
    const struct buffer wanted[])
{
	for (size_t i = 0; i < pick->count; i++)
		if (!is_match(&pick->where[i], element,
			wanted[i].data != NULL ? wanted[i].data : ""))
			return false;
	return true;
}

/* The elements that match so far. */
struct matching {
	json_object *first;
	size_t count;
	bool all_hold; /* the wanted address */
};

/* Whole numbers by their value, all else by its text; nothing is the least. */
static int
compare_at(const char *pointer, json_object *a, json_object *b)
{
	json_object *x = point(a, pointer), *y = point(b, pointer);
	const char *s = scalar_text(x), *t = scalar_text(y);
	int64_t n = json_object_get_int64(x), m = json_object_get_int64(y);

	if (json_object_is_type(x, json_type_int) &&
	    json_object_is_type(y, json_type_int))
		return (n > m) - (n < m);
	return strcmp(s != NULL ? s : "", t != NULL ? t : "");
}

/* Does a step find the wanted address in an element, if one is wanted? */
static bool
holds(const struct step *step, json_object *element,
    const struct address *wanted)
{
	const struct get *current = step_gets(step, VARIABLE_CURRENT);
	const char *text =
	    current != NULL ? scalar_text(value_of(current, element)) : NULL;
	struct address held;

	return wanted != NULL && text != NULL &&
	    address_parse_any(&held, text) && address_equal(&held, wanted);
}

static void
consider(const struct step *step, json_object *element,
    const struct buffer texts[], const struct address *wanted,
    struct matching *to)
{
	const struct pick *p = &step->answer.pick;
	int order = 0;

	if (!matches(p, element, texts))
		return;
	if (to->count > 0 && p->largest != NULL)
		order = compare_at(p->largest, element, to->first);
	if (order < 0)
		return;
	if (order > 0)
		*to = (struct matching){ .all_hold = true };
	if (to->count++ == 0)
		to->first = element;
	if (!holds(step, element, wanted))
		to->all_hold = false;
}

/* Every element of a list, or of an object, that matches the texts. */
static struct matching
find_matching(const struct step *step, json_object *tree,
    const struct buffer texts[], const struct address *wanted)
{
	struct matching m = { .all_hold = true };
	json_object *in = point(tree, step->answer.pick.in);

	if (json_object_is_type(in, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(in); i++)
			consider(step, json_object_array_get_idx(in, i), texts,
			    wanted, &m);
	} else if (json_object_is_type(in, json_type_object)) {
		json_object_object_foreach (in, key, element) {
			(void)key;
			consider(step, element, texts, wanted, &m);
		}
	}
	return m;
}

/*
 * The provider says of some records that they are not for us to change: its own
 * parking pages, for one.  Such a record is not touched, and none is made
 * beside it.
 */
static enum err
check_changeable(const struct pick *p, json_object *element, struct error *why)
{
	for (size_t i = 0; i < p->expect.count; i++)
		if (!is_expected(element, &p->expect.list[i]))
			return error_set(why, ERR_REFUSED,
			    "what is there may not be changed: the provider "
			    "marks it by %s",
			    p->expect.list[i].pointer);
	return ERR_OK;
}

/* The element to look at; *found stays NULL if there is none. */
static enum err
pick(const struct step *step, json_object *tree, const struct values *v,
    const struct address *wanted, json_object **found, struct error *why)
{
	const struct pick *p = &step->answer.pick;
	struct buffer *texts = calloc(p->count + 1, sizeof *texts);
	struct matching m = { .first = NULL };
	enum err rc = texts != NULL ? ERR_OK : error_memory(why);

	for (size_t i = 0; i < p->count && rc == ERR_OK; i++) {
		texts[i].max = CAPTURE_MAX;
		rc = fill_text(&texts[i], &p->where[i].value, v, ENCODE_PLAIN,
		    NULL, why);
	}
	if (rc == ERR_OK)
		m = find_matching(step, tree, texts, wanted);
	for (size_t i = 0; i < p->count && texts != NULL; i++)
		buffer_free(&texts[i]);
	free(texts);
	*found = m.first;
	if (rc != ERR_OK || m.count == 0 || m.all_hold)
		return rc;
	if (m.count > 1)
		return error_set(why, ERR_REFUSED,
		    "ambiguous: %zu records match where one should", m.count);
	return check_changeable(p, m.first, why);
}

/* The addresses of a list, for people. */
static void
print_addresses(const struct get *g, json_object *list, struct buffer *to)
{
	size_t count = json_object_array_length(list);

	for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
		const char *text = scalar_text(
		    point(json_object_array_get_idx(list, i), g->in_element));
		char clean[ADDRESS_TEXT_MAX];
		struct address a;

		buffer_printf(to, "%s%s", i > 0 ? ", " : "",
		    text != NULL && address_parse_any(&a, text) ?
			address_format(&a, clean) :
			"?");
	}
	if (count > SHOWN_MAX)
		buffer_puts(to, ", ...");
}

/* Would a write cut a set of several addresses to one, without being asked? */
static enum err
check_set(const struct step *step, json_object *from,
    const struct publication *p, struct error *why)
{
	const struct get *g = step_gets(step, VARIABLE_CURRENT);
	json_object *list =
	    g != NULL && g->in_element != NULL ? point(from, g->pointer) : NULL;
	struct buffer text = { .max = SHOWN_MAX * (ADDRESS_TEXT_MAX + 2) + 8 };
	enum err rc = ERR_OK;

	if (p->remove || p->replace_set ||
	    !json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) < 2)
		return ERR_OK;
	print_addresses(g, list, &text);
	rc = error_set(why, ERR_REFUSED,
	    "ambiguous: there are %zu addresses, %s; \"replace_set\": true of "
	    "the host lets one replace them",
	    json_object_array_length(list), text.data);
	buffer_free(&text);
	return rc;
}

enum err
judge_take(const struct step *step, json_object *tree, const struct values *v,
    const struct publication *p, struct values *to, bool *found,
    struct error *why)
{
	const struct address *wanted =
	    p != NULL && !p->remove ? &p->address : NULL;
	json_object *from = tree;
	enum err rc;

	*found = false;
	if (step->answer.pick.in != NULL &&
	    (rc = pick(step, tree, v, wanted, &from, why)) != ERR_OK)
		return rc;
	*found = from != NULL;
	if (*found && p != NULL &&
	    (rc = check_set(step, from, p, why)) != ERR_OK)
		return rc;
	return *found ? capture_all(step, from, to, why) : ERR_OK;
}
