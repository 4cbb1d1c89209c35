#include "config.h"

#include "base/moments.h"
#include "base/shared.h"
#include "news/seen.h"

#define FINE_S 15 /* as exact as that, so that a busy row stays clean */

struct seen {
	size_t count; /* of rows */
	struct moment rows[];
};

static size_t
size_for(size_t rows)
{
	return sizeof(struct seen) + rows * sizeof(struct moment);
}

struct seen *
seen_new(size_t hosts)
{
	size_t rows = 2 * hosts + 1024;
	struct seen *s = shared_new(size_for(rows));

	if (s != NULL)
		s->count = rows;
	return s;
}

void
seen_free(struct seen *s)
{
	if (s != NULL)
		shared_free(s, size_for(s->count));
}

void
seen_note(struct seen *s, const char *host, int64_t at)
{
	moments_note(s->rows, s->count, host, at, FINE_S);
}

int64_t
seen_last(const struct seen *s, const char *host)
{
	return moments_last(s->rows, s->count, host);
}
