/*
 * test_inquiry.c - a question to a pool by its own socket, and what comes of a
 * pool that answers anything else.
 */
#include "unit.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "pool/inquiry.h"

#define SECONDS_MAX 120
#define FAR_MS	    60000

static const char *
path(const char *name)
{
	static char text[512];

	snprintf(text, sizeof text, "%s/%s", unit_directory(), name);
	return text;
}

/* A record of standard output; the header is 8 bytes long. */
#define RECORD(len, text) "\1\6\0\1\0" len "\0\0" text
#define BODY_MAX	  64

static const struct row {
	const char *what, *says;
	size_t len;
	bool stays; /* till the other side closes */
	size_t times;
	int ms;
	const char *why; /* NULL: status 200, and "ok" */
} rows[] = {
#define SAYS(text) text, sizeof text - 1
	{ "answers",
	    SAYS(RECORD("\x15", "Status: 200 OK\r\n\r\nok\n") RECORD("\0", "")),
	    false, 1, FAR_MS, NULL },
	{ "answers in two records",
	    SAYS(RECORD("\x0a", "Status: 20")
		    RECORD("\x0b", "0 OK\r\n\r\nok\n")),
	    false, 1, FAR_MS, NULL },
	{ "writes what is none of its output, too",
	    SAYS("\1\7\0\1\0\3\0\0err" RECORD("\x15",
		"Status: 200 OK\r\n\r\nok\n")),
	    false, 1, FAR_MS, NULL },
	{ "closes", SAYS(""), false, 1, FAR_MS, "makes no sense" },
	{ "says no status", SAYS(RECORD("\6", "\r\n\r\nok")), false, 1, FAR_MS,
	    "makes no sense" },
	{ "says no body", SAYS(RECORD("\x0e", "Status: 200 OK")), false, 1,
	    FAR_MS, "makes no sense" },
	{ "ends within a record",
	    SAYS(RECORD("\x7f", "Status: 200 OK\r\n\r\nok\n")), false, 1,
	    FAR_MS, "makes no sense" },
	{ "stops", SAYS(RECORD("\x15", "Status")), true, 1, 300,
	    "no answer in 0 s" },
	{ "does not listen", NULL, 0, false, 0, FAR_MS, "no answer in 60 s" },
	{ "says too much", SAYS("0123456789abcdef0123456789abcdef"), false,
	    4096, FAR_MS, "no answer in 60 s" },
};

static _Noreturn void
serve(const struct row *r, int server)
{
	int fd = accept(server, NULL, NULL);
	struct pollfd end = { .fd = fd, .events = POLLRDHUP };
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char request[1024];

	alarm(SECONDS_MAX);
	/* Who closes what was not read resets it. */
	if (r->says == NULL)
		_exit(poll(&ready, 1, -1) == 1 ? 0 : 1);
	if (recv(fd, request, sizeof request, 0) <= 0)
		_exit(1);
	for (size_t i = 0; i < r->times; i++)
		if (send(fd, r->says, r->len, MSG_NOSIGNAL) < 0)
			break;
	if (r->stays)
		(void)poll(&end, 1, -1);
	_exit(0);
}

static int
listen_at(const char *where)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	snprintf(un.sun_path, sizeof un.sun_path, "%s", where);
	unlink(where);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		int server = listen_at(path("pool")), status = 0, end;
		struct buffer body = { .max = BODY_MAX };
		struct error why = { .code = ERR_OK };
		enum err rc;
		pid_t pid;

		assert_int_not_equal(pid = fork(), -1);
		if (pid == 0)
			serve(r, server);
		close(server);
		rc = inquiry_get(path("pool"), "/healthz", r->ms, &status,
		    &body, &why);
		if (r->why == NULL)
			ROW(rc == ERR_OK && status == 200 &&
				unit_same(body.data, "ok\n"),
			    "a pool that %s: %s", r->what, why.text);
		else
			ROW(rc == ERR_UNREACHABLE &&
				strstr(why.text, r->why) != NULL,
			    "a pool that %s: %s, %s", r->what, error_name(rc),
			    why.text);
		buffer_free(&body);
		assert_int_equal(waitpid(pid, &end, 0), pid);
		ROW(end == 0, "a pool that %s: %d", r->what, end);
	}
	ROWS_END();
}

static void
test_nobody(void **state)
{
	char long_path[512], long_name[200];
	struct buffer body = { .max = BODY_MAX };
	struct error why;
	int status, server;

	(void)state;
	memset(long_path, 'a', sizeof long_path - 1);
	long_path[sizeof long_path - 1] = '\0';
	assert_int_equal(inquiry_get(long_path, "/healthz", FAR_MS, &status,
			     &body, &why),
	    ERR_UNREACHABLE);
	assert_int_equal(inquiry_get(path("nobody"), "/healthz", FAR_MS,
			     &status, &body, &why),
	    ERR_UNREACHABLE);
	assert_non_null(strstr(why.text, "No such file or directory"));
	/* What would need a longer form of FastCGI's lengths is not sent. */
	memset(long_name, 'a', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	server = listen_at(path("pool"));
	assert_int_equal(inquiry_get(path("pool"), long_name, FAR_MS, &status,
			     &body, &why),
	    ERR_UNREACHABLE);
	assert_non_null(strstr(why.text, "nothing can be sent"));
	close(server);
	buffer_free(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
