/*
 * test_supervisor.c - the supervisor among processes that only seem to be: when
 * they are started, told to leave and killed, and what it does when the system
 * refuses what it asks for.
 *
 * fork(2), kill(2), waitpid(2) and the clock are played, so that a minute takes
 * a moment, and a pool of 256 workers no memory.
 */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "pool/children.h"
#include "pool/supervisor.h"
#include "served.h"

#define FIRST_PID 10000000 /* no process has such a one: PID_MAX_LIMIT */
#define LIVES_MAX 16384
#define TURNS_MAX 2000 /* a story that is longer never ends */
#define LIVES	  -1   /* no status */

/* The processes that were forked, and not waited for. */
static struct life {
	bool is_there;
	int status; /* LIVES, or as of waitpid(2) */
} lives[LIVES_MAX];
static size_t born, killed;

/* What the system does, as a story likes. */
static struct world {
	bool is_played;
	int64_t now; /* CLOCK_MONOTONIC, ms */
	bool no_pool, no_board, no_forks;
	int real;      /* so many forks are real ones */
	bool deaf;     /* nobody leaves who is told to */
	bool unready;  /* nobody becomes ready */
	bool hung;     /* nobody shows that it lives */
	bool dies;     /* a worker ends as soon as it serves */
	bool no_table; /* nobody can narrow its table */
	bool no_limit;
} world;
static struct pool *pool; /* of the supervisor */
static void (*story)(unsigned int turn);
static int manager; /* its socket */
static char told[2048];
static unsigned int fed; /* the watchdog, in the last turn */

static struct life *
life_of(pid_t pid)
{
	return pid >= FIRST_PID && pid < FIRST_PID + LIVES_MAX ?
	    &lives[pid - FIRST_PID] :
	    NULL;
}

static void
end(pid_t pid, int status)
{
	struct life *l = life_of(pid);

	if (l != NULL && l->status == LIVES)
		l->status = status;
}

static bool
is_gone(pid_t pid)
{
	const struct life *l = life_of(pid);

	return l == NULL || !l->is_there;
}

pid_t __real_fork(void);
pid_t __wrap_fork(void);

pid_t
__wrap_fork(void)
{
	if (!world.is_played)
		return __real_fork();
	if (world.no_forks) {
		errno = EAGAIN;
		return -1;
	}
	if (world.real > 0) {
		world.real--;
		return __real_fork();
	}
	if (born == LIVES_MAX)
		_exit(98);
	lives[born] = (struct life){ true, LIVES };
	return FIRST_PID + (pid_t)born++;
}

int __real_kill(pid_t pid, int sig);
int __wrap_kill(pid_t pid, int sig);

int
__wrap_kill(pid_t pid, int sig)
{
	if (life_of(pid) == NULL)
		return __real_kill(pid, sig);
	killed += sig == SIGKILL;
	if (sig == SIGKILL || !world.deaf)
		end(pid, sig == SIGTERM ? 0 : sig);
	return 0;
}

pid_t __real_waitpid(pid_t pid, int *status, int options);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);

pid_t
__wrap_waitpid(pid_t pid, int *status, int options)
{
	if (!world.is_played)
		return __real_waitpid(pid, status, options);
	for (size_t i = 0; i < born; i++)
		if (lives[i].is_there && lives[i].status != LIVES) {
			lives[i].is_there = false;
			*status = lives[i].status;
			return FIRST_PID + (pid_t)i;
		}
	/* A real one ends by itself. */
	return __real_waitpid(pid, status, 0);
}

int __real_clock_gettime(clockid_t id, struct timespec *t);
int __wrap_clock_gettime(clockid_t id, struct timespec *t);

