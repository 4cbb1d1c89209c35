#include "config.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json_pointer.h>

#include "base/secret.h"
#include "provider/answer.h"

#define DEPTH_MAX	32
#define CAPTURE_MAX	4096	/* bytes of one value */
#define QUOTE_MAX	160	/* bytes of a provider's own words */

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

/* What the provider says about it: its text of an error, or all of it. */
static const char *
answer_text(const struct description *d, json_object *answer,
    const struct exchange_reply *reply)
{
	json_object *text = d->error != NULL ? point(answer, d->error) : NULL;

	if (text != NULL && is_scalar(text))
		return json_object_get_string(text);
	return reply->body.data != NULL ? reply->body.data : "";
}

/* Cleaned and short, for the log. */
static void
quote_text(const struct credential *credential, const char *text,
    char quote[QUOTE_MAX])
{
	char *copy = strdup(text);

	/* Before it is cut, which might cut the credential. */
	if (copy != NULL)
		credential_hide(credential, copy);
	snprintf(quote, QUOTE_MAX, "%s", copy != NULL ? copy : "");
	secret_free(copy);
	for (char *q = quote; *q != '\0'; q++)
		if (*q < 0x20 || *q > 0x7e)
			*q = ' ';
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
		if (strstr(text, json_object_get_string(
		    json_object_array_get_idx(list, i))) != NULL)
			return true;
	return false;
}

/* The provider's own words say more than its status does. */
static enum err
text_error(const struct description *d, const char *text, enum err otherwise)
{
	if (means(d, "token", text))
		return ERR_TOKEN;
	if (means(d, "zone", text))
		return ERR_ZONE;
	if (means(d, "busy", text))
		return ERR_BUSY;
	return otherwise;
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
check_words(const struct description *d, const struct step *step,
    const char *body, const char *text, const char *quote, bool *unchanged,
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
	return error_set(why, text_error(d, text, word_error(word)),
	    "answered \"%.*s\"", (int)strcspn(quote, " "), quote);
}

bool
answer_capture(json_object *values, const char *name, json_object *value)
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

/* A value that is too long must not look like one that is not there. */
static enum err
capture_all(const struct step *step, json_object *from, json_object *values,
    struct error *why)
{
	json_object_object_foreach(step->get, name, pointer) {
		json_object *value = json_object_is_type(pointer,
		    json_type_array) ? only_element(from, pointer) :
		    point(from, json_object_get_string(pointer));

		if (!answer_capture(values, name, value) &&
		    is_scalar(value))
			return error_set(why, ERR_REFUSED,
			    "the answer's %s is too long", name);
	}
	return ERR_OK;
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

enum err
answer_take(const struct step *step, json_object *answer, const struct scope *s,
    json_object *values, bool *found, struct error *why)
{
	json_object *from = answer;
	enum err rc;

	if (step->pick_in != NULL &&
	    (rc = pick(step, answer, s, &from, why)) != ERR_OK)
		return rc;
	*found = from != NULL;
	return from != NULL ? capture_all(step, from, values, why) : ERR_OK;
}

static json_object *
parse_answer(const struct buffer *body)
{
	struct json_tokener *tok = json_tokener_new_ex(DEPTH_MAX);
	json_object *tree = NULL;
	size_t end;

	if (tok == NULL)
		return NULL;
	if (body->data != NULL) {
		tree = json_tokener_parse_ex(tok, body->data,
		    (int)body->len + 1);
		end = json_tokener_get_parse_end(tok);
		/* What follows must be blank: half an answer is none. */
		while (end < body->len && strchr(" \t\r\n",
		    body->data[end]) != NULL && body->data[end] != '\0')
			end++;
		if (json_tokener_get_error(tok) != json_tokener_success ||
		    end < body->len) {
			json_object_put(tree);
			tree = NULL;
		}
	}
	json_tokener_free(tok);
	return tree;
}

/* The single place where an answer becomes a success. */
enum err
answer_judge(struct answer *a, const struct description *d,
    const struct step *step, const struct credential *c,
    const struct exchange_reply *reply, struct error *why)
{
	const char *body = reply->body.data != NULL ? reply->body.data : "";
	bool wants_json = step->get != NULL || step->expect != NULL ||
	    d->expect != NULL;
	char quote[QUOTE_MAX];
	const char *text;
	enum err rc;

	*a = (struct answer){ .tree = NULL };
	a->tree = parse_answer(&reply->body);
	text = answer_text(d, a->tree, reply);
	quote_text(c, text, quote);
	if (has_status(reply->status, step->none, step->none_count)) {
		a->none = true;
		return ERR_OK;
	}
	if (!has_status(reply->status, step->ok, step->ok_count))
		return error_set(why, text_error(d, text,
		    status_error(reply->status)), "HTTP %ld: %s",
		    reply->status, quote);
	if (wants_json && a->tree == NULL)
		return error_set(why, text_error(d, text, ERR_REFUSED),
		    "HTTP %ld, but no JSON: %s", reply->status, quote);
	if (!expected(a->tree, d->expect) ||
	    !expected(a->tree, step->expect) ||
	    (step->has != NULL && strstr(body, step->has) == NULL))
		return error_set(why, text_error(d, text, ERR_REFUSED),
		    "refused: %s", quote);
	if (step->words != NULL &&
	    (rc = check_words(d, step, body, text, quote, &a->unchanged,
	    why)) != ERR_OK)
		return rc;
	if (step->get == NULL && means(d, "unchanged", body))
		a->unchanged = true;
	return ERR_OK;
}
