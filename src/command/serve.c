#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "command/command.h"
#include "command/usage.h"
#include "pool/listener.h"
#include "pool/notify.h"
#include "pool/supervisor.h"

static const char usage_text[] =
    "usage: ddnsgate serve [--config FILE] [--single]\n";

/* What a process that holds tokens must not give away. */
static void
harden(void)
{
	static const struct rlimit none = { 0, 0 };

	umask(027);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef __SANITIZE_ADDRESS__
	/* No core, no ptrace, no /proc/self/mem; the leak check needs them. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static int
fail(const struct error *why)
{
	log_warn("%s", why->text);
	notify_status(NULL, "%s", why->text);
	return EXIT_FAILED;
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
	int c, listener, status;

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
	if (geteuid() == 0) {
		log_warn("serve does not run as root; start it with "
			 "spawn-fcgi -u, or User= of a systemd unit");
		return EXIT_FAILED;
	}
	harden();
	if (exchange_setup(&why) != ERR_OK ||
	    (g = gateway_new(file, &why)) == NULL ||
	    gateway_open_state(g, &why) != ERR_OK)
		return fail(&why);
	/* The listener closes what else is open, so the log comes after it. */
	if (listener_open(g->settings, single, &listener, &why) != ERR_OK ||
	    log_open(g->settings->log, &why) != ERR_OK) {
		gateway_free(g);
		return fail(&why);
	}
	status = single ? supervisor_single(g, listener) :
			  supervisor_run(g, listener);
	exchange_teardown();
	return status;
}
