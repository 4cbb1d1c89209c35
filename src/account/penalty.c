#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "account/penalty.h"
#include "base/bucket.h"

struct penalties {
	struct buckets *buckets;
};

/* The bucket of a source, or of the network around it. */
struct holder {
	uint8_t key[1 + 16]; /* how many bytes of the address, and these */
	size_t len;
	struct bucket_size size;
};

struct penalties *
penalties_new(void)
{
	struct penalties *p = malloc(sizeof *p);

	if (p != NULL && (p->buckets = buckets_new()) != NULL)
		return p;
	free(p);
	return NULL;
}

void
penalties_free(struct penalties *p)
{
	if (p == NULL)
		return;
	buckets_free(p->buckets);
	free(p);
}

/* That of the first len bytes; it holds so many times what an address may. */
static struct holder
find_holder(const struct address *source, size_t len, int64_t times)
{
	struct holder h = { .key = { (uint8_t)len },
		.len = 1 + len,
		.size = { PENALTY_BURST * times,
		    PENALTY_INTERVAL_MS / times } };

	memcpy(h.key + 1, source->bytes, len);
	return h;
}

/* IPv4: one.  IPv6: two, the narrow one first. */
static size_t
find_holders(const struct address *source, struct holder h[static 2])
{
	if (source->family == AF_INET) {
		h[0] = find_holder(source, 4, 1);
		return 1;
	}
	h[0] = find_holder(source, 8, 1);
	h[1] = find_holder(source, 6, PENALTY_NETS);
	return 2;
}

long
penalty_wait(const struct penalties *p, const struct address *source)
{
	struct holder h[2];
	size_t count = find_holders(source, h);
	int64_t wait = 0;

	for (size_t i = 0; i < count; i++) {
		int64_t one =
		    bucket_wait(p->buckets, h[i].key, h[i].len, &h[i].size);

		if (one > wait)
			wait = one;
	}
	return (long)((wait + 999) / 1000);
}

void
penalty_add(struct penalties *p, const struct address *source)
{
	struct holder h[2];
	size_t count = find_holders(source, h);

	for (size_t i = 0; i < count; i++)
		bucket_add(p->buckets, h[i].key, h[i].len, &h[i].size);
}

unsigned int
penalty_count(const struct penalties *p, const struct address *source)
{
	struct holder h[2];

	(void)find_holders(source, h);
	return (unsigned int)bucket_level(p->buckets, h[0].key, h[0].len,
	    &h[0].size);
}
