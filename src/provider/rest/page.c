#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json_pointer.h>

#include "base/json.h"
#include "provider/rest/judge.h"
#include "provider/rest/page.h"

/* The list in a tree, or NULL. */
static json_object *
list_in(json_object *tree, const char *pointer)
{
	json_object *list = NULL;

	return tree != NULL && json_pointer_get(tree, pointer, &list) == 0 &&
		json_object_is_type(list, json_type_array) ?
	    list :
	    NULL;
}

/* A text that is not empty, or a number but 0; NULL for anything else. */
static const char *
text_at(json_object *tree, const char *pointer)
{
	json_object *value = NULL;
	const char *text;

	if (json_pointer_get(tree, pointer, &value) != 0 ||
	    !value_is_scalar(value) ||
	    json_object_is_type(value, json_type_boolean))
		return NULL;
	text = json_object_get_string(value);
	return *text != '\0' && strcmp(text, "0") != 0 ? text : NULL;
}

/* Appends the elements of one more page. */
static bool
append(struct pages_read *p, json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		json_object *element = json_object_array_get_idx(list, i);

		if (json_object_array_add(p->elements,
			json_object_get(element)) != 0) {
			json_object_put(element);
			return false;
		}
	}
	return true;
}

/*
 * What the query is for the next page, or the link to it; NULL: this was the
 * last.  page is the tree of the latest answer, got how many elements it has.
 */
static const char *
next_of(const struct pages_read *p, const struct pages *how, json_object *page,
    size_t got, char number[static 24])
{
	const char *total =
	    how->total != NULL ? text_at(page, how->total) : NULL;
	size_t so_far = json_object_array_length(p->elements), n, all;

	if (how->kind == PAGING_LINK || how->kind == PAGING_CURSOR)
		return text_at(page, how->next);
	if (how->total != NULL && total == NULL)
		return NULL;
	n = how->kind == PAGING_NUMBER ? p->count : so_far;
	all = total != NULL ? (size_t)strtoull(total, NULL, 10) : n + (got > 0);
	if (n >= all || got == 0)
		return NULL;
	snprintf(number, 24, "%zu",
	    how->kind == PAGING_NUMBER ? p->count + 1 : so_far);
	return number;
}

static enum err
too_many(struct error *why)
{
	return error_set(why, ERR_REFUSED,
	    "the list has more than %d pages, %lu MiB, or a million values",
	    PAGES_MAX, PAGES_BYTES_MAX >> 20);
}

enum err
page_take(struct pages_read *p, const struct step *step,
    const struct message *m, const struct exchange_answer *answer, bool *more,
    struct error *why)
{
	const struct wanted_answer *want = &step->answer;
	json_object *page = NULL, *list = NULL;
	char number[24];
	const char *next;
	enum err rc = ERR_OK;

	*more = false;
	if (statuses_have(&want->ok, answer->status))
		page = judge_parse(&answer->body);
	if ((list = list_in(page, want->pick.in)) == NULL) {
		json_object_put(page);
		pages_end(p);
		return ERR_OK;
	}
	p->count++;
	p->bytes += answer->body.len;
	p->weight += json_weight(answer->body.data, answer->body.len);
	if (p->tree == NULL) {
		p->tree = json_object_get(page);
		p->elements = list;
	} else if (!append(p, list)) {
		rc = error_memory(why);
	}
	next = next_of(p, &want->pages, page, json_object_array_length(list),
	    number);
	if (rc == ERR_OK &&
	    ((next != NULL && p->count == PAGES_MAX) ||
		p->bytes > PAGES_BYTES_MAX || p->weight > JUDGE_WEIGHT_MAX))
		rc = too_many(why);
	if (rc == ERR_OK && next != NULL) {
		*more = true;
		rc = message_page(m, want->pages.query, next, &p->path, why);
	}
	json_object_put(page);
	return rc;
}

void
pages_end(struct pages_read *p)
{
	json_object_put(p->tree);
	buffer_free(&p->path);
	*p = (struct pages_read){ .count = 0 };
}