int
__wrap_clock_gettime(clockid_t id, struct timespec *t)
{
	if (!world.is_played || id != CLOCK_MONOTONIC)
		return __real_clock_gettime(id, t);
	*t = (struct timespec){ world.now / 1000, world.now % 1000 * 1000000L };
	return 0;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *
__wrap_calloc(size_t count, size_t size)
{
	void *p;

	if (size != sizeof(struct pool))
		return __real_calloc(count, size);
	p = world.no_pool ? NULL : __real_calloc(count, size);
	pool = p;
	return p;
}

static bool
is_refused(bool wish)
{
	if (wish && world.is_played)
		errno = ENOMEM;
	return wish && world.is_played;
}

UNIT_BETWEEN(is_refused(world.no_board), int, shm_open, -1,
    (const char *name, int flags, mode_t mode), (name, flags, mode))
UNIT_BETWEEN(is_refused(world.no_board) && (flags & MAP_SHARED) != 0, void *,
    mmap, MAP_FAILED,
    (void *at, size_t len, int prot, int flags, int fd, off_t offset),
    (at, len, prot, flags, fd, offset))
UNIT_BETWEEN(is_refused(world.no_table), int, mprotect, -1,
    (void *at, size_t len, int prot), (at, len, prot))
UNIT_BETWEEN(is_refused(world.no_limit), int, setrlimit, -1,
    (__rlimit_resource_t which, const struct rlimit *l), (which, l))

/* What the children do meanwhile. */
static void
live(void)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *c = &pool->children[i];
		struct life *l = life_of(c->pid);

		if (l == NULL || l->status != LIVES)
			continue;
		if (!world.hung)
			atomic_store(&c->slot->alive_at, world.now);
		if (world.unready)
			continue;
		if (world.dies && c->role == ROLE_WORKER)
			end(c->pid, SIGSEGV);
		atomic_store(&c->slot->stage, STAGE_SERVED);
	}
}

static void
hear_what_is_told(void)
{
	char text[sizeof told];
	ssize_t n;

	fed = 0;
	while ((n = recv(manager, text, sizeof text - 1, MSG_DONTWAIT)) > 0) {
		text[n] = '\0';
		if (strcmp(text, "WATCHDOG=1") == 0)
			fed++;
		else
			snprintf(told, sizeof told, "%s", text);
	}
}

/* The supervisor sleeps here, and the story goes on. */
int __real_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *span,
    const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *span,
    const sigset_t *mask);

int
__wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *span,
    const sigset_t *mask)
{
	static const struct timespec none;
	static unsigned int turn;

	world.now += span->tv_sec * 1000 + span->tv_nsec / 1000000;
	live();
	hear_what_is_told();
	if (++turn > TURNS_MAX)
		_exit(99);
	story(turn);
	return __real_ppoll(fds, n, &none, mask);
}

/* A file of the directory; the caller frees the name. */
static char *
name_of(const char *file)
{
	char *name;

	assert_int_not_equal(asprintf(&name, "%s/%s", unit_directory(), file),
	    -1);
	return name;
}

/* Its number as a file; 0: it is not there. */
static ino_t
inode_of(const char *file)
{
	char *name = name_of(file);
	struct stat st = { .st_ino = 0 };

	(void)lstat(name, &st);
	free(name);
	return st.st_ino;
}

static bool
is_logged(const char *file, const char *line)
{
	char *name = name_of(file), *text = unit_read(name);
	bool is = text != NULL && strstr(text, line) != NULL;

	ROW(is, "\"%s\" is not in the log", line);
	free(text);
	free(name);
	return is;
}

static void
move_file(const char *from, const char *to)
{
	char *old = name_of(from), *new = name_of(to);

	ROW(rename(old, new) == 0, "%s: %s", from, strerror(errno));
	free(old);
	free(new);
}

static void
listen_to_ourselves(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	snprintf(un.sun_path, sizeof un.sun_path, "%s/manager",
	    unit_directory());
	unlink(un.sun_path);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ROW(bind(manager, (struct sockaddr *)&un, sizeof un) == 0, "%s",
	    un.sun_path);
	setenv("NOTIFY_SOCKET", un.sun_path, 1);
}

