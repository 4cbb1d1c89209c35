#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/activity.h"
#include "base/clock.h"
#include "base/lack.h"
#include "base/log.h"
#include "base/watchdog.h"
#include "gateway/routes.h"
#include "pool/fastcgi.h"
#include "pool/listener.h"
#include "pool/lobby.h"
#include "pool/sandbox.h"
#include "pool/worker.h"

#define READ_MS	      2000 /* until a request is whole */
#define FIRST_MS      20   /* that long a worker waits for nothing else */
#define WRITE_MS      2000
#define WORK_MS	      8600 /* past the 8 s that an update may last */
#define LATE_TURN_MS  500  /* until a stop is looked for */
#define TICK_MS	      500
#define SIGNALS_MS    20 /* between two looks for signals, while it is busy */
#define DRAIN_MS      5000
#define SILENT_MS     250 /* of READ_MS, when this worker is to end */
#define LOBBY_TICK_MS 100 /* while somebody waits in the lobby */
#define IDLE_TICKS    30  /* then connections and memory are given back */

/* A worker is replaced after the first of these; the first two vary by 10 %. */
#define LIFE_REQUESTS 1000
#define LIFE_MS	      86400000	   /* a day */
#define LIFE_GROWTH   (64UL << 20) /* bytes of its heap */
#define LOOK_REQUESTS 64	   /* between two looks at the heap */

struct worker {
	const struct gateway *gateway;
	struct gateway_tools tools;
	struct fastcgi *fastcgi;
	struct lobby *lobby;
	int listener;
	int epoll;
	struct scoreboard *board; /* NULL as the next: nobody looks */
	struct slot *slot;	  /* or NULL */
	sigset_t while_waiting;	  /* the mask of epoll_pwait() */
	sigset_t heard;		  /* the signals that mean a task */
	int64_t signals_at;	  /* when to look for signals again */
	int idle_ticks;
	unsigned int served; /* requests, and after how many it ends */
	unsigned int serves;
	int64_t retires;   /* or at that moment */
	size_t first_heap; /* bytes that malloc(3) had in the beginning */
};

/* The variables of the signal handlers. */
static volatile sig_atomic_t stop, reload, reopen;
static volatile sig_atomic_t phase_fd = -1;

static void
on_signal(int sig)
{
	if (sig == SIGHUP)
		reload = 1;
	else if (sig == SIGUSR1)
		reopen = 1;
	else
		stop = 1;
}

/* Every read and write of libfcgi on this connection fails from now on. */
static void
on_alarm(int sig)
{
	int saved = errno;

	(void)sig;
	shutdown(phase_fd, SHUT_RDWR);
	errno = saved;
}

/*
 * Lets fd block, with one deadline for all that libfcgi writes to it: libfcgi
 * itself has none, and a limit for each write would not stop a peer that drips
 * (docs/reference/fastcgi.md 1.4).
 */
static void
phase_begin(int fd, long ms)
{
	struct itimerval t = { .it_value = { ms / 1000, ms % 1000 * 1000 } };
	sigset_t alarm_only;

	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	phase_fd = fd;
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
}

static void
phase_end(void)
{
	static const struct itimerval off;
	sigset_t alarm_only;

	setitimer(ITIMER_REAL, &off, NULL);
	phase_fd = -1;
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarm_only, NULL);
}

/*
 * Every signal stays blocked but in epoll_pwait(), so that none can cut a
 * request short or be lost before the wait (docs/reference/fastcgi.md 1.3 and
 * 3.3).
 */
