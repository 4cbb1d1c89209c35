#include "config.h"

#include <string.h>

#include "provider/description/compiler.h"

#define FALLBACK_MAX 128 /* bytes of the word in "{x|word}" */

/* RFC 3986 sections 2.1 and 3.3: what a segment may hold, and slashes. */
#define PATH_BYTES                                             \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789-._~!$&'()*+,;=:@/%"

/* A variable of a template, as it is written. */
struct written {
	const char *name, *fallback; /* fallback NULL: none */
	size_t name_len, fallback_len;
	bool optional, typed;
};

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
	    c == '.';
}

/* How many bytes the variable has that s begins with; 0: there is none. */
static size_t
parse_variable(const char *s, struct written *w)
{
	const char *start = s;

	*w = (struct written){ .name = NULL };
	if (*s++ != '{')
		return 0;
	if ((w->typed = *s == '='))
		s++;
	for (w->name = s; is_name_char(*s); s++)
		w->name_len++;
	if (w->name_len == 0 || w->name_len > VARIABLE_LEN_MAX)
		return 0;
	if ((w->optional = *s == '?')) {
		s++;
	} else if (*s == '|') {
		w->fallback = ++s;
		w->fallback_len = strcspn(s, "}");
		if (w->fallback_len > FALLBACK_MAX)
			return 0;
		s += w->fallback_len;
	}
	return *s == '}' ? (size_t)(s + 1 - start) : 0;
}

/* How many bytes the next piece of a text that is not empty has. */
static size_t
parse_piece(const char *s, struct written *w)
{
	size_t len = parse_variable(s, w);

	if (len > 0)
		return len;
	/* This brace, if it is one, and all up to the next. */
	w->name = NULL;
	return 1 + strcspn(s + 1, "{");
}

static size_t
count_pieces(const char *s)
{
	struct written w;
	size_t n = 0;

	for (; *s != '\0'; s += parse_piece(s, &w))
		n++;
	return n;
}

/* The operator gives config.x, so that any such name is known everywhere. */
static int
look_up(struct compiler *c, const char *name, const struct written *w,
    enum level level)
{
	int n;

	if (!variable_is_config(name))
		return variables_find(c->variables, name, level);
	n = compiler_learn(c, name, LEVEL_SESSION);
	if (n != -1 && !w->optional && w->fallback == NULL)
		c->variables->list[n].required = true;
	return n;
}

static void
compile_variable(struct compiler *c, const struct reader *r,
    const struct written *w, enum level level, bool drops, struct piece *to)
{
	to->optional = w->optional;
	to->typed = w->typed;
	to->name = arena_copy(c->arena, w->name, w->name_len);
	if (w->fallback != NULL)
		to->fallback =
		    arena_copy(c->arena, w->fallback, w->fallback_len);
	if (to->name == NULL || (w->fallback != NULL && to->fallback == NULL)) {
		error_memory(c->why);
		return;
	}
	to->variable = look_up(c, to->name, w, level);
	if (to->variable == -1)
		reader_fail(r,
		    "{%s} is not known at this point; a step before must get "
		    "it",
		    to->name);
	else
		c->variables->list[to->variable].used = true;
	if (w->optional && !drops)
		reader_fail(r,
		    "{x?} has nothing here that could fall away; write {x} or "
		    "{x|word}");
}

struct template compiler_template(struct compiler *c, const struct reader *r,
    const char *text, enum level level, bool drops)
{
	size_t count = count_pieces(text), len;
	struct piece *pieces = compiler_take(c, count, sizeof *pieces);

	for (size_t i = 0; i < count && reader_ok(r); i++) {
		struct written w;

		len = parse_piece(text, &w);
		if (w.name != NULL)
			compile_variable(c, r, &w, level, drops, &pieces[i]);
		else
			pieces[i] =
			    (struct piece){ .literal = text, .len = len };
		text += len;
	}
	return (struct template){ pieces, reader_ok(r) ? count : 0 };
}

bool
template_uses(const struct template *t, int variable)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->pieces[i].literal == NULL &&
		    t->pieces[i].variable == variable)
			return true;
	return false;
}

bool
template_is_typed(const struct template *t)
{
	return t->count == 1 && t->pieces[0].typed;
}

bool
template_may_hold(enum encoding as, char c)
{
	return c >= 0x20 && c <= 0x7e &&
	    (as != ENCODE_PATH || strchr(PATH_BYTES, c) != NULL);
}

bool
template_is_path(const char *text)
{
	if (*text != '/')
		return false;
	while (*text == '/') {
		size_t len = strcspn(++text, "/");

		if ((len == 0 && *text == '/') ||
		    (len > 0 && strncmp(text, "..", len > 2 ? 3 : len) == 0))
			return false;
		for (size_t i = 0; i < len; i++)
			if (!template_may_hold(ENCODE_PATH, text[i]))
				return false;
		text += len;
	}
	return true;
}

bool
template_fits(const struct template *t, enum encoding as)
{
	for (size_t i = 0; i < t->count; i++)
		for (size_t j = 0; j < t->pieces[i].len; j++)
			if (!template_may_hold(as, t->pieces[i].literal[j]))
				return false;
	return true;
}
