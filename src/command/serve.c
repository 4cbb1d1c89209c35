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
#include "base/lack.h"
#include "base/log.h"
#include "base/shared.h"
#include "command/command.h"
#include "command/usage.h"
#include "pool/backoff.h"
#include "pool/listener.h"
#include "pool/notify.h"
#include "pool/process.h"
#include "pool/resolver.h"
#include "pool/sandbox.h"
#include "pool/supervisor.h"
#include "pool/watcher.h"
#include "pool/worker.h"

static const char usage_text[] =
    "usage: ddnsgate serve [--config FILE] [--single]\n";

static int
fail(const struct error *why)
{
	log_warn("%s", why->text);
	notify_status(NULL, "%s", why->text);
	return EXIT_FAILED;
}

/* One worker with nobody above it, and the resolver that it needs. */
struct single {
	struct gateway *gateway;
	struct worker *worker;
	pid_t resolver; /* 0: none */
	int64_t born;	/* of resolver */
	struct backoff backoff;
	struct slot *slot;   /* of resolver, shared with it */
	int64_t watch_at;    /* the accounts are looked at then */
	struct store *store; /* for that; NULL: none needed */
	bool broken;	     /* the gateway can only be freed */
};

/* Has the resolver ended?  Waits for that if it is told to end. */
static bool
resolver_ended(struct single *s, bool end)
{
	pid_t pid;
	int status;

	if (s->resolver == 0)
		return false;
	if (end)
		kill(s->resolver, SIGKILL);
	if ((pid = waitpid(s->resolver, &status, end ? 0 : WNOHANG)) == 0)
		return false;
	if (!end && pid > 0)
		(void)process_ended("resolver", pid, status);
	s->resolver = 0;
	return true;
}

/* The resolver is replaced by the same rules as that of a pool. */
static void
keep_resolver(struct single *s)
{
	if (resolver_ended(s, false))
		backoff_death(&s->backoff, clock_now(), s->born,
		    atomic_load(&s->slot->stage) == STAGE_SERVED, true);
	if (s->resolver != 0 ||
	    providers_resolved(s->gateway->providers, 0) == NULL ||
	    backoff_left(&s->backoff, clock_now()) > 0)
		return;
	atomic_store(&s->slot->stage, STAGE_STARTING);
	s->born = clock_now();
	if ((s->resolver = process_fork("ddnsgate names")) == 0) {
		activity_show("resolver", NULL);
		if (!sandbox_enter(SANDBOX_NAMES, s->gateway))
			_exit(EXIT_FAILURE);
		resolver_run(s->gateway->providers, s->slot);
	}
	if (s->resolver != -1)
		return;
	s->resolver = 0;
	backoff_failure(&s->backoff, clock_now(), true);
	lack_tell("fork", errno);
}

/* As the workers of a pool, for the first round of the resolver. */
static void
await_names(const struct single *s)
{
	const struct timespec pause = { .tv_nsec = 20000000L };
	int64_t until = clock_now() + RESOLVER_FIRST_MS;

	while (s->resolver != 0 && clock_left(until) > 0 &&
	    atomic_load(&s->slot->stage) != STAGE_SERVED &&
	    !providers_known(s->gateway->providers))
		nanosleep(&pause, NULL);
}

static void
single_reload(struct single *s)
{
	struct error why;
	struct gateway *new = gateway_read_again(s->gateway, &why);

	if (new == NULL || gateway_open_state(new, &why) != ERR_OK ||
	    log_open(&new->settings->log, &why) != ERR_OK ||
	    (!worker_change(s->worker, new) && error_memory(&why) != ERR_OK)) {
		log_warn("the configuration stays as it was: %s", why.text);
		gateway_free(new);
		return;
	}
	(void)resolver_ended(s, true);
	store_close(s->store);
	s->store = NULL;
	gateway_inherit(new, s->gateway);
	gateway_free(s->gateway);
	s->gateway = new;
	backoff_reset(&s->backoff);
	gateway_log_faults(s->gateway);
	keep_resolver(s);
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

/* The resolver has the log open as well, so another one takes its place. */
static void
single_reopen(struct single *s)
{
	struct error why;

	if (log_open(&s->gateway->settings->log, &why) != ERR_OK) {
		log_warn("the log stays as it was: %s", why.text);
		return;
	}
	(void)resolver_ended(s, true);
	log_info("the log was opened again");
}

/* Takes g.  Returns the exit status. */
static int
serve_single(struct gateway *g, int listener)
{
	struct single s = { .gateway = g };
	enum worker_task task = WORKER_STOP;
	int status = EXIT_FAILED;

	if ((s.slot = shared_new(sizeof *s.slot)) == NULL)
		log_warn("out of memory");
	else if ((s.worker = worker_new(g, listener, NULL, NULL, true)) != NULL)
		task = WORKER_GO_ON;
	if (task == WORKER_GO_ON) {
		keep_resolver(&s);
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
		keep_resolver(&s);
	}
	if (s.worker != NULL && !s.broken) {
		worker_drain(s.worker);
		status = EXIT_OK;
	}
	(void)resolver_ended(&s, true);
	worker_free(s.worker);
	store_close(s.store);
	shared_free(s.slot, sizeof *s.slot);
	gateway_free(s.gateway);
	return status;
}

int
command_serve(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "single", no_argument, NULL, 's' },
		USAGE_LONG,
		{ NULL, 0, NULL, 0 },
	};
	const char *file = COMMAND_CONFIG_FILE;
	bool single = false;
	struct gateway *g;
	struct error why;
	struct listener l;
	int c, status;

	while (
	    (c = getopt_long(argc, argv, USAGE_SHORT, options, NULL)) != -1) {
		if (c == 'c')
			file = optarg;
		else if (c == 's')
			single = true;
		else
			return usage(usage_text, c);
	}
	if (optind != argc)
		return usage(usage_text, 0);
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
	if (exchange_setup(&why) != ERR_OK ||
	    (g = gateway_new(file, &why)) == NULL)
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
