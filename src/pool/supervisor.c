#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/activity.h"
#include "base/clock.h"
#include "base/lack.h"
#include "base/log.h"
#include "pool/backoff.h"
#include "pool/crashes.h"
#include "pool/notifier.h"
#include "pool/notify.h"
#include "pool/process.h"
#include "pool/resolver.h"
#include "pool/sandbox.h"
#include "pool/scoreboard.h"
#include "pool/supervisor.h"
#include "pool/watcher.h"
#include "pool/worker.h"

#define BUSY_MS_MAX   20000 /* a worker that takes longer hangs */
#define IDLE_MS_MAX   10000 /* so does one that says nothing while idle */
#define LEAVE_MS_MAX  18000 /* a child that was told to go is killed then */
#define TICK_MS	      1000
#define STOPPED_MS    3000  /* a tick that late: somebody stopped us */
#define TICK_SHORT_MS 20    /* while a generation takes over from another */
#define ACCOUNTS_MS   10000 /* between two tries to read them */
#define SOCKET_MS     10000 /* between two tries to make a socket anew */
#define SIGN_MS	      20000 /* without a worker that lives: not well */

/*
 * Two generations of workers, each of which may have its helpers, live side by
 * side while the old one leaves; a third one waits until there is room.
 */
#define HELPERS_MAX  3 /* a resolver, a watcher, and a notifier */
#define CHILDREN_MAX (2 * (SETTINGS_WORKERS_MAX + HELPERS_MAX))

enum role {
	ROLE_WORKER,
	ROLE_RESOLVER,
	ROLE_WATCHER,
	ROLE_NOTIFIER,
	ROLE__COUNT
};

static const char *const role_names[] = {
	[ROLE_WORKER] = "worker",
	[ROLE_RESOLVER] = "resolver",
	[ROLE_WATCHER] = "watcher",
	[ROLE_NOTIFIER] = "notifier",
};
_Static_assert(sizeof role_names / sizeof *role_names == ROLE__COUNT,
    "a name per role");

struct child {
	pid_t pid; /* 0: nobody */
	enum role role;
	int64_t born;
	int64_t told;		 /* to leave, at that moment; 0: not yet */
	bool killed;		 /* it hung; told in the log once */
	unsigned int generation; /* of the pool when it was forked */
	struct slot *slot;	 /* of the scoreboard, for ever */
};

struct pool {
	struct gateway *gateway;
	struct listener *listener;
	struct listener old_listener; /* while its generation leaves */
	struct scoreboard *scoreboard;
	struct edition edition; /* of the configuration, as it was seen last */
	struct child children[CHILDREN_MAX];
	struct backoff backoffs[ROLE__COUNT];
	struct crashes crashes;
	unsigned int generation;
	bool renewing;		     /* older ones are not all told to leave */
	const char *renewed;	     /* what the log says when they are */
	int64_t names_until;	     /* workers wait for the resolver */
	int64_t accounts_not_before; /* next try to read them */
	bool accounts_changed;	     /* the watcher said so, and left */
	int64_t socket_not_before;   /* next try to make the socket anew */
	int64_t looked_at;	     /* for children that hang, the last time */
	int64_t awake_since;	     /* without having been stopped itself */
	int64_t lived_at;	     /* a worker showed that it lives */
	bool starved;		     /* none did for long; told once */
	struct error complaint;	     /* of the last reload; ERR_OK: none */
	char status[NOTIFY_STATUS_MAX]; /* what the manager was told last */
	sigset_t while_waiting;		/* the mask of ppoll() */
};

/* The variables of the signal handler. */
static volatile sig_atomic_t stops, reload, reopen;

static void
on_signal(int sig)
{
	if (sig == SIGHUP)
		reload = 1;
	else if (sig == SIGUSR1)
		reopen = 1;
	else if (sig != SIGCHLD)
		stops++;
}

/* From here on only ppoll() hears them. */
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
	sigprocmask(SIG_BLOCK, &set, &p->while_waiting);
	sa.sa_mask = set;
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		sigaction(ours[i], &sa, NULL);
	/* The process that started us may have left some signals blocked. */
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		sigdelset(&p->while_waiting, ours[i]);
	signal(SIGPIPE, SIG_IGN);
}

/* Is it there, of the present generation, and not told to leave? */
static bool
is_current(const struct pool *p, const struct child *c, enum role role)
{
	return c->pid != 0 && c->role == role && c->told == 0 &&
	    c->generation == p->generation;
}

