/*
 * test_resolution.c - addresses that one process finds and others read.
 */
#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "provider/resolution.h"

#define TURNS 20000

static void
fill(struct address list[], size_t count, uint8_t value)
{
	for (size_t i = 0; i < count; i++) {
		list[i] = (struct address){ .family = AF_INET6 };
		memset(list[i].bytes, value, sizeof list[i].bytes);
	}
}

static void
test_set(void **state)
{
	struct resolution *all = resolution_new(2);
	struct resolution *one, *other;
	struct address list[RESOLUTION_MAX + 2], got[RESOLUTION_MAX];

	(void)state;
	assert_non_null(all);
	one = resolution_at(all, 0);
	other = resolution_at(all, 1);
	assert_int_equal(resolution_get(one, got), 0);
	fill(list, COUNT(list), 7);
	resolution_set(one, list, 2);
	assert_int_equal(resolution_get(one, got), 2);
	assert_true(address_equal(&got[1], &list[1]));
	assert_int_equal(resolution_get(other, got), 0);
	/* More than there is room for. */
	resolution_set(one, list, COUNT(list));
	assert_int_equal(resolution_get(one, got), RESOLUTION_MAX);
	resolution_set(one, list, 0);
	assert_int_equal(resolution_get(one, got), 0);
	resolution_free(all, 2);
	resolution_free(NULL, 2);
}

static void
test_doubt(void **state)
{
	struct resolution *r = resolution_new(1);

	(void)state;
	assert_non_null(r);
	assert_false(resolution_wanted(r));
	resolution_want(r);
	resolution_want(r);
	assert_true(resolution_wanted(r));
	assert_false(resolution_wanted(r));
	resolution_free(r, 1);
}

/* A reader never sees half of one list and half of another. */
static void
test_processes(void **state)
{
	struct resolution *r = resolution_new(1);
	struct address got[RESOLUTION_MAX];
	int status;
	pid_t pid;

	(void)state;
	assert_non_null(r);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		struct address list[RESOLUTION_MAX];

		for (unsigned int i = 1; i <= TURNS; i++) {
			fill(list, RESOLUTION_MAX, (uint8_t)(i % 251));
			resolution_set(r, list, i % RESOLUTION_MAX + 1);
		}
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		size_t n = resolution_get(r, got);

		for (size_t i = 1; i < n; i++)
			assert_true(address_equal(&got[0], &got[i]));
	}
	assert_int_equal(status, 0);
	assert_int_equal(resolution_get(r, got), TURNS % RESOLUTION_MAX + 1);
	assert_int_equal(got[0].bytes[0], TURNS % 251);
	resolution_free(r, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
