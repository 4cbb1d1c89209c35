#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/bucket.h"
#include "gateway/budget.h"

static const struct bucket_size size = { BUDGET_BURST, BUDGET_INTERVAL_MS };

struct budget {
	struct buckets *buckets;
};

struct budget *
budget_new(void)
{
	struct budget *b = malloc(sizeof *b);

	if (b != NULL && (b->buckets = buckets_new()) != NULL)
		return b;
	free(b);
	return NULL;
}

void
budget_free(struct budget *b)
{
	if (b == NULL)
		return;
	buckets_free(b->buckets);
	free(b);
}

bool
budget_take(struct budget *b, const char *account, long *wait)
{
	size_t len = strlen(account);
	int64_t ms = bucket_wait(b->buckets, account, len, &size);

	*wait = (long)((ms + 999) / 1000);
	if (ms == 0)
		bucket_add(b->buckets, account, len, &size);
	return ms == 0;
}

void
budget_give_back(struct budget *b, const char *account)
{
	bucket_take_back(b->buckets, account, strlen(account), &size);
}
