/*
 * test_worker.c - a worker without memory, without descriptors, among peers
 * that do not read, and at the end of its life.
 */
#include "unit.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "pool/fastcgi.h"
#include "pool/inquiry.h"
#include "pool/listener.h"
#include "pool/sandbox.h"
#include "pool/worker.h"
#include "scarce.h"
#include "served.h"

#define SOON_MS 20000 /* for what comes at once */
#define LONG_S	120   /* no child outlives a test that fails */

/* What the system does, as a test likes. */
static struct {
	int no_accept;	/* errno of accept4(2); 0: it goes well */
	bool small;	/* sockets take little at once */
	bool no_copy;	/* no socketpair(2) */
	bool is_stale;	/* a file of the sandbox is another one */
	bool has_grown; /* malloc(3) has 100 MB more */
} world;

int FCGX_Init(void);

UNIT_BETWEEN(scarce_refuses(), int, FCGX_Init, -1, (void), ())
UNIT_BETWEEN(scarce_refuses(), int, epoll_create1, -1, (int flags), (flags))
UNIT_BETWEEN(scarce_refuses(), int, epoll_ctl, -1,
    (int epoll, int what, int fd, struct epoll_event *event),
    (epoll, what, fd, event))
UNIT_BETWEEN(world.is_stale, bool, sandbox_is_stale, true, (void), ())
UNIT_BETWEEN((errno = EMFILE, world.no_copy), int, socketpair, -1,
    (int domain, int type, int protocol, int fds[2]),
    (domain, type, protocol, fds))

int __real_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags);

int
__wrap_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags)
{
	const int least = 1;
	int to;

	if (world.no_accept != 0) {
		errno = world.no_accept;
		return -1;
	}
	to = __real_accept4(fd, from, len, flags);
	if (to != -1 && world.small)
		(void)setsockopt(to, SOL_SOCKET, SO_SNDBUF, &least,
		    sizeof least);
	return to;
}

/* Deadlines come early. */
int __real_setitimer(int which, const struct itimerval *to,
    struct itimerval *old);
int __wrap_setitimer(int which, const struct itimerval *to,
    struct itimerval *old);

int
__wrap_setitimer(int which, const struct itimerval *to, struct itimerval *old)
{
	struct itimerval t = *to;

	if (t.it_value.tv_sec > 0)
		t.it_value = (struct timeval){ 0, 200000 };
	return __real_setitimer(which, &t, old);
}

struct mallinfo2 __real_mallinfo2(void);
struct mallinfo2 __wrap_mallinfo2(void);

struct mallinfo2
__wrap_mallinfo2(void)
{
	static unsigned int asked;
	struct mallinfo2 m = __real_mallinfo2();

	if (world.has_grown && asked++ > 0)
		m.hblkhd += 100UL << 20;
	return m;
}

static struct gateway *gateway;
static struct listener listener;
static sigset_t signals; /* the mask of the test */
static sigset_t blocked; /* that of a worker */

/* A worker of its own, with the signals of the test left as they are. */
static struct worker *
start(void)
{
	struct worker *w = worker_new(gateway, listener.fd, NULL, NULL, true);

	sigprocmask(SIG_SETMASK, &signals, NULL);
	return w;
}

static bool
make_worker(struct error *why)
{
	struct worker *w = start();
	bool good = w != NULL;

	if (!good)
		(void)error_memory(why);
	worker_free(w);
	return good;
}

static struct worker *worker; /* that of the test */

static int
come(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof un.sun_path, "%s", listener.path);
	assert_int_not_equal(fd, -1);
	assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
	return fd;
}