static void
signals_setup(struct worker *w, bool alone)
{
	static const int stops[] = { SIGTERM, SIGQUIT, SIGINT };
	static const int tasks[] = { SIGHUP, SIGUSR1 };
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGSYS); /* of the sandbox: calls.h */
	sigprocmask(SIG_BLOCK, &all, NULL);
	sigemptyset(&w->while_waiting);
	sigemptyset(&w->heard);
	sigfillset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
		sigaction(stops[i], &sa, NULL);
		sigaddset(&w->heard, stops[i]);
	}
	if (!alone)
		sa.sa_handler = SIG_IGN;
	for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
		sigaction(tasks[i], &sa, NULL);
		if (alone)
			sigaddset(&w->heard, tasks[i]);
	}
	sa.sa_handler = on_alarm;
	sigaction(SIGALRM, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

/*
 * Takes pending signals as well: while the listener is busy, epoll_pwait()
 * returns before it lets any signal in.
 */
static void
take_signals(const struct worker *w)
{
	static const struct timespec at_once;
	int sig;

	while ((sig = sigtimedwait(&w->heard, NULL, &at_once)) > 0)
		on_signal(sig);
}

static enum worker_task
task_of_signals(struct worker *w, int64_t now)
{
	/* Not for each of the requests that come in a row. */
	if (now >= w->signals_at) {
		take_signals(w);
		w->signals_at = now + SIGNALS_MS;
	}
	if (stop)
		return WORKER_STOP;
	if (reload) {
		reload = 0;
		return WORKER_RELOAD;
	}
	if (reopen) {
		reopen = 0;
		return WORKER_REOPEN;
	}
	return WORKER_GO_ON;
}

/*
 * Finishes what was begun at a provider when the router got its reply.  That
 * may take a minute, so the supervisor is shown that the worker is alive; a
 * worker that is to stop gives it up, and the next update of the hosts begins
 * anew.
 */
static void
finish_late(struct worker *w)
{
	activity_set(ACTIVITY_FINISHING);
	while (w->tools.late != NULL) {
		take_signals(w);
		if (stop) {
			gateway_give_up(&w->tools);
			return;
		}
		if (w->slot != NULL)
			atomic_store(&w->slot->busy_since, clock_now());
		watchdog_start(clock_now() + WORK_MS, "a provider's answer");
		gateway_go_on(&w->tools, clock_now() + LATE_TURN_MS);
		watchdog_stop();
	}
}

/* How many milliseconds a worker waits for one connection alone. */
static int
patience(const struct worker *w)
{
	return FIRST_MS / (1 + (int)lobby_count(w->lobby));
}

/*
 * Closes a connection that was answered, at once if the web server has closed
 * it as well; else it waits for that in the lobby: bytes that nobody read would
 * make the kernel throw away the reply (docs/reference/fastcgi.md 1.4).
 */
static void
say_goodbye(struct worker *w, int fd)
{
	struct incoming *in = lobby_enter(w->lobby, fd);
	enum progress p;

	if (in == NULL)
		return;
	incoming_answered(in);
	p = incoming_wait(in, in->since + patience(w));
	if (p != INCOMING_MORE || !lobby_wait(w->lobby, in))
		lobby_leave(w->lobby, in, true);
}

/*
 * Sends the reply to the connection fd, and closes that: at once where the web
 * server has sent all that it had to.
 */
static void
send_reply(struct worker *w, int fd, bool is_ended, struct reply *reply)
{
	bool is_open, is_long = reply->body.len > REPLY_BODY_MAX;

	activity_pass(ACTIVITY_REPLY);
	if (is_long)
		phase_begin(fd, WRITE_MS);
	fastcgi_reply(w->fastcgi, reply);
	gateway_count(w->gateway, &w->tools);
	is_open = fastcgi_finish(w->fastcgi);
	if (is_long)
		phase_end();
	if (w->board != NULL)
		scoreboard_count(w->board, reply->status);
	reply_end(reply);
	if (is_open && is_ended)
		close(fd);
	else if (is_open)
		say_goodbye(w, fd);
}

/* Answers a request that is whole at the moment now. */
static void
answer(struct worker *w, struct incoming *in, int64_t now)
{
	int64_t earliest = now - READ_MS;
	bool is_ended = in->is_ended;
	int fd = in->fd;
	struct request q;
	struct reply reply;
	struct error why;

	/* It may have been whole for long, while this worker was at work. */
	if (fastcgi_parse(w->fastcgi, in,
		in->since > earliest ? in->since : earliest, &q,
		&why) != ERR_OK) {
		log_warn("a FastCGI request was lost: %s", why.text);
		lobby_leave(w->lobby, in, true);
		return;
	}
	lobby_leave(w->lobby, in, false);
	watchdog_start(q.start + WORK_MS, "a request");
	gateway_handle(w->gateway, &w->tools, &q, &reply);
	watchdog_stop();
	request_end(&q);
	send_reply(w, fd, is_ended, &reply);
	w->served++;
	if (w->tools.late != NULL)
		finish_late(w);
}

/* Lets a connection go on, of which that has become. */
static void
go_on_with(struct worker *w, struct incoming *in, enum progress p)
{
	int64_t now;

	if (p == INCOMING_MORE && lobby_wait(w->lobby, in))
		return;
	if (p != INCOMING_WHOLE) {
		if (p == INCOMING_BROKEN && !in->is_silent)
			log_warn("a FastCGI request was refused: %s",
			    in->why.text);
		lobby_leave(w->lobby, in, true);
		return;
	}
	now = clock_now();
	if (w->slot != NULL)
		atomic_store(&w->slot->busy_since, now);
	answer(w, in, now);
	activity_set(ACTIVITY_IDLE);
	if (w->slot != NULL) {
		/* First, or it looks as if it had hung for as long. */
		atomic_store(&w->slot->alive_at, clock_now());
		atomic_store(&w->slot->busy_since, 0);
	}
}

/*
 * Lets those go that have said too little for too long; span_ms is how long one
 * may that has said something.
 */
static void
send_away(struct worker *w, int64_t span_ms, int64_t silent_ms)
{
	int64_t now;
	struct incoming *in;

	if (lobby_count(w->lobby) == 0)
		return;
	now = clock_now();
	while ((in = lobby_late(w->lobby, now - span_ms, now - silent_ms)) !=
	    NULL) {
		/* The rest may have come while this worker was at work. */
		enum progress p = incoming_go_on(in);

		go_on_with(w, in, p == INCOMING_MORE ? incoming_expire(in) : p);
	}
}

/*
 * A web server sends its request as soon as it is connected, so a moment is
 * waited for it; less the more there are who did not.
 */
static void
welcome(struct worker *w, int fd)
{
	struct incoming *in = lobby_enter(w->lobby, fd);
	enum progress p;

	if (in == NULL) {
		lack_tell("malloc", ENOMEM);
		return;
	}
	if ((p = incoming_go_on(in)) == INCOMING_MORE) {
		activity_pass(ACTIVITY_READING);
		p = incoming_wait(in, in->since + patience(w));
		activity_pass(ACTIVITY_IDLE);
	}
	go_on_with(w, in, p);
}

static void
tell_refused(uid_t uid)
{
	log_warn("a connection of user %u was closed; if that is the web "
		 "server, add its name to \"peers\"",
	    (unsigned int)uid);
}

/* Welcomes one connection; false when nobody waits to be accepted. */
static bool
accept_one(struct worker *w)
{
	const struct timespec pause = { .tv_nsec = 100000000L };
	const struct timespec moment = { .tv_nsec = 1000000L };
	int fd = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	uid_t peer;

	if (fd == -1) {
		/*
		 * EINVAL: the listener was shut, and its queue is empty, so
		 * that a signal is to come.  Trying at once is a spin, as it is
		 * without descriptors or memory.
		 */
		if (errno == EINVAL) {
			w->signals_at = 0;
			nanosleep(&moment, NULL);
		} else if (errno != EAGAIN && errno != EINTR &&
		    errno != ECONNABORTED) {
			lack_tell("accept", errno);
			nanosleep(&pause, NULL);
		}
		return false;
	}
	if (!listener_peer_allowed(w->gateway->settings, fd, &peer)) {
		if (peer != (uid_t)-1)
			tell_refused(peer);
		close(fd);
		return true;
	}
	welcome(w, fd);
	return true;
}

/*
 * Of all the workers that wait at a listener with EPOLLEXCLUSIVE, the kernel
 * wakes one for a connection, not each (epoll_ctl(2)).
 */
static bool
watch(struct worker *w)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };

	return (w->epoll = epoll_create1(EPOLL_CLOEXEC)) != -1 &&
	    (w->lobby = lobby_new(w->epoll)) != NULL &&
	    epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->listener, &event) == 0;
}

