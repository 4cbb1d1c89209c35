#include "config.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "provider/token.h"

#define TOKEN_PIECE    6    /* characters that give something away */
#define TOKEN_LONG     64   /* characters that are as good as a whole part */
#define TOKEN_LOOK_MAX 1024 /* bytes that are looked at; more than is quoted */
#define TOKEN_LAYERS   4    /* of escapes within escapes */

_Static_assert(TOKEN_QUOTE_MAX < TOKEN_LOOK_MAX, "all that is quoted is seen");

enum err
token_split(struct token_parts *t, const char *token, const char *const names[],
    size_t count, struct error *why)
{
	while (t->count < count) {
		const char *colon = strchr(token, ':');
		bool last = t->count + 1 == count;
		size_t len = last || colon == NULL ? strlen(token) :
						     (size_t)(colon - token);

		if (len == 0 || (!last && colon == NULL))
			return error_set(why, ERR_TOKEN,
			    "the token must have "
			    "%zu parts with colons between",
			    count);
		t->names[t->count] = names[t->count];
		if ((t->parts[t->count] = strndup(token, len)) == NULL)
			return error_memory(why);
		t->count++;
		token += last ? len : len + 1;
	}
	return ERR_OK;
}

/*
 * Does a provider's text repeat the token?
 */

/* The number that digits of that base say; SIZE_MAX when there is none. */
static size_t
number(const char *s, size_t digits, unsigned int base, size_t *used)
{
	size_t value = 0, n = 0;

	for (; n < digits && s[n] != '\0'; n++) {
		const char *hex = "0123456789abcdef";
		const char *at = strchr(hex, tolower((unsigned char)s[n]));

		if (at == NULL || (unsigned int)(at - hex) >= base)
			break;
		value = value * base + (size_t)(at - hex);
	}
	*used = n;
	return n == 0 ? SIZE_MAX : value;
}

/* "&#65;", "&#x41;" and the named ones of XML; as escape(). */
static size_t
entity(const char *s, size_t *used)
{
	static const struct {
		const char *name;
		char means;
	} names[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' },
		{ "&quot;", '"' }, { "&apos;", '\'' } };
	bool hex = s[1] == '#' && (s[2] == 'x' || s[2] == 'X');
	size_t digits, value;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncasecmp(s, names[i].name, strlen(names[i].name)) == 0) {
			*used = strlen(names[i].name);
			return (size_t)names[i].means;
		}
	if (s[1] != '#')
		return SIZE_MAX;
	value = number(s + (hex ? 3 : 2), 7, hex ? 16 : 10, &digits);
	*used = (hex ? 3 : 2) + digits;
	*used += s[*used] == ';';
	return value;
}

/*
 * The character that an escape at s stands for, and how many bytes it uses;
 * SIZE_MAX where none begins.  JSON (RFC 8259 section 7), C, percent-encoding
 * (RFC 3986 section 2.1), XML.
 */
static size_t
escape(const char *s, size_t *used)
{
	size_t digits, value;

	if (*s == '&')
		return entity(s, used);
	if (*s == '%') {
		value = number(s + 1, 2, 16, &digits);
		*used = 3;
		return digits == 2 ? value : SIZE_MAX;
	}
	if (*s != '\\' || s[1] == '\0')
		return SIZE_MAX;
	*used = 2;
	if (s[1] == 'u' || s[1] == 'x') {
		size_t want = s[1] == 'u' ? 4 : 2;

		value = number(s + 2, want, 16, &digits);
		*used += want;
		return digits == want ? value : SIZE_MAX;
	}
	return (unsigned char)s[1];
}

/* One layer of escapes is taken off, in place; false if there was none. */
static bool
unescape(char *text)
{
	char *to = text;
	bool any = false;

	for (const char *from = text; *from != '\0';) {
		size_t used = 1, c = escape(from, &used);

		if (c == SIZE_MAX || c == 0 || c > 0x7f) {
			*to++ = *from++;
			continue;
		}
		any = true;
		*to++ = (char)c;
		from += used;
	}
	*to = '\0';
	return any;
}

/*
 * How many of the bytes are, in whatever case, a piece of a part of the token
 * that gives something away: least or more, or a shorter part as a whole.
 */
static size_t
piece_at(const struct token_parts *t, size_t least, const char *bytes,
    size_t len)
{
	size_t longest = 0;

	for (size_t p = 0; p < t->count; p++) {
		const char *part = t->parts[p];
		size_t whole = strlen(part);

		for (size_t from = 0; from < whole; from++) {
			size_t n = 0;

			while (n < len && from + n < whole &&
			    tolower((unsigned char)part[from + n]) ==
				tolower((unsigned char)bytes[n]))
				n++;
			if (n > longest && (n >= least || n == whole))
				longest = n;
		}
	}
	return longest;
}

