#include "config.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/heap.h"

/* How gcc and clang say that the heap is AddressSanitizer's. */
#if defined __SANITIZE_ADDRESS__
#define HEAP_IS_SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define HEAP_IS_SANITIZED 1
#endif
#endif

#if defined HAVE___LIBC_FREE && !defined HEAP_IS_SANITIZED

/* glibc's own, under the names that it keeps for such a purpose. */
extern void __libc_free(void *p);
extern void *__libc_malloc(size_t size);

extern void *__libc_calloc(size_t count, size_t size);

#define REGIONS 3
#define ALIGN	16 /* as malloc(3) */

/* Lies at the beginning of its mapping; its blocks follow each other. */
struct heap_region {
	char *next; /* the first byte that no block has */
	char *end;
};

/* Before each block, ALIGN bytes. */
struct block {
	size_t size; /* as it was asked for; in the reserve, 0: free */
	size_t room; /* in the reserve alone: until the next block */
};

_Static_assert(sizeof(struct block) == ALIGN, "blocks stay aligned");

static struct heap_region *regions[REGIONS], *entered;
static char *reserve, *reserve_end; /* NULL: there is none */
static bool strained;
static size_t lacks, lacks_before; /* heap_begin() */

/* Address space only: a page costs memory once it is written to. */
struct heap_region *
heap_region_new(size_t size)
{
	struct heap_region *r;
	size_t i = 0;

	while (i < REGIONS && regions[i] != NULL)
		i++;
	if (i == REGIONS || size < 2 * ALIGN)
		return NULL;
	r = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r == MAP_FAILED)
		return NULL;
	r->next = (char *)r + ALIGN;
	r->end = (char *)r + size;
	return regions[i] = r;
}

void
heap_region_enter(struct heap_region *r)
{
	entered = r;
}

void
heap_region_leave(void)
{
	entered = NULL;
}

void
heap_region_empty(struct heap_region *r)
{
	char *first;

	if (r == NULL)
		return;
	first = (char *)r + ALIGN;
	explicit_bzero(first, (size_t)(r->next - first));
	r->next = first;
}

void
heap_region_free(struct heap_region *r)
{
	for (size_t i = 0; i < REGIONS; i++)
		if (r != NULL && regions[i] == r) {
			regions[i] = NULL;
			munmap(r, (size_t)(r->end - (char *)r));
		}
}

static bool
in_region(const void *p)
{
	for (size_t i = 0; i < REGIONS; i++)
		if (regions[i] != NULL &&
		    (const char *)p > (char *)regions[i] &&
		    (const char *)p < regions[i]->end)
			return true;
	return false;
}

static struct block *
block_of(void *p)
{
	return (struct block *)(void *)((char *)p - ALIGN);
}

static size_t
rounded(size_t size)
{
	return (size + ALIGN - 1) / ALIGN * ALIGN;
}

/* Is p the block that was made last, so that its end can move? */
static bool
is_last(void *p)
{
	return entered != NULL && in_region(p) &&
	    (char *)p + rounded(block_of(p)->size) == entered->next;
}

/* Grows the last block; size is not less than its present one. */
static bool
region_grow(void *p, size_t size)
{
	if (size > (size_t)(entered->end - (char *)p) - ALIGN)
		return false;
	block_of(p)->size = size;
	entered->next = (char *)p + rounded(size);
	return true;
}

/* The bytes behind the last block stay all zero. */
static void
region_drop(void *p)
{
	memset(p, 0, block_of(p)->size);
	entered->next = (char *)block_of(p);
	*block_of(p) = (struct block){ .size = 0 };
}

/* The bytes of a new block are all zero. */
static void *
region_take(size_t size)
{
	size_t room = (size_t)(entered->end - entered->next), whole;
	char *p = entered->next + ALIGN;

	if (room < 2 * ALIGN || size > room - 2 * ALIGN)
		return NULL;
	whole = ALIGN + rounded(size);
	entered->next += whole;
	block_of(p)->size = size;
	return p;
}

/* Accounted for at once (no MAP_NORESERVE), so that it is there when needed. */
bool
heap_reserve(size_t size)
{
	void *p;

	if (reserve != NULL || size < 2 * ALIGN || size % ALIGN != 0)
		return false;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return false;
	reserve = p;
	reserve_end = reserve + size;
	return true;
}

static bool
in_reserve(const void *p)
{
	return reserve != NULL && (const char *)p > reserve &&
	    (const char *)p < reserve_end;
}