/* Runs a supervisor, in a child, for its signals are those of a process. */
static void
play(const char *name, unsigned int workers, void (*turn)(unsigned int turn),
    int wanted)
{
	const char *configuration;
	char *log = name_of("log");
	int status;
	pid_t pid;

	unlink(log);
	free(log);
	configuration = served_configuration(workers, "a");
	fflush(NULL);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		struct error why;
		struct listener l;
		struct gateway *g = gateway_new(configuration, &why);

		if (g == NULL || gateway_open_state(g, &why) != ERR_OK ||
		    log_open(&g->settings->log, &why) != ERR_OK ||
		    listener_make(&l, &g->settings->listen, &why) != ERR_OK) {
			print_error("%s: %s\n", name, why.text);
			_exit(97);
		}
		listen_to_ourselves();
		(void)unit_rows_failed();
		story = turn;
		world.now = 1000000;
		world.is_played = true;
		status = supervisor_run(g, &l);
		world.is_played = false;
		ROW(status == wanted, "%s: exit status %d", name, status);
		ROW(inode_of("a") == 0, "%s: the socket stays", name);
		_exit(unit_rows_failed() == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	ROW(status == 0, "%s: 0x%x", name, (unsigned int)status);
}

/* How many children of the role serve, of the present generation. */
static size_t
serving(enum role role)
{
	return children_count(pool, role, STAGE_SERVED);
}

static pid_t
one_of(enum role role)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (pool->children[i].pid != 0 &&
		    pool->children[i].role == role &&
		    pool->children[i].told == 0)
			return pool->children[i].pid;
	return 0;
}

static void
no_turn(unsigned int turn)
{
	ROW(false, "turn %u", turn);
	raise(SIGTERM);
}

static void
test_no_memory(void **state)
{
	(void)state;
	world.no_pool = true;
	play("no pool", 2, no_turn, EXIT_FAILURE);
	world.no_pool = false;
	world.no_board = true;
	play("no board", 2, no_turn, EXIT_FAILURE);
	world.no_board = false;
	is_logged("log", "out of memory");
	ROWS_END();
}

/* More than there is room for wait, and come in the end. */
static void
crowd(unsigned int turn)
{
	static unsigned int done;

	ROW(children_alive(pool) <= CHILDREN_MAX, "too many");
	if (turn == 10) {
		ROW(serving(ROLE_WORKER) == 256, "%zu workers",
		    serving(ROLE_WORKER));
		ROW(serving(ROLE_RESOLVER) + serving(ROLE_WATCHER) +
			    serving(ROLE_NOTIFIER) ==
			3,
		    "helpers are missing");
		world.deaf = true;
		(void)served_configuration(1, "a");
		raise(SIGHUP);
	} else if (turn == 20) {
		ROW(serving(ROLE_WORKER) == 1, "%zu workers, not 1",
		    serving(ROLE_WORKER));
		(void)served_configuration(256, "a");
		raise(SIGHUP);
	} else if (turn == 30) {
		ROW(children_alive(pool) == CHILDREN_MAX, "%zu are there",
		    children_alive(pool));
		ROW(pool->renewing, "they took over without room");
		raise(SIGHUP); /* waits for room as well */
	} else if (turn > 30 && done == 0 && pool->generation == 4) {
		ROW(killed >= 259, "only %zu were killed", killed);
		done = turn;
		world.deaf = false;
	} else if (done != 0 && turn == done + 40) {
		ROW(serving(ROLE_WORKER) == 256, "%zu workers at last",
		    serving(ROLE_WORKER));
		ROW(children_alive(pool) == 259, "%zu are left",
		    children_alive(pool));
		raise(SIGTERM);
	}
}

static void
test_crowd(void **state)
{
	(void)state;
	play("a crowd", 256, crowd, EXIT_SUCCESS);
	ROWS_END();
}