static void
tools_end(struct gateway_tools *t)
{
	exchanges_free(t->exchanges);
	store_close(t->store);
}

static void
count_workers(const void *board, struct worker_counts *c)
{
	const struct scoreboard *b = board;

	scoreboard_workers(b, &c->all, &c->busy);
	c->outdated = atomic_load(&b->outdated);
}

bool
worker_change(struct worker *w, const struct gateway *g)
{
	struct gateway_tools tools = {
		.exchanges = exchanges_new(g->trust),
		.store = store_open(g->state),
		.refusals = w->board != NULL ? &w->board->refusals : NULL,
		.edition = g->settings->edition,
		.count_workers = w->board != NULL ? count_workers : NULL,
		.board = w->board,
	};

	if (tools.exchanges == NULL || tools.store == NULL) {
		tools_end(&tools);
		return false;
	}
	tools_end(&w->tools);
	w->tools = tools;
	w->gateway = g;
	return true;
}

struct worker *
worker_new(const struct gateway *g, int listener, struct scoreboard *board,
    struct slot *slot, bool alone)
{
	struct worker *w = calloc(1, sizeof *w);

	if (w == NULL) {
		log_warn("a worker does not start: out of memory");
		return NULL;
	}
	*w = (struct worker){ .listener = listener,
		.epoll = -1,
		.board = board,
		.slot = slot };
	if ((w->fastcgi = fastcgi_new()) == NULL) {
		log_warn("libfcgi does not start");
		goto fail;
	}
	/* libfcgi has installed handlers of its own: ours come after them. */
	signals_setup(w, alone);
	if (!watch(w) || !worker_change(w, g)) {
		log_warn("a worker does not start: %s", strerror(errno));
		goto fail;
	}
	activity_show("worker", slot != NULL ? &slot->activity : NULL);
	activity_set(ACTIVITY_IDLE);
	if (slot != NULL) {
		atomic_store(&slot->alive_at, clock_now());
		atomic_store(&slot->stage, STAGE_READY);
	}
	return w;
fail:
	worker_free(w);
	return NULL;
}

