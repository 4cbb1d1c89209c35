/*
 * test_heap.c - memory that was given back, looked at all the same.
 */
#include "unit.h"

#include <malloc.h>

#include <gnutls/gnutls.h>

#include "base/heap.h"
#include "poor.h"

#define SECRET	    'S'
#define LONG	    (256UL << 10) /* a mapping of its own would be gone */
#define BOOKKEEPING 16		  /* bytes at the start that glibc writes to */
#define REGION	    (4UL << 20)
#define RESERVE	    (1UL << 20)

/* The compiler must not know that memory which was freed is read here. */
static const volatile unsigned char *
address_of(const void *p)
{
	volatile uintptr_t number = (uintptr_t)p;

	return (const volatile unsigned char *)number;
}

static size_t
secrets_in(const volatile unsigned char *p, size_t from, size_t to)
{
	size_t count = 0;

	for (size_t i = from; i < to; i++)
		count += p[i] == SECRET;
	return count;
}

static void *
filled(size_t size)
{
	void *p = malloc(size);

	assert_non_null(p);
	memset(p, SECRET, size);
	return p;
}

/* Each way to give size bytes back, and what a row says when it fails. */
static void
by_free(void *p, size_t size)
{
	(void)size;
	free(p);
}

/* GnuTLS calls what the program has linked in, as all libraries do. */
static void
by_a_library(void *p, size_t size)
{
	(void)size;
	gnutls_free(p);
}

static void
by_growing(void *p, size_t size)
{
	free(realloc(p, size * 4));
}

static void
by_shrinking(void *p, size_t size)
{
	free(realloc(p, size / 4));
}

static void
by_realloc_to_nothing(void *p, size_t size)
{
	(void)size;
	assert_null(realloc(p, 0));
}

static const struct {
	const char *name;
	void (*give_back)(void *p, size_t size);
} ways[] = {
	{ "free", by_free },
	{ "gnutls_free", by_a_library },
	{ "realloc, larger", by_growing },
	{ "realloc, smaller", by_shrinking },
	{ "realloc, 0", by_realloc_to_nothing },
};

static void
test_wiped(void **state)
{
	static const size_t sizes[] = { 32, 100, 1000, 5000, LONG };

	(void)state;
	/* Else free() would give large blocks back to the kernel. */
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	for (size_t w = 0; w < COUNT(ways); w++)
		for (size_t i = 0; i < COUNT(sizes); i++) {
			void *p = filled(sizes[i]);
			const volatile unsigned char *was = address_of(p);
			size_t left;

			ways[w].give_back(p, sizes[i]);
			left = secrets_in(was, BOOKKEEPING, sizes[i]);
			ROW(left == 0, "%s of %zu bytes leaves %zu",
			    ways[w].name, sizes[i], left);
		}
	ROWS_END();
}