/* Told to stop while a generation has not taken over on another socket. */
static void
stop_early(unsigned int turn)
{
	if (turn == 10) {
		world.unready = world.deaf = true;
		(void)served_configuration(2, "b");
		raise(SIGHUP);
	} else if (turn == 20) {
		ROW(inode_of("a") != 0 && inode_of("b") != 0,
		    "one of the two sockets is not there");
		raise(SIGTERM);
	} else if (turn == 21) {
		/* Gone at once, although some have not left yet. */
		ROW(inode_of("a") == 0 && inode_of("b") == 0, "a socket stays");
	} else if (turn == 23) {
		ROW(fed > 0, "the manager is not told that it lives");
	} else if (turn == 25) {
		ROW(killed == 0, "killed at the first signal");
		raise(SIGTERM);
	}
}

static void
test_stop_early(void **state)
{
	(void)state;
	play("stop while it moves", 2, stop_early, EXIT_SUCCESS);
	ROW(inode_of("b") == 0, "the other socket stays");
	is_logged("log", "stopped");
	ROWS_END();
}

/* From a to b and back before b serves: whoever waits at a is not sent away. */
static void
move_about(unsigned int turn)
{
	static ino_t a;

	if (turn == 10) {
		a = inode_of("a");
		world.unready = true;
		(void)served_configuration(2, "b");
		raise(SIGHUP);
	} else if (turn == 20) {
		(void)served_configuration(2, "a");
		raise(SIGHUP);
	} else if (turn == 30) {
		ROW(inode_of("a") == a, "a is not the one it was");
		ROW(inode_of("b") == 0, "b stays");
		(void)served_configuration(2, "b");
		raise(SIGHUP);
	} else if (turn == 40) {
		(void)served_configuration(2, "c");
		raise(SIGHUP);
	} else if (turn == 50) {
		ROW(inode_of("a") == a, "a went before c serves");
		ROW(inode_of("b") == 0, "b stays, which never served");
		ROW(inode_of("c") != 0, "c is not there");
		move_file("a", "gone");
		(void)served_configuration(2, "a");
		raise(SIGHUP);
	} else if (turn == 60) {
		ROW(inode_of("a") != 0, "a was not made anew");
		ROW(inode_of("c") == 0, "c stays");
		world.unready = false;
	} else if (turn == 70) {
		ROW(!pool->renewing && pool->old_listener.fd == -1,
		    "a is not all there is");
		ROW(inode_of("a") != 0, "the new a went with the old one");
		raise(SIGTERM);
	}
}

static void
test_move_about(void **state)
{
	(void)state;
	play("sockets", 2, move_about, EXIT_SUCCESS);
	ROWS_END();
}

/* What cannot be done leaves all as it was, and the log says so. */
static void
refuse(unsigned int turn)
{
	char *name;

	if (turn == 10) {
		move_file("log", "log.1");
		name = name_of("log");
		ROW(symlink("log.1", name) == 0, "%s", name);
		free(name);
		raise(SIGUSR1);
	} else if (turn == 11) {
		ROW(pool->generation == 1, "another generation for no log");
		is_logged("log.1", "the log stays as it was: ");
		name = name_of("log");
		unlink(name);
		free(name);
		raise(SIGUSR1);
	} else if (turn == 20) {
		ROW(pool->generation == 2, "the log was not opened again");
		is_logged("log", "the log was opened again");
		unit_write("ddnsgate.json", "{", 1);
	} else if (turn == 22) {
		ROW(atomic_load(&pool->scoreboard->outdated),
		    "nobody says that the configuration is another one");
		raise(SIGHUP);
	} else if (turn == 25) {
		ROW(pool->generation == 2, "a generation of nonsense");
		ROW(strstr(told, "the configuration stays as it was: ") != NULL,
		    "told: %s", told);
		(void)served_configuration(2, "no/such/directory");
		raise(SIGHUP);
	} else if (turn == 28) {
		ROW(pool->generation == 2, "a generation without a socket");
		ROW(strstr(told, "No such file or directory") != NULL,
		    "told: %s", told);
		(void)served_configuration(2, "a");
		world.no_board = true;
		raise(SIGHUP);
	} else if (turn == 29) {
		world.no_board = false;
		ROW(pool->generation == 2, "a generation without memory");
		ROW(strstr(told, "out of memory") != NULL, "told: %s", told);
		move_file("log", "log.2");
		name = name_of("log");
		ROW(mkdir(name, 0700) == 0, "%s", name);
		free(name);
		raise(SIGHUP);
	} else if (turn == 30) {
		ROW(pool->generation == 2, "a generation without a log");
		ROW(strstr(told, "/log: Is a directory") != NULL, "told: %s",
		    told);
		name = name_of("log");
		ROW(rmdir(name) == 0, "%s", name);
		free(name);
		(void)served_configuration(2, "a");
		raise(SIGHUP);
	} else if (turn == 35) {
		ROW(pool->generation == 3 && pool->complaint.code == ERR_OK,
		    "it still complains");
		ROW(!atomic_load(&pool->scoreboard->outdated),
		    "the configuration is still another one");
		raise(SIGTERM);
	}
}

