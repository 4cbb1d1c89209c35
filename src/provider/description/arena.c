#include "config.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "provider/description/arena.h"

struct arena_block {
	struct arena_block *next;
	alignas(max_align_t) unsigned char bytes[];
};

void *
arena_take(struct arena *a, size_t count, size_t size)
{
	struct arena_block *b;

	if (count == 0)
		count = 1;
	if (count > (SIZE_MAX - sizeof *b) / size ||
	    (b = calloc(1, sizeof *b + count * size)) == NULL)
		return NULL;
	b->next = a->first;
	a->first = b;
	return b->bytes;
}

char *
arena_copy(struct arena *a, const char *text, size_t len)
{
	char *copy = arena_take(a, len + 1, 1);

	if (copy != NULL)
		memcpy(copy, text, len);
	return copy;
}

void
arena_end(struct arena *a)
{
	struct arena_block *b;

	while ((b = a->first) != NULL) {
		a->first = b->next;
		free(b);
	}
}
