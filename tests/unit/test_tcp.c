/*
 * test_tcp.c - DNS over TCP when sockets fail: what is told, and when.
 */
#include "unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "provider/dns/tcp.h"

#define SECONDS_MAX 120
#define SOON_MS	    200
#define FAR_MS	    60000 /* no test waits for that */

static uint8_t message[UINT16_MAX], answer[UINT16_MAX];

/* The call that does otherwise than it would, the first few times. */
static const char *failing = "";
static int number, times;

static bool
fails(const char *name)
{
	if (strcmp(failing, name) != 0 || times-- <= 0)
		return false;
	errno = number;
	return true;
}

#define FAILING(type, name, with, arguments) \
	UNIT_BETWEEN(fails(#name), type, name, -1, with, arguments)

FAILING(int, poll, (struct pollfd * fds, nfds_t n, int ms), (fds, n, ms))
FAILING(int, getsockopt,
    (int fd, int level, int name, void *value, socklen_t *len),
    (fd, level, name, value, len))
FAILING(ssize_t, recv, (int fd, void *bytes, size_t len, int flags),
    (fd, bytes, len, flags))
FAILING(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags),
    (fd, m, flags))

/* Those of a build with _FORTIFY_SOURCE. */
int __wrap___poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t room);
ssize_t __wrap___recv_chk(int fd, void *bytes, size_t len, size_t room,
    int flags);

int
__wrap___poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t room)
{
	(void)room;
	return __wrap_poll(fds, n, ms);
}

ssize_t
__wrap___recv_chk(int fd, void *bytes, size_t len, size_t room, int flags)
{
	(void)room;
	return __wrap_recv(fd, bytes, len, flags);
}

int __real_connect(int fd, const struct sockaddr *to, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len);

/* Over at once, as it seldom is. */
int
__wrap_connect(int fd, const struct sockaddr *to, socklen_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int rc = __real_connect(fd, to, len);

	if (!fails("connect"))
		return rc;
	return __real_poll(&p, 1, FAR_MS) == 1 ? 0 : -1;
}

static void
test_no_socket(void **state)
{
	struct rlimit was, none;
	struct address a = unit_address("127.0.0.1");
	/* As a kernel without IPv6 says of AF_INET6. */
	struct address foreign = { .family = AF_MAX };
	struct error why;
	int fd;

	(void)state;
	assert_int_equal(dnstcp_connect(&fd, &foreign, 1, 53,
			     clock_now() + FAR_MS, &why),
	    ERR_UNREACHABLE);
	assert_non_null(strstr(why.text, strerror(EAFNOSUPPORT)));
	assert_int_equal(fd, -1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(dnstcp_connect(&fd, &a, 1, 53, clock_now() + FAR_MS,
			     &why),
	    ERR_SYSTEM);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_non_null(strstr(why.text, "socket: Too many open files"));
	assert_int_equal(fd, -1);
}

/* The kernel refuses at once; the next address is tried, and told. */
static void
test_no_connection(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct address list[2] = { unit_address("224.0.0.1"),
		unit_address("127.0.0.1") };
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	socklen_t len = sizeof in;
	struct error why;
	uint16_t port;

	(void)state;
	assert_int_equal(bind(server, (struct sockaddr *)&in, len), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&in, &len), 0);
	port = ntohs(in.sin_port);
	assert_int_equal(dnstcp_connect(&fd, list, 1, port,
			     clock_now() + FAR_MS, &why),
	    ERR_UNREACHABLE);
	assert_non_null(strstr(why.text, "224.0.0.1: Network is unreachable"));
	/* Nobody listens there. */
	assert_int_equal(dnstcp_connect(&fd, list, 2, port,
			     clock_now() + FAR_MS, &why),
	    ERR_UNREACHABLE);
	assert_string_equal(why.text, "127.0.0.1: Connection refused");
	assert_int_equal(listen(server, 1), 0);
	assert_int_equal(dnstcp_connect(&fd, list, 2, port,
			     clock_now() + FAR_MS, &why),
	    ERR_OK);
	close(fd);
	close(server);
	assert_int_equal(dnstcp_connect(&fd, list, 0, port,
			     clock_now() + FAR_MS, &why),
	    ERR_UNREACHABLE);
	assert_string_equal(why.text, "no address is known");
}

/* An interruption is none of the server's, and a failure is told. */
static void
test_connecting(void **state)
{
	static const struct {
		const char *call;
		int number;
		const char *why; /* NULL: connected */
	} rows[] = {
		{ "connect", 0, NULL },
		{ "poll", EINTR, NULL },
		{ "poll", ENOMEM, "127.0.0.1: poll: Cannot allocate memory" },
		{ "getsockopt", ENOBUFS,
		    "127.0.0.1: No buffer space available" },
	};
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct address here = unit_address("127.0.0.1");
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	socklen_t len = sizeof in;

	(void)state;
	assert_int_equal(bind(server, (struct sockaddr *)&in, len), 0);
	assert_int_equal(listen(server, 8), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&in, &len), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error why = { .code = ERR_OK };
		enum err rc;

		failing = rows[i].call;
		number = rows[i].number;
		times = 1;
		rc = dnstcp_connect(&fd, &here, 1, ntohs(in.sin_port),
		    clock_now() + FAR_MS, &why);
		failing = "";
		ROW(times <= 0, "%s was not called", rows[i].call);
		ROW(rows[i].why == NULL ? rc == ERR_OK && fd != -1 :
					  rc == ERR_UNREACHABLE && fd == -1 &&
			    unit_same(why.text, rows[i].why),
		    "%s, %d: %s", rows[i].call, rows[i].number, why.text);
		if (fd != -1)
			close(fd);
	}
	close(server);
	ROWS_END();
}