/* How many children of the role have reached that stage at least? */
static size_t
count_current(const struct pool *p, enum role role, enum stage stage)
{
	size_t n = 0;

	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (is_current(p, &p->children[i], role) &&
		    atomic_load(&p->children[i].slot->stage) >= (int)stage)
			n++;
	return n;
}

static size_t
count_alive(const struct pool *p)
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

static const char *
plural(size_t n)
{
	return n != 1 ? "s" : "";
}

/*
 * Tells the service manager, and by it whoever asks for the status, how the
 * pool is, if that has changed; state, such as "READY=1", or NULL, goes along.
 */
static void
tell_status(struct pool *p, const char *state)
{
	size_t accounts = p->gateway->settings->account_count;
	size_t refused = refusals_count(&p->scoreboard->refusals, clock_now());
	bool complains = p->complaint.code != ERR_OK;
	char text[NOTIFY_STATUS_MAX];
	unsigned int all = 0, busy = 0;

	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		const struct child *c = &p->children[i];

		if (c->pid == 0 || c->role != ROLE_WORKER || c->told != 0)
			continue;
		all++;
		busy += atomic_load(&c->slot->busy_since) != 0;
	}
	snprintf(text, sizeof text,
	    "%s%u worker%s, %u busy; %zu account%s; %zu host%s refused in the "
	    "last hour%s%s",
	    p->crashes.loop ? "DEGRADED: workers keep dying, and one at a "
			      "time tries; " :
			      "",
	    all, plural(all), busy, accounts, plural(accounts), refused,
	    plural(refused),
	    complains ? "; the configuration stays as it was: " : "",
	    complains ? p->complaint.text : "");
	if (state == NULL && strcmp(text, p->status) == 0)
		return;
	strcpy(p->status, text);
	notify_status(state, "%s", text);
}

static void
tell_to_leave(struct child *c, int sig)
{
	kill(c->pid, sig);
	if (c->told == 0)
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

static unsigned int
wanted(const struct pool *p, enum role role)
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
	    count_current(p, ROLE_RESOLVER, STAGE_SERVED) == 0 &&
	    !providers_known(p->gateway->providers);
}

/* Starts children until none is missing, or one must be waited for. */
static void
fill(struct pool *p)
{
	for (enum role r = 0; r < ROLE__COUNT; r++) {
		size_t active = count_current(p, r, STAGE_STARTING);

		if (r == ROLE_WORKER && awaits_names(p))
			continue;
		while (active < wanted(p, r) &&
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
	tell_status(p, NULL);
}

/* The whole pool again, once the worker that tries has lived for a while. */
static void
end_crash_loop(struct pool *p)
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
		    wanted(p, ROLE_WORKER));
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
	if (foreign && count_current(p, c->role, STAGE_READY) > 0)
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

static void
reap(struct pool *p)
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

/*
 * Kills a child whose own deadlines did not hold: a worker that is busy for too
 * long, or shows no sign of life, and whoever was told to leave and stays.
 * Whoever froze the supervisor as well (SIGSTOP, a container's pause) may have
 * thawed it first.
 */
static void
kill_stuck(struct pool *p)
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

/*
 * Feeds the manager's watchdog, unless no worker has been alive for long,
 * though all is done to have one: then a new start may help.
 */
static void
feed_watchdog(struct pool *p)
{
	int64_t now = clock_now();
	bool was_starved = p->starved;

	if (p->crashes.loop || p->awake_since == now)
		p->lived_at = now;
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		const struct child *c = &p->children[i];

		if (c->pid != 0 && c->role == ROLE_WORKER &&
		    atomic_load(&c->slot->stage) >= (int)STAGE_READY &&
		    hangs_for(p, c, now) == 0)
			p->lived_at = now;
	}
	p->starved = now - p->lived_at > SIGN_MS;
	if (!p->starved)
		notify("WATCHDOG=1");
	else if (!was_starved)
		log_warn("no worker has been alive for %d s; the watchdog of "
			 "the service manager is not fed any more",
		    SIGN_MS / 1000);
}

/*
 * A new generation of children, of the present gateway and listener; what the
 * log says once it has taken over.
 */
static void
renew(struct pool *p, const char *what)
{
	sandbox_prepare(p->gateway);
	p->generation++;
	p->renewing = true;
	p->renewed = what;
	p->names_until = clock_now() + RESOLVER_FIRST_MS;
	/* What is new may be the cure. */
	crashes_reset(&p->crashes);
	for (enum role r = 0; r < ROLE__COUNT; r++)
		backoff_reset(&p->backoffs[r]);
}