/* A request of GET /PATH, and the record that ends it where it is whole. */
static void
ask(int fd, const char *path, bool is_whole)
{
	static const uint8_t begin[] = { 1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0,
		0, 0, 0 };
	static const uint8_t end[] = { 1, 4, 0, 1, 0, 0, 0, 0 };
	static const uint8_t no_body[] = { 1, 5, 0, 1, 0, 0, 0, 0 };
	char pairs[256];
	uint8_t header[] = { 1, 4, 0, 1, 0, 0, 0, 0 };
	int len = snprintf(pairs, sizeof pairs,
	    "\x0e\x03REQUEST_METHODGET\x0b%cREQUEST_URI%s"
	    "\x0b\x09REMOTE_ADDR192.0.2.1",
	    (int)strlen(path), path);

	header[5] = (uint8_t)len;
	assert_int_equal(send(fd, begin, sizeof begin, 0), sizeof begin);
	assert_int_equal(send(fd, header, sizeof header, 0), sizeof header);
	assert_int_equal(send(fd, pairs, (size_t)len, 0), len);
	assert_int_equal(send(fd, end, sizeof end, 0), sizeof end);
	if (is_whole)
		assert_int_equal(send(fd, no_body, sizeof no_body, 0),
		    sizeof no_body);
}

/* Is the answer there, up to the end, and does it hold text? */
static bool
is_answered(int fd, const char *text)
{
	static char bytes[256 * 1024];
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n = 1;

	while (
	    n > 0 && len < sizeof bytes - 1 && poll(&ready, 1, SOON_MS) == 1) {
		n = recv(fd, bytes + len, sizeof bytes - 1 - len, 0);
		len += n > 0 ? (size_t)n : 0;
	}
	bytes[len] = '\0';
	/* Who is hung up on without a look at the request is reset. */
	return (n == 0 || (n == -1 && errno == ECONNRESET)) &&
	    memmem(bytes, len, text, strlen(text)) != NULL;
}

static bool
is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* Each of the turns has something to do, or waits for half a second. */
static void
go_on(int turns)
{
	for (int i = 0; i < turns; i++)
		assert_int_equal(worker_turn(worker), WORKER_GO_ON);
}

/* Somebody comes who is answered as ever. */
static void
serve_one(const char *when)
{
	int fd = come();

	ask(fd, "/nowhere", true);
	go_on(1);
	ROW(is_answered(fd, "Status: 404"), "%s: no answer", when);
	close(fd);
}

static void
test_each_allocation_fails(void **state)
{
	(void)state;
	assert_int_not_equal(scarce_each("worker_new", make_worker), 0);
	worker_free(NULL);
	ROWS_END();
}

static bool
change(struct error *why)
{
	bool good = worker_change(worker, gateway);

	if (!good)
		(void)error_memory(why);
	return good;
}

/* Without memory it goes on with what it has. */
static void
test_change(void **state)
{
	(void)state;
	assert_int_not_equal(scarce_each("worker_change", change), 0);
	serve_one("after a change that failed");
	ROWS_END();
}

/*
 * While another one has the seat whose memory is always there, each allocation
 * for a request fails in turn: it is answered, or its connection closed.
 */
static void
test_no_seat(void **state)
{
	size_t count = 1;

	(void)state;
	for (size_t n = 0; n <= count; n++) {
		int first = come(), fd;

		go_on(1);
		fd = come();
		ask(fd, "/nowhere", false);
		scarce_begin(n);
		go_on(1);
		count = n == 0 ? scarce_end() : (scarce_end(), count);
		ROW(is_answered(fd, n == 0 ? "Status: 404" : ""),
		    "call %zu: it waits for ever", n);
		close(fd);
		close(first);
		go_on(2);
	}
	/* One that has said nothing can only wait, or go. */
	for (size_t n = 1; n <= 3; n++) {
		int fd = come();

		scarce_begin(n);
		go_on(1);
		(void)scarce_end();
		close(fd);
		go_on(1);
	}
	assert_true(count > 2);
	serve_one("with memory again");
	ROWS_END();
}

/* What came in pieces cannot be handed to libfcgi. */
static void
test_lost(void **state)
{
	char *text, name[512];
	int fd;

	(void)state;
	/* The copy that libfcgi reads is made when it is needed first. */
	worker_free(worker);
	assert_non_null(worker = start());
	fd = come();
	ask(fd, "/nowhere", false);
	world.no_copy = true;
	go_on(1);
	world.no_copy = false;
	ROW(is_answered(fd, ""), "it waits for ever");
	close(fd);
	serve_one("after one that was lost");
	snprintf(name, sizeof name, "%s/log", unit_directory());
	text = unit_read(name);
	assert_non_null(text);
	ROW(strstr(text, "a FastCGI request was lost: no copy for libfcgi: ") !=
		NULL,
	    "%s", text);
	free(text);
	ROWS_END();
}

