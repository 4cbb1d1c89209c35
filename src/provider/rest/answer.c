#include "config.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json_pointer.h>

#include "base/json.h"
#include "base/secret.h"
#include "provider/rest/answer.h"

#define DEPTH_MAX   32
#define CAPTURE_MAX 4096 /* bytes of one value */
#define QUOTE_MAX   160	 /* bytes of a provider's own words */

/* The member that pointer names, or NULL; "" is the whole. */
static json_object *
point(json_object *tree, const char *pointer)
{
	json_object *found = NULL;

	if (tree == NULL || json_pointer_get(tree, pointer, &found) != 0)
		return NULL;
	return found;
}

/* Numbers and their text are the same to us, as they are to providers. */
static bool
same_scalar(json_object *a, json_object *b)
{
	return a == b ||
	    (scope_takes(a) && scope_takes(b) &&
		strcmp(json_object_get_string(a), json_object_get_string(b)) ==
		    0);
}

/* Is it what is wanted, or one of a list? */
static bool
is_one_of(json_object *value, json_object *wanted)
{
	if (!json_object_is_type(wanted, json_type_array))
		return same_scalar(value, wanted);
	for (size_t i = 0; i < json_object_array_length(wanted); i++)
		if (same_scalar(value, json_object_array_get_idx(wanted, i)))
			return true;
	return false;
}

static bool
expected(json_object *answer, json_object *expect)
{
	if (expect == NULL)
		return true;
	json_object_object_foreach (expect, pointer, wanted)
		if (!is_one_of(point(answer, pointer), wanted))
			return false;
	return true;
}

/* What the provider says about it: its text of an error, or all of it. */
static const char *
answer_text(const struct description *d, json_object *answer, const char *body)
{
	json_object *text = d->error != NULL ? point(answer, d->error) : NULL;

	return scope_takes(text) ? json_object_get_string(text) : body;
}

