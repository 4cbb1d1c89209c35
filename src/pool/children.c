#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/activity.h"
#include "base/clock.h"
#include "base/lack.h"
#include "base/log.h"
#include "pool/children.h"
#include "pool/notifier.h"
#include "pool/process.h"
#include "pool/resolver.h"
#include "pool/sandbox.h"
#include "pool/status.h"
#include "pool/watcher.h"
#include "pool/worker.h"

#define BUSY_MS_MAX  20000 /* a worker that takes longer hangs */
#define IDLE_MS_MAX  10000 /* so does one that says nothing while idle */
#define LEAVE_MS_MAX 18000 /* a child that was told to go is killed then */
#define STOPPED_MS   3000  /* a look that late: somebody stopped us */

static const char *const role_names[] = {
	[ROLE_WORKER] = "worker",
	[ROLE_RESOLVER] = "resolver",
	[ROLE_WATCHER] = "watcher",
	[ROLE_NOTIFIER] = "notifier",
};
_Static_assert(sizeof role_names / sizeof *role_names == ROLE__COUNT,
    "a name per role");

/* Is it there, of the present generation, and not told to leave? */
static bool
is_current(const struct pool *p, const struct child *c, enum role role)
{
	return c->pid != 0 && c->role == role && c->told == 0 &&
	    c->generation == p->generation;
}

size_t
children_count(const struct pool *p, enum role role, enum stage stage)
{
	size_t n = 0;

	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (is_current(p, &p->children[i], role) &&
		    atomic_load(&p->children[i].slot->stage) >= (int)stage)
			n++;
	return n;
}

size_t
children_alive(const struct pool *p)
{
	size_t n = 0;

	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (p->children[i].pid != 0)
			n++;
	return n;
}

/* Does a worker of any generation answer requests? */
static bool
somebody_serves(const struct pool *p)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (p->children[i].pid != 0 && p->children[i].told == 0 &&
		    atomic_load(&p->children[i].slot->stage) == STAGE_SERVED)
			return true;
	return false;
}

void
child_leave(struct child *c, int sig)
{
	kill(c->pid, sig);
	c->told = clock_now();
}

/* What the supervisor or another child writes can only be read by this one. */
static void
narrow_tables(const struct pool *p, const struct child *c)
{
	if (scoreboard_narrow(p->scoreboard, c->slot) &&
	    (c->role == ROLE_RESOLVER ||
		gateway_only_reads_addresses(p->gateway)))
		return;
	log_warn("%s: shared memory: %s", role_names[c->role], strerror(errno));
	_exit(EXIT_FAILURE);
}

/* The life of a child, which never comes back from here. */
static _Noreturn void
child_run(const struct pool *p, const struct child *c)
{
	static const enum sandbox_kind sandboxes[] = {
		[ROLE_WORKER] = SANDBOX_WORKER,
		[ROLE_RESOLVER] = SANDBOX_NAMES,
		[ROLE_WATCHER] = SANDBOX_WATCHER,
		[ROLE_NOTIFIER] = SANDBOX_NOTIFIER,
	};

	if (p->old_listener.fd != -1)
		close(p->old_listener.fd);
	narrow_tables(p, c);
	if (!sandbox_enter(sandboxes[c->role], p->gateway))
		_exit(EXIT_FAILURE);
	if (c->role == ROLE_WORKER)
		_exit(worker_run(p->gateway, p->listener->fd, p->scoreboard,
		    c->slot));
	close(p->listener->fd);
	activity_show(role_names[c->role], NULL);
	if (c->role == ROLE_WATCHER)
		watcher_run(p->gateway, c->slot);
	if (c->role == ROLE_NOTIFIER)
		notifier_run(p->gateway, p->scoreboard, c->slot);
	resolver_run(p->gateway, c->slot);
}

/* False: there is no room for it, or fork(2) failed. */
static bool
start(struct pool *p, enum role role)
{
	static const char *const titles[] = {
		[ROLE_WORKER] = "ddnsgate worker",
		[ROLE_RESOLVER] = "ddnsgate names",
		[ROLE_WATCHER] = "ddnsgate watch",
		[ROLE_NOTIFIER] = "ddnsgate notify",
	};
	struct child *c = p->children;
	int64_t now = clock_now();

	while (c < p->children + CHILDREN_MAX && c->pid != 0)
		c++;
	if (c == p->children + CHILDREN_MAX)
		return false;
	scoreboard_take(p->scoreboard, c->slot);
	atomic_store(&c->slot->busy_since, 0);
	atomic_store(&c->slot->alive_at, now);
	atomic_store(&c->slot->activity, ACTIVITY_IDLE);
	atomic_store(&c->slot->stage, STAGE_STARTING);
	c->role = role;
	c->born = now;
	c->told = 0;
	c->killed = false;
	c->generation = p->generation;
	if ((c->pid = process_fork(titles[role])) == 0)
		child_run(p, c);
	if (c->pid != -1) {
		atomic_store(&c->slot->worker,
		    role == ROLE_WORKER ? (int)c->pid : 0);
		return true;
	}
	c->pid = 0;
	backoff_failure(&p->backoffs[role], now, somebody_serves(p));
	lack_tell("fork", errno);
	return false;
}

unsigned int
children_wanted(const struct pool *p, enum role role)
{
	if (role == ROLE_WORKER)
		return p->crashes.loop ? 1 : p->gateway->settings->workers;
	if (role == ROLE_WATCHER)
		return gateway_watches(p->gateway) && !p->accounts_changed ? 1 :
									     0;
	if (role == ROLE_NOTIFIER)
		return p->gateway->receivers->count > 0 ? 1 : 0;
	return gateway_resolved(p->gateway, 0) != NULL ? 1 : 0;
}

