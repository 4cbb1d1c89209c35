#include "config.h"

#include "pool/backoff.h"

void
backoff_reset(struct backoff *b)
{
	*b = (struct backoff){ .pause = 0 };
}

void
backoff_failure(struct backoff *b, int64_t now, bool others_serve)
{
	int max = others_serve ? BACKOFF_OTHERS_MS : BACKOFF_MAX_MS;

	b->pause = b->pause == 0 ? BACKOFF_FIRST_MS : b->pause * 2;
	if (b->pause > max)
		b->pause = max;
	b->counted = now;
	b->not_before = now + b->pause;
}

void
backoff_death(struct backoff *b, int64_t now, int64_t born, bool served,
    bool others_serve)
{
	if (served)
		backoff_reset(b);
	else if (b->pause == 0 || born > b->counted)
		backoff_failure(b, now, others_serve);
}

int
backoff_left(const struct backoff *b, int64_t now)
{
	return b->not_before > now ? (int)(b->not_before - now) : 0;
}