static bool
has_piece(const struct token_parts *t, size_t least, const char *bytes,
    size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (piece_at(t, least, bytes + i, len - i) > 0)
			return true;
	return false;
}

/*
 * The number that a digit of base64 (or of its form for URLs), or of hex,
 * stands for; -1: it is none.  c is not the end of a text.
 */
static int
worth(char c, unsigned int bits)
{
	static const char sixty_four[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "abcdefghijklmnopqrstuvwxyz0123456789"
					 "+/";
	static const char hex[] = "0123456789abcdef";
	const char *at;

	if (bits == 4)
		at = strchr(hex, tolower((unsigned char)c));
	else
		at = strchr(sixty_four, c == '-' ? '+' : c == '_' ? '/' : c);
	if (at == NULL)
		return -1;
	return (int)(at - (bits == 4 ? hex : sixty_four));
}

/*
 * has_piece() for the bytes that the text encodes in base64 or hex, with so
 * many bits a digit.  A text may begin anywhere in a run of digits, so each of
 * the places is tried that lead to other bytes.
 */
static bool
has_coded_piece(const struct token_parts *t, size_t least, const char *text,
    unsigned int bits)
{
	char bytes[TOKEN_LOOK_MAX];
	bool found = false;

	for (size_t skip = 0; skip < 8 / (8 % bits == 0 ? bits : 2); skip++) {
		uint32_t held = 0;
		unsigned int have = 0;
		size_t n = 0, digits = 0;

		for (const char *s = text; *s != '\0' && !found; s++) {
			int w = worth(*s, bits);

			if (w < 0) {
				held = have = 0;
				digits = 0;
				bytes[n++] = '\0';
				continue;
			}
			if (digits++ < skip)
				continue;
			held = held << bits | (uint32_t)w;
			if ((have += bits) < 8)
				continue;
			have -= 8;
			bytes[n++] = (char)(held >> have & 0xff);
		}
		found = found || has_piece(t, least, bytes, n);
	}
	secret_wipe(bytes, sizeof bytes);
	return found;
}

/* Looks for the token in every spelling that a provider may give it. */
static bool
repeats(const struct token_parts *t, size_t least, const char *said)
{
	char text[TOKEN_LOOK_MAX];
	bool found = false;

	snprintf(text, sizeof text, "%s", said);
	for (int layer = 0; layer <= TOKEN_LAYERS && !found; layer++) {
		found = has_piece(t, least, text, strlen(text)) ||
		    has_coded_piece(t, least, text, 6) ||
		    has_coded_piece(t, least, text, 4);
		if (!unescape(text))
			break;
	}
	secret_wipe(text, sizeof text);
	return found;
}

/*
 * A provider often repeats an identifier as it is, or says a word that is in
 * the token too ("secret"): only that is blanked out, and the rest is read.
 */
static void
star_pieces(const struct token_parts *t, char *text)
{
	for (size_t left = strlen(text); left > 0;) {
		size_t n = piece_at(t, TOKEN_PIECE, text, left);

		if (n < TOKEN_PIECE)
			n = 1;
		else
			memset(text, '*', n);
		text += n;
		left -= n;
	}
}

void
token_quote(const struct token_parts *t, const char *text, char *quote,
    size_t size)
{
	char plain[TOKEN_LOOK_MAX];

	snprintf(plain, sizeof plain, "%s", text);
	star_pieces(t, plain);
	snprintf(quote, size, "%s",
	    repeats(t, TOKEN_PIECE, plain) ?
		"(withheld: it repeats the token)" :
		plain);
	secret_wipe(plain, sizeof plain);
	for (char *q = quote; *q != '\0'; q++)
		if (*q < 0x20 || *q > 0x7e)
			*q = ' ';
}

bool
token_is_in(const struct token_parts *t, const char *text)
{
	struct token_parts secrets = { .count = 0 };
	bool found = false;

	for (size_t i = 0; i < t->count; i++)
		if (strlen(t->parts[i]) >= TOKEN_PIECE)
			secrets.parts[secrets.count++] = t->parts[i];
	for (size_t at = 0, len = strlen(text); at < len && !found;
	     at += TOKEN_LOOK_MAX / 4)
		found = repeats(&secrets, TOKEN_LONG, text + at);
	return found;
}

void
token_end(struct token_parts *t)
{
	for (size_t i = 0; i < t->count; i++)
		secret_free(t->parts[i]);
	*t = (struct token_parts){ .count = 0 };
}
