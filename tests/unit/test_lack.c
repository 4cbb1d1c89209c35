/*
 * test_lack.c - what is a lack of our own, and how often it is told.
 */
#include "unit.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/lack.h"
#include "base/log.h"

/* Stands before ours: time passes as the test likes. */
static int64_t now = 1;

int64_t __wrap_clock_now(void);

int64_t
__wrap_clock_now(void)
{
	return now;
}

static void
test_which(void **state)
{
	static const int lacks[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN };
	static const int others[] = { 0, ECONNREFUSED, ENETUNREACH, ETIMEDOUT,
		EACCES, EINVAL, ECONNABORTED, EINTR };

	(void)state;
	for (size_t i = 0; i < COUNT(lacks); i++)
		ROW(lack_is(lacks[i]), "%s is none", strerror(lacks[i]));
	for (size_t i = 0; i < COUNT(others); i++)
		ROW(!lack_is(others[i]), "%s is one", strerror(others[i]));
	ROWS_END();
}

static size_t
lines(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = 0;
	int c;

	assert_non_null(f);
	while ((c = fgetc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

/* Once a minute, whichever of several processes meets it. */
static void
test_told_once_a_minute(void **state)
{
	char path[] = "/tmp/test_lack.XXXXXX", *text;
	struct error why;

	(void)state;
	close(mkstemp(path));
	assert_int_equal(log_open(&(struct log_settings){ .to = path }, &why),
	    ERR_OK);
	lack_share();
	for (int i = 0; i < 8; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			lack_tell("accept", EMFILE);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	assert_int_equal(lines(path), 1);
	now += LACK_MS - 1;
	errno = ENOENT;
	assert_int_equal(lack_set(&why, "socket", ENFILE), ERR_SYSTEM);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(why.text, "socket: Too many open files in system");
	assert_int_equal(lines(path), 1);
	now += 1;
	lack_tell("socket", ENFILE);
	assert_int_equal(lines(path), 2);
	/* Of what has no remedy, none is told; it is shared once. */
	lack_share();
	now += LACK_MS;
	lack_tell("accept", EPERM);
	text = unit_read(path);
	assert_non_null(strstr(text,
	    "accept: Operation not permitted (told once a minute)\n"));
	free(text);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which),
		cmocka_unit_test(test_told_once_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
