#include "config.h"

#include <string.h>

#include "base/secret.h"
#include "provider/token.h"

enum err
token_split(struct token_parts *c, const char *token, const char *const names[],
    size_t count, struct error *why)
{
	while (c->count < count) {
		const char *colon = strchr(token, ':');
		bool last = c->count + 1 == count;
		size_t len = last || colon == NULL ? strlen(token) :
						     (size_t)(colon - token);

		if (len == 0 || (!last && colon == NULL))
			return error_set(why, ERR_TOKEN,
			    "the token must have "
			    "%zu parts with colons between",
			    count);
		c->names[c->count] = names[c->count];
		if ((c->parts[c->count] = strndup(token, len)) == NULL)
			return error_memory(why);
		c->count++;
		token += last ? len : len + 1;
	}
	return ERR_OK;
}

void
token_hide(const struct token_parts *c, char *text)
{
	for (size_t i = 0; i < c->count; i++) {
		size_t len = strlen(c->parts[i]);
		char *at = text;

		while (len > 0 && (at = strstr(at, c->parts[i])) != NULL) {
			memset(at, '*', len);
			at += len;
		}
	}
}

void
token_end(struct token_parts *c)
{
	for (size_t i = 0; i < c->count; i++)
		secret_free(c->parts[i]);
	*c = (struct token_parts){ .count = 0 };
}