static void
test_refuse(void **state)
{
	(void)state;
	play("nothing of that", 2, refuse, EXIT_SUCCESS);
	ROWS_END();
}

/* The file of the socket is gone, and at first cannot be made anew. */
static void
lose_socket(unsigned int turn)
{
	static char *away;
	static int64_t since;

	if (turn == 10) {
		/* Something that is no socket is in its place. */
		away = name_of("a");
		unlink(away);
		ROW(mkdir(away, 0700) == 0, "%s", away);
		since = world.now;
	} else if (turn == 12) {
		is_logged("log", "is gone; it is made anew");
		is_logged("log", "is there, and is no socket; move it away");
		ROW(pool->generation == 1, "a generation without a socket");
		ROW(rmdir(away) == 0, "%s", away);
	} else if (turn == 14) {
		ROW(inode_of("a") == 0, "tried again at once");
	} else if (turn > 14 && inode_of("a") != 0 && pool->generation == 2 &&
	    !pool->renewing) {
		ROW(world.now - since >= 10000, "tried again at once");
		ROW(listener_is_there(pool->listener), "not its own");
		is_logged("log", "the socket was made anew");
		free(away);
		raise(SIGTERM);
	}
}

static void
test_lose_socket(void **state)
{
	(void)state;
	play("a socket is lost", 2, lose_socket, EXIT_SUCCESS);
	ROWS_END();
}

/* The watcher says that accounts have changed, and they cannot be read. */
static void
lose_accounts(unsigned int turn)
{
	if (turn == 10) {
		move_file("accounts.d", "accounts.away");
		end(one_of(ROLE_WATCHER), 0);
	} else if (turn == 12) {
		is_logged("log", "the accounts stay as they were: ");
		ROW(pool->generation == 1, "a generation without accounts");
		ROW(serving(ROLE_WATCHER) == 1, "nobody watches any more");
		move_file("accounts.away", "accounts.d");
		end(one_of(ROLE_WATCHER), 0);
	} else if (turn == 30) {
		ROW(pool->generation == 2, "the accounts were not read");
		is_logged("log", "accounts have changed");
		/* One that fails says nothing of the accounts. */
		end(one_of(ROLE_WATCHER), 1 << 8);
	} else if (turn == 35) {
		ROW(pool->generation == 2, "accounts that did not change");
		ROW(serving(ROLE_WATCHER) == 1, "nobody watches any more");
		world.no_board = true;
		end(one_of(ROLE_WATCHER), 0);
	}
	ROW(turn < 50, "it goes on without accounts");
	if (turn == 50)
		raise(SIGTERM);
}

/* Whoever started it must know that it is to be started again. */
static void
test_lose_accounts(void **state)
{
	(void)state;
	play("accounts", 2, lose_accounts, EXIT_FAILURE);
	is_logged("log", "the accounts stay as they were: out of memory");
	ROWS_END();
}

