#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/shared.h"
#include "pool/listener.h"
#include "pool/notify.h"
#include "pool/scoreboard.h"
#include "pool/supervisor.h"
#include "pool/worker.h"

/* Milliseconds. */
#define BUSY_MS_MAX    20000 /* a worker that takes longer hangs */
#define STOP_MS_MAX    15000 /* then it is killed */
#define TICK_MS	       1000
#define DELAY_FIRST_MS 100 /* of a restart after an early death */
#define DELAY_MS_MAX   30000
#define LIFE_LONG_MS   10000 /* a death after that is not early */

/* Two generations live side by side while one retires. */
#define SEATS (4 * SETTINGS_WORKERS_MAX)

struct seat {
	pid_t pid; /* 0: free */
	int64_t born;
	bool retired;
};

struct pool {
	struct gateway *gateway;
	int listener;
	struct slot *slots; /* one a seat */
	struct seat seats[SEATS];
	int64_t not_before; /* no start until then */
	int delay;
	sigset_t normal; /* the mask before we blocked */
	pid_t resolver;	 /* 0: none is needed, or it died */
	bool in_worker;	 /* this process is a child */
	int worker_status;
};

static volatile sig_atomic_t stops, reload;

static void
on_signal(int sig)
{
	if (sig == SIGHUP)
		reload = 1;
	else if (sig != SIGCHLD)
		stops++;
}

static void
signals_setup(struct pool *p)
{
	static const int ours[] = { SIGTERM, SIGQUIT, SIGINT, SIGUSR1, SIGHUP,
		SIGCHLD };
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		sigaddset(&set, ours[i]);
	sigprocmask(SIG_BLOCK, &set, &p->normal);
	sa.sa_mask = set;
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		sigaction(ours[i], &sa, NULL);
	/* What spawned us may have left them blocked. */
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		sigdelset(&p->normal, ours[i]);
	signal(SIGPIPE, SIG_IGN);
}

/* A child must not outlive its parent; false when it has already. */
static bool
tie_to(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent;
}

static void
worker_start(struct pool *p, size_t seat, pid_t parent)
{
	if (!tie_to(parent)) {
		p->worker_status = EXIT_FAILURE;
		return;
	}
	prctl(PR_SET_NAME, "ddnsgate worker");
	p->worker_status = worker_run(p->gateway, p->listener, &p->slots[seat]);
}

static void
fork_one(struct pool *p, size_t seat)
{
	pid_t parent = getpid(), pid;

	atomic_store(&p->slots[seat].busy_since, 0);
	if ((pid = fork()) == -1) {
		log_warn("fork: %s", strerror(errno));
		p->not_before = clock_now() + TICK_MS;
		return;
	}
	if (pid == 0) {
		p->in_worker = true;
		worker_start(p, seat, parent);
		return;
	}
	p->seats[seat] = (struct seat){ .pid = pid, .born = clock_now() };
}

/*
 * A process of its own asks the resolver, which may hang for as long as it
 * likes.  It holds no token, and dies at once of any signal.
 */
static pid_t
resolver_start(const struct gateway *g, int listener)
{
	static const int fatal[] = { SIGTERM, SIGQUIT, SIGINT, SIGUSR1,
		SIGCHLD };
	pid_t parent = getpid(), pid = fork();
	sigset_t none;

	if (pid != 0)
		return pid > 0 ? pid : 0;
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		signal(fatal[i], SIG_DFL);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close(listener);
	prctl(PR_SET_NAME, "ddnsgate names");
	if (tie_to(parent))
		(void)providers_keep_resolving(g->providers);
	_exit(EXIT_SUCCESS);
}

/* Starts workers until the pool is full, or an early death says to wait. */
static void
fill(struct pool *p)
{
	unsigned int active = 0;

	for (size_t i = 0; i < SEATS; i++)
		if (p->seats[i].pid != 0 && !p->seats[i].retired)
			active++;
	for (size_t i = 0; i < SEATS && !p->in_worker &&
	     active < p->gateway->settings->workers;
	     i++) {
		if (clock_now() < p->not_before)
			return;
		if (p->seats[i].pid != 0)
			continue;
		fork_one(p, i);
		active++;
	}
}

static void
bury(struct pool *p, struct seat *s, int status)
{
	int64_t life = clock_now() - s->born;
	bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	if (WIFSIGNALED(status))
		log_warn("worker %d was ended by %s", (int)s->pid,
		    sigdescr_np(WTERMSIG(status)));
	else if (!clean)
		log_warn("worker %d exited with status %d", (int)s->pid,
		    WEXITSTATUS(status));
	if (!clean && life < LIFE_LONG_MS) {
		p->delay = p->delay == 0 ? DELAY_FIRST_MS : p->delay * 2;
		if (p->delay > DELAY_MS_MAX)
			p->delay = DELAY_MS_MAX;
		p->not_before = clock_now() + p->delay;
	} else if (life >= LIFE_LONG_MS) {
		p->delay = 0;
	}
	*s = (struct seat){ .pid = 0 };
}

static void
reap(struct pool *p)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == p->resolver)
			p->resolver = 0;
		for (size_t i = 0; i < SEATS; i++)
			if (p->seats[i].pid == pid)
				bury(p, &p->seats[i], status);
	}
}

