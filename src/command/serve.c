#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/activity.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/lack.h"
#include "base/log.h"
#include "base/shared.h"
#include "command/command.h"
#include "command/options.h"
#include "https/exchange.h"
#include "pool/backoff.h"
#include "pool/listener.h"
#include "pool/notifier.h"
#include "pool/notify.h"
#include "pool/process.h"
#include "pool/resolver.h"
#include "pool/sandbox.h"
#include "pool/supervisor.h"
#include "pool/watcher.h"
#include "pool/worker.h"

/*
 * For what the system refuses to malloc(3).  A request of both families, with
 * its proofs and its provider, takes a quarter of it in all.
 */
#define RESERVE_SIZE (1UL << 20)

static const struct usage usage = {
	.synopsis = "usage: ddnsgate serve [--config FILE] [--single]\n",
	.about = "Answers the requests of a web server.\n",
	.takes = { { OPTION_CONFIG, NULL }, { OPTION_SINGLE, NULL } },
};

static int
fail(const struct error *why)
{
	log_warn("%s", why->text);
	notify_status(NULL, "%s", why->text);
	return EXIT_FAILED;
}

/* The processes that one worker with nobody above it needs. */
enum helper { HELPER_RESOLVER, HELPER_NOTIFIER, HELPER__COUNT };

static const struct helper_kind {
	const char *what, *title;
	enum sandbox_kind sandbox;
	int ends_by; /* this signal */
} helper_kinds[] = {
	[HELPER_RESOLVER] = { "resolver", "ddnsgate names", SANDBOX_NAMES,
	    SIGKILL },
	[HELPER_NOTIFIER] = { "notifier", "ddnsgate notify", SANDBOX_NOTIFIER,
	    SIGTERM },
};

struct single {
	struct gateway *gateway;
	struct worker *worker;
	struct {
		pid_t pid;    /* 0: none */
		int64_t born; /* of it */
		struct backoff backoff;
		struct slot *slot; /* shared with it */
	} helpers[HELPER__COUNT];
	int listener;
	int64_t watch_at;    /* the accounts are looked at then */
	struct store *store; /* for that; NULL: none needed */
	bool broken;	     /* the gateway can only be freed */
};

/* Has the helper ended?  Waits for that if it is told to end. */
static bool
helper_ended(struct single *s, enum helper h, bool end)
{
	const struct helper_kind *k = &helper_kinds[h];
	pid_t pid;
	int status = 0;

	if (s->helpers[h].pid == 0)
		return false;
	if (end)
		kill(s->helpers[h].pid, k->ends_by);
	if ((pid = waitpid(s->helpers[h].pid, &status, end ? 0 : WNOHANG)) == 0)
		return false;
	if (!end)
		(void)process_ended(k->what, pid, status);
	s->helpers[h].pid = 0;
	return true;
}

static void
end_helpers(struct single *s)
{
	for (enum helper h = 0; h < HELPER__COUNT; h++)
		(void)helper_ended(s, h, true);
}

static bool
is_wanted(const struct single *s, enum helper h)
{
	return h == HELPER_NOTIFIER ? s->gateway->receivers->count > 0 :
				      gateway_resolved(s->gateway, 0) != NULL;
}

/* The life of a helper, which never comes back from here. */
static _Noreturn void
helper_run(const struct single *s, enum helper h)
{
	close(s->listener);
	activity_show(helper_kinds[h].what, NULL);
	if (!sandbox_enter(helper_kinds[h].sandbox, s->gateway))
		_exit(EXIT_FAILURE);
	if (h == HELPER_NOTIFIER)
		notifier_run(s->gateway, NULL, s->helpers[h].slot);
	resolver_run(s->gateway, s->helpers[h].slot);
}

/* A helper is replaced by the same rules as that of a pool. */
static void
keep_helper(struct single *s, enum helper h)
{
	struct backoff *b = &s->helpers[h].backoff;
	struct slot *slot = s->helpers[h].slot;

	if (helper_ended(s, h, false))
		backoff_death(b, clock_now(), s->helpers[h].born,
		    atomic_load(&slot->stage) == STAGE_SERVED, true);
	if (s->helpers[h].pid != 0 || !is_wanted(s, h) ||
	    backoff_left(b, clock_now()) > 0)
		return;
	atomic_store(&slot->stage, STAGE_STARTING);
	s->helpers[h].born = clock_now();
	if ((s->helpers[h].pid = process_fork(helper_kinds[h].title)) == 0)
		helper_run(s, h);
	if (s->helpers[h].pid != -1)
		return;
	s->helpers[h].pid = 0;
	backoff_failure(b, clock_now(), true);
	lack_tell("fork", errno);
}

static void
keep_helpers(struct single *s)
{
	for (enum helper h = 0; h < HELPER__COUNT; h++)
		keep_helper(s, h);
}

/* As the workers of a pool, for the first round of the resolver. */
static void
await_names(const struct single *s)
{
	const struct timespec pause = { .tv_nsec = 20000000L };
	int64_t until = clock_now() + RESOLVER_FIRST_MS;

	while (s->helpers[HELPER_RESOLVER].pid != 0 && clock_left(until) > 0 &&
	    atomic_load(&s->helpers[HELPER_RESOLVER].slot->stage) !=
		STAGE_SERVED &&
	    !providers_known(s->gateway->providers))
		nanosleep(&pause, NULL);
}

