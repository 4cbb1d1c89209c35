#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/watchdog.h"
#include "pool/fastcgi.h"
#include "pool/listener.h"
#include "pool/worker.h"

/* Milliseconds. */
#define READ_MS	   2000
#define WRITE_MS   2000
#define WORK_MS	   8600 /* past the 8 s that an update may last */
#define TICK_MS	   500	/* looks at the socket even if nothing woke it */
#define DRAIN_MS   1000 /* at most, before leaving */
#define IDLE_TICKS 30	/* then connections and memory are given back */

/* What a worker has for its requests. */
struct worker {
	const struct gateway *gateway;
	struct gateway_tools tools;
	struct fastcgi *fastcgi;
	int listener;
	struct slot *slot; /* or NULL */
};

/* What signal handlers must touch. */
static volatile sig_atomic_t stop;
static volatile sig_atomic_t phase_fd = -1;

static void
on_stop(int sig)
{
	(void)sig;
	stop = 1;
}

/* Whatever libfcgi waits for on this connection, it fails now. */
static void
on_alarm(int sig)
{
	int saved = errno;

	(void)sig;
	if (phase_fd != -1)
		shutdown(phase_fd, SHUT_RDWR);
	errno = saved;
}

/*
 * One deadline for all that libfcgi does: libfcgi itself has none, and a limit
 * for each write would not stop a peer that drips.
 */
static void
phase_begin(int fd, long ms)
{
	struct itimerval t = { .it_value = { ms / 1000, ms % 1000 * 1000 } };
	sigset_t alarm_only;

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
 * request short or be lost before the wait.
 */
static void
signals_setup(sigset_t *while_waiting)
{
	static const int stops[] = { SIGTERM, SIGQUIT, SIGINT, SIGUSR1 };
	struct sigaction sa = { .sa_handler = on_stop };
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	sigemptyset(while_waiting);
	sigfillset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
		sigaction(stops[i], &sa, NULL);
	sa.sa_handler = on_alarm;
	sigaction(SIGALRM, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGPIPE, &sa, NULL);
}

/* A busy listener ends epoll_pwait() before any signal is looked at. */
static bool
stop_wanted(void)
{
	sigset_t pending;

	if (stop || sigpending(&pending) == -1)
		return stop;
	return sigismember(&pending, SIGTERM) == 1 ||
	    sigismember(&pending, SIGQUIT) == 1 ||
	    sigismember(&pending, SIGINT) == 1 ||
	    sigismember(&pending, SIGUSR1) == 1;
}

/* Takes over the connection fd. */
static void
serve(const struct worker *w, int fd)
{
	struct request q;
	struct reply reply;

	if (!fastcgi_read(w->fastcgi, fd, clock_now() + READ_MS, &q))
		return;
	watchdog_start(q.start + WORK_MS, "a request");
	gateway_handle(w->gateway, &w->tools, &q, &reply);
	watchdog_stop();
	request_end(&q);
	phase_begin(fd, WRITE_MS);
	fastcgi_reply(w->fastcgi, &reply);
	phase_end();
	reply_end(&reply);
}

/* False when nobody waits to be accepted. */
static bool
accept_one(const struct worker *w)
{
	struct timespec pause = { 0, 100000000L };
	int fd = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd == -1) {
		/* Without descriptors or memory, trying at once is a spin. */
		if (errno != EAGAIN && errno != EINTR &&
		    errno != ECONNABORTED) {
			log_warn("accept: %s", strerror(errno));
			nanosleep(&pause, NULL);
		}
		return false;
	}
	if (!listener_peer_allowed(w->gateway->settings, fd)) {
		log_warn("a connection of a user that is not among \"peers\" "
			 "was closed");
		close(fd);
		return true;
	}
	if (w->slot != NULL)
		atomic_store(&w->slot->busy_since, clock_now());
	serve(w, fd);
	if (w->slot != NULL)
		atomic_store(&w->slot->busy_since, 0);
	return true;
}

int
worker_run(const struct gateway *g, int listener, struct slot *slot)
{
	struct worker w = { .gateway = g, .listener = listener, .slot = slot };
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	sigset_t while_waiting;
	int64_t drained;
	int ep, idle = 0;

	if ((w.fastcgi = fastcgi_new()) == NULL) {
		log_warn("libfcgi does not start");
		return EXIT_FAILURE;
	}
	signals_setup(&while_waiting);
	ep = epoll_create1(EPOLL_CLOEXEC);
	if (ep == -1 || epoll_ctl(ep, EPOLL_CTL_ADD, listener, &event) == -1 ||
	    (w.tools.exchanges = exchanges_new(g->trust)) == NULL ||
	    (w.tools.store = store_open(g->state)) == NULL) {
		log_warn("a worker does not start: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	while (!stop_wanted()) {
		int n = epoll_pwait(ep, &event, 1, TICK_MS, &while_waiting);

		if (n == -1)
			continue;
		/* Even at a tick: a stopped worker may have taken a wake-up. */
		(void)accept_one(&w);
		idle = n == 0 ? idle + 1 : 0;
		if (idle == IDLE_TICKS)
			exchanges_rest(w.tools.exchanges);
	}
	/* Who is in the queue by now may find nobody else. */
	drained = clock_now() + DRAIN_MS;
	while (clock_left(drained) > 0 && accept_one(&w))
		continue;
	exchanges_free(w.tools.exchanges);
	store_close(w.tools.store);
	close(ep);
	fastcgi_free(w.fastcgi);
	return EXIT_SUCCESS;
}