/*
 * Tells as many old workers to leave as new ones accept, so that at every
 * moment somebody does, and none has to leave for one that cannot be forked.
 * The old listener is shut first: its queue is left to the old workers.
 */
static void
take_over(struct pool *p)
{
	size_t ready = count_current(p, ROLE_WORKER, STAGE_READY);
	size_t missing = 0, kept = 0;

	if (!p->renewing || ready == 0)
		return;
	if (ready < wanted(p, ROLE_WORKER))
		missing = wanted(p, ROLE_WORKER) - ready;
	/* Where both generations have no room, one place has to be free. */
	if (missing > 0 && p->backoffs[ROLE_WORKER].pause > 0)
		missing--;
	if (p->old_listener.fd != -1)
		listener_shut(&p->old_listener);
	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct child *c = &p->children[i];

		if (c->pid == 0 || c->told != 0 ||
		    c->generation == p->generation)
			continue;
		if (c->role == ROLE_WORKER && kept < missing)
			kept++;
		else
			tell_to_leave(c, SIGTERM);
	}
	if (kept > 0)
		return;
	p->renewing = false;
	if (p->old_listener.fd != -1)
		listener_close(&p->old_listener);
	log_info("%s; %u worker%s", p->renewed, wanted(p, ROLE_WORKER),
	    plural(wanted(p, ROLE_WORKER)));
	tell_status(p, "READY=1");
}

/*
 * Makes the listener that the next generation uses.  The present one is kept
 * for its workers, unless they have not taken over yet from older ones.
 */
static enum err
move_listener(struct pool *p, const struct listen_settings *how,
    struct error *why)
{
	struct listener next, *old = &p->old_listener;
	bool back = old->fd != -1 && strcmp(old->path, how->path) == 0 &&
	    listener_is_there(old);
	enum err rc;

	if (back) {
		next = *old;
		old->fd = -1;
	} else if ((rc = listener_make(&next, how, why)) != ERR_OK) {
		return rc;
	}
	if (back || old->fd != -1)
		listener_close(p->listener);
	else
		*old = *p->listener;
	*p->listener = next;
	return ERR_OK;
}

static enum err
read_again(struct pool *p, struct error *why)
{
	struct gateway *new = gateway_read_again(p->gateway, why);

	if (new == NULL)
		return why->code;
	if (gateway_open_state(new, why) != ERR_OK ||
	    log_open(&new->settings->log, why) != ERR_OK ||
	    (listener_moves(p->listener, &new->settings->listen) &&
		move_listener(p, &new->settings->listen, why) != ERR_OK)) {
		gateway_free(new);
		return why->code;
	}
	gateway_inherit(new, p->gateway);
	/* Before the fork, so that no child carries its pages any further. */
	gateway_free(p->gateway);
	p->gateway = new;
	p->edition = new->settings->edition;
	p->accounts_changed = false;
	return ERR_OK;
}

static void
do_reload(struct pool *p)
{
	struct error why;

	reload = 0;
	notify("RELOADING=1");
	notify_while_busy();
	if (read_again(p, &why) == ERR_OK) {
		p->complaint.code = ERR_OK;
		gateway_log_faults(p->gateway);
		renew(p, "the configuration was read again");
	} else {
		log_warn("the configuration stays as it was: %s", why.text);
		p->complaint = why;
		tell_status(p, "READY=1");
	}
	notify_busy_end();
}

/* The rest of the configuration stays as it is. */
static void
read_accounts(struct pool *p)
{
	struct error why;

	p->accounts_changed = false;
	notify_while_busy();
	if (gateway_read_accounts(p->gateway, &why) == ERR_OK) {
		renew(p, "accounts have changed");
	} else {
		log_warn("the accounts stay as they were: %s", why.text);
		/* A database may be there again soon. */
		p->accounts_changed = why.code == ERR_UNREACHABLE;
		p->accounts_not_before = clock_now() + ACCOUNTS_MS;
		/* The gateway can only be freed now, so the pool stops. */
		stops += why.code == ERR_MEMORY;
	}
	gateway_log_faults(p->gateway);
	notify_busy_end();
}

/* The children have the log open as well, so others take their places. */
static void
do_reopen(struct pool *p)
{
	struct error why;

	reopen = 0;
	if (log_open(&p->gateway->settings->log, &why) == ERR_OK)
		renew(p, "the log was opened again");
	else
		log_warn("the log stays as it was: %s", why.text);
}

