#include "config.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "pool/children.h"
#include "pool/generation.h"
#include "pool/status.h"
#include "pool/supervisor.h"

#define TICK_MS	      1000
#define TICK_SHORT_MS 20 /* while a generation takes over from another */

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

/* Waits while the children of one more generation would have no room. */
static void
renew_if_asked(struct pool *p)
{
	if (children_alive(p) + children_wanted(p, ROLE_WORKER) + HELPERS_MAX >
	    CHILDREN_MAX)
		return;
	if (reload) {
		reload = 0;
		generation_reload(p);
	} else if (reopen) {
		reopen = 0;
		generation_reopen(p);
	} else if (p->accounts_changed && !p->renewing &&
	    clock_now() >= p->accounts_not_before) {
		p->broken = !generation_read_accounts(p);
		stops += p->broken;
	} else if (!p->renewing) {
		generation_restore_socket(p);
	}
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
			child_leave(&p->children[i], SIGTERM);
	while (children_alive(p) > 0) {
		for (size_t i = 0; i < CHILDREN_MAX && stops > 1; i++)
			if (p->children[i].pid != 0)
				kill(p->children[i].pid, SIGKILL);
		wait_signal(p);
		notify("WATCHDOG=1");
		children_reap(p);
		children_kill_stuck(p);
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
	bool broken;

	if (p == NULL) {
		log_warn("out of memory");
		listener_close(l);
		gateway_free(g);
		return EXIT_FAILURE;
	}
	signals_setup(p);
	generation_begin(p, "ready");
	while (stops == 0) {
		children_reap(p);
		children_kill_stuck(p);
		renew_if_asked(p);
		look_at_configuration(p);
		children_end_crash_loop(p);
		children_fill(p);
		generation_take_over(p);
		if (!p->renewing)
			status_tell(p, NULL);
		status_feed_watchdog(p);
		wait_signal(p);
	}
	stop_all(p);
	log_info("stopped");
	broken = p->broken;
	pool_free(p);
	/* Whoever started it is to start it again, which may have memory. */
	return broken ? EXIT_FAILURE : EXIT_SUCCESS;
}