static void
make_pair(int pair[static 2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
			     pair),
	    0);
}

/* A message of the greatest length, to a server that takes none of it. */
static void
test_sending(void **state)
{
	static const struct {
		const char *what;
		bool is_gone;
		int ms;
		const char *why;
	} rows[] = {
		{ "reads nothing", false, SOON_MS, "timed out" },
		{ "is gone", true, FAR_MS, "Broken pipe" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int pair[2], small = 1;
		size_t len = 0;
		struct error why = { .code = ERR_OK };
		enum err rc;

		make_pair(pair);
		setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small,
		    sizeof small);
		if (rows[i].is_gone)
			close(pair[1]);
		rc = dnstcp_exchange(pair[0], message, sizeof message, answer,
		    sizeof answer, &len, clock_now() + rows[i].ms, &why);
		ROW(rc == ERR_UNREACHABLE && unit_same(why.text, rows[i].why),
		    "a server that %s: %s, \"%s\"", rows[i].what,
		    error_name(rc), why.text);
		close(pair[0]);
		if (!rows[i].is_gone)
			close(pair[1]);
	}
	ROWS_END();
}

/* What a server does once a question has come. */
static const struct server {
	const char *what;
	bool reads;
	const char *says;
	size_t len;
	bool stays;	  /* till the other side closes */
	const char *why;  /* NULL: the answer is "abc" */
	const char *call; /* of ours, which does nothing at first; or NULL */
	int number;	  /* what it says then */
} servers[] = {
	{ "closes", true, "", 0, false, "the server closed the connection",
	    NULL, 0 },
	{ "closes within the length", true, "\0", 1, false,
	    "the server closed the connection", NULL, 0 },
	{ "closes within the answer", true, "\0\5abc", 5, false,
	    "the server closed the connection", NULL, 0 },
	{ "resets", false, "", 0, false, "Connection reset by peer", NULL, 0 },
	{ "stops", true, "\0\5abc", 5, true, "timed out", NULL, 0 },
	{ "answers", true, "\0\3abc", 5, true, NULL, NULL, 0 },
	{ "answers with interruptions", true, "\0\3abc", 5, true, NULL, "recv",
	    EINTR },
	{ "takes the question later", true, "\0\3abc", 5, true, NULL, "sendmsg",
	    EAGAIN },
};

static _Noreturn void
serve(const struct server *s, int fd)
{
	struct pollfd asked = { .fd = fd, .events = POLLIN };
	char question[3];

	alarm(SECONDS_MAX);
	(void)poll(&asked, 1, -1);
	/* Closed with bytes unread, a socket is reset. */
	if (s->reads && read(fd, question, sizeof question) < 0)
		_exit(1);
	if (write(fd, s->says, s->len) < 0)
		_exit(1);
	if (s->stays)
		(void)poll(&asked, 1, -1);
	_exit(0);
}

static void
test_receiving(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(servers); i++) {
		const struct server *s = &servers[i];
		bool times_out = unit_same(s->why, "timed out");
		struct error why = { .code = ERR_OK };
		int pair[2], status;
		size_t len = 0;
		enum err rc;
		pid_t pid;

		make_pair(pair);
		assert_int_not_equal(pid = fork(), -1);
		if (pid == 0) {
			close(pair[0]);
			serve(s, pair[1]);
		}
		close(pair[1]);
		failing = s->call != NULL ? s->call : "";
		number = s->number;
		times = 2;
		rc = dnstcp_exchange(pair[0], (const uint8_t *)"q", 1, answer,
		    sizeof answer, &len,
		    clock_now() + (times_out ? SOON_MS : FAR_MS), &why);
		failing = "";
		if (s->why != NULL)
			ROW(rc == ERR_UNREACHABLE &&
				unit_same(why.text, s->why),
			    "a server that %s: %s, \"%s\"", s->what,
			    error_name(rc), why.text);
		else
			ROW(rc == ERR_OK && len == 3 &&
				memcmp(answer, "abc", 3) == 0,
			    "a server that %s: \"%s\"", s->what, why.text);
		close(pair[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		ROW(status == 0, "%s: %d", s->what, status);
	}
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_socket),
		cmocka_unit_test(test_no_connection),
		cmocka_unit_test(test_connecting),
		cmocka_unit_test(test_sending),
		cmocka_unit_test(test_receiving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
