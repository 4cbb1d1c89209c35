/*
 * test_shortage.c - what a pool tells its manager, and what its rooms do when
 * there is no memory or no descriptor for them.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "pool/fastcgi.h"
#include "pool/lobby.h"
#include "pool/notify.h"
#include "pool/process.h"
#include "scarce.h"

static bool
make_fastcgi(struct error *why)
{
	struct fastcgi *f = fastcgi_new();

	if (f == NULL)
		(void)error_memory(why);
	fastcgi_free(f);
	return f != NULL;
}

/* Whoever gets no seat is hung up on, and nobody else is. */
static bool
fill_lobby(struct error *why)
{
	struct lobby *l = lobby_new(-1);
	int taken[2] = { -1, -1 };
	struct incoming *in[2] = { NULL, NULL };
	bool good = l != NULL;

	for (size_t i = 0; good && i < COUNT(in); i++) {
		scarce_pause(true);
		taken[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
		scarce_pause(false);
		in[i] = lobby_enter(l, taken[i]);
		ROW((in[i] != NULL) == (fcntl(taken[i], F_GETFD) != -1),
		    "connection %zu: %s", i,
		    in[i] != NULL ? "it is closed" : "it stays open");
		good = in[i] != NULL;
	}
	for (size_t i = 0; i < COUNT(in); i++)
		if (in[i] != NULL)
			lobby_leave(l, in[i], true);
	lobby_free(l);
	if (!good)
		(void)error_memory(why);
	return good;
}

static bool
open_standard(struct error *why)
{
	bool good = process_open_standard();

	if (!good)
		(void)error_memory(why);
	return good;
}

static void
test_each_allocation_fails(void **state)
{
	(void)state;
	assert_int_not_equal(scarce_each("fastcgi_new", make_fastcgi), 0);
	assert_int_not_equal(scarce_each("a lobby", fill_lobby), 0);
	assert_int_not_equal(scarce_each("process_open_standard",
				 open_standard),
	    0);
	fastcgi_free(NULL);
	lobby_free(NULL);
	ROWS_END();
}

/* sd_notify(3): a file, or a name of the abstract namespace. */
static void
test_notify(void **state)
{
	static const struct {
		const char *what, *name;
		bool arrives;
	} rows[] = {
		{ "a file", "file", true },
		{ "a name", "@ddnsgate-test", true },
		{ "neither", "nowhere", false },
	};

	char longer[256];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sockaddr_un un = { .sun_family = AF_UNIX };
		bool abstract = *rows[i].name == '@';
		char text[256], variable[sizeof un.sun_path];
		int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		socklen_t len = sizeof un;
		ssize_t n;

		assert_int_not_equal(fd, -1);
		if (abstract) {
			len =
			    (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				(size_t)snprintf(variable, sizeof variable,
				    "%s-%d", rows[i].name, (int)getpid()));
			snprintf(un.sun_path, sizeof un.sun_path, "%s",
			    variable);
			*un.sun_path = '\0';
		} else {
			snprintf(un.sun_path, sizeof un.sun_path, "%s/%s",
			    unit_directory(), rows[i].name);
			snprintf(variable, sizeof variable, "%s",
			    rows[i].arrives ? un.sun_path : rows[i].name);
		}
		assert_int_equal(bind(fd, (struct sockaddr *)&un, len), 0);
		setenv("NOTIFY_SOCKET", variable, 1);
		/* A newline would begin another variable of the manager's. */
		notify_status("READY=1", "two\nMAINPID=%d\x7f", 1);
		n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
		text[n > 0 ? n : 0] = '\0';
		ROW(unit_same(text,
			rows[i].arrives ? "READY=1\nSTATUS=two MAINPID=1 " :
					  ""),
		    "%s: \"%s\"", rows[i].what, text);
		/* Without a descriptor nothing is told, and nothing stops. */
		scarce_begin(1);
		notify("READY=1");
		(void)scarce_end();
		ROW(recv(fd, text, sizeof text, MSG_DONTWAIT) == -1,
		    "%s: it was told without a socket", rows[i].what);
		close(fd);
	}
	/* Longer than the name of a socket can be. */
	memset(longer, '/', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	setenv("NOTIFY_SOCKET", longer, 1);
	notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
	ROWS_END();
}

/* What the manager has heard since; -1: something else than the watchdog's. */
static int
beats(int fd)
{
	char text[64];
	int count = 0;
	ssize_t n;

	while ((n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT)) >= 0) {
		text[n] = '\0';
		if (strcmp(text, "WATCHDOG=1") != 0)
			return -1;
		count++;
	}
	return count;
}

/* Is an alarm to come within a second, and so on each second? */
static bool
is_armed(void)
{
	struct itimerval left;

	assert_int_equal(getitimer(ITIMER_REAL, &left), 0);
	return timerisset(&left.it_value) && left.it_value.tv_sec <= 1 &&
	    left.it_interval.tv_sec == 1 && left.it_interval.tv_usec == 0;
}

/*
 * Each alarm feeds the manager's watchdog, for a minute, so that it finds a
 * caller that hangs; and what is interrupted keeps its errno.  The alarms are
 * ours, beside which the timer's own may come.
 */
static void
test_notify_while_busy(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const struct sigaction normal = { .sa_handler = SIG_DFL };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), count;

	(void)state;
	assert_int_not_equal(fd, -1);
	snprintf(un.sun_path, sizeof un.sun_path, "%s/busy", unit_directory());
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	setenv("NOTIFY_SOCKET", un.sun_path, 1);
	for (int turn = 0; turn < 2; turn++) {
		notify_while_busy();
		assert_true(is_armed());
		raise(SIGALRM);
		count = beats(fd);
		assert_in_range(count, 1, 60);
		for (int i = 0; i < 70; i++) {
			raise(SIGALRM);
			count += beats(fd);
		}
		assert_int_equal(count, 60);
	}
	notify_while_busy();
	notify_busy_end();
	assert_false(is_armed());
	/* An alarm on its way, of which nobody can be told. */
	setenv("NOTIFY_SOCKET", "/nowhere", 1);
	errno = ERANGE;
	raise(SIGALRM);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(sigaction(SIGALRM, &normal, NULL), 0);
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_fails),
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_notify_while_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
