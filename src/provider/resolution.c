#include "config.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "base/shared.h"
#include "provider/resolution.h"

struct version {
	size_t count;
	struct address addresses[RESOLUTION_MAX];
};

/*
 * A double buffer.  The one writer fills the version that the turn does not
 * point to, then moves the turn.  A reader copies the version that the turn
 * points to; that copy is not atomic, so it is made again if the turn moved
 * meanwhile: the writer may have come round to this version.
 */
struct resolution {
	_Atomic unsigned int turn;
	_Atomic bool *wanted; /* in memory of its own, which all may write to */
	struct version versions[2];
};

struct resolution *
resolution_new(size_t count)
{
	struct resolution *r = shared_new(count * sizeof *r);
	_Atomic bool *wanted = shared_new(count * sizeof *wanted);

	if (r == NULL || wanted == NULL) {
		shared_free(r, count * sizeof *r);
		shared_free(wanted, count * sizeof *wanted);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		r[i].wanted = &wanted[i];
	return r;
}

void
resolution_free(struct resolution *r, size_t count)
{
	if (r != NULL)
		shared_free(r->wanted, count * sizeof *r->wanted);
	shared_free(r, count * sizeof *r);
}

bool
resolution_only_read(struct resolution *r, size_t count)
{
	return mprotect(r, count * sizeof *r, PROT_READ) == 0;
}

struct resolution *
resolution_at(struct resolution *r, size_t index)
{
	return &r[index];
}

size_t
resolution_get(const struct resolution *r,
    struct address to[static RESOLUTION_MAX])
{
	struct version v;
	unsigned int turn;

	do {
		turn = atomic_load(&r->turn);
		v = r->versions[turn % 2];
	} while (atomic_load(&r->turn) != turn);
	memcpy(to, v.addresses, sizeof v.addresses);
	return v.count;
}

void
resolution_set(struct resolution *r, const struct address *from, size_t count)
{
	unsigned int turn = atomic_load(&r->turn);
	struct version *v = &r->versions[(turn + 1) % 2];

	v->count = count < RESOLUTION_MAX ? count : RESOLUTION_MAX;
	memcpy(v->addresses, from, v->count * sizeof *from);
	atomic_store(&r->turn, turn + 1);
}

void
resolution_want(struct resolution *r)
{
	atomic_store(r->wanted, true);
}

bool
resolution_wanted(struct resolution *r)
{
	return atomic_exchange(r->wanted, false);
}