/* Somebody may have deleted the file of our socket: nobody can connect then. */
static void
restore_socket(struct pool *p)
{
	struct error why;

	if (listener_is_there(p->listener) ||
	    clock_now() < p->socket_not_before ||
	    p->gateway->settings->listen.path == NULL)
		return;
	p->socket_not_before = clock_now() + SOCKET_MS;
	log_warn("%s is gone; it is made anew", p->listener->path);
	if (move_listener(p, &p->gateway->settings->listen, &why) == ERR_OK)
		renew(p, "the socket was made anew");
	else
		log_warn("%s", why.text);
}

/* Waits while the children of one more generation would have no room. */
static void
renew_if_asked(struct pool *p)
{
	if (count_alive(p) + wanted(p, ROLE_WORKER) + HELPERS_MAX >
	    CHILDREN_MAX)
		return;
	if (reload)
		do_reload(p);
	else if (reopen)
		do_reopen(p);
	else if (p->accounts_changed && !p->renewing &&
	    clock_now() >= p->accounts_not_before)
		read_accounts(p);
	else if (!p->renewing)
		restore_socket(p);
}

/* Sleeps until a signal comes, or something is due. */
static void
wait_signal(const struct pool *p)
{
	int ms = p->renewing ? TICK_SHORT_MS : TICK_MS;
	struct timespec t;

	for (enum role r = 0; r < ROLE__COUNT; r++) {
		int left = backoff_left(&p->backoffs[r], clock_now());

		if (left > 0 && left < ms)
			ms = left;
	}
	t = (struct timespec){ ms / 1000, ms % 1000 * 1000000L };
	ppoll(NULL, 0, &t, &p->while_waiting);
}

/* Lets each child finish; kills them at a second signal, or when it is time. */
static void
stop_all(struct pool *p)
{
	notify("STOPPING=1");
	listener_shut(p->listener);
	if (p->old_listener.fd != -1)
		listener_shut(&p->old_listener);
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (p->children[i].pid != 0 && p->children[i].told == 0)
			tell_to_leave(&p->children[i], SIGTERM);
	while (count_alive(p) > 0) {
		for (size_t i = 0; i < CHILDREN_MAX && stops > 1; i++)
			if (p->children[i].pid != 0)
				kill(p->children[i].pid, SIGKILL);
		wait_signal(p);
		notify("WATCHDOG=1");
		reap(p);
		kill_stuck(p);
	}
}

static struct pool *
pool_new(struct gateway *g, struct listener *l)
{
	struct pool *p = calloc(1, sizeof *p);

	if (p == NULL ||
	    (p->scoreboard = scoreboard_new(g->settings->file, CHILDREN_MAX)) ==
		NULL) {
		free(p);
		return NULL;
	}
	p->gateway = g;
	p->edition = g->settings->edition;
	p->listener = l;
	p->old_listener.fd = -1;
	p->lived_at = clock_now();
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		p->children[i].slot = &p->scoreboard->slots[i];
	return p;
}

static void
pool_free(struct pool *p)
{
	scoreboard_free(p->scoreboard, p->gateway->settings->file);
	if (p->old_listener.fd != -1)
		listener_close(&p->old_listener);
	listener_close(p->listener);
	gateway_free(p->gateway);
	free(p);
}

/* For the workers, which cannot read the file. */
static void
look_at_configuration(struct pool *p)
{
	bool same = edition_is_current(&p->edition, p->gateway->settings->file);

	if (atomic_load(&p->scoreboard->outdated) == same)
		atomic_store(&p->scoreboard->outdated, !same);
}

int
supervisor_run(struct gateway *g, struct listener *l)
{
	struct pool *p = pool_new(g, l);

	if (p == NULL) {
		log_warn("out of memory");
		listener_close(l);
		gateway_free(g);
		return EXIT_FAILURE;
	}
	signals_setup(p);
	renew(p, "ready");
	while (stops == 0) {
		reap(p);
		kill_stuck(p);
		renew_if_asked(p);
		look_at_configuration(p);
		end_crash_loop(p);
		fill(p);
		take_over(p);
		if (!p->renewing)
			tell_status(p, NULL);
		feed_watchdog(p);
		wait_signal(p);
	}
	stop_all(p);
	log_info("stopped");
	pool_free(p);
	return EXIT_SUCCESS;
}