/* The listener fails, and there is work again once it does not. */
static void
test_no_accept(void **state)
{
	static const int numbers[] = { EMFILE, EAGAIN, EINTR, ECONNABORTED,
		EINVAL };
	int fd = come();

	(void)state;
	ask(fd, "/nowhere", true);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		world.no_accept = numbers[i];
		go_on(1);
	}
	world.no_accept = 0;
	go_on(1);
	ROW(is_answered(fd, "Status: 404"), "it is not answered");
	close(fd);
	/* Whoever shut the listener sends a signal, which is looked for. */
	world.no_accept = EINVAL;
	fd = come();
	assert_int_equal(worker_turn(worker), WORKER_GO_ON);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	raise(SIGHUP);
	assert_int_equal(worker_turn(worker), WORKER_RELOAD);
	raise(SIGUSR1);
	world.no_accept = 0;
	while (worker_turn(worker) != WORKER_REOPEN)
		continue;
	sigprocmask(SIG_SETMASK, &signals, NULL);
	close(fd);
	go_on(1);
	ROWS_END();
}

/* A reply that is longer than what fits between two sockets. */
static void
test_no_reader(void **state)
{
	int fd;

	(void)state;
	world.small = true;
	fd = come();
	ask(fd, "/metrics", true);
	go_on(1);
	serve_one("after a peer that does not read");
	ROW(is_answered(fd, "Status: 200"), "nothing of it has come");
	close(fd);
	world.small = false;
	ROWS_END();
}

/* It leaves when its sandbox no longer fits, and answers who is there. */
static void
test_last(void **state)
{
	/* In the order in which they are accepted, one in each turn. */
	int silent = come(), fd = come(), peer;

	(void)state;
	go_on(1);
	world.is_stale = true;
	assert_int_equal(worker_turn(worker), WORKER_STOP);
	world.is_stale = false;
	ask(fd, "/nowhere", true);
	peer = come();
	ask(peer, "/nowhere", true);
	worker_drain(worker);
	ROW(is_answered(fd, "Status: 404"), "who was in the lobby is not");
	ROW(is_answered(peer, "Status: 404"), "who was in the queue is not");
	ROW(is_closed(silent), "it waits for one that says nothing");
	close(fd);
	close(peer);
	close(silent);
	ROWS_END();
}

/* The life of a worker of a pool, in a child; its exit status. */
static int
live(void (*meanwhile)(void))
{
	int status;
	pid_t pid;

	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		alarm(LONG_S);
		_exit(worker_run(gateway, listener.fd, NULL, NULL));
	}
	if (meanwhile != NULL)
		meanwhile();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
send_many(void)
{
	for (int i = 0; i < 64; i++) {
		int fd = come();

		ask(fd, "/nowhere", true);
		ROW(is_answered(fd, "Status: 404"), "request %d", i);
		close(fd);
	}
}

static void
test_lives(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		scarce_begin(1);
		status = worker_run(gateway, listener.fd, NULL, NULL);
		(void)scarce_end();
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	ROW(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE,
	    "without memory: 0x%x", (unsigned int)status);
	world.has_grown = true;
	status = live(send_many);
	world.has_grown = false;
	ROW(status == 0, "one that grew: 0x%x", (unsigned int)status);
	ROWS_END();
}

static int
set_up(void **state)
{
	struct error why;

	(void)state;
	sigprocmask(SIG_SETMASK, NULL, &signals);
	sigfillset(&blocked);
	gateway = gateway_new(served_configuration(2, "socket"), &why);
	if (gateway == NULL || gateway_open_state(gateway, &why) != ERR_OK ||
	    log_open(&gateway->settings->log, &why) != ERR_OK ||
	    listener_make(&listener, &gateway->settings->listen, &why) !=
		ERR_OK) {
		print_error("%s\n", why.text);
		return -1;
	}
	return (worker = start()) != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	worker_free(worker);
	listener_close(&listener);
	gateway_free(gateway);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_fails),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_no_seat),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_no_accept),
		cmocka_unit_test(test_no_reader),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_lives),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