void
worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	tools_end(&w->tools);
	lobby_free(w->lobby);
	if (w->epoll != -1)
		close(w->epoll);
	fastcgi_free(w->fastcgi);
	free(w);
}

/*
 * Accepts even when the wait ended without an event: the connection may have
 * woken a worker that was stopped at that moment (SIGSTOP, a debugger), and
 * the kernel wakes no other one for it.
 */
enum worker_task
worker_turn(struct worker *w)
{
	int64_t now = clock_now();
	enum worker_task task = task_of_signals(w, now);
	struct epoll_event event;
	int n;

	if (task != WORKER_GO_ON)
		return task;
	if (w->slot != NULL)
		atomic_store(&w->slot->alive_at, now);
	n = epoll_pwait(w->epoll, &event, 1,
	    lobby_count(w->lobby) > 0 ? LOBBY_TICK_MS : TICK_MS,
	    &w->while_waiting);
	if (n == -1)
		return task_of_signals(w, clock_now());
	/* Of the listener there is no pointer. */
	if (n == 1 && event.data.ptr != NULL)
		go_on_with(w, event.data.ptr, incoming_go_on(event.data.ptr));
	send_away(w, READ_MS, READ_MS);
	(void)accept_one(w);
	if (sandbox_is_stale())
		return WORKER_STOP;
	w->idle_ticks = n == 0 ? w->idle_ticks + 1 : 0;
	if (w->idle_ticks == IDLE_TICKS)
		exchanges_trim(w->tools.exchanges);
	if (w->slot != NULL && atomic_load(&w->slot->stage) != STAGE_SERVED)
		atomic_store(&w->slot->stage, STAGE_SERVED);
	return WORKER_GO_ON;
}

/* Nobody else can answer those who wait in the lobby. */
static void
empty_lobby(struct worker *w)
{
	struct epoll_event event;

	(void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->listener, NULL);
	while (send_away(w, READ_MS, SILENT_MS), lobby_count(w->lobby) > 0)
		if (epoll_wait(w->epoll, &event, 1, LOBBY_TICK_MS) == 1)
			go_on_with(w, event.data.ptr,
			    incoming_go_on(event.data.ptr));
}

void
worker_drain(struct worker *w)
{
	int64_t deadline = clock_now() + DRAIN_MS;

	while (clock_left(deadline) > 0 && accept_one(w))
		continue;
	empty_lobby(w);
}

/* What malloc(3) has from the system; 0 where it does not tell. */
static size_t
heap_size(void)
{
#ifdef __GLIBC__
	struct mallinfo2 m = mallinfo2();

	return m.arena + m.hblkhd;
#else
	return 0;
#endif
}

static unsigned int
about(unsigned int n)
{
	return n - n / 10 + arc4random_uniform(n / 5 + 1);
}

/* Sets when the worker ends; not all of a pool at the same time. */
static void
limit_life(struct worker *w)
{
	w->serves = about(LIFE_REQUESTS);
	w->retires = clock_now() + about(LIFE_MS);
	w->first_heap = heap_size();
}

/*
 * Whatever a library may leak, or keep, ends with the process; to fork another
 * one costs less than a request.
 */
static bool
is_worn_out(const struct worker *w)
{
	size_t heap;

	if (w->served >= w->serves || clock_left(w->retires) == 0)
		return true;
	if (w->served == 0 || w->served % LOOK_REQUESTS != 0)
		return false;
	heap = heap_size();
	if (heap < w->first_heap + LIFE_GROWTH)
		return false;
	log_warn("the memory of a worker grew by %zu MB; it is replaced",
	    (heap - w->first_heap) >> 20);
	return true;
}

/*
 * The supervisor was killed: nobody will follow on the socket that it made, and
 * whoever connects would wait for nothing, and keep a new supervisor from
 * making the socket anew.
 */
static void
shut_if_orphaned(const struct worker *w, pid_t supervisor, bool made_there)
{
	if (made_there && getppid() != supervisor)
		shutdown(w->listener, SHUT_RD);
}

int
worker_run(const struct gateway *g, int listener, struct scoreboard *board,
    struct slot *slot)
{
	struct worker *w = worker_new(g, listener, board, slot, false);
	pid_t supervisor = getppid();
	bool made_there = listener_made_by(listener, supervisor);

	if (w == NULL)
		return EXIT_FAILURE;
	limit_life(w);
	while (!is_worn_out(w))
		if (worker_turn(w) == WORKER_STOP) {
			shut_if_orphaned(w, supervisor, made_there);
			worker_drain(w);
			break;
		}
	empty_lobby(w);
	/* The rest goes with the process, which is faster than to free it. */
	store_close(w->tools.store);
	return EXIT_SUCCESS;
}