/* What realloc() is asked for, it keeps. */
static void
test_kept(void **state)
{
	static const struct {
		size_t from, to;
	} rows[] = {
		{ 1, 1000 },
		{ 1000, 1001 },
		{ 1000, 999 },
		{ 1000, 10 },
		{ 100, LONG },
		{ LONG, 100 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t least =
		    rows[i].from < rows[i].to ? rows[i].from : rows[i].to;
		void *p = realloc(filled(rows[i].from), rows[i].to);

		assert_non_null(p);
		ROW(secrets_in(p, 0, least) == least, "%zu to %zu bytes",
		    rows[i].from, rows[i].to);
		memset(p, 0, rows[i].to);
		free(p);
	}
	ROWS_END();
}

/* All that is made in a region goes with it, and nothing else does. */
static void
test_region(void **state)
{
	char *outside, *text, *more, *zero, *volatile nothing = NULL;
	struct heap_region *r, *second, *third;

	(void)state;
	for (int round = 0; round < 100; round++) {
		assert_non_null(outside = strdup("outside"));
		assert_non_null(r = heap_region_new(REGION));
		heap_region_enter(r);
		assert_non_null(text = strdup("inside"));
		assert_non_null(more = realloc(strdup("grows"), 100000));
		assert_non_null(zero = calloc(1000, 1000));
		free(outside);
		free(text);
		heap_region_leave();
		assert_string_equal(text, "inside");
		assert_string_equal(more, "grows");
		for (size_t i = 0; i < 1000000; i++)
			assert_true(zero[i] == 0);
		assert_int_equal((uintptr_t)zero % 16, 0);
		free(malloc(100));
		assert_non_null(second = heap_region_new(REGION));
		assert_non_null(third = heap_region_new(REGION));
		assert_null(heap_region_new(REGION));
		heap_region_free(third);
		heap_region_free(second);
		heap_region_free(r);
	}
	heap_region_free(NULL);
	assert_null(heap_region_new(0));
	/* What no longer fits changes nothing. */
	assert_non_null(r = heap_region_new(4096));
	heap_region_enter(r);
	assert_non_null(text = strdup("inside"));
	assert_null(realloc(text, 8192));
	while (malloc(1) != NULL)
		continue;
	heap_region_leave();
	assert_string_equal(text, "inside");
	heap_region_free(r);
	/* The compiler must not make malloc() of it. */
	assert_non_null(text = realloc(nothing, 0));
	free(text);
}

/* What a region is full of is wiped, and it takes as much again. */
static void
test_region_empty(void **state)
{
	struct heap_region *r = heap_region_new(2 * LONG);
	const volatile unsigned char *was;
	char *p, *again;

	(void)state;
	assert_non_null(r);
	heap_region_enter(r);
	p = filled(LONG);
	was = address_of(p);
	assert_null(malloc(LONG));
	heap_region_leave();
	free(p);
	heap_region_empty(r);
	assert_int_equal(secrets_in(was, 0, LONG), 0);
	heap_region_enter(r);
	again = malloc(LONG);
	heap_region_leave();
	assert_ptr_equal(again, was);
	heap_region_free(r);
	heap_region_empty(NULL);
}

/* Whoever had no memory is remembered, until the next begin. */
static void
test_lacked(void **state)
{
	const volatile size_t most = PTRDIFF_MAX;

	(void)state;
	heap_begin();
	free(malloc(100));
	assert_false(heap_lacked());
	assert_null(malloc(most));
	assert_true(heap_lacked());
	heap_begin();
	assert_false(heap_lacked());
	assert_null(calloc(most, 2));
	assert_true(heap_lacked());
	heap_begin();
	assert_null(gnutls_malloc(most));
	assert_true(heap_lacked());
	heap_begin();
}

/* What the system refuses is made in the reserve, and given back to it. */
static void
test_reserve(void **state)
{
	const volatile unsigned char *was;
	unsigned char *p, *zero, *kept[64];
	const volatile size_t most = PTRDIFF_MAX;
	size_t lacks = heap_lacks();

	(void)state;
	assert_false(heap_reserve(0));
	assert_false(heap_reserve(RESERVE + 1));
	assert_false(heap_reserve(most / 16 * 16));
	poor_begin(1, SIZE_MAX);
	assert_null(malloc(100));
	(void)poor_end();
	lacks = heap_lacks();
	assert_true(heap_reserve(RESERVE));
	assert_false(heap_reserve(RESERVE));
	heap_begin();
	poor_begin(1, SIZE_MAX);
	assert_non_null(p = malloc(100));
	was = address_of(p);
	memset(p, SECRET, 100);
	assert_non_null(zero = calloc(100, 10));
	assert_int_equal((uintptr_t)zero % 16, 0);
	p = realloc(p, 10000);
	assert_int_equal(secrets_in(p, 0, 100), 100);
	assert_int_equal(secrets_in(was, 0, 100), 0);
	for (size_t i = 0; i < 1000; i++)
		assert_true(zero[i] == 0);
	/* In any order, and as often as one likes. */
	for (size_t i = 0; i < 10000; i++) {
		size_t at = i * 37 % COUNT(kept), size = i * 61 % 1500;

		if (i >= COUNT(kept))
			free(kept[at]);
		kept[at] = size % 2 ? malloc(size) : calloc(1, size);
		assert_non_null(kept[at]);
		assert_int_equal(secrets_in(kept[at], 0, size), 0);
		memset(kept[at], SECRET, size);
	}
	assert_false(heap_lacked());
	assert_true(heap_strained());
	assert_false(heap_strained());
	/* What is more than it has is lacking. */
	assert_null(malloc(RESERVE));
	assert_true(heap_lacked());
	assert_true(heap_lacks() == lacks + 1);
	assert_null(calloc(most, 4));
	for (size_t i = 0; i < COUNT(kept); i++)
		free(kept[i]);
	free(zero);
	(void)poor_end();
	/* What was made in there may be given back when memory is back. */
	p = realloc(p, 20000);
	assert_int_equal(secrets_in(p, 0, 100), 100);
	free(p);
	poor_begin(1, SIZE_MAX);
	/* All of it is there again, in one piece. */
	assert_non_null(p = malloc(RESERVE - 16));
	assert_int_equal(secrets_in(p, 0, RESERVE - 16), 0);
	free(p);
	(void)poor_end();
	heap_begin();
}

/* A build with another heap, a sanitizer's, has no regions. */
static void
test_another_heap(void **state)
{
	(void)state;
	assert_null(heap_region_new(REGION));
	assert_false(heap_reserve(RESERVE));
	assert_false(heap_strained());
	assert_int_equal(heap_lacks(), 0);
	assert_false(heap_lacked());
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(test_another_heap),
		cmocka_unit_test(test_kept),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_region),
		cmocka_unit_test(test_region_empty),
		cmocka_unit_test(test_lacked),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_wiped),
		cmocka_unit_test(test_kept),
	};

	if (!heap_wipes())
		return cmocka_run_group_tests(others, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