/* A worker whose own deadlines did not hold is of no more use. */
static void
kill_stuck(struct pool *p)
{
	for (size_t i = 0; i < SEATS; i++) {
		int64_t since = atomic_load(&p->slots[i].busy_since);

		if (p->seats[i].pid == 0 || since == 0 ||
		    clock_now() - since < BUSY_MS_MAX)
			continue;
		log_warn("worker %d hangs for %d s; killed",
		    (int)p->seats[i].pid, BUSY_MS_MAX / 1000);
		kill(p->seats[i].pid, SIGKILL);
	}
}

static size_t
seats_taken(const struct pool *p)
{
	size_t taken = 0;

	for (size_t i = 0; i < SEATS; i++)
		if (p->seats[i].pid != 0)
			taken++;
	return taken;
}

static void
signal_retired(struct pool *p, int sig)
{
	for (size_t i = 0; i < SEATS; i++)
		if (p->seats[i].pid != 0 && p->seats[i].retired)
			kill(p->seats[i].pid, sig);
}

/*
 * The new generation is there before the old one is told to go, so that at
 * every moment somebody accepts.
 */
static void
do_reload(struct pool *p)
{
	struct gateway *old = p->gateway, *new;
	struct error why;

	/* Each generation needs its seats; the next tick tries again. */
	if (seats_taken(p) + SETTINGS_WORKERS_MAX > SEATS)
		return;
	reload = 0;
	notify("RELOADING=1");
	if ((new = gateway_new(old->settings->file, &why)) == NULL ||
	    gateway_open_state(new, &why) != ERR_OK ||
	    log_open(new->settings->log, &why) != ERR_OK) {
		log_warn("the configuration stays as it was: %s", why.text);
		gateway_free(new);
		notify_status("READY=1",
		    "the configuration stays as it was: %s", why.text);
		return;
	}
	for (size_t i = 0; i < SEATS; i++)
		p->seats[i].retired = p->seats[i].pid != 0;
	gateway_inherit(new, old);
	p->gateway = new;
	p->not_before = 0;
	p->delay = 0;
	fill(p);
	if (p->in_worker) {
		gateway_free(old);
		return;
	}
	signal_retired(p, SIGTERM);
	if (p->resolver != 0)
		kill(p->resolver, SIGTERM);
	p->resolver = 0;
	gateway_free(old);
	log_info("the configuration was read again; %u workers",
	    new->settings->workers);
	notify_status("READY=1", "%u workers", new->settings->workers);
}

/* Sleeps until a signal comes or a tick has passed. */
static void
wait_signal(struct pool *p)
{
	struct timespec t = { .tv_sec = TICK_MS / 1000 };
	int64_t left = p->not_before - clock_now();

	if (left > 0 && left < TICK_MS)
		t = (struct timespec){ .tv_nsec = (left + 1) * 1000000L };
	ppoll(NULL, 0, &t, &p->normal);
}

static void
stop_all(struct pool *p)
{
	int64_t kill_at = clock_now() + STOP_MS_MAX;

	notify("STOPPING=1");
	if (p->resolver != 0)
		kill(p->resolver, SIGTERM);
	for (size_t i = 0; i < SEATS; i++)
		p->seats[i].retired = true;
	while (seats_taken(p) > 0) {
		bool now = stops > 1 || clock_now() > kill_at;

		/* Each second again: one may come before the handler. */
		signal_retired(p, now ? SIGKILL : SIGTERM);
		wait_signal(p);
		reap(p);
	}
}

static bool
needs_resolver(const struct pool *p)
{
	const struct settings *s = p->gateway->settings;

	for (size_t i = 0; i < s->provider_count; i++)
		if (s->providers[i].address_count == 0)
			return p->resolver == 0;
	return false;
}

int
supervisor_run(struct gateway *g, int listener)
{
	struct pool *p = calloc(1, sizeof *p);
	int status;

	if (p == NULL ||
	    (p->slots = shared_new(SEATS * sizeof *p->slots)) == NULL) {
		log_warn("out of memory");
		free(p);
		gateway_free(g);
		return EXIT_FAILURE;
	}
	p->gateway = g;
	p->listener = listener;
	signals_setup(p);
	if (needs_resolver(p))
		p->resolver = resolver_start(p->gateway, listener);
	fill(p);
	if (!p->in_worker) {
		log_info("ready, %u workers", g->settings->workers);
		notify_status("READY=1", "%u workers", g->settings->workers);
	}
	while (stops == 0 && !p->in_worker) {
		wait_signal(p);
		notify("WATCHDOG=1");
		reap(p);
		kill_stuck(p);
		if (reload)
			do_reload(p);
		if (stops == 0)
			fill(p);
		if (!p->in_worker && needs_resolver(p))
			p->resolver = resolver_start(p->gateway, listener);
	}
	if (!p->in_worker) {
		stop_all(p);
		listener_close(p->gateway->settings);
		log_info("stopped");
	}
	status = p->in_worker ? p->worker_status : EXIT_SUCCESS;
	gateway_free(p->gateway);
	free(p);
	return status;
}

int
supervisor_single(struct gateway *g, int listener)
{
	struct pool p = { .gateway = g };
	int status;

	if (needs_resolver(&p))
		p.resolver = resolver_start(g, listener);
	status = worker_run(g, listener, NULL);
	if (p.resolver != 0)
		kill(p.resolver, SIGTERM);
	gateway_free(g);
	return status;
}
