#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "command/identity.h"
#include "command/check/trial.h"
#include "pool/listener.h"
#include "state/state.h"

static void
fault(const struct error *why, bool *good)
{
	fprintf(stderr, "ddnsgate: %s\n", why->text);
	*good = false;
}

/* Opens the log; a file that was not there goes away again. */
static bool
try_log(const struct log_settings *log, struct error *why)
{
	struct stat st;
	bool is_new = *log->to == '/' && lstat(log->to, &st) == -1;

	if (log_open(log, why) != ERR_OK)
		return false;
	if (is_new)
		unlink(log->to);
	return true;
}

static void
try_socket(const struct listen_settings *l, bool quiet, bool *good)
{
	struct ucred owner;
	struct error why;

	if (l->path == NULL) {
		if (!quiet)
			printf("not tried: the socket, which whoever starts "
			       "serve hands in\n");
	} else if (listener_owner(l->path, &owner) && owner.uid != geteuid()) {
		if (!quiet)
			printf("not tried: %s, where a server of user %u "
			       "listens; serve must get that socket from it\n",
			    l->path, (unsigned int)owner.uid);
	} else if (listener_try(l, &why) != ERR_OK) {
		fault(&why, good);
	}
}

/*
 * serve goes on without a store, so that is worth a note; only one that a newer
 * program made is a fault.
 */
static void
try_state(const struct settings *s, bool quiet, bool network, bool *good)
{
	const char *place = s->state.place;
	struct state *state = NULL;
	enum err rc = ERR_SYSTEM;
	struct error why;

	if (settings_is_database(place) && !network) {
		if (!quiet)
			puts("not tried: the database that holds the state");
		return;
	}
	if (!settings_is_database(place) &&
	    access(place, R_OK | W_OK | X_OK) == -1)
		error_set(&why, rc, "%s", strerror(errno));
	else if ((state = state_view(s, &why)) != NULL)
		rc = state_examine(state, &why);
	else
		rc = ERR_CONFIG;
	if (rc == ERR_CONFIG)
		fault(&why, good);
	else if (rc != ERR_OK && !quiet)
		printf("note: state %s: %s%s\n", place, why.text,
		    settings_is_database(place) ?
			"" :
			"; nothing will be remembered, so each update is "
			"proved and written");
	state_free(state);
}

static bool
try_all(const struct settings *s, bool quiet, bool network)
{
	bool good = true;
	struct error why;

	try_socket(&s->listen, quiet, &good);
	if (!try_log(&s->log, &why))
		fault(&why, &good);
	try_state(s, quiet, network, &good);
	if (!quiet && *s->log.to == '/')
		printf("not tried: %s inside a unit of systemd, which may hide "
		       "it (ReadWritePaths=, LogsDirectory=)\n",
		    s->log.to);
	if (!quiet && geteuid() == 0)
		printf(
		    "not tried: any of this as the user that serves, for "
		    "there is no user " IDENTITY_USER "; name it by --user\n");
	return good;
}

bool
trial_run(const struct settings *s, bool quiet, bool network)
{
	int status = 1;
	bool good;
	pid_t pid;

	fflush(stdout);
	if ((pid = fork()) == -1) {
		fprintf(stderr, "ddnsgate: fork: %s\n", strerror(errno));
		return false;
	}
	if (pid == 0) {
		good = try_all(s, quiet, network);
		fflush(stdout);
		_exit(good ? 0 : 1);
	}
	(void)waitpid(pid, &status, 0);
	return status == 0;
}