/* Workers that hang are killed, and in the end nobody feeds the watchdog. */
static void
hang(unsigned int turn)
{
	static unsigned int starved;

	if (turn == 10) {
		ROW(fed == 1, "fed %u times", fed);
		world.hung = world.unready = true;
	} else if (turn > 10 && starved == 0 && pool->starved) {
		ROW(killed >= 2, "only %zu were killed", killed);
		starved = turn;
	} else if (starved != 0 && turn == starved + 1) {
		ROW(fed == 0, "fed %u times, though nobody lives", fed);
	} else if (starved != 0 && turn == starved + 20) {
		world.hung = world.unready = false;
	} else if (starved != 0 && turn == starved + 30) {
		ROW(fed == 1, "fed %u times, though all live", fed);
		ROW(serving(ROLE_WORKER) == 2, "%zu workers",
		    serving(ROLE_WORKER));
		raise(SIGTERM);
	}
}

static void
test_hang(void **state)
{
	(void)state;
	play("all hang", 2, hang, EXIT_SUCCESS);
	is_logged("log", "hangs for 10 s; killed");
	is_logged("log", "no worker has been alive for 20 s; ");
	ROWS_END();
}

/* Work that lasts too long, a supervisor that was stopped, and who is deaf. */
static void
be_late(unsigned int turn)
{
	static pid_t busy;

	if (turn == 10) {
		/* A container's pause: nobody showed that it lives. */
		world.hung = true;
		world.now += 60000;
	} else if (turn == 12) {
		ROW(killed == 0, "killed for what the pause did");
		world.hung = false;
		for (size_t i = 0; i < CHILDREN_MAX; i++)
			if (pool->children[i].role == ROLE_WORKER &&
			    pool->children[i].pid != 0) {
				busy = pool->children[i].pid;
				atomic_store(&pool->children[i]
						  .slot->busy_since,
				    world.now);
				break;
			}
	} else if (turn == 13) {
		ROW(strstr(told, "2 workers, 1 busy") != NULL, "told: %s",
		    told);
	} else if (turn == 40) {
		ROW(killed == 1 && is_gone(busy),
		    "who is busy for too long goes on");
		ROW(serving(ROLE_WORKER) == 2, "%zu workers",
		    serving(ROLE_WORKER));
		world.deaf = true;
		raise(SIGUSR1);
	} else if (turn == 70) {
		ROW(children_alive(pool) == 5, "%zu are there",
		    children_alive(pool));
		ROW(killed == 6, "%zu were killed", killed);
		world.deaf = false;
		raise(SIGTERM);
	}
}

static void
test_be_late(void **state)
{
	(void)state;
	play("late", 2, be_late, EXIT_SUCCESS);
	is_logged("log", "hangs for 20 s; killed");
	ROWS_END();
}

/* No process can be forked for a while; who is there serves. */
static void
lack_processes(unsigned int turn)
{
	if (turn == 10) {
		world.no_forks = true;
		end(one_of(ROLE_WORKER), SIGKILL);
	} else if (turn == 15) {
		is_logged("log", "raise the limit of processes");
		ROW(serving(ROLE_WORKER) == 1, "%zu workers",
		    serving(ROLE_WORKER));
		ROW(pool->backoffs[ROLE_WORKER].pause <= BACKOFF_OTHERS_MS,
		    "%d ms, though another one serves",
		    pool->backoffs[ROLE_WORKER].pause);
		/* A generation comes without room for its workers. */
		raise(SIGUSR1);
	} else if (turn == 25) {
		ROW(children_alive(pool) > 0, "nobody is left");
		world.no_forks = false;
	} else if (turn == 100) {
		ROW(serving(ROLE_WORKER) == 2 && !pool->renewing,
		    "%zu workers at last", serving(ROLE_WORKER));
		raise(SIGTERM);
	}
}

static void
test_lack_processes(void **state)
{
	(void)state;
	play("no processes", 2, lack_processes, EXIT_SUCCESS);
	ROWS_END();
}

