/*
 * test_listener.c - which socket is used, and that a living one is never
 * taken away.
 *
 * listener_open() rearranges the descriptors of the whole process, so each
 * case is a child, which leaves what it saw in shared memory.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netinet/in.h>

#include "pool/listener.h"

#define SECONDS_MAX 10
#define OTHER_USER  65534

/* While it counts, the call of that number fails. */
static bool counting;
static size_t calls, fails;

static bool
is_refused(void)
{
	if (!counting || ++calls != fails)
		return false;
	errno = ENOMEM;
	return true;
}

/* TYPE NAME(WITH), called with (ARGUMENTS), gives FAILED then. */
#define FAILING(type, name, failed, with, arguments) \
	UNIT_BETWEEN(is_refused(), type, name, failed, with, arguments)

FAILING(char *, strdup, NULL, (const char *s), (s))
FAILING(int, lstat, -1, (const char *file, struct stat *st), (file, st))
FAILING(int, socket, -1, (int domain, int type, int protocol),
    (domain, type, protocol))
FAILING(int, unlink, -1, (const char *file), (file))
FAILING(int, bind, -1, (int fd, const struct sockaddr *to, socklen_t len),
    (fd, to, len))
FAILING(int, chown, -1, (const char *file, uid_t owner, gid_t group),
    (file, owner, group))
FAILING(int, chmod, -1, (const char *file, mode_t mode), (file, mode))
FAILING(int, listen, -1, (int fd, int backlog), (fd, backlog))
FAILING(int, dup2, -1, (int from, int to), (from, to))
FAILING(int, open, -1, (const char *file, int flags, mode_t mode),
    (file, flags, mode))

int __real_fcntl(int fd, int what, ...);
int __wrap_fcntl(int fd, int what, ...);

int
__wrap_fcntl(int fd, int what, ...)
{
	va_list ap;
	int number;

	va_start(ap, what);
	number = va_arg(ap, int);
	va_end(ap);
	if (what != F_GETFL && is_refused())
		return -1;
	return __real_fcntl(fd, what, number);
}

/* What a child saw. */
static struct seen {
	enum err rc;
	struct error why;
	int fd;
	bool listens, cloexec, nonblocking;
	bool stdin_is_null;
	int highest;	/* descriptor that is open */
	struct stat st; /* of the path, while it listens */
	bool has_path;
	bool removed; /* by listener_close() */
} * seen;

static const char *
path(const char *name)
{
	static char text[512];

	snprintf(text, sizeof text, "%s/%s", unit_directory(), name);
	return text;
}

/* A socket that is bound to path; listening, of that type, or just made. */
static int
bind_to(const char *where, int type, int backlog)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	snprintf(un.sun_path, sizeof un.sun_path, "%s", where);
	unlink(where);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static int