/* The worker answers with another gateway from now on. */
static enum err
take_over(struct single *s, const struct gateway *new, struct error *why)
{
	return worker_change(s->worker, new) ? ERR_OK : error_memory(why);
}

static void
single_reload(struct single *s)
{
	struct error why;
	struct gateway *new = gateway_read_again(s->gateway, &why);

	if (new == NULL || gateway_open_state(new, &why) != ERR_OK ||
	    log_open(&new->settings->log, &why) != ERR_OK ||
	    take_over(s, new, &why) != ERR_OK) {
		log_warn("the configuration stays as it was: %s", why.text);
		gateway_free(new);
		return;
	}
	end_helpers(s);
	store_close(s->store);
	s->store = NULL;
	gateway_inherit(new, s->gateway);
	gateway_free(s->gateway);
	s->gateway = new;
	for (enum helper h = 0; h < HELPER__COUNT; h++)
		backoff_reset(&s->helpers[h].backoff);
	gateway_log_faults(s->gateway);
	keep_helpers(s);
	await_names(s);
	log_info("the configuration was read again");
}

/* Looks for accounts that have changed, when it is time. */
static void
single_watch(struct single *s)
{
	int64_t begun = clock_now();
	struct error why;
	bool changed;

	if (begun < s->watch_at || !gateway_watches(s->gateway))
		return;
	if (s->store == NULL)
		s->store = gateway_watch(s->gateway);
	changed = gateway_accounts_changed(s->gateway, s->store);
	s->watch_at = clock_now() + watcher_pause(clock_now() - begun);
	if (!changed)
		return;
	if (gateway_read_accounts(s->gateway, &why) == ERR_OK) {
		log_info("accounts have changed");
	} else {
		log_warn("the accounts stay as they were: %s", why.text);
		s->broken = why.code == ERR_MEMORY;
	}
	gateway_log_faults(s->gateway);
}

/* The helpers have the log open as well, so others take their places. */
static void
single_reopen(struct single *s)
{
	struct error why;

	if (log_open(&s->gateway->settings->log, &why) != ERR_OK) {
		log_warn("the log stays as it was: %s", why.text);
		return;
	}
	end_helpers(s);
	log_info("the log was opened again");
}

/* False: there is no memory. */
static bool
make_slots(struct single *s)
{
	for (enum helper h = 0; h < HELPER__COUNT; h++)
		if ((s->helpers[h].slot =
			    shared_new(sizeof *s->helpers[h].slot)) == NULL) {
			log_warn("out of memory");
			return false;
		}
	return true;
}

/* Takes g.  Returns the exit status. */
static int
serve_single(struct gateway *g, int listener)
{
	struct single s = { .gateway = g, .listener = listener };
	enum worker_task task = WORKER_STOP;
	int status = EXIT_FAILED;

	if (make_slots(&s) &&
	    (s.worker = worker_new(g, listener, NULL, NULL, true)) != NULL)
		task = WORKER_GO_ON;
	if (task == WORKER_GO_ON) {
		keep_helpers(&s);
		await_names(&s);
	}
	for (; task != WORKER_STOP; task = worker_turn(s.worker)) {
		if (task == WORKER_RELOAD)
			single_reload(&s);
		else if (task == WORKER_REOPEN)
			single_reopen(&s);
		else
			single_watch(&s);
		if (s.broken)
			break;
		keep_helpers(&s);
	}
	if (s.worker != NULL && !s.broken) {
		worker_drain(s.worker);
		status = EXIT_OK;
	}
	end_helpers(&s);
	worker_free(s.worker);
	store_close(s.store);
	for (enum helper h = 0; h < HELPER__COUNT; h++)
		shared_free(s.helpers[h].slot, sizeof *s.helpers[h].slot);
	gateway_free(s.gateway);
	return status;
}

int
command_serve(int argc, char *argv[])
{
	struct options o;
	struct gateway *g;
	struct error why;
	struct listener l;
	int status = options_read(&o, &usage, argc, argv);
	bool single;

	if (status != -1 || o.operand_count > 0)
		return status != -1 ? status : options_wrong(&o);
	single = options_has(&o, OPTION_SINGLE);
	if (!process_open_standard())
		return EXIT_FAILED;
	if (geteuid() == 0) {
		log_warn("serve does not run as root; start it with "
			 "spawn-fcgi -u, or User= of a systemd unit");
		return EXIT_FAILED;
	}
	umask(027);
	sandbox_harden();
	lack_share();
	(void)heap_reserve(RESERVE_SIZE);
	if (exchange_setup(&why) != ERR_OK ||
	    (g = gateway_new(options_config(&o), &why)) == NULL)
		return fail(&why);
	if (listener_open(&l, g->settings, single, &why) != ERR_OK) {
		gateway_free(g);
		return fail(&why);
	}
	/* After the listener, which closes all descriptors but its own. */
	if (gateway_open_state(g, &why) != ERR_OK ||
	    log_open(&g->settings->log, &why) != ERR_OK) {
		listener_close(&l);
		gateway_free(g);
		return fail(&why);
	}
	gateway_log_faults(g);
	if (!sandbox_enter(SANDBOX_SUPERVISOR, g)) {
		listener_close(&l);
		gateway_free(g);
		return EXIT_FAILED;
	}
	status = single ? serve_single(g, l.fd) : supervisor_run(g, &l);
	exchange_teardown();
	return status;
}