/* Each worker dies of what it does; then one tries, until it lives. */
static void
crash(unsigned int turn)
{
	static unsigned int done;

	if (turn == 10) {
		world.dies = true;
	} else if (turn > 10 && done == 0 && pool->crashes.loop) {
		ROW(strstr(told, "DEGRADED") != NULL, "told: %s", told);
		done = turn;
	} else if (done != 0 && turn == done + 10) {
		ROW(children_count(pool, ROLE_WORKER, STAGE_STARTING) <= 1,
		    "more than one tries");
		ROW(fed == 1, "the watchdog ends a pool that tries");
		world.dies = false;
	} else if (done != 0 && turn > done + 10 && !pool->crashes.loop &&
	    serving(ROLE_WORKER) == 3) {
		ROW(strstr(told, "DEGRADED") == NULL, "told: %s", told);
		raise(SIGTERM);
	}
}

static void
test_crash(void **state)
{
	(void)state;
	play("a crash loop", 3, crash, EXIT_SUCCESS);
	is_logged("log", "more than 6 workers died within a minute: ");
	is_logged("log", "was ended by Segmentation fault");
	is_logged("log", "a worker lives; 3 workers again");
	ROWS_END();
}

/* Who is killed from outside before it serves is replaced at once. */
static void
be_killed(unsigned int turn)
{
	static size_t before;

	if (turn == 10) {
		world.unready = true;
		before = born;
		end(one_of(ROLE_WORKER), SIGKILL);
	} else if (turn == 11) {
		ROW(born == before + 1, "not replaced at once");
		end(FIRST_PID + (pid_t)born - 1, SIGKILL);
	} else if (turn == 12) {
		ROW(born == before + 2, "not replaced at once");
		ROW(pool->backoffs[ROLE_WORKER].pause == 0, "it backs off");
		/* Its own fault. */
		end(FIRST_PID + (pid_t)born - 1, 1 << 8);
	} else if (turn == 13) {
		ROW(pool->backoffs[ROLE_WORKER].pause > 0, "it does not");
		is_logged("log", "exited with status 1");
		is_logged("log", "a worker died before it served; ");
		/* A child that the supervisor never had. */
		lives[born++] = (struct life){ true, SIGKILL };
		end(one_of(ROLE_NOTIFIER), SIGSYS);
	} else if (turn == 14) {
		is_logged("log", "its sandbox forbids");
		raise(SIGINT);
	}
}

static void
test_be_killed(void **state)
{
	(void)state;
	play("killed", 2, be_killed, EXIT_SUCCESS);
	ROWS_END();
}

/* Children that are real: each of them must end that cannot be locked up. */
static void
unlocked(unsigned int turn)
{
	if (turn == 10) {
		world.no_table = true;
		world.real = 1;
		end(one_of(ROLE_NOTIFIER), SIGKILL);
	} else if (turn == 12) {
		world.no_table = false;
		is_logged("log", "notifier: shared memory: ");
		is_logged("log", "exited with status 1");
		world.no_limit = true;
		world.real = 1;
		end(one_of(ROLE_WORKER), SIGKILL);
	} else if (turn == 14) {
		world.no_limit = false;
		is_logged("log", "worker: limits: ");
	} else if (turn == 40) {
		ROW(serving(ROLE_WORKER) == 2, "%zu workers",
		    serving(ROLE_WORKER));
		ROW(serving(ROLE_NOTIFIER) == 1, "no notifier");
		raise(SIGQUIT);
	}
}

static void
test_unlocked(void **state)
{
	(void)state;
	play("without a lock", 2, unlocked, EXIT_SUCCESS);
	ROWS_END();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_stop_early),
		cmocka_unit_test(test_move_about),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_lose_socket),
		cmocka_unit_test(test_lose_accounts),
		cmocka_unit_test(test_hang),
		cmocka_unit_test(test_be_late),
		cmocka_unit_test(test_lack_processes),
		cmocka_unit_test(test_crash),
		cmocka_unit_test(test_be_killed),
		cmocka_unit_test(test_unlocked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
