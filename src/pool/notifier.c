#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/view/health.h"
#include "news/courier.h"
#include "news/keeper.h"
#include "pool/notifier.h"
#include "pool/process.h"
#include "pool/sandbox.h"

#define TICK_MS	 500
#define LAST_MS	 500 /* for what is under way when it is told to go */
#define LEAD_MS	 (STATE_LEAD_MS / 3) /* between two questions who leads */
#define AGAIN_MS 2000		     /* of one who does not */

struct notifier {
	const struct gateway *gateway;
	const struct scoreboard *board; /* or NULL */
	struct store *store;
	struct exchanges *exchanges;
	struct couriers *couriers;
	struct keeper *keeper; /* NULL: there is nothing to keep */
	uint64_t id;
	bool leads;
	int64_t ask_at; /* whether it leads */
	bool trimmed;	/* it is idle, and keeps no connection */
};

static volatile sig_atomic_t stop;

static void
on_stop(int sig)
{
	(void)sig;
	stop = 1;
}

/* Without a pool, whoever runs this process works. */
static void
find_fault(const void *data, struct buffer *fault)
{
	const struct notifier *n = data;
	struct worker_counts c = { .all = n->gateway->settings->workers };

	if (n->board != NULL) {
		scoreboard_workers(n->board, &c.all, &c.busy);
		c.outdated = atomic_load(&n->board->outdated);
	}
	health_check(n->gateway, &c, n->store, fault);
}

/* False: there is no memory. */
static bool
open_all(struct notifier *n)
{
	const struct gateway *g = n->gateway;
	struct feed_source from = { .settings = g->settings,
		.state = g->state,
		.seen = g->seen,
		.began = g->receivers->began };

	(void)gnutls_rnd(GNUTLS_RND_NONCE, &n->id, sizeof n->id);
	if ((n->store = from.store = store_open(g->state)) == NULL ||
	    (n->exchanges = exchanges_new(g->trust)) == NULL)
		return false;
	if (g->seen != NULL &&
	    (n->keeper = keeper_new(g->settings, g->seen, n->store)) == NULL)
		return false;
	n->couriers =
	    couriers_new(g->receivers, &from, n->exchanges, find_fault, n);
	return n->couriers != NULL;
}

static bool
may_lead(struct notifier *n)
{
	int64_t now = clock_now();

	if (now < n->ask_at)
		return n->leads;
	n->leads = store_leads(n->store, n->id);
	n->ask_at = now + (n->leads ? LEAD_MS : AGAIN_MS);
	return n->leads;
}

/* Lets what is under way go on, or sleeps. */
static void
wait_until(struct notifier *n, int64_t until)
{
	const struct timespec pause = { 0, TICK_MS * 1000000L };

	if (couriers_busy(n->couriers)) {
		couriers_wait(n->couriers, until);
		n->trimmed = false;
		return;
	}
	if (!n->trimmed)
		exchanges_trim(n->exchanges);
	n->trimmed = true;
	nanosleep(&pause, NULL);
}

static _Noreturn void
leave(struct notifier *n)
{
	int64_t until = clock_now() + LAST_MS;

	while (couriers_busy(n->couriers) && clock_left(until) > 0) {
		couriers_wait(n->couriers, until);
		couriers_step(n->couriers, false);
	}
	if (n->keeper != NULL)
		keeper_step(n->keeper, true);
	if (n->leads)
		store_resign(n->store, n->id);
	couriers_free(n->couriers);
	keeper_free(n->keeper);
	exchanges_free(n->exchanges);
	store_close(n->store);
	_exit(EXIT_SUCCESS);
}

void
notifier_run(const struct gateway *g, const struct scoreboard *board,
    struct slot *slot)
{
	struct notifier n = { .gateway = g, .board = board };

	process_default_signals(on_stop);
	if (!open_all(&n)) {
		log_warn("out of memory");
		_exit(EXIT_FAILURE);
	}
	while (!stop && !sandbox_is_stale()) {
		atomic_store(&slot->busy_since, clock_now());
		couriers_step(n.couriers, may_lead(&n));
		if (n.keeper != NULL)
			keeper_step(n.keeper, false);
		atomic_store(&slot->busy_since, 0);
		atomic_store(&slot->stage, STAGE_SERVED);
		wait_until(&n, clock_now() + TICK_MS);
	}
	leave(&n);
}