connect_to(const char *where)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int saved;

	assert_int_not_equal(fd, -1);
	snprintf(un.sun_path, sizeof un.sun_path, "%s", where);
	if (connect(fd, (struct sockaddr *)&un, sizeof un) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static void
look_around(void)
{
	struct stat st, null;
	socklen_t len = sizeof(int);
	int on = 0;

	seen->listens =
	    getsockopt(seen->fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 &&
	    on;
	seen->cloexec = (fcntl(seen->fd, F_GETFD) & FD_CLOEXEC) != 0;
	seen->nonblocking = (fcntl(seen->fd, F_GETFL) & O_NONBLOCK) != 0;
	seen->stdin_is_null = fstat(0, &st) == 0 &&
	    stat("/dev/null", &null) == 0 && st.st_rdev == null.st_rdev;
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			seen->highest = fd;
}

/* listener_open() in a child that was prepared. */
static void
open_in_child(const struct settings *s, bool handed_in_only,
    void (*prepare)(int), int argument)
{
	struct listener l;
	pid_t pid;
	int status;

	memset(seen, 0, sizeof *seen);
	seen->fd = -1;
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		alarm(SECONDS_MAX);
		if (prepare != NULL)
			prepare(argument);
		else
			dup2(open("/dev/null", O_RDONLY), 0);
		seen->rc = listener_open(&l, s, handed_in_only, &seen->why);
		if (seen->rc == ERR_OK) {
			seen->fd = l.fd;
			look_around();
			if (s->listen.path != NULL)
				seen->has_path =
				    lstat(s->listen.path, &seen->st) == 0;
			listener_close(&l);
			seen->removed = s->listen.path != NULL &&
			    access(s->listen.path, F_OK) == -1;
		}
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* Killed by the alarm: it waited for somebody. */
	assert_int_equal(status, 0);
}

static struct settings
settings_for(const char *where)
{
	return (struct settings){
		.listen = { .path = where, .mode = 0660, .group = (gid_t)-1 },
		.file = (char *)(uintptr_t) "ddnsgate.json"
	};
}

static void
check_listener(void)
{
	assert_int_equal(seen->rc, ERR_OK);
	assert_int_equal(seen->fd, 3);
	assert_true(seen->listens);
	assert_true(seen->cloexec);
	assert_true(seen->nonblocking);
	assert_true(seen->stdin_is_null);
	assert_int_equal(seen->highest, 3);
}

static void
test_own(void **state)
{
	struct settings s = settings_for(path("own"));

	(void)state;
	unlink(s.listen.path);
	s.listen.mode = 0620;
	s.listen.group = getgid();
	open_in_child(&s, false, NULL, 0);
	check_listener();
	assert_true(seen->has_path);
	assert_int_equal(seen->st.st_mode, S_IFSOCK | 0620);
	assert_int_equal(seen->st.st_gid, getgid());
	assert_true(seen->removed);
}

/* What a server left that died. */
static void
test_dead(void **state)
{
	struct settings s = settings_for(path("dead"));

	(void)state;
	close(bind_to(s.listen.path, SOCK_STREAM, 1));
	open_in_child(&s, false, NULL, 0);
	check_listener();
	assert_true(seen->removed);
}

static void
check_refused(const struct settings *s, const char *why)
{
	char want[1024];

	snprintf(want, sizeof want, "%s: %s", s->listen.path, why);
	assert_int_equal(seen->rc, ERR_CONFIG);
	assert_string_equal(seen->why.text, want);
}

static void
test_living(void **state)
{
	struct settings s = settings_for(path("living"));
	int server = bind_to(s.listen.path, SOCK_STREAM, 8), client;

	(void)state;
	open_in_child(&s, false, NULL, 0);
	check_refused(&s, "another server listens there");
	/* It goes on as if nothing had been. */
	assert_int_not_equal(client = connect_to(s.listen.path), -1);
	close(client);
	close(server);
}

/* So busy that nobody gets in, and alive all the same. */
static void
test_living_and_full(void **state)
{
	struct settings s = settings_for(path("full"));
	int server = bind_to(s.listen.path, SOCK_STREAM, 0), clients[64];
	size_t n = 0;

	(void)state;
	while (n < COUNT(clients) &&
	    (clients[n] = connect_to(s.listen.path)) != -1)
		n++;
	assert_true(n > 0 && n < COUNT(clients));
	open_in_child(&s, false, NULL, 0);
	check_refused(&s, "another server listens there");
	assert_int_equal(access(s.listen.path, F_OK), 0);
	while (n > 0)
		close(clients[--n]);
	close(server);
}

static void
test_other_type(void **state)
{
	struct settings s = settings_for(path("datagram"));
	int server = bind_to(s.listen.path, SOCK_DGRAM, -1);

	(void)state;
	open_in_child(&s, false, NULL, 0);
	check_refused(&s, "another server listens there");
	assert_int_equal(access(s.listen.path, F_OK), 0);
	close(server);
}

/* Files of other kinds stay as they are. */
static void
test_no_socket(void **state)
{
	struct settings s = settings_for(unit_write("file", "precious", 8));
	struct settings l = settings_for(NULL);
	char *text, link[512];

	(void)state;
	open_in_child(&s, false, NULL, 0);
	check_refused(&s, "is there, and is no socket; move it away");
	text = unit_read(s.listen.path);
	assert_string_equal(text, "precious");
	free(text);
	snprintf(link, sizeof link, "%s", path("link"));
	assert_int_equal(symlink(s.listen.path, link), 0);
	l.listen.path = link;
	open_in_child(&l, false, NULL, 0);
	check_refused(&l, "is there, and is no socket; move it away");
	text = unit_read(s.listen.path);
	assert_string_equal(text, "precious");
	free(text);
}

static void
test_cannot(void **state)
{
	struct settings s = settings_for(path("no/such/directory"));
	char longer[256];

	(void)state;
	open_in_child(&s, false, NULL, 0);
	check_refused(&s, "No such file or directory");
	memset(longer, 'a', sizeof longer - 1);
	longer[0] = '/';
	longer[sizeof longer - 1] = '\0';
	s.listen.path = longer;
	open_in_child(&s, false, NULL, 0);
	check_refused(&s, "longer than 107 characters");
}

/* A directory on the way that is none: the socket is not what is in the way. */
static void
test_not_a_directory(void **state)
{
	const char *file = unit_write("a-file", "", 0);
	char where[600] = "";
	struct settings s = settings_for(where);

	(void)state;
	snprintf(where, sizeof where, "%s/s", file);
	open_in_child(&s, false, NULL, 0);
	check_refused(&s, "Not a directory");
}

/* Each call of listener_make() fails in turn: no socket of ours stays. */
static void
test_each_call_fails(void **state)
{
	char where[512] = "";
	struct settings s = settings_for(where);
	size_t count = 1;

	(void)state;
	snprintf(where, sizeof where, "%s", path("each"));
	s.listen.group = getgid();
	for (size_t n = 0; n <= count; n++) {
		struct error why = { .code = ERR_OK };
		struct listener l;
		int before, after;
		enum err rc;

		/* What a server left that died. */
		close(bind_to(where, SOCK_STREAM, 1));
		before = dup(0);
		close(before);
		calls = 0;
		fails = n;
		counting = true;
		rc = listener_make(&l, &s.listen, &why);
		counting = false;
		after = dup(0);
		close(after);
		if (n == 0) {
			assert_int_equal(rc, ERR_OK);
			count = calls;
			assert_true(count > 7);
			listener_close(&l);
			continue;
		}
		ROW(rc != ERR_OK &&
			(rc == ERR_MEMORY ||
			    strstr(why.text, strerror(ENOMEM)) != NULL),
		    "call %zu of %zu: %s, %s", n, count, error_name(rc),
		    why.text);
		ROW(after == before, "call %zu: a descriptor stays open", n);
		ROW(connect_to(where) == -1, "call %zu: it listens", n);
	}
	unlink(where);
	ROWS_END();
}

/* Right below the root directory as anywhere else. */
static void
test_try_at_the_top(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		const struct settings s = settings_for("/ddnsgate-unit-try");
		struct error why = { .text = "" };

		if (listener_try(&s.listen, &why) != ERR_OK)
			_exit(strstr(why.text, s.listen.path) == NULL);
		_exit(access(s.listen.path, F_OK) == 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* What `check' tries leaves nothing behind, whether it could be made or not. */
static void
test_try(void **state)
{
	static const struct {
		const char *name;
		const char *why; /* NULL: it can be made */
	} rows[] = {
		{ "try", NULL },
		{ "no/such/directory", "No such file or directory" },
		{ "try-file", "is there, and is no socket" },
	};

	(void)state;
	unit_write("try-file", "", 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			char where[512];
			struct listen_settings how;
			struct error why = { .text = "" };
			bool good;

			snprintf(where, sizeof where, "%s", path(rows[i].name));
			how = settings_for(where).listen;
			good = listener_try(&how, &why) == ERR_OK;
			_exit(good != (rows[i].why == NULL) ||
			    (!good && strstr(why.text, rows[i].why) == NULL) ||
			    access(".ddnsgate-check", F_OK) == 0 ||
			    (good && access(where, F_OK) == 0));
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		ROW(status == 0, "%s: %d", rows[i].name, status);
	}
	ROWS_END();
}

static void
test_none(void **state)
{
	struct settings s = settings_for(NULL);

	(void)state;
	open_in_child(&s, false, NULL, 0);
	assert_int_equal(seen->rc, ERR_CONFIG);
	assert_string_equal(seen->why.text,
	    "no socket was handed in; start "
	    "it by spawn-fcgi or systemd, or write \"listen\" into "
	    "ddnsgate.json");
	s.listen.path = path("unwanted");
	open_in_child(&s, true, NULL, 0);
	assert_int_equal(seen->rc, ERR_CONFIG);
	assert_string_equal(seen->why.text,
	    "no socket was handed in as "
	    "descriptor 0; start it by spawn-fcgi");
	assert_int_equal(access(s.listen.path, F_OK), -1);
}

/* As spawn-fcgi does, with more that it forgot to close. */
static void
as_stdin(int fd)
{
	dup2(fd, 0);
	dup2(fd, 40);
	dup2(fd, 500);
}

/* Each call that arranges the descriptors fails in turn: it does not start. */
static void
test_each_move_fails(void **state)
{
	struct settings s = settings_for(NULL);
	int status = 1;

	(void)state;
	for (size_t n = 1; status != 0 && n < 10; n++) {
		pid_t pid;

		assert_int_not_equal(pid = fork(), -1);
		if (pid == 0) {
			struct error why = { .text = "" };
			struct listener l;
			enum err rc;

			as_stdin(bind_to(path("moved"), SOCK_STREAM, 1));
			calls = 0;
			fails = n;
			counting = true;
			rc = listener_open(&l, &s, false, &why);
			counting = false;
			if (rc == ERR_OK)
				_exit(calls < n ? 0 : 2);
			_exit(strstr(why.text, strerror(ENOMEM)) != NULL &&
				    l.fd == -1 ?
				1 :
				3);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		ROW(WIFEXITED(status) && WEXITSTATUS(status) < 2,
		    "call %zu: 0x%x", n, (unsigned int)status);
		ROW(status != 0 || n == 6, "%zu calls", n - 1);
	}
	ROWS_END();
}

static void
as_systemd(int fd)
{
	char pid[16];

	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(fd, 3);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
}

/* Those were for somebody else. */
static void
as_stranger(int fd)
{
	as_systemd(fd);
	setenv("LISTEN_PID", "1", 1);
}

/* Half of what systemd says. */
static void
as_nobody(int fd)
{
	as_systemd(fd);
	unsetenv("LISTEN_FDS");
}

static void
test_handed_in(void **state)
{
	static void (*const how[])(int) = { as_stdin, as_systemd };
	struct settings s = settings_for(path("own"));
	char handed[512];

	(void)state;
	snprintf(handed, sizeof handed, "%s", path("handed"));
	unlink(path("own"));
	s.listen.path = path("own");
	for (size_t i = 0; i < 2 * COUNT(how); i++) {
		int server = bind_to(handed, SOCK_STREAM, 1), client;

		open_in_child(&s, i % 2, how[i / 2], server);
		check_listener();
		/* It is not ours to remove, and there was no need of ours. */
		assert_false(seen->has_path);
		assert_int_not_equal(client = connect_to(handed), -1);
		close(client);
		close(server);
	}
}

static void
test_not_handed_in(void **state)
{
	struct settings s = settings_for(NULL);
	int server = bind_to(path("handed"), SOCK_STREAM, 1);

	(void)state;
	open_in_child(&s, false, as_stranger, server);
	assert_int_equal(seen->rc, ERR_CONFIG);
	open_in_child(&s, false, as_nobody, server);
	assert_int_equal(seen->rc, ERR_CONFIG);
	close(server);
	/* A descriptor that does not listen is no listener. */
	server = bind_to(path("bound"), SOCK_STREAM, -1);
	open_in_child(&s, false, as_stdin, server);
	assert_int_equal(seen->rc, ERR_CONFIG);
	open_in_child(&s, false, as_systemd, server);
	assert_int_equal(seen->rc, ERR_CONFIG);
	close(server);
}

/* One connection of a peer with that uid, accepted. */
static int
connection_of(uid_t uid, pid_t *peer)
{
	const char *where = path("peers");
	int server = bind_to(where, SOCK_STREAM, 1), fd;

	assert_int_equal(chmod(where, 0666), 0);
	assert_int_equal(chmod(unit_directory(), 0711), 0);
	assert_int_not_equal(*peer = fork(), -1);
	if (*peer == 0) {
		alarm(SECONDS_MAX);
		if ((uid != getuid() && setresuid(uid, uid, uid) == -1) ||
		    connect_to(where) == -1)
			_exit(1);
		pause();
		_exit(0);
	}
	alarm(SECONDS_MAX);
	fd = accept(server, NULL, NULL);
	alarm(0);
	assert_int_not_equal(fd, -1);
	close(server);
	return fd;
}

/* What systemd hands in and cannot be served is an error that says so. */
static void
test_systemd_wrong(void **state)
{
	static const struct {
		const char *count;
		bool listens;
		const char *why;
	} rows[] = {
		{ "2", true, "systemd has handed in 2 sockets" },
		{ "1", false, "does not listen" },
	};
	struct settings s = settings_for(path("own"));

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			int fd = bind_to(path("handed"), SOCK_STREAM,
			    rows[i].listens ? 1 : -1);
			struct listener l;
			struct error why = { .text = "" };

			as_systemd(fd);
			setenv("LISTEN_FDS", rows[i].count, 1);
			_exit(
			    listener_open(&l, &s, false, &why) != ERR_CONFIG ||
			    strstr(why.text, rows[i].why) == NULL);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		ROW(status == 0, "%s: %d", rows[i].why, status);
	}
	ROWS_END();
}

static void
test_peers(void **state)
{
	struct settings s = settings_for(NULL);
	uid_t uid;
	pid_t peer;
	int fd;

	(void)state;
	fd = connection_of(getuid(), &peer);
	assert_true(listener_peer_allowed(&s, fd, &uid));
	close(fd);
	kill(peer, SIGKILL);
	waitpid(peer, NULL, 0);
	if (geteuid() != 0)
		return;
	fd = connection_of(OTHER_USER, &peer);
	assert_false(listener_peer_allowed(&s, fd, &uid));
	assert_int_equal(uid, OTHER_USER);
	s.peers[s.peer_count++] = OTHER_USER - 1;
	assert_false(listener_peer_allowed(&s, fd, &uid));
	s.peers[s.peer_count++] = OTHER_USER;
	assert_true(listener_peer_allowed(&s, fd, &uid));
	close(fd);
	kill(peer, SIGKILL);
	waitpid(peer, NULL, 0);
}

static void
write_map(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd == -1 || write(fd, text, strlen(text)) == -1)
		_exit(1);
	close(fd);
}

/* No modes: what is in the place of the socket. */
enum { NO_SOCKET = 010000, GONE };

/*
 * As with PrivateUsers= of systemd: the peer is a user whom we do not know, and
 * only the mode of the socket says whether it may be there.
 */
static void
test_peers_hidden(void **state)
{
	static const struct {
		mode_t mode;
		bool allowed;
	} rows[] = { { 0660, true }, { 0600, true }, { 0666, false },
		{ 0662, false }, { GONE, false }, { NO_SOCKET, false } };
	struct settings s = settings_for(NULL);

	(void)state;
	if (geteuid() != 0)
		return;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd, status;
		pid_t peer, pid;

		fd = connection_of(OTHER_USER - 1, &peer);
		assert_int_not_equal(pid = fork(), -1);
		if (pid == 0) {
			uid_t uid;

			alarm(SECONDS_MAX);
			if (rows[i].mode >= NO_SOCKET)
				unlink(path("peers"));
			if (rows[i].mode == NO_SOCKET)
				unit_write("peers", "", 0);
			if ((rows[i].mode < NO_SOCKET &&
				chmod(path("peers"), rows[i].mode) == -1) ||
			    unshare(CLONE_NEWUSER) == -1)
				_exit(77);
			write_map("/proc/self/uid_map", "0 0 1");
			/* The map is read once. */
			_exit(listener_peer_allowed(&s, fd, &uid) ==
					rows[i].allowed &&
				    listener_peer_allowed(&s, fd, &uid) ==
					rows[i].allowed ?
				0 :
				2);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		kill(peer, SIGKILL);
		waitpid(peer, NULL, 0);
		close(fd);
		if (WEXITSTATUS(status) == 77) {
			unit_skipped("no user namespaces");
			return;
		}
		ROW(status == 0, "mode %o: status %d",
		    (unsigned int)rows[i].mode, status);
	}
	ROWS_END();
}

static void
test_peers_tcp(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct settings s = settings_for(NULL);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uid_t uid = 0;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_true(listener_peer_allowed(&s, fd, &uid));
	close(fd);
	/* Whatever is no socket at all. */
	assert_false(listener_peer_allowed(&s, fd, &uid));
	assert_int_equal(uid, (uid_t)-1);
}

static struct listener
make(const char *where)
{
	struct settings s = settings_for(where);
	struct listener l;
	struct error why;

	if (listener_make(&l, &s.listen, &why) != ERR_OK)
		fail_msg("%s", why.text);
	return l;
}

/* What another server has put there since stays: only our inode is removed. */
static void
test_only_ours_is_removed(void **state)
{
	char where[512];
	struct listener l;
	int server, client;

	(void)state;
	snprintf(where, sizeof where, "%s", path("taken"));
	l = make(where);
	assert_true(listener_is_there(&l));
	server = bind_to(where, SOCK_STREAM, 8); /* in the place of ours */
	assert_false(listener_is_there(&l));
	listener_close(&l);
	assert_int_not_equal(client = connect_to(where), -1);
	close(client);
	close(server);
}

static void
test_deleted(void **state)
{
	char where[512];
	struct listener l;

	(void)state;
	snprintf(where, sizeof where, "%s", path("deleted"));
	l = make(where);
	unlink(where);
	assert_false(listener_is_there(&l));
	listener_close(&l);
	/* A socket that was handed in has no file that we would miss. */
	l = (struct listener){ .fd = -1 };
	assert_true(listener_is_there(&l));
}

/*
 * What this process listens on, it may shut, also if it was handed in: whoever
 * listened became this program.  Another one's stays.
 */
static void
test_made_by(void **state)
{
	char where[512];
	struct listener l = { .path = NULL };
	int client;

	(void)state;
	snprintf(where, sizeof where, "%s", path("made-by"));
	l.fd = bind_to(where, SOCK_STREAM, 8);
	assert_true(listener_made_by(l.fd, getpid()));
	assert_false(listener_made_by(l.fd, getppid()));
	assert_false(listener_made_by(STDIN_FILENO, getpid()));
	listener_shut(&l);
	assert_int_not_equal(client = connect_to(where), -1);
	close(client);
	l.is_ours = true;
	listener_shut(&l);
	assert_int_equal(connect_to(where), -1);
	assert_int_equal(access(where, F_OK), 0);
	listener_close(&l);
}

/* Nobody gets in any more, and whoever waits in the queue is answered. */
static void
test_shut(void **state)
{
	char where[512], byte = 0;
	struct listener l;
	int client, accepted;

	(void)state;
	snprintf(where, sizeof where, "%s", path("shut"));
	l = make(where);
	assert_int_not_equal(client = connect_to(where), -1);
	listener_shut(&l);
	assert_int_equal(access(where, F_OK), -1);
	assert_int_not_equal(accepted = accept(l.fd, NULL, NULL), -1);
	assert_int_equal(write(accepted, "x", 1), 1);
	assert_int_equal(read(client, &byte, 1), 1);
	assert_int_equal(accept(l.fd, NULL, NULL), -1);
	close(accepted);
	close(client);
	listener_close(&l);
}

/* Whoever has found the file before it was removed is refused as well. */
static void
test_shut_refuses(void **state)
{
	char where[512], link_to[512];
	struct listener l;

	(void)state;
	snprintf(where, sizeof where, "%s", path("shut"));
	snprintf(link_to, sizeof link_to, "%s", path("link-to-shut"));
	l = make(where);
	assert_int_equal(link(where, link_to), 0);
	listener_shut(&l);
	assert_int_equal(connect_to(link_to), -1);
	assert_int_equal(errno, ECONNREFUSED);
	listener_close(&l);
}

static void
test_moves(void **state)
{
	char where[512];
	struct settings here, there, nowhere = settings_for(NULL);
	struct listener l;

	(void)state;
	snprintf(where, sizeof where, "%s", path("here"));
	here = settings_for(where);
	there = settings_for(path("there"));
	l = make(where);
	assert_false(listener_moves(&l, &here.listen));
	assert_true(listener_moves(&l, &there.listen));
	assert_false(listener_moves(&l, &nowhere.listen));
	listener_close(&l);
	/* A socket that was handed in stays. */
	l = (struct listener){ .fd = -1 };
	assert_false(listener_moves(&l, &there.listen));
}

static int
setup(void **state)
{
	(void)state;
	seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return seen != MAP_FAILED ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	return munmap(seen, sizeof *seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_dead),
		cmocka_unit_test(test_living),
		cmocka_unit_test(test_living_and_full),
		cmocka_unit_test(test_other_type),
		cmocka_unit_test(test_no_socket),
		cmocka_unit_test(test_cannot),
		cmocka_unit_test(test_not_a_directory),
		cmocka_unit_test(test_each_call_fails),
		cmocka_unit_test(test_each_move_fails),
		cmocka_unit_test(test_try),
		cmocka_unit_test(test_try_at_the_top),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_handed_in),
		cmocka_unit_test(test_not_handed_in),
		cmocka_unit_test(test_only_ours_is_removed),
		cmocka_unit_test(test_deleted),
		cmocka_unit_test(test_made_by),
		cmocka_unit_test(test_shut),
		cmocka_unit_test(test_shut_refuses),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_systemd_wrong),
		cmocka_unit_test(test_peers_hidden), /* the map is read once */
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_peers_tcp),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
