/*
 * test_buffer.c - bytes that grow, up to their maximum and no further.
 */
#include "unit.h"

#include <limits.h>

#include "base/buffer.h"

static void
test_grows(void **state)
{
	struct buffer b = { .max = 100000 };

	(void)state;
	for (int i = 0; i < 10000; i++)
		assert_true(buffer_add(&b, "0123456789", 10));
	assert_int_equal(b.len, 100000);
	assert_int_equal(b.data[b.len], '\0');
	for (size_t i = 0; i < b.len; i++)
		assert_int_equal(b.data[i], '0' + i % 10);
	assert_false(b.failed);
	buffer_free(&b);
}

/* Exactly max bytes fit; one more is refused as a whole. */
static const struct {
	size_t max;
	size_t first;
	size_t second;
	bool fits;
} limits[] = {
	{ 0, 0, 0, true },
	{ 0, 0, 1, false },
	{ 1, 1, 0, true },
	{ 1, 1, 1, false },
	{ 10, 4, 6, true },
	{ 10, 4, 7, false },
	{ 255, 254, 1, true },
	{ 256, 255, 1, true },
	{ 257, 256, 2, false },
	{ 512, 256, 256, true },
	{ 10, 4, SIZE_MAX, false },
	{ 10, 4, SIZE_MAX - 4, false },
};

static void
test_limits(void **state)
{
	static const char bytes[600] = "";

	(void)state;
	for (size_t i = 0; i < COUNT(limits); i++) {
		struct buffer b = { .max = limits[i].max };

		ROW(buffer_add(&b, bytes, limits[i].first), "%zu: first",
		    limits[i].max);
		ROW(buffer_add(&b, bytes, limits[i].second) == limits[i].fits,
		    "max %zu, %zu and %zu", limits[i].max, limits[i].first,
		    limits[i].second);
		ROW(b.failed == !limits[i].fits, "max %zu: failed is %d",
		    limits[i].max, b.failed);
		ROW(b.len ==
			limits[i].first +
			    (limits[i].fits ? limits[i].second : 0),
		    "max %zu: %zu bytes", limits[i].max, b.len);
		buffer_free(&b);
	}
	ROWS_END();
}

/* After one failure nothing is added, even if it would fit. */
static void
test_failed_stays(void **state)
{
	struct buffer b = { .max = 4 };

	(void)state;
	assert_true(buffer_puts(&b, "ab"));
	assert_false(buffer_puts(&b, "cde"));
	assert_false(buffer_puts(&b, "c"));
	assert_false(buffer_printf(&b, "%s", "c"));
	assert_string_equal(b.data, "ab");
	assert_null(buffer_take(&b));
	assert_null(b.data);
	buffer_clear(&b);
	assert_true(buffer_puts(&b, "c"));
	buffer_free(&b);
}

static void
test_printf(void **state)
{
	struct buffer b = { .max = 12 };

	(void)state;
	assert_true(buffer_printf(&b, "%d-%s", 42, "x"));
	assert_string_equal(b.data, "42-x");
	assert_true(buffer_printf(&b, "%s", ""));
	assert_true(buffer_printf(&b, "%08d", 7));
	assert_string_equal(b.data, "42-x00000007");
	assert_false(buffer_printf(&b, "!"));
	assert_string_equal(b.data, "42-x00000007");
	buffer_free(&b);
}

/* Around each size at which the memory grows, and the limit. */
static void
test_printf_grows(void **state)
{
	char text[700];

	(void)state;
	memset(text, 'x', sizeof text);
	for (size_t first = 250; first < 260; first++)
		for (int more = 0; more < 260; more++) {
			struct buffer b = { .max = 514 };
			bool fits = first + (size_t)more <= b.max;

			assert_true(buffer_add(&b, text, first));
			ROW(buffer_printf(&b, "%.*s", more, text) == fits,
			    "%zu and %d", first, more);
			ROW(b.len == first + (fits ? (size_t)more : 0) &&
				strlen(b.data) == b.len,
			    "%zu and %d: %zu bytes", first, more, b.len);
			buffer_free(&b);
		}
	ROWS_END();
}

static void
test_clear_wipes(void **state)
{
	struct buffer b = { .max = 64 };
	const char *memory;

	(void)state;
	assert_true(buffer_puts(&b, "secret"));
	memory = b.data;
	buffer_clear(&b);
	assert_int_equal(b.len, 0);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(memory[i], '\0');
	assert_true(buffer_puts(&b, "new"));
	assert_ptr_equal(b.data, memory);
	assert_string_equal(b.data, "new");
	buffer_free(&b);
	buffer_free(&b);
}

static void
test_take(void **state)
{
	struct buffer b = { .max = 64 };
	char *s;

	(void)state;
	assert_true(buffer_puts(&b, "mine"));
	s = buffer_take(&b);
	assert_string_equal(s, "mine");
	free(s);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.max, 64);
	/* Nothing was added: an empty string, not NULL. */
	s = buffer_take(&b);
	assert_string_equal(s, "");
	free(s);
}

static void
test_bytes(void **state)
{
	struct buffer b = { .max = 64 };

	(void)state;
	assert_true(buffer_add(&b, "a\0b", 3));
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b", 4);
	buffer_free(&b);
}

static void
test_join(void **state)
{
	static const long long numbers[] = { 0, 7, -7, 10, 1234567890, INT_MIN,
		LLONG_MAX, LLONG_MIN };
	struct buffer b = { .max = 64 };
	char text[32];

	(void)state;
	assert_string_equal(buffer_text(&b), "");
	assert_true(buffer_join(&b, "one", "", " and two", NULL));
	assert_string_equal(b.data, "one and two");
	for (size_t i = 0; i < COUNT(numbers); i++) {
		buffer_clear(&b);
		assert_true(buffer_number(&b, numbers[i]));
		snprintf(text, sizeof text, "%lld", numbers[i]);
		assert_string_equal(b.data, text);
	}
	/* What failed stays as it is, although there is room. */
	b.failed = true;
	assert_false(buffer_printf(&b, "%d", 1));
	assert_string_equal(b.data, text);
	assert_null(buffer_take(&b));
	buffer_free(&b);
	b.max = 4;
	assert_false(buffer_join(&b, "one", "two", "3", NULL));
	assert_true(b.failed);
	buffer_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_failed_stays),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_printf_grows),
		cmocka_unit_test(test_clear_wipes),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_join),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
