#include "config.h"

#include "gateway/refusals.h"

void
refusals_add(struct refusals *r, const char *host, int64_t now)
{
	moments_note(r->rows, REFUSALS_MAX, host, now, 0);
}

size_t
refusals_count(const struct refusals *r, int64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < REFUSALS_MAX; i++)
		if (atomic_load(&r->rows[i].name) != 0 &&
		    now - atomic_load(&r->rows[i].at) < REFUSALS_SPAN_MS)
			n++;
	return n;
}
