#include "config.h"

#include <string.h>

#include "base/secret.h"
#include "provider/token.h"

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

void
token_hide(const struct token_parts *t, char *text)
{
	for (size_t i = 0; i < t->count; i++) {
		size_t len = strlen(t->parts[i]);
		char *at = text;

		while (len > 0 && (at = strstr(at, t->parts[i])) != NULL) {
			memset(at, '*', len);
			at += len;
		}
	}
}

void
token_end(struct token_parts *t)
{
	for (size_t i = 0; i < t->count; i++)
		secret_free(t->parts[i]);
	*t = (struct token_parts){ .count = 0 };
}
