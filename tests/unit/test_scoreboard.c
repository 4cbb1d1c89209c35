/*
 * test_scoreboard.c - memory that supervisor, workers and commands share: who
 * finds it, and what is there without a name, or without memory.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pool/scoreboard.h"

static bool no_name, no_memory, no_room;
static char known[64]; /* the name that was asked for last */
static long page = SLOT_ALIGN;

int __wrap_shm_open(const char *name, int flags, mode_t mode);
int __real_shm_open(const char *name, int flags, mode_t mode);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd,
    off_t offset);
void *__real_mmap(void *at, size_t len, int prot, int flags, int fd,
    off_t offset);
long __wrap_sysconf(int name);

int
__wrap_shm_open(const char *name, int flags, mode_t mode)
{
	errno = EACCES;
	snprintf(known, sizeof known, "%s", name);
	return no_name ? -1 : __real_shm_open(name, flags, mode);
}

void *
__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	errno = ENOMEM;
	return no_memory ? MAP_FAILED :
			   __real_mmap(at, len, prot, flags, fd, offset);
}

UNIT_BETWEEN(no_room, int, ftruncate, -1, (int fd, off_t size), (fd, size))

long
__wrap_sysconf(int name)
{
	(void)name;
	return page;
}

static void
test_found_by_its_file(void **state)
{
	const char *file = unit_write("a.json", "", 0),
		   *other = unit_write("b.json", "", 0);
	struct scoreboard *b = scoreboard_new(file, 3);
	const struct scoreboard *seen = scoreboard_view(file);

	(void)state;
	assert_non_null(b);
	assert_non_null(seen);
	assert_int_equal(seen->count, 3);
	assert_null(scoreboard_view(other));
	no_memory = true;
	assert_null(scoreboard_view(file));
	no_memory = false;
	scoreboard_unview(seen);
	scoreboard_unview(NULL);
	scoreboard_free(b, file);
	scoreboard_free(NULL, file);
	assert_null(scoreboard_view(file));
}

/* What a supervisor that died has left, or what somebody has broken. */
static void
test_not_believed(void **state)
{
	const char *file = unit_write("c.json", "", 0);
	struct scoreboard *b = scoreboard_new(file, 3);
	uint64_t alive;
	struct stat st;
	int fd;

	(void)state;
	assert_non_null(b);
	alive = atomic_load(&b->supervisor);
	atomic_store(&b->supervisor, 0);
	assert_null(scoreboard_view(file));
	atomic_store(&b->supervisor, alive);
	b->count = 4;
	assert_null(scoreboard_view(file));
	b->count = 2;
	assert_null(scoreboard_view(file));
	b->count = SIZE_MAX;
	assert_null(scoreboard_view(file));
	b->count = 3;
	assert_int_not_equal(fd = __real_shm_open(known, O_RDWR, 0), -1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(ftruncate(fd, 8), 0);
	assert_null(scoreboard_view(file));
	assert_int_equal(ftruncate(fd, st.st_size), 0);
	close(fd);
	b->count = 3;
	scoreboard_free(b, file);
}

/* It serves without a name; only the commands do not find it then. */
static void
test_without(void **state)
{
	const char *file = unit_write("d.json", "", 0);
	struct scoreboard *b;

	(void)state;
	no_name = true;
	b = scoreboard_new(file, 3);
	no_name = false;
	assert_non_null(b);
	assert_int_equal(b->count, 3);
	assert_null(scoreboard_view(file));
	scoreboard_free(b, file);
	no_room = true;
	b = scoreboard_new(file, 3);
	no_room = false;
	assert_non_null(b);
	assert_null(scoreboard_view(file));
	scoreboard_free(b, file);
	no_memory = true;
	assert_null(scoreboard_new(file, 3));
	no_memory = false;
	/* Nothing of it stays, either. */
	assert_int_equal(shm_unlink(known), -1);
	assert_null(scoreboard_view(file));
}

/* Pages that are larger than a slot cannot be split among the workers. */
static void
test_large_pages(void **state)
{
	const char *file = unit_write("e.json", "", 0);
	struct scoreboard *b = scoreboard_new(file, 2);

	(void)state;
	assert_non_null(b);
	page = 16 * SLOT_ALIGN;
	assert_true(scoreboard_narrow(b, &b->slots[0]));
	page = SLOT_ALIGN;
	atomic_store(&b->slots[1].busy_since, 1); /* still ours to write */
	scoreboard_free(b, file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_by_its_file),
		cmocka_unit_test(test_not_believed),
		cmocka_unit_test(test_without),
		cmocka_unit_test(test_large_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