static struct block *
block_after(struct block *b)
{
	return (struct block *)(void *)((char *)b + ALIGN + b->room);
}

/* Joins b, which is free, with those that are free behind it. */
static void
join(struct block *b)
{
	struct block *next;

	while (
	    (char *)(next = block_after(b)) < reserve_end && next->size == 0) {
		b->room += ALIGN + next->room;
		*next = (struct block){ .size = 0 };
	}
}

/* Leaves b as much room as it needs; what is behind is another block. */
static void
split(struct block *b, size_t room)
{
	size_t left = b->room - room;

	if (left < 2 * ALIGN)
		return;
	b->room = room;
	*block_after(b) = (struct block){ .room = left - ALIGN };
}

/*
 * The first free block that is large enough, whose bytes are all zero.  Nothing
 * is written to the reserve, and so no page of it taken, until this is called.
 */
static void *
reserve_take(size_t size)
{
	struct block *b = (struct block *)(void *)reserve;

	if (reserve == NULL || size > (size_t)(reserve_end - reserve))
		return NULL;
	if (b->room == 0)
		b->room = (size_t)(reserve_end - reserve) - ALIGN;
	size += size == 0;
	for (; (char *)b < reserve_end; b = block_after(b)) {
		if (b->size != 0)
			continue;
		join(b);
		if (b->room < rounded(size))
			continue;
		split(b, rounded(size));
		b->size = size;
		strained = true;
		return (char *)b + ALIGN;
	}
	return NULL;
}

static void
reserve_give_back(void *p)
{
	struct block *b = block_of(p);

	explicit_bzero(p, b->room);
	b->size = 0;
}

static size_t
size_of(void *p)
{
	if (p == NULL)
		return 0;
	return in_region(p) || in_reserve(p) ? block_of(p)->size :
					       malloc_usable_size(p);
}

/* A new block, or NULL, which is counted. */
static void *
given(void *p)
{
	if (p == NULL)
		lacks++;
	return p;
}

void *
malloc(size_t size)
{
	void *p;

	if (entered != NULL)
		return given(region_take(size));
	p = __libc_malloc(size);
	return p != NULL ? p : given(reserve_take(size));
}

void *
calloc(size_t count, size_t size)
{
	void *p = entered == NULL ? __libc_calloc(count, size) : NULL;

	if (p != NULL)
		return p;
	if (size != 0 && count > SIZE_MAX / size)
		return given(NULL);
	return given(entered != NULL ? region_take(count * size) :
				       reserve_take(count * size));
}

void
free(void *p)
{
	if (is_last(p))
		region_drop(p);
	if (p == NULL || in_region(p))
		return;
	if (in_reserve(p)) {
		reserve_give_back(p);
		return;
	}
	explicit_bzero(p, malloc_usable_size(p));
	__libc_free(p);
}

/* A new place each time, since glibc might leave the old one behind. */
void *
realloc(void *p, size_t size)
{
	size_t old = size_of(p);
	void *moved;

	if (size == 0 && p != NULL) {
		free(p);
		return NULL;
	}
	if (size <= old && size > old / 2)
		return p;
	if (size > old && is_last(p) && region_grow(p, size))
		return p;
	if ((moved = malloc(size)) == NULL)
		return NULL;
	if (p != NULL)
		memcpy(moved, p, old < size ? old : size);
	free(p);
	return moved;
}

bool
heap_wipes(void)
{
	return true;
}

void
heap_begin(void)
{
	lacks_before = lacks;
}

bool
heap_lacked(void)
{
	return lacks != lacks_before;
}

bool
heap_strained(void)
{
	bool was = strained;

	strained = false;
	return was;
}

size_t
heap_lacks(void)
{
	return lacks;
}

#else

bool
heap_reserve(size_t size)
{
	(void)size;
	return false;
}

struct heap_region *
heap_region_new(size_t size)
{
	(void)size;
	return NULL;
}

void
heap_region_enter(struct heap_region *r)
{
	(void)r;
}

void
heap_region_leave(void)
{
}

void
heap_region_empty(struct heap_region *r)
{
	(void)r;
}

void
heap_region_free(struct heap_region *r)
{
	(void)r;
}

bool
heap_wipes(void)
{
	return false;
}

void
heap_begin(void)
{
}

bool
heap_lacked(void)
{
	return false;
}

bool
heap_strained(void)
{
	return false;
}

size_t
heap_lacks(void)
{
	return 0;
}

#endif