/*
 * A worker that does not know where a provider is can only fail its updates.
 * So the first round of the resolver comes first, unless that takes too long.
 */
static bool
awaits_names(const struct pool *p)
{
	return p->renewing && clock_now() < p->names_until &&
	    children_count(p, ROLE_RESOLVER, STAGE_SERVED) == 0 &&
	    !providers_known(p->gateway->providers);
}

void
children_fill(struct pool *p)
{
	for (enum role r = 0; r < ROLE__COUNT; r++) {
		size_t active = children_count(p, r, STAGE_STARTING);

		if (r == ROLE_WORKER && awaits_names(p))
			continue;
		while (active < children_wanted(p, r) &&
		    backoff_left(&p->backoffs[r], clock_now()) == 0 &&
		    start(p, r))
			active++;
	}
}

/* A kill from outside, not the supervisor's own of a child that hung. */
static bool
is_foreign_kill(const struct child *c, int status)
{
	return !c->killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/*
 * Was it the worker's own doing?  A kill from outside says nothing of the next
 * one, unless nobody ever lives long enough to serve.
 */
static bool
has_crashed(const struct child *c, int status, bool served)
{
	return !served || !is_foreign_kill(c, status);
}

/* Counts the death of a worker; is that a loop? */
static void
count_crash(struct pool *p, const struct child *c, int status, bool served)
{
	unsigned int workers = p->gateway->settings->workers;

	if (!has_crashed(c, status, served) ||
	    !crashes_add(&p->crashes, clock_now(), workers,
		scoreboard_replies(p->scoreboard)))
		return;
	log_warn("more than %u workers died within a minute: from now on one "
		 "at a time tries, until it lives for %d s; see the lines "
		 "above for what ended them",
	    2 * workers, CRASHES_LIVED_MS / 1000);
	status_tell(p, NULL);
}

void
children_end_crash_loop(struct pool *p)
{
	int64_t now = clock_now();

	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		const struct child *c = &p->children[i];

		if (!is_current(p, c, ROLE_WORKER) ||
		    atomic_load(&c->slot->stage) != STAGE_SERVED ||
		    !crashes_lives(&p->crashes, now, c->born))
			continue;
		backoff_reset(&p->backoffs[ROLE_WORKER]);
		log_info("a worker lives; %u workers again",
		    children_wanted(p, ROLE_WORKER));
		return;
	}
}

static void
bury(struct pool *p, struct child *c, int status)
{
	/* A helper has no handler for the signal that tells it to leave. */
	bool obeyed =
	    c->told != 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
	bool good =
	    obeyed || process_ended(role_names[c->role], c->pid, status);
	bool served = good || atomic_load(&c->slot->stage) == STAGE_SERVED;
	bool foreign = is_foreign_kill(c, status);
	struct backoff *b = &p->backoffs[c->role];
	bool left = c->told != 0;

	c->pid = 0;
	atomic_store(&c->slot->worker, 0);
	/* The others show that one can start, and would have served. */
	if (foreign && children_count(p, c->role, STAGE_READY) > 0)
		served = true;
	/* An older generation says nothing about this one. */
	if (left || c->generation != p->generation)
		return;
	if (c->role == ROLE_WATCHER && good)
		p->accounts_changed = true;
	if (c->role == ROLE_WORKER && !good) {
		count_crash(p, c, status, served);
		/* Whoever dies of each request serves nobody. */
		served = served && !p->crashes.loop;
	}
	backoff_death(b, clock_now(), c->born, served, somebody_serves(p));
	if (backoff_left(b, clock_now()) > 0)
		log_warn("a %s died before it served; the next one starts in "
			 "%d ms",
		    role_names[c->role], backoff_left(b, clock_now()));
}

void
children_reap(struct pool *p)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < CHILDREN_MAX; i++)
			if (p->children[i].pid == pid)
				bury(p, &p->children[i], status);
}

/* How long c has hung, in seconds; 0: it does not. */
static int
hangs_for(const struct pool *p, const struct child *c, int64_t now)
{
	int64_t since = atomic_load(&c->slot->busy_since);
	int64_t alive = atomic_load(&c->slot->alive_at);

	if (since != 0)
		return now - since > BUSY_MS_MAX ? BUSY_MS_MAX / 1000 : 0;
	if (c->role != ROLE_WORKER || c->told != 0 ||
	    atomic_load(&c->slot->stage) < (int)STAGE_READY)
		return 0;
	if (alive < p->awake_since)
		alive = p->awake_since;
	return now - alive > IDLE_MS_MAX ? IDLE_MS_MAX / 1000 : 0;
}

bool
children_live(const struct pool *p)
{
	int64_t now = clock_now();

	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		const struct child *c = &p->children[i];

		if (c->pid != 0 && c->role == ROLE_WORKER &&
		    atomic_load(&c->slot->stage) >= (int)STAGE_READY &&
		    hangs_for(p, c, now) == 0)
			return true;
	}
	return false;
}

void
children_kill_stuck(struct pool *p)
{
	int64_t now = clock_now();

	if (now - p->looked_at > STOPPED_MS)
		p->awake_since = now;
	p->looked_at = now;
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *c = &p->children[i];
		int hung = c->pid != 0 ? hangs_for(p, c, now) : 0;

		if (c->pid == 0 || c->killed)
			continue;
		c->killed = hung > 0;
		if (hung > 0)
			log_warn("%s %d hangs for %d s; killed",
			    role_names[c->role], (int)c->pid, hung);
		else if (c->told == 0 || now - c->told < LEAVE_MS_MAX)
			continue;
		kill(c->pid, SIGKILL);
	}
}