/* Does text hold one of the texts that mean this verdict? */
static bool
means(const struct description *d, const char *verdict, const char *text)
{
	json_object *list;

	if (d->verdicts == NULL ||
	    !json_object_object_get_ex(d->verdicts, verdict, &list))
		return false;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (strstr(text,
			json_object_get_string(
			    json_object_array_get_idx(list, i))) != NULL)
			return true;
	return false;
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
begins_with(const char *text, const char *word)
{
	size_t len = strlen(word);

	return strncmp(text, word, len) == 0 &&
	    strchr(" \t\r\n", text[len]) != NULL;
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

/* Is the first word one that the step wants, if it wants any? */
static bool
good_word(const struct step *step, const char *body)
{
	if (step->words == NULL)
		return true;
	for (size_t i = 0; i < json_object_array_length(step->words); i++)
		if (begins_with(body,
			json_object_get_string(
			    json_object_array_get_idx(step->words, i))))
			return true;
	return false;
}

/*
 * No success.  The provider's own words say more about it than code does; they
 * are cleaned and cut for the log, without what they repeat of the token.
 */
static enum err
refuse(const struct description *d, const struct token_parts *token,
    const char *text, enum err code, const char *what, struct error *why)
{
	char *quote = strdup(text);

	if (quote == NULL)
		return error_memory(why);
	token_hide(token, quote);
	for (char *q = quote; *q != '\0'; q++)
		if (*q < 0x20 || *q > 0x7e)
			*q = ' ';
	code = means(d, "token", text) ? ERR_TOKEN :
	    means(d, "zone", text)     ? ERR_ZONE :
	    means(d, "busy", text)     ? ERR_BUSY :
					 code;
	error_set(why, code, "%s: %.*s", what, QUOTE_MAX, quote);
	secret_free(quote);
	return code;
}

/* The one element of a list; several of them are not a value. */
static json_object *
only_element(json_object *tree, json_object *pointers)
{
	json_object *list = point(tree,
	    json_object_get_string(json_object_array_get_idx(pointers, 0)));

	if (!json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) != 1)
		return NULL;
	return point(json_object_array_get_idx(list, 0),
	    json_object_get_string(json_object_array_get_idx(pointers, 1)));
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
capture_all(const struct step *step, json_object *from, struct scope *to,
    struct error *why)
{
	json_object_object_foreach (step->get, name, pointer) {
		json_object *value =
		    json_object_is_type(pointer, json_type_array) ?
		    only_element(from, pointer) :
		    point(from, json_object_get_string(pointer));

		/* An empty text is as good as nothing, also in a pick. */
		if (!scope_takes(value) ||
		    *json_object_get_string(value) == '\0')
			continue;
		if (strlen(json_object_get_string(value)) > CAPTURE_MAX ||
		    is_clamped(value))
			return error_set(why, ERR_REFUSED,
			    "the answer's %s is too large", name);
		TRY(scope_copy(to, name, value, why));
	}
	return ERR_OK;
}

static enum err
matches(const struct step *step, json_object *element, const struct scope *s,
    bool *match, struct error *why)
{
	*match = true;
	if (step->pick_where == NULL)
		return ERR_OK;
	json_object_object_foreach (step->pick_where, pointer, wanted) {
		json_object *value = point(element, pointer);
		struct buffer text = { .max = CAPTURE_MAX };
		enum err rc = template_text(&text,
		    json_object_get_string(wanted), s, ENCODE_PLAIN, NULL, why);

		/* An absent member is as good as an empty one. */
		*match = *match &&
		    strcmp(scope_takes(value) ? json_object_get_string(value) :
						"",
			text.data != NULL ? text.data : "") == 0;
		buffer_free(&text);
		if (rc != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

static enum err
consider(const struct step *step, json_object *element, const struct scope *s,
    json_object **found, size_t *count, struct error *why)
{
	bool match;

	TRY(matches(step, element, s, &match, why));
	if (match && ++*count == 1)
		*found = element;
	return ERR_OK;
}

/* The only match; *found stays NULL without one, two are an error. */
static enum err
pick(const struct step *step, json_object *answer, const struct scope *s,
    json_object **found, struct error *why)
{
	json_object *in = point(answer, step->pick_in);
	size_t count = 0;

	*found = NULL;
	if (json_object_is_type(in, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(in); i++)
			TRY(consider(step, json_object_array_get_idx(in, i), s,
			    found, &count, why));
	} else if (json_object_is_type(in, json_type_object)) {
		json_object_object_foreach (in, key, element) {
			(void)key;
			TRY(consider(step, element, s, found, &count, why));
		}
	}
	if (count > 1)
		return error_set(why, ERR_REFUSED,
		    "ambiguous: %zu records match where one should", count);
	return ERR_OK;
}

enum err
answer_take(const struct step *step, json_object *answer, const struct scope *s,
    struct scope *to, bool *found, struct error *why)
{
	json_object *from = answer;

	if (step->pick_in != NULL)
		TRY(pick(step, answer, s, &from, why));
	*found = from != NULL;
	return *found ? capture_all(step, from, to, why) : ERR_OK;
}

json_object *
answer_parse(const struct buffer *body)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH_MAX);
	json_object *tree = NULL;
	struct json_fault fault;

	if (tok != NULL && body->data != NULL &&
	    strlen(body->data) == body->len) {
		json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
		/* With its NUL, so that a number may stand alone. */
		tree =
		    json_tokener_parse_ex(tok, body->data, (int)body->len + 1);
	}
	if (tok != NULL)
		json_tokener_free(tok);
	if (tree != NULL && !json_names_unique(body->data, body->len, &fault)) {
		json_object_put(tree);
		tree = NULL;
	}
	return tree;
}

/* The single place where an answer becomes a success. */
enum err
answer_judge(struct answer *a, const struct description *d,
    const struct step *step, const struct token_parts *c,
    const struct exchange_answer *answer, json_object *tree, struct error *why)
{
	const char *body = answer->body.data != NULL ? answer->body.data : "";
	bool wants_json =
	    step->get != NULL || step->expect != NULL || d->expect != NULL;
	bool ok = statuses_have(&step->ok, answer->status);
	const char *text;
	char status[48];

	*a = (struct answer){ .tree = json_object_get(tree) };
	text = answer_text(d, tree, body);
	snprintf(status, sizeof status, "HTTP %ld%s", answer->status,
	    ok ? ", but no JSON" : "");
	if (statuses_have(&step->none, answer->status)) {
		a->none = true;
		return ERR_OK;
	}
	if (!ok)
		return refuse(d, c, text, status_error(answer->status), status,
		    why);
	if (wants_json && tree == NULL)
		return refuse(d, c, text, ERR_REFUSED, status, why);
	if (!expected(tree, d->expect) || !expected(tree, step->expect) ||
	    (step->has != NULL && strstr(body, step->has) == NULL))
		return refuse(d, c, text, ERR_REFUSED, "refused", why);
	if (!good_word(step, body))
		return refuse(d, c, text, word_error(body), "answered", why);
	a->unchanged = step->get == NULL &&
	    (means(d, "unchanged", body) ||
		(step->words != NULL && begins_with(body, "nochg")));
	return ERR_OK;
}
