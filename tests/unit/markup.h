/*
 * markup.h - is a page what page/ alone can have written?
 *
 * A reader of its own, which knows nothing of html.h: elements and attributes
 * from a list, all of them closed, every value between quotes, no character
 * that is not seen, and no script, address or style from elsewhere.
 */
#ifndef UNIT_MARKUP_H
#define UNIT_MARKUP_H

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "page/unseen.h"

#define MARKUP_DEPTH 40

struct markup {
	const char *at;
	char open[MARKUP_DEPTH][16];
	size_t depth;
	size_t texts; /* bytes of text, with those of values */
};

static inline bool
markup_is_one_of(const char *name, const char *list)
{
	size_t len = strlen(name);

	for (const char *c = list; (c = strstr(c, name)) != NULL; c++)
		if ((c == list || c[-1] == ' ') &&
		    (c[len] == ' ' || c[len] == '\0'))
			return true;
	return false;
}

static inline size_t
markup_name(struct markup *m, char name[static 16])
{
	size_t n = 0;

	while (
	    n < 15 && (isalnum((unsigned char)m->at[n]) || m->at[n] == '-')) {
		name[n] = m->at[n];
		n++;
	}
	name[n] = '\0';
	m->at += n;
	return n;
}

/* Up to one of the bytes of end; a fault, or NULL. */
static inline const char *
markup_text(struct markup *m, const char *end)
{
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;",
		"&quot;", "&#39;" };

	while (*m->at != '\0' && strchr(end, *m->at) == NULL) {
		uint32_t c;
		size_t len = unseen_decode(m->at, strnlen(m->at, 4), &c), e = 0;

		if (c == UNSEEN_NO_CHARACTER)
			return "a byte that is no UTF-8";
		if (unseen_is(c))
			return "a character that is not seen";
		if (strchr("<>\"'", *m->at) != NULL)
			return "markup in a text";
		if (*m->at == '&') {
			while (e < 5 &&
			    strncmp(m->at, entities[e], strlen(entities[e])) !=
				0)
				e++;
			if (e == 5)
				return "an ampersand";
			len = strlen(entities[e]);
		}
		m->at += len;
		m->texts += len;
	}
	return *m->at == '\0' ? "the end inside of a text" : NULL;
}

static inline const char *
markup_attribute(struct markup *m)
{
	char name[32];
	const char *value, *fault;
	size_t n = 0;

	while (
	    n < 31 && (isalnum((unsigned char)m->at[n]) || m->at[n] == '-')) {
		name[n] = m->at[n];
		n++;
	}
	name[n] = '\0';
	m->at += n;
	if (!markup_is_one_of(name,
		"lang charset name content class href aria-current aria-label "
		"action method role type autocomplete spellcheck value "
		"viewBox preserveAspectRatio d aria-hidden fill-rule "
		"datetime selected"))
		return "an attribute that is none of ours";
	if (strncmp(m->at, "=\"", 2) != 0)
		return strcmp(name, "selected") == 0 ? NULL : "no value";
	value = m->at += 2;
	if ((fault = markup_text(m, "\"")) != NULL)
		return fault;
	m->at++;
	if ((strcmp(name, "href") == 0 || strcmp(name, "action") == 0) &&
	    strncmp(value, "status", 6) != 0 &&
	    strncmp(value, "history", 7) != 0)
		return "an address elsewhere";
	return NULL;
}

static inline const char *
markup_open(struct markup *m)
{
	char *name = m->open[m->depth];
	const char *fault;

	if (m->depth == MARKUP_DEPTH - 1 || markup_name(m, name) == 0 ||
	    !markup_is_one_of(name,
		"html head meta title style body header div p nav a b bdi main "
		"h1 h2 form label input button article dl dt dd span figure "
		"svg path figcaption time code select option ol li details "
		"summary footer"))
		return "an element that is none of ours";
	while (*m->at == ' ') {
		m->at++;
		if ((fault = markup_attribute(m)) != NULL)
			return fault;
	}
	if (*m->at++ != '>')
		return "an element without end";
	if (!markup_is_one_of(name, "meta input"))
		m->depth++;
	return NULL;
}

static inline const char *
markup_close(struct markup *m)
{
	char name[16];

	m->at += 2;
	(void)markup_name(m, name);
	if (m->depth == 0 || strcmp(m->open[m->depth - 1], name) != 0)
		return "another element ends than began";
	m->depth--;
	return *m->at++ == '>' ? NULL : "an end without end";
}

/* NULL, or what is wrong, and *m tells where. */
static inline const char *
markup_fault(struct markup *m, const char *page)
{
	static const char doctype[] = "<!DOCTYPE html>\n";
	const char *fault = NULL;

	*m = (struct markup){ .at = page };
	if (strncmp(page, doctype, strlen(doctype)) != 0)
		return "no doctype";
	m->at += strlen(doctype);
	do {
		if (m->depth > 0 && *m->at != '<')
			fault = markup_text(m, "<");
		else if (m->at[0] != '<')
			return "a text outside";
		else if (m->at[1] == '/')
			fault = markup_close(m);
		else {
			m->at++;
			fault = markup_open(m);
		}
	} while (fault == NULL && m->depth > 0);
	if (fault == NULL && strcmp(m->at, "\n") != 0)
		fault = "something behind the end";
	return fault;
}

#endif
